package prompt

import (
	"cmp"
	"math/rand/v2"
	"slices"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/dapt-go/dapt-go/dapt/clip"
)

// ProGrad is prompt-aligned gradient (Zhu et al., ICCV 2023; BeierZhu/Prompt-align ProGrad.public/trainers/prograd.py): CoOp's
// context, which is never moved against the direction in which its logits get nearer to CLIP's.
type ProGrad struct {
	Context int     // tokens; 0 means 16
	Phrase  string  // whose first words the context starts as; "" draws it from a normal distribution
	Lambda  float64 // how much of what conflicts is taken out, 0 to 1; 0 means the published one of the task, less than 0 none
}

// Name returns "prograd".
func (ProGrad) Name() string { return "prograd" }

func (l ProGrad) opening() opening {
	return opening{cmp.Or(l.Context, 16), l.Phrase, l.Phrase == ""}
}

// Trains says texts.
func (ProGrad) Trains() Parts { return Classes | Words }

// On takes out less on three data sets with many shots.
func (l ProGrad) On(t Task) Learner {
	if l.Lambda == 0 {
		l.Lambda = 1
		if t.Shots >= 8 && slices.Contains([]string{"OxfordFlowers", "DescribableTextures", "EuroSAT"}, t.Dataset) {
			l.Lambda = 0.8
		}
	}
	return l
}

// Template returns the class name behind words that the context overwrites, whatever the data set's own sentence.
func (l ProGrad) Template(string) string { return l.opening().template() }

// Parameters returns ctx, [context, textWidth].
func (l ProGrad) Parameters(m *clip.Model, rng *rand.Rand) ([]Parameter, error) {
	if err := inRange(l, l.Context); err != nil {
		return nil, err
	}
	ctx, err := l.opening().parameter(m, rng)
	return []Parameter{ctx}, err
}

// Prompts writes the context into the class rows.
func (ProGrad) Prompts(p Values) Prompts { return Prompts{Text: []*graph.Node{p["ctx"]}} }

// Anchors is the data set's hand-crafted sentence.
func (ProGrad) Anchors(_, hand string) (Anchors, error) {
	return Anchors{Templates: []string{hand}}, nil
}

// Guide is the cross-entropy of the logits with the probabilities by CLIP's.
func (ProGrad) Guide(s Step) *graph.Node {
	want := graph.Softmax(s.Logits(s.CLIP(), s.Anchors), -1)
	return graph.Neg(graph.ReduceAllMean(graph.ReduceSum(graph.Mul(want, graph.LogSoftmax(s.Logits(s.Image, s.Texts), -1)), -1)))
}

// Steer takes out of gradient what goes against guide.
func (l ProGrad) Steer(gradient, guide *graph.Node) *graph.Node {
	along := graph.ReduceAllSum(graph.Mul(gradient, guide))
	share := graph.Div(along, graph.MaxScalar(graph.ReduceAllSum(graph.Square(guide)), 1e-30)) // of guide in gradient
	return graph.Sub(gradient, graph.Mul(guide, graph.MulScalar(graph.MinScalar(share, 0), weight(l.Lambda, 1))))
}

// Recognize takes every context of all classes: nothing but its losses tells it from CoOp's.
func (ProGrad) Recognize(shapes map[string][]int) (Recognition, bool) {
	return Recognition{Learner: ProGrad{Context: tokens(shapes["ctx"])}, Tensors: 1}, onlyContext(shapes)
}
