package prompt

import (
	"cmp"
	"fmt"
	"math/rand/v2"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/nn"

	"github.com/dapt-go/dapt-go/dapt/clip"
)

// MaPLe is multi-modal prompt learning (Khattak et al., CVPR 2023), the host that DAPT was published on: text prompts
// in the first blocks, and the vision prompts as linear functions of them (Ferenas/DAPT trainers/maple.py).
type MaPLe struct {
	Context int    // tokens a block; 0 means 2
	Depth   int    // prompted blocks of both towers, from the first; 0 means 9
	Phrase  string // whose first words the context starts as, and which begins each class's sentence; "" means "a photo of a"
	// Random draws the context from a normal distribution instead, and puts placeholder words into the sentence. It is
	// always so with more than 4 tokens, as in the reference.
	Random bool
}

// Name returns "maple".
func (MaPLe) Name() string { return "maple" }

// Trains says everything: deep prompts reach all texts from the second block on.
func (l MaPLe) Trains() Parts {
	if l.depth() == 1 {
		return Classes | Words | Images
	}
	return Classes | Words | Deep | Images
}

func (l MaPLe) context() int { return cmp.Or(l.Context, 2) }
func (l MaPLe) depth() int   { return cmp.Or(l.Depth, 9) }

func (l MaPLe) opening() opening {
	return opening{l.context(), cmp.Or(l.Phrase, "a photo of a"), l.Random || l.context() > 4}
}

// Template returns the initial phrase and the class name, whatever the data set's own sentence.
func (l MaPLe) Template(string) string { return l.opening().template() }

// Parameters returns ctx [context, textWidth]; proj, linear from text to vision width; and for each deeper prompted
// block compound_prompts_text.i [context, textWidth] with compound_prompt_projections.i, linear, which all start equal.
func (l MaPLe) Parameters(m *clip.Model, rng *rand.Rand) ([]Parameter, error) {
	if err := inRange(l, l.Context, l.Depth); err != nil {
		return nil, err
	}
	text, vision := m.Config.Text.Width, m.Config.Vision.Width
	ctx, err := l.opening().parameter(m, rng)
	if err != nil {
		return nil, err
	}
	list := append([]Parameter{ctx}, linear(rng, "proj", vision, text)...)
	deep := linear(rng, "", vision, text)
	for i := range l.depth() - 1 {
		list = append(list, normal(rng, fmt.Sprintf("compound_prompts_text.%d", i), 0.02, l.context(), text))
	}
	for i := range l.depth() - 1 {
		for _, p := range deep {
			name := fmt.Sprintf("compound_prompt_projections.%d%s", i, p.Name)
			list = append(list, Parameter{Name: name, Dims: p.Dims, Value: p.Value})
		}
	}
	return list, nil
}

// Prompts couples the towers: each vision prompt is a linear function of the text prompt of its block. Blocks past the
// end of a tower leave their prompts unused.
func (l MaPLe) Prompts(p Values) Prompts {
	project := func(x *graph.Node, name string) *graph.Node {
		return nn.Dense(x, p[name+".weight"], p[name+".bias"], compute.DenseLayoutOutputsInput)
	}
	prompts := Prompts{Text: []*graph.Node{p["ctx"]}, Vision: []*graph.Node{project(p["ctx"], "proj")}}
	for i := range l.depth() - 1 {
		deep := p[fmt.Sprintf("compound_prompts_text.%d", i)]
		prompts.Text = append(prompts.Text, deep)
		prompts.Vision = append(prompts.Vision, project(deep, fmt.Sprintf("compound_prompt_projections.%d", i)))
	}
	return prompts
}

// Recognize knows the projection from the text to the image tower.
func (MaPLe) Recognize(shapes map[string][]int) (Recognition, bool) {
	ctx := shapes["ctx"]
	if len(ctx) != 2 || shapes["proj.weight"] == nil {
		return Recognition{}, false
	}
	l := MaPLe{Context: ctx[0], Depth: 1 + count(shapes, "compound_prompts_text.")}
	return Recognition{Learner: l, Tensors: 3 + count(shapes, "compound_prompt")}, true
}
