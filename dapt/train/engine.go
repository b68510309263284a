package train

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/transform"
)

// Engine is one prompt learner over one CLIP on one backend: the weights and prompts on the device, and the compiled
// programs that work on them. Programs are kept, so that runs of the same shapes share them. An Engine is for one
// goroutine at a time.
type Engine struct {
	Model   *clip.Model
	Learner prompt.Learner
	Images  *Images          // decoded images; engines may share it
	Seen    func(images int) // called as images are evaluated or mapped, if not nil
	backend compute.Backend
	store   *model.Store
	names   []string               // of the parameters
	buffers []string               // those of them that are not trained
	kept    map[string]*model.Exec // of steps and texts, by all that their graphs depend on beside the shapes of inputs
	classes *model.Exec
	heat    *model.Exec
	teacher *Teacher        // of a [prompt.Distilled] learner's present prompts; nil before they are known
	tuned   dataset.Dataset // name and classes that the present prompts were tuned on, as far as they are known

	anchored string // what anchors are of
	anchors  []float32
}

// NewEngine moves CLIP's weights to the backend. dtype is what the towers compute in, which the backend must know.
func NewEngine(backend compute.Backend, m *clip.Model, learner prompt.Learner, dtype dtypes.DType) (*Engine, error) {
	if err := computes(backend, dtype); err != nil {
		return nil, fmt.Errorf("train: backend %s does not compute in %s: take another, or Float32: %w", backend.Name(), dtype, err)
	}
	e := &Engine{
		Model: m, Learner: learner, Images: NewImages(DefaultMemory), backend: backend, store: model.NewStore(), kept: map[string]*model.Exec{},
	}
	e.store.SetParam(model.ParamInitialSeed, int64(1)) // nothing is drawn by GoMLX; unset, it would seed from the clock
	if err := m.Store(e.store, dtype); err != nil {
		return nil, err
	}
	if err := e.upload(); err != nil {
		return nil, err
	}
	initial, err := learner.Parameters(m, transform.Stream(0, "init"))
	if err != nil {
		return nil, err
	}
	for _, p := range initial {
		e.names = append(e.names, p.Name)
		if p.Buffer {
			e.buffers = append(e.buffers, p.Name)
		}
		for _, scope := range append([]string{promptScope}, optimizerScopes...) {
			value := p.Value
			if scope != promptScope {
				value = make([]float32, len(value))
			}
			variable, err := e.store.CreateVariable(scope+p.Name, tensors.FromFlatDataAndDimensions(value, p.Dims...))
			if err != nil {
				return nil, fmt.Errorf("train: creating parameter %s: %w", p.Name, err)
			}
			variable.SetTrainable(scope == promptScope && !p.Buffer)
		}
	}
	return e, e.compile()
}

// computes multiplies two numbers of a type that the backend does not list: go-xla 0.4.1 lists no Float16, but takes it.
func computes(backend compute.Backend, dtype dtypes.DType) error {
	if backend.Capabilities().DTypes[dtype] {
		return nil
	}
	exec, err := NewExec(backend, func(x *Node) *Node {
		x = ConvertDType(x, dtype)
		return ConvertDType(Dot(x, x).Product(), dtypes.Float32)
	})
	if err != nil {
		return err
	}
	defer exec.Finalize()
	product, err := exec.Call1([]float32{1, 2})
	if err != nil {
		return err
	}
	return product.FinalizeAll()
}

// upload moves the weights to the device before the first step does: left to that, GoMLX keeps a copy of each beside it.
func (e *Engine) upload() error {
	for variable := range e.store.IterVariables() {
		value, err := variable.Value()
		if err == nil {
			err = value.ToDevice(e.backend, 0)
		}
		if err != nil {
			return fmt.Errorf("train: moving weight %s to the device: %w", variable.Name(), err)
		}
	}
	return nil
}

// Where a store holds the parameters and what the optimiser remembers of each.
const (
	promptScope   = "/prompt_learner/"
	momentumScope = "/momentum/"
	squaresScope  = "/squares/" // AdamW's mean squares
)

var optimizerScopes = []string{momentumScope, squaresScope}

// compile makes the programs that do not depend on the losses. Each compiles when it is first called.
func (e *Engine) compile() error {
	var err error
	if e.classes, err = model.NewExec(e.backend, e.store, e.classesGraph); err != nil {
		return err
	}
	e.heat, err = model.NewExec(e.backend, e.store, e.heatGraph)
	return err
}

