package prompt

import (
	"cmp"
	"fmt"
	"math/rand/v2"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/activation"
	"github.com/gomlx/gomlx/ml/nn"

	"github.com/dapt-go/dapt-go/dapt/clip"
)

// CoCoOp is conditional context optimisation (Zhou et al., CVPR 2022): CoOp's context, to each token of which a small
// network adds the same function of the image's feature (KaiyangZhou/CoOp trainers/cocoop.py). Every image has class texts
// of its own, so that tuning and tests take as many texts an image as there are classes.
type CoCoOp struct {
	Context int    // tokens; 0 means 4
	Phrase  string // whose first words the context starts as, and which begins each class's sentence; "" means "a photo of a"
	Random  bool   // draws the context from a normal distribution instead, as it always is with more than 4 tokens
}

// Name returns "cocoop".
func (CoCoOp) Name() string { return "cocoop" }

// Trains says texts: each image's own of the classes, and those of other words by the context before an image changes it.
func (CoCoOp) Trains() Parts { return Classes | Words }

func (l CoCoOp) opening() opening {
	context := cmp.Or(l.Context, 4)
	return opening{context, cmp.Or(l.Phrase, "a photo of a"), l.Random || context > 4}
}

// Template returns the initial phrase and the class name, whatever the data set's own sentence.
func (l CoCoOp) Template(string) string { return l.opening().template() }

// Parameters returns ctx [context, textWidth], and the two linear layers of meta_net: from the joint embedding to a
// sixteenth of it, and from there to the text width.
func (l CoCoOp) Parameters(m *clip.Model, rng *rand.Rand) ([]Parameter, error) {
	if err := inRange(l, l.Context); err != nil {
		return nil, err
	}
	hidden := m.Config.Embed / 16
	if hidden == 0 {
		return nil, fmt.Errorf("prompt: CoCoOp needs a CLIP whose joint embedding has at least 16 numbers, this one's has %d", m.Config.Embed)
	}
	ctx, err := l.opening().parameter(m, rng)
	if err != nil {
		return nil, err
	}
	list := append([]Parameter{ctx}, linear(rng, "meta_net.linear1", hidden, m.Config.Embed)...)
	return append(list, linear(rng, "meta_net.linear2", m.Config.Text.Width, hidden)...), nil
}

// Prompts returns the context before an image changes it.
func (CoCoOp) Prompts(p Values) Prompts { return Prompts{Text: []*graph.Node{p["ctx"]}} }

// Condition adds meta_net's function of each image's feature to every token of the context.
func (CoCoOp) Condition(p Values, features *graph.Node) *graph.Node {
	layer := func(x *graph.Node, name string) *graph.Node {
		return nn.Dense(x, p[name+".weight"], p[name+".bias"], compute.DenseLayoutOutputsInput)
	}
	bias := layer(activation.Relu(layer(features, "meta_net.linear1")), "meta_net.linear2")
	batch, width, tokens := features.Shape().Dim(0), bias.Shape().Dim(-1), p["ctx"].Shape().Dim(0)
	return graph.Add(graph.BroadcastToDims(graph.ExpandAxes(p["ctx"], 0), batch, tokens, width),
		graph.BroadcastToDims(graph.ExpandAxes(bias, 1), batch, tokens, width))
}

// Preset is that of CoCoOp's paper. Its authors published nothing for few-shot tuning.
func (l CoCoOp) Preset(t Task) (Preset, bool) {
	target, ok := map[string]string{
		"": "", baseToNovel: "80.47 / 71.69 / 75.83", crossDataset: "71.02 / 65.74", domainGeneralization: "71.02 / 59.91",
	}[t.Protocol]
	return Preset{
		Learner: l, Rate: 0.002, Epochs: 10, Batch: 1, Target: Row(t.Protocol, target),
		Source: "KaiyangZhou/CoOp configs/trainers/CoCoOp/vit_b16_c4_ep10_batch1_ctxv1.yaml",
	}, ok
}

// Recognize knows meta_net's second layer; KgCoOp's checkpoints have the first too, which nothing reads there.
func (CoCoOp) Recognize(shapes map[string][]int) (Recognition, bool) {
	ctx := shapes["ctx"]
	if len(ctx) != 2 || shapes["meta_net.linear2.weight"] == nil {
		return Recognition{}, false
	}
	l := CoCoOp{Context: ctx[0], Random: ctx[0] != 4} // its phrase has as many words as there are tokens
	return Recognition{Learner: l, Tensors: 1 + count(shapes, "meta_net.")}, true
}
