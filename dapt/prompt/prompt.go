// Package prompt holds the prompt learners: what they train, and the context tokens that they put into CLIP's towers.
//
// A learner knows neither the method nor the training loop. Its trainable tensors are drawn in Go, so that a seed gives
// the same initial prompts on every backend, and are named as in the published checkpoints.
package prompt

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/dapt-go/dapt-go/dapt/clip"
)

// Learner makes the learnable context of both towers.
type Learner interface {
	// Name is the short name used in tables and checkpoint paths, such as "maple".
	Name() string
	// Template is the sentence around a class name, with one {}; hand is the data set's own hand-crafted one.
	Template(hand string) string
	// Trains says what of CLIP's outputs the parameters change; 0 means that there are none.
	Trains() Parts
	// Parameters draws the initial values of the tensors.
	Parameters(m *clip.Model, rng *rand.Rand) ([]Parameter, error)
	// Prompts builds the context tokens of one graph from the parameters.
	Prompts(p Values) Prompts
}

// Build returns the prompts of a learner in one graph of a CLIP of size c, and knows a [Conditional] one.
func Build(l Learner, c clip.Config, p Values) Prompts {
	prompts := l.Prompts(p)
	if prompts.Last {
		prompts.Text, prompts.Vision = last(prompts.Text, c.Text.Layers), last(prompts.Vision, c.Vision.Layers)
	}
	if c, ok := l.(Conditional); ok {
		prompts.Each = func(features *graph.Node) *graph.Node { return c.Condition(p, features) }
	}
	return prompts
}

// last makes prompts of the last blocks of a tower with so many a list from the first block on.
func last(prompts []*graph.Node, layers int) []*graph.Node {
	return append(make([]*graph.Node, max(layers-len(prompts), 0)), prompts...)
}

// Parameter is one tensor of a learner.
type Parameter struct {
	Name   string // as in published checkpoints, such as "ctx"
	Dims   []int
	Value  []float32 // row-major
	Buffer bool      // is not trained, but kept up by [Prompts.Project], such as running statistics
}

// Values are parameters bound to a graph, by name, in float32.
type Values map[string]*graph.Node

// Prompts are the context tokens written before block i of each tower.
// A nil entry leaves that block's tokens alone; a nil slice leaves the tower frozen.
type Prompts struct {
	Text   []*graph.Node // each [context, textWidth]; entry 0 goes to class rows only, and may be [classes, context, textWidth]
	Vision []*graph.Node // each [context, visionWidth]
	// Behind is how many tokens of Text's entry 0, from the last, stand behind the class name, before the full stop that its
	// sentence then ends with; the others stand right behind the start token.
	Behind int
	// Inserted makes room for the first of Text behind the start token, instead of writing over what stands there: see
	// [clip.Context]. They are of any block but the first.
	Inserted bool
	// Last says that a learner's lists are of the last blocks of each tower, and may be shorter; [Build] puts nil before them.
	Last bool
	// Each is [Conditional.Condition], set by [Build]; nil if texts are the same for all images.
	Each func(features *graph.Node) *graph.Node
	// Project maps features of images, [batch, embed] and not of unit length, of one view each, the whole image's first, to those
	// that are compared with texts. In training it may return new values of buffers, which follow the first view alone. nil
	// leaves them as they are.
	Project func(views []*graph.Node, training bool) ([]*graph.Node, Values)
	// Second maps what the image tower makes of its prompts, [batch, context, visionWidth], behind its last norm, to a second
	// feature of each image, [batch, embed], not of unit length. nil makes none.
	Second func(context *graph.Node) *graph.Node
	// Share is the part that logits of Second have in those of classes that were tuned on, 0 to 1; other classes are told by
	// the first feature alone.
	Share float64
}

// Context are the deep prompts of the text tower.
func (p Prompts) Context() clip.Context { return clip.Context{Blocks: p.Text, Inserted: p.Inserted} }

// All lists one learner of each kind with its published settings.
func All() []Learner {
	return []Learner{
		ZeroShot{},
		Ensemble{},
		CoOp{},
		CoCoOp{},
		VPT{},
		IVLP{},
		MaPLe{},
		KgCoOp{},
		ProGrad{},
		PromptSRC{},
		PromptKD{},
		MMRL{},
		CLIPAdapter{},
	}
}

// Find returns the learner of that name with these settings, as [With] reads them; none leave the published ones.
func Find(name string, settings []byte) (Learner, error) {
	var names []string
	for _, learner := range All() {
		if learner.Name() != name {
			names = append(names, learner.Name())
			continue
		}
		return With(learner, settings)
	}
	return nil, fmt.Errorf("prompt: no learner %q, want one of %q", name, names)
}

// With returns the learner with these of its fields changed, as JSON. A field that it lacks is an error that lists its own.
func With(l Learner, settings []byte) (Learner, error) {
	if len(settings) == 0 {
		return l, nil
	}
	changed := reflect.New(reflect.TypeOf(l))
	changed.Elem().Set(reflect.ValueOf(l))
	decoder := json.NewDecoder(bytes.NewReader(settings))
	decoder.DisallowUnknownFields()
	err := decoder.Decode(changed.Interface())
	if err == nil && decoder.More() {
		err = errors.New("something follows them")
	}
	if err != nil {
		known, _ := json.Marshal(l) // plain data always encodes
		return nil, fmt.Errorf("prompt: settings %s of %s: %w; want some of %s", settings, l.Name(), err, known)
	}
	return changed.Elem().Interface().(Learner), nil
}

// most is how many tokens the context of a block may have, and how many blocks may be prompted: more than CLIPs have.
const most = 256

// inRange refuses a learner one of whose numbers is below 0, which stands for the published one, or above most, for which
// memory would be taken before a tower could refuse it.
func inRange(l Learner, numbers ...int) error {
	for _, n := range numbers {
		if n < 0 || n > most {
			return fmt.Errorf("prompt: %s %+v has the number %d, want at most %d, and 0 for the published one", l.Name(), l, n, most)
		}
	}
	return nil
}

// normal draws a parameter from a normal distribution with mean 0.
func normal(rng *rand.Rand, name string, deviation float64, dims ...int) Parameter {
	return draw(name, dims, func() float64 { return rng.NormFloat64() * deviation })
}

// linear draws weight and bias of a linear layer as PyTorch does by default: uniform within 1/sqrt(in) of 0.
func linear(rng *rand.Rand, name string, out, in int) []Parameter {
	bound := 1 / math.Sqrt(float64(in))
	uniform := func() float64 { return bound * (2*rng.Float64() - 1) }
	return []Parameter{
		draw(name+".weight", []int{out, in}, uniform),
		draw(name+".bias", []int{out}, uniform),
	}
}

func draw(name string, dims []int, next func() float64) Parameter {
	size := 1
	for _, d := range dims {
		size *= d
	}
	values := make([]float32, size)
	for i := range values {
		values[i] = float32(next())
	}
	return Parameter{Name: name, Dims: dims, Value: values}
}