// Close frees the device memory.
func (e *Engine) Close() {
	for _, exec := range e.kept {
		exec.Finalize()
	}
	e.classes.Finalize()
	e.heat.Finalize()
	e.store.Finalize()
}

// bind returns the towers and the prompts of one graph.
func (e *Engine) bind(g *Graph) (*clip.Towers, prompt.Values, prompt.Prompts) {
	values := prompt.Values{}
	for _, name := range e.names {
		values[name] = e.store.GetVariable(promptScope + name).NodeValue(g)
	}
	return clip.Bind(e.store, g, e.Model.Config), values, prompt.Build(e.Learner, e.Model.Config, values)
}

// pack returns the packed classes and words; without words, the second has no rows.
func (e *Engine) pack(classes, words []string) ([2]clip.Packed, error) {
	var lists [2]clip.Packed
	for i, texts := range [][]string{classes, words} {
		if len(texts) == 0 {
			continue
		}
		var err error
		if lists[i], err = e.Model.Pack(texts); err != nil {
			return lists, err
		}
	}
	return lists, nil
}

// texts returns the program that maps the tokens of lists, classes and words if there are any, to unit features.
func (e *Engine) texts(lists [2]clip.Packed) (*model.Exec, error) {
	return e.program(func(inputs []*Node) []*Node {
		texts := dapt.Texts{Classes: clip.Sentences{Layout: lists[0].Layout, Tokens: inputs[0]}}
		if len(inputs) > 1 {
			texts.Background = clip.Sentences{Layout: lists[1].Layout, Tokens: inputs[1]}
		}
		towers, _, prompts := e.bind(inputs[0].Graph())
		return []*Node{dapt.EncodeTexts(towers, prompts, texts)}
	}, "texts", lists[0].Layout, lists[1].Layout)
}

// program returns the program that was kept under key, or makes one of a graph function.
func (e *Engine) program(build func(inputs []*Node) []*Node, key ...any) (*model.Exec, error) {
	name, err := json.Marshal(key)
	if err != nil {
		return nil, err
	}
	if exec, ok := e.kept[string(name)]; ok {
		return exec, nil
	}
	exec, err := model.NewExec(e.backend, e.store, func(_ *model.Scope, inputs []*Node) []*Node { return build(inputs) })
	if err != nil {
		return nil, fmt.Errorf("train: building the program of %v: %w", key[0], err)
	}
	e.kept[string(name)] = exec
	return exec, nil
}

// classesGraph maps images [batch, side, side, 3] and texts, those of [Engine.encodeTexts], to the nearest text, [batch]. tuned
// is that of [Engine.logits].
func (e *Engine) classesGraph(_ *model.Scope, images, texts, tuned *Node) *Node {
	_, logits := e.logits(images, texts, tuned)
	return ArgMax(logits, -1, dtypes.Int32)
}

// heatGraph maps images [batch, side, side, 3], texts, those of [Engine.encodeTexts], and labels [batch, 1] to Grad-CAM maps
// [batch, grid, grid] of the true class. The objective is the sum of the true logits and not their mean over all logits:
// a map does not depend on the size of its batch, and stays far above the 1e-6 that masks add to its maximum.
func (e *Engine) heatGraph(_ *model.Scope, images, texts, labels *Node) *Node {
	towers, _, prompts := e.bind(images.Graph())
	attention := towers.Vision.Attend(images, prompts.Vision)
	logits := images.Shape().Dim(0) * texts.Shape().Dim(0)
	features := attention.Features
	if prompts.Project != nil {
		projected, _ := prompts.Project([]*Node{ConvertDType(features, dtypes.Float32)}, false)
		features = projected[0]
	}
	texts = columns(towers, prompts, clip.Normalize(features), texts)
	objective := MulScalar(dapt.TrueLogit(features, texts, towers.Scale, labels), float64(logits))
	heat, _ := mask.Saliency(attention, objective, e.Model.Config.Grid())
	return heat
}

// step returns the program of one phase of a method, which updates the parameters in place.
func (e *Engine) step(m dapt.Method, c Config, phase dapt.Phase, in Input, slots []slot) (*model.Exec, error) {
	lists := [2]clip.Layout{in.Classes.Layout, in.Background.Layout}
	key := []any{"step", m.Decouples(), m.Loss, phase, c.Optimizer, c.Momentum, c.Decay, c.Checkpoint, lists, slotNames(slots)}
	return e.program(func(inputs []*Node) []*Node {
		return []*Node{e.stepGraph(m, c, phase, lists, named(slots, inputs))}
	}, key...)
}

