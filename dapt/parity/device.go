package parity

import (
	"fmt"
	"maps"
	"slices"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/prompt"
)

// program is a graph of the set's CLIP, its images and one learner's parameters, with named results.
type program struct {
	c       *checker
	learner recorded
	texts   [][]string
	labels  []int32  // nil where build needs none
	masks   []string // computed with each in turn: "ones", "zeros" or a tensor of the set; nil where build needs none
	build   func(in inputs) map[string]*Node
}

// inputs are what a graph is built of.
type inputs struct {
	*clip.Towers
	prompts prompt.Prompts
	values  prompt.Values
	images  *Node // [batch, side, side, 3]
	masks   *Node // [batch, side, side, 1]
	labels  *Node // [batch, 1]
	texts   []clip.Sentences
}

// run compiles the program and returns its results by name, one map a mask.
func (p program) run() ([]map[string][]float32, error) {
	store := model.NewStore()
	defer store.Finalize()
	store.SetParam(model.ParamInitialSeed, int64(1))
	if err := p.c.model.Store(store, dtypes.Float32); err != nil {
		return nil, err
	}
	packed, err := p.c.packed(p.texts...)
	if err != nil {
		return nil, err
	}
	var names []string
	exec, err := model.NewExec(p.c.backend, store, func(_ *model.Scope, nodes []*Node) []*Node {
		results := p.build(p.bind(store, packed, nodes))
		names = slices.Sorted(maps.Keys(results))
		outputs := make([]*Node, len(names))
		for i, name := range names {
			outputs[i] = ConvertDType(results[name], dtypes.Float32)
		}
		return outputs
	})
	if err != nil {
		return nil, err
	}
	defer exec.Finalize()
	masks := p.masks
	if masks == nil {
		masks = []string{"zeros"}
	}
	var all []map[string][]float32
	for _, mask := range masks {
		arguments, err := p.arguments(mask, packed)
		if err != nil {
			return nil, err
		}
		outputs, err := exec.Call(arguments...)
		if err != nil {
			return nil, fmt.Errorf("parity: %w", err)
		}
		results := map[string][]float32{}
		for i, name := range names {
			if results[name], err = tensors.CopyFlatData[float32](outputs[i]); err != nil {
				return nil, err
			}
		}
		all = append(all, results)
	}
	return all, nil
}

// once is run for a program without masks.
func (p program) once() (map[string][]float32, error) {
	all, err := p.run()
	if err != nil {
		return nil, err
	}
	return all[0], nil
}

// arguments are images, masks, labels, parameters and texts.
func (p program) arguments(mask string, packed []clip.Packed) ([]any, error) {
	side := p.c.model.Config.Side
	images, batch, err := p.c.images("images")
	if err != nil {
		return nil, err
	}
	masks, err := p.c.maskNamed(mask, batch*side*side)
	if err != nil {
		return nil, err
	}
	labels := p.labels
	if labels == nil {
		labels = make([]int32, batch)
	}
	if len(images) != batch*side*side*3 || len(masks) != batch*side*side || len(labels) != batch {
		return nil, fmt.Errorf("parity: %d images of side %d need %d values, %d of masks and as many labels; there are %d, %d and %d",
			batch, side, batch*side*side*3, batch*side*side, len(images), len(masks), len(labels))
	}
	arguments := []any{
		tensors.FromFlatDataAndDimensions(images, batch, side, side, 3), tensors.FromFlatDataAndDimensions(masks, batch, side, side, 1),
		tensors.FromFlatDataAndDimensions(labels, batch, 1),
	}
	for _, parameter := range p.learner.list {
		arguments = append(arguments, tensors.FromFlatDataAndDimensions(parameter.Value, parameter.Dims...))
	}
	for _, texts := range packed {
		arguments = append(arguments, texts.Tokens)
	}
	return arguments, nil
}

func (p program) bind(store *model.Store, packed []clip.Packed, nodes []*Node) inputs {
	in := inputs{
		Towers: clip.Bind(store, nodes[0].Graph(), p.c.model.Config), values: prompt.Values{},
		images: nodes[0], masks: nodes[1], labels: nodes[2],
	}
	nodes = nodes[3:]
	for i, parameter := range p.learner.list {
		in.values[parameter.Name] = nodes[i]
	}
	for i, tokens := range nodes[len(p.learner.list):] {
		in.texts = append(in.texts, clip.Sentences{Layout: packed[i].Layout, Tokens: tokens})
	}
	if len(p.learner.list) > 0 {
		in.prompts = prompt.Build(p.learner.Learner, p.c.model.Config, in.values)
	}
	return in
}

// packed packs each list of texts.
func (s *Set) packed(lists ...[]string) ([]clip.Packed, error) {
	packed := make([]clip.Packed, len(lists))
	for i, texts := range lists {
		if len(texts) == 0 {
			return nil, fmt.Errorf("parity: manifest.json has no classnames")
		}
		var err error
		if packed[i], err = s.model.Pack(texts); err != nil {
			return nil, err
		}
	}
	return packed, nil
}

// maskNamed is a tensor of the set, or all "ones" or "zeros".
func (s *Set) maskNamed(name string, size int) ([]float32, error) {
	switch name {
	case "zeros":
		return make([]float32, size), nil
	case "ones":
		return slices.Repeat([]float32{1}, size), nil
	}
	return s.floats(name)
}

// gradients adds "‹name›/grad/‹parameter›" for a loss.
func (in inputs) gradients(results map[string]*Node, name string, loss *Node) {
	names := slices.Sorted(maps.Keys(in.values))
	nodes := make([]*Node, len(names))
	for i, name := range names {
		nodes[i] = in.values[name]
	}
	for i, gradient := range Gradient(loss, nodes...) {
		results[name+"grad/"+published.Replace(names[i])] = gradient
	}
}
