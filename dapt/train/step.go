package train

import (
	"errors"
	"fmt"
	"reflect"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/prompt"
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
	Anchors    []float32 // [classes, embed], unit texts of a [prompt.Anchored] learner: see [Engine.Anchors]
	Given      []float32 // [classes+words, embed], unit texts of a [prompt.Distilled] learner's teacher
	Teacher    []float32 // [batch, classes], logits of that teacher
	Update     int       // number of the step in its run, from 1; read by AdamW alone
}

// Step updates the parameters once and returns the losses in the order of [dapt.Method.Names]; those that phase does not
// compute are 0.
func (e *Engine) Step(m dapt.Method, c Config, phase dapt.Phase, rate float64, in Input) ([]float32, error) {
	if err := e.takes(m, in); err != nil {
		return nil, err
	}
	if c.Optimizer == AdamW && in.Update < 1 {
		return nil, fmt.Errorf("train: step: Update is %d, but AdamW counts its updates from 1", in.Update)
	}
	slots := append([]slot{{"rate", float32(rate)}}, e.slots(m, in)...)
	if c.Optimizer == AdamW {
		slots = append(slots, slot{"update", float32(in.Update)})
	}
	exec, err := e.step(m, c, phase, in, slots)
	if err != nil {
		return nil, err
	}
	losses, err := exec.Call1(values(slots)...)
	if err != nil {
		return nil, fmt.Errorf("train: step: %w", err)
	}
	defer losses.MustFinalizeAll()
	return tensors.CopyFlatData[float32](losses)
}

// takes finds a method of another learner than the engine's, whose programs are the engine's learner's, and an input without
// what that learner compares with.
func (e *Engine) takes(m dapt.Method, in Input) error {
	if !reflect.DeepEqual(m.Learner, e.Learner) {
		return fmt.Errorf("train: the method is over %+v, but the engine was made for %s %+v", m.Learner, e.Learner.Name(), e.Learner)
	}
	if _, ok := e.Learner.(prompt.Anchored); ok && in.Anchors == nil {
		return fmt.Errorf("train: step: %s needs Anchors: see Engine.Anchors", e.Learner.Name())
	}
	if _, ok := e.Learner.(prompt.Distilled); ok && (in.Given == nil || in.Teacher == nil) {
		return fmt.Errorf("train: step: %s needs its teacher's texts and logits, Given and Teacher: see Run.Teacher", e.Learner.Name())
	}
	return nil
}

// slot is a named input of a program.
type slot struct {
	name  string
	value any
}

// values are what a program is called with.
func values(slots []slot) []any {
	list := make([]any, len(slots))
	for i, s := range slots {
		list[i] = s.value
	}
	return list
}

// named are the nodes of a program's inputs.
func named(slots []slot, nodes []*Node) map[string]*Node {
	byName := map[string]*Node{}
	for i, s := range slots {
		byName[s.name] = nodes[i]
	}
	return byName
}

// slotNames are those of the slots.
func slotNames(slots []slot) []string {
	var names []string
	for _, s := range slots {
		names = append(names, s.name)
	}
	return names
}

// slots are what of a batch a graph of m reads.
func (e *Engine) slots(m dapt.Method, in Input) []slot {
	batch, side := len(in.Labels), e.Model.Config.Side
	list := []slot{
		{"images", tensors.FromFlatDataAndDimensions(in.Images, batch, side, side, 3)},
		{"labels", tensors.FromFlatDataAndDimensions(in.Labels, batch, 1)},
	}
	if in.Given == nil {
		list = append(list, slot{"classes", in.Classes.Tokens})
	}
	if m.Decouples() {
		list = append(list, slot{"masks", tensors.FromFlatDataAndDimensions(in.Masks, batch, side, side, 1)})
		if in.Given == nil {
			list = append(list, slot{"words", in.Background.Tokens})
		}
		if m.Loss.Reo != 0 {
			list = append(list, slot{"grid", tensors.FromFlatDataAndDimensions(in.Grid, 1, side, side, 1)})
		}
	}
	for _, more := range []struct {
		name   string
		values []float32
		rows   int
	}{
		{"weights", in.Weights, 0},
		{"anchors", in.Anchors, in.Classes.Rows()},
		{"teacher", in.Teacher, batch},
		{"given", in.Given, in.Classes.Rows() + in.Background.Rows()},
	} {
		switch {
		case more.values == nil:
		case more.rows == 0:
			list = append(list, slot{more.name, tensors.FromFlatDataAndDimensions(more.values, len(more.values))})
		default:
			list = append(list, slot{more.name, tensors.FromFlatDataAndDimensions(more.values, more.rows, len(more.values)/more.rows)})
		}
	}
	return list
}

// batchOf are the inputs of a graph, by the names of [Engine.slots], as the method reads them.
func batchOf(in map[string]*Node, lists [2]clip.Layout) dapt.Batch {
	b := dapt.Batch{
		Images: in["images"], Masks: in["masks"], Grid: in["grid"], Anchors: in["anchors"], Teacher: in["teacher"],
		Texts: dapt.Texts{Classes: clip.Sentences{Layout: lists[0], Tokens: in["classes"]}, Given: in["given"]},
	}
	if words := in["words"]; words != nil {
		b.Texts.Background = clip.Sentences{Layout: lists[1], Tokens: words}
	}
	return b
}

// Parameters copies the learner's tensors from the device, row-major, by name.
func (e *Engine) Parameters() (map[string][]float32, error) { return e.values(promptScope) }

// SetParameters writes the learner's tensors; every one must be there. What the optimiser remembers starts at 0.
func (e *Engine) SetParameters(values map[string][]float32) error {
	if err := e.setValues(promptScope, values); err != nil {
		return err
	}
	zeros := map[string][]float32{}
	for name, value := range values {
		zeros[name] = make([]float32, len(value))
	}
	for _, scope := range optimizerScopes {
		if err := e.setValues(scope, zeros); err != nil {
			return err
		}
	}
	return nil
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