// stepGraph computes the losses, [dapt.Method.Names] as one vector, and updates every parameter. Inputs are by name.
func (e *Engine) stepGraph(m dapt.Method, c Config, phase dapt.Phase, lists [2]clip.Layout, in map[string]*Node) *Node {
	batch := batchOf(in, lists)
	batch.Training = true
	towers, values, prompts := e.bind(in["rate"].Graph())
	if c.Checkpoint {
		towers.Checkpoint()
	}
	features := m.Encode(towers, prompts, batch, phase)
	features.Weights = in["weights"]
	losses := m.Losses(values, features, in["labels"], phase)
	for i, gradient := range e.gradients(losses, values) {
		if gradient != nil {
			e.update(c, e.names[i], values[e.names[i]], gradient, in)
		}
	}
	for name, value := range features.Buffers {
		e.store.GetVariable(promptScope + name).SetNodeValue(value)
	}
	return Stack(orZero(losses.List()...), 0)
}

// gradients are what the optimiser is handed for each parameter, in the order of names; nil for buffers, and for what the
// loss does not depend on, such as prompts of blocks past a tower's end, which does not decay either.
func (e *Engine) gradients(losses dapt.Losses, values prompt.Values) []*Node {
	var nodes []*Node
	reached := map[*Node]bool{}
	reach(losses.Total, reached)
	for _, name := range e.names {
		if !slices.Contains(e.buffers, name) && reached[values[name]] {
			nodes = append(nodes, values[name])
		}
	}
	if len(nodes) == 0 {
		exceptions.Panicf("train: the loss depends on no parameter of %s, so that nothing would be tuned", e.Learner.Name())
	}
	found := Gradient(losses.Total, nodes...)
	if l, ok := e.Learner.(prompt.Steered); ok {
		for i, guide := range Gradient(losses.Guide, nodes...) {
			found[i] = l.Steer(found[i], guide)
		}
	}
	list := make([]*Node, len(e.names))
	for i, name := range e.names {
		if at := slices.Index(nodes, values[name]); at >= 0 {
			list[i] = found[at]
		}
	}
	return list
}

// update moves one parameter as PyTorch's optimisers do. GoMLX's own keep their state where a checkpoint of ours would not
// find it; its SGD has neither momentum nor decay.
func (e *Engine) update(c Config, name string, value, gradient *Node, in map[string]*Node) {
	memory := func(scope string) (*model.Variable, *Node) {
		variable := e.store.GetVariable(scope + name)
		return variable, variable.NodeValue(value.Graph())
	}
	set := func(to *Node) { e.store.GetVariable(promptScope + name).SetNodeValue(to) }
	rate := in["rate"]
	momentum, velocity := memory(momentumScope)
	if c.Optimizer == SGD { // g += decay p; v = momentum v + g; p -= rate v, with v 0 before the first step
		gradient = Add(gradient, MulScalar(value, c.Decay))
		velocity = Add(MulScalar(velocity, c.Momentum), gradient)
		momentum.SetNodeValue(velocity)
		set(Sub(value, Mul(rate, velocity)))
		return
	}
	const beta1, beta2, epsilon = 0.9, 0.999, 1e-8
	squares, square := memory(squaresScope)
	velocity = Add(MulScalar(velocity, beta1), MulScalar(gradient, 1-beta1))
	square = Add(MulScalar(square, beta2), MulScalar(Square(gradient), 1-beta2))
	momentum.SetNodeValue(velocity)
	squares.SetNodeValue(square)
	unbiased := func(x *Node, beta float64) *Node {
		return Div(x, OneMinus(Exp(MulScalar(in["update"], math.Log(beta)))))
	}
	moved := Sub(value, Mul(rate, MulScalar(value, c.Decay)))
	set(Sub(moved, Mul(rate, Div(unbiased(velocity, beta1), AddScalar(Sqrt(unbiased(square, beta2)), epsilon)))))
}

// reach adds node and all that it is computed from.
func reach(node *Node, reached map[*Node]bool) {
	if reached[node] {
		return
	}
	reached[node] = true
	for _, input := range node.Inputs() {
		reach(input, reached)
	}
}
