package train

import (
	"errors"
	"fmt"

	"github.com/gomlx/gomlx/core/tensors"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/clip"
)

// Input is one step's batch on the host. Fields that the method does not read may be nil.
type Input struct {
	Images     []float32 // [batch, side, side, 3], normalised
	Labels     []int32   // [batch]
	Masks      []float32 // [batch, side, side, 1], 1 is foreground
	Grid       []float32 // [side, side] of 0 and 1, L_reo's
	Classes    clip.Packed
	Background clip.Packed
	Weights    []float32 // [batch], of each image in L_cls; nil weighs all alike
}

// Step updates the parameters once and returns the losses in the order of [dapt.Names]; those that phase does not
// compute are 0.
func (e *Engine) Step(m dapt.Method, c Config, phase dapt.Phase, rate float64, in Input) ([]float32, error) {
	exec, err := e.step(m, c, phase, in)
	if err != nil {
		return nil, err
	}
	losses, err := exec.Call1(append([]any{float32(rate)}, e.inputs(m, in)...)...)
	if err != nil {
		return nil, fmt.Errorf("train: step: %w", err)
	}
	defer losses.MustFinalizeAll()
	return tensors.CopyFlatData[float32](losses)
}

// inputs are what of a batch a graph of m reads.
func (e *Engine) inputs(m dapt.Method, in Input) []any {
	batch, side := len(in.Labels), e.Model.Config.Side
	inputs := []any{
		tensors.FromFlatDataAndDimensions(in.Images, batch, side, side, 3),
		tensors.FromFlatDataAndDimensions(in.Labels, batch, 1),
		in.Classes.Tokens,
	}
	if m.Decouples() {
		inputs = append(inputs, tensors.FromFlatDataAndDimensions(in.Masks, batch, side, side, 1), in.Background.Tokens)
		if m.Loss.Reo != 0 {
			inputs = append(inputs, tensors.FromFlatDataAndDimensions(in.Grid, 1, side, side, 1))
		}
	}
	if in.Weights != nil {
		inputs = append(inputs, tensors.FromFlatDataAndDimensions(in.Weights, batch))
	}
	return inputs
}

// Parameters copies the trainable tensors from the device, row-major, by name.
func (e *Engine) Parameters() (map[string][]float32, error) { return e.values(promptScope) }

// SetParameters writes the trainable tensors; every one must be there. What the optimiser remembers starts at 0.
func (e *Engine) SetParameters(values map[string][]float32) error {
	if err := e.setValues(promptScope, values); err != nil {
		return err
	}
	zeros := map[string][]float32{}
	for name, value := range values {
		zeros[name] = make([]float32, len(value))
	}
	return e.setValues(momentumScope, zeros)
}

func (e *Engine) values(scope string) (map[string][]float32, error) {
	values := map[string][]float32{}
	for _, name := range e.names {
		value, err := e.store.GetVariable(scope + name).Value()
		if err != nil {
			return nil, fmt.Errorf("train: reading parameter %s: %w", name, err)
		}
		if values[name], err = tensors.CopyFlatData[float32](value); err != nil {
			return nil, fmt.Errorf("train: reading parameter %s: %w", name, err)
		}
	}
	return values, nil
}

func (e *Engine) setValues(scope string, values map[string][]float32) error {
	var wrong []error
	for _, name := range e.names {
		variable := e.store.GetVariable(scope + name)
		value, ok := values[name]
		if size := variable.Shape().Size(); !ok || len(value) != size {
			wrong = append(wrong, fmt.Errorf("parameter %s has %d numbers, want %d %v", name, len(value), size, variable.Shape().Dimensions))
			continue
		}
		if err := variable.SetValue(tensors.FromFlatDataAndDimensions(value, variable.Shape().Dimensions...)); err != nil {
			wrong = append(wrong, fmt.Errorf("parameter %s: %w", name, err))
		}
	}
	for name := range values {
		if e.store.GetVariable(scope+name) == nil {
			wrong = append(wrong, fmt.Errorf("parameter %s is not one of %s", name, e.Learner.Name()))
		}
	}
	if err := errors.Join(wrong...); err != nil {
		return fmt.Errorf("train: setting the prompts of %s: %w", e.Learner.Name(), err)
	}
	return nil
}
