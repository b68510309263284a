package parity

import (
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/prompt"
)

// program is a graph of the set's CLIP and of one learner's parameters, with named results.
type program struct {
	c       *checker
	learner prompt.Learner
	group   string // whose parameters in the set: "maple" for maple/param/…; "" has none
	images  string // names of tensors of the set
	masks   string // "" passes none
	texts   [][]string
	labels  []int32
	build   func(in inputs) map[string]*Node
}

// inputs are what a graph is built of.
type inputs struct {
	*clip.Towers
	prompts       prompt.Prompts
	values        prompt.Values
	images, masks *Node
	labels        *Node   // [batch, 1]
	texts         []*Node // token ids [rows, places]
}

// run computes the program and returns its results by name.
func (p program) run() (map[string][]float32, error) {
	store := model.NewStore()
	defer store.Finalize()
	store.SetParam(model.ParamInitialSeed, int64(1))
	if err := p.c.model.Store(store, dtypes.Float32); err != nil {
		return nil, err
	}
	arguments, parameters, err := p.arguments()
	if err != nil {
		return nil, err
	}
	var names []string
	exec, err := model.NewExec(p.c.backend, store, func(_ *model.Scope, nodes []*Node) []*Node {
		results := p.build(p.bind(store, nodes, parameters))
		names = names[:0]
		for name := range results {
			names = append(names, name)
		}
		slices.Sort(names)
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
	outputs, err := exec.Call(arguments...)
	if err != nil {
		return nil, fmt.Errorf("parity: %s: %w", p.group, err)
	}
	results := map[string][]float32{}
	for i, name := range names {
		if results[name], err = tensors.CopyFlatData[float32](outputs[i]); err != nil {
			return nil, err
		}
	}
	return results, nil
}

// arguments are images, masks, labels, texts and parameters, and the names of the last.
func (p program) arguments() (arguments []any, parameters []string, err error) {
	side := p.c.model.Config.Side
	images, batch, err := p.c.images(p.images)
	if err != nil {
		return nil, nil, err
	}
	masks := make([]float32, batch*side*side)
	if p.masks != "" {
		if masks, err = p.c.maskNamed(p.masks, len(masks)); err != nil {
			return nil, nil, err
		}
	}
	labels := p.labels
	if labels == nil {
		labels = make([]int32, batch)
	}
	arguments = []any{
		tensors.FromFlatDataAndDimensions(images, batch, side, side, 3), tensors.FromFlatDataAndDimensions(masks, batch, side, side, 1),
		tensors.FromFlatDataAndDimensions(labels, batch, 1),
	}
	rows, err := p.c.tokens(slices.Concat(p.texts...))
	if err != nil {
		return nil, nil, err
	}
	for _, texts := range p.texts {
		arguments = append(arguments, tensors.FromFlatDataAndDimensions(slices.Concat(rows[:len(texts)]...), len(texts), len(rows[0])))
		rows = rows[len(texts):]
	}
	for _, name := range p.c.parameters(p.group) {
		t := p.c.cases.Tensors[p.group+"/param/"+name]
		values, err := t.Float32s()
		if err != nil {
			return nil, nil, err
		}
		parameters = append(parameters, name)
		arguments = append(arguments, tensors.FromFlatDataAndDimensions(values, t.Dims...))
	}
	return arguments, parameters, nil
}

func (p program) bind(store *model.Store, nodes []*Node, parameters []string) inputs {
	in := inputs{
		Towers: clip.Bind(store, nodes[0].Graph(), p.c.model.Config), values: prompt.Values{},
		images: nodes[0], masks: nodes[1], labels: nodes[2], texts: nodes[3 : 3+len(p.texts)],
	}
	for i, name := range parameters {
		in.values[name] = nodes[3+len(p.texts)+i]
	}
	in.prompts = p.learner.Prompts(in.values)
	return in
}

// tokens returns the texts' rows, cut to the longest.
func (s *Set) tokens(texts []string) ([][]int32, error) {
	rows, err := s.model.Tokenizer.Tokenize(texts, s.model.Config.Context)
	if err != nil {
		return nil, err
	}
	longest := 0
	for _, row := range rows {
		longest = max(longest, 1+slices.Index(row, s.model.Tokenizer.End()))
	}
	for i := range rows {
		rows[i] = rows[i][:longest]
	}
	return rows, nil
}

// parameters are the names below ‹group›/param/.
func (s *Set) parameters(group string) []string {
	var names []string
	for name, e := range s.manifest.Tensors {
		if below, ok := strings.CutPrefix(name, group+"/param/"); ok && e.Role == "parameter" {
			names = append(names, below)
		}
	}
	slices.SortFunc(names, byNumber)
	return names
}

// maskNamed is a tensor of the set, or all "ones" or "zeros".
func (s *Set) maskNamed(name string, size int) ([]float32, error) {
	values := make([]float32, size)
	switch name {
	case "zeros":
		return values, nil
	case "ones":
		for i := range values {
			values[i] = 1
		}
		return values, nil
	}
	return s.floats(name)
}

// gradients adds "‹name›/grad/‹parameter›" for a loss.
func (in inputs) gradients(results map[string]*Node, name string, loss *Node) {
	var names []string
	var nodes []*Node
	for parameter, node := range in.values {
		names, nodes = append(names, parameter), append(nodes, node)
	}
	for i, gradient := range Gradient(loss, nodes...) {
		results[name+"grad/"+names[i]] = gradient
	}
}

// method is DAPT as published, over a learner.
func method(learner prompt.Learner, reo float64) dapt.Method {
	loss := dapt.Official()
	loss.Reo = reo
	return dapt.Method{Learner: learner, Masks: given{}, Loss: loss}
}
