package prompt

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/dapt-go/dapt-go/dapt/clip"
)

// ProGrad is prompt-aligned gradient (Zhu et al., ICCV 2023; BeierZhu/Prompt-align ProGrad.public/trainers/prograd.py): CoOp's
// context, which is never moved against the direction in which its logits get nearer to CLIP's.
type ProGrad struct {
	Context int     // tokens; 0 means 16
	Phrase  string  // that the context ends with at first, zeros before it; "" means that of [ProGrad.Preset], and without a preset Random
	Random  bool    `json:",omitempty"` // draws the context from a normal distribution instead
	Lambda  float64 // how much of what conflicts is taken out, 0 to 1; 0 means the published one of the task, less than 0 none
}

// Name returns "prograd".
func (ProGrad) Name() string { return "prograd" }

// progradSentences are the hand-crafted ones of ProGrad's code that are not CoOp's, by data set.
var progradSentences = map[string]string{
	"OxfordPets":          "a type of pet, a photo of a {}.",
	"OxfordFlowers":       "a type of flower, a photo of a {}.",
	"FGVCAircraft":        "a type of aircraft, a photo of a {}.",
	"Food101":             "a type of food, a photo of {}.",
	"DescribableTextures": "a texture of {}.",
}

// progradPhrase is what the context starts as on a data set: its sentence before the class name.
func progradPhrase(dataset string) string {
	switch dataset {
	case "EuroSAT":
		return "a centered satellite photo of"
	case "UCF101":
		return "a photo of a person doing"
	}
	return strings.TrimSuffix(cmp.Or(progradSentences[dataset], "a photo of a {}."), " {}.")
}

// Preset is that of ProGrad's authors, which is of ResNet-50, and of 4 shots but for few-shot tuning. ProGrad's rows in tables
// of ViT-B/16 with 16 shots are of KgCoOp's authors, without a configuration. No script is of cross-dataset transfer, which has
// the source of domain generalisation.
func (l ProGrad) Preset(t Task) (Preset, bool) {
	const configs = "BeierZhu/Prompt-align ProGrad.public/configs/trainers/ProGrad/"
	if !l.Random {
		l.Phrase = cmp.Or(l.Phrase, progradPhrase(t.Dataset))
	}
	p := Preset{Learner: l, Rate: 0.002, Epochs: 100, Batch: 32, Shots: []int{4}, Source: configs + "rn50_ep100.yaml, on ImageNet rn50_ep50.yaml (of ResNet-50)"}
	switch t.Protocol {
	case baseToNovel, "":
	case crossDataset, domainGeneralization:
		p.Epochs, p.Source = 50, configs+"rn50_ep50.yaml (of ResNet-50)"
	case fewShot:
		p.Epochs, p.Shots = byShots(t.Shots), allShots()
		p.Source = configs + "rn50.yaml, rn50_ep100.yaml and rn50_ep50.yaml, by shots as CoOp (of ResNet-50)"
		p.Target = Row(fewShot, "68.20 / 71.78 / 74.21 / 77.93 / 79.20 (another paper's runs of ViT-B/16)")
	default:
		return Preset{}, false
	}
	if t.Dataset == "ImageNet" {
		p.Epochs = 50
	}
	return p, true
}

func (l ProGrad) opening() opening { return opening{cmp.Or(l.Context, 16), "", true} }

// words are those of the phrase, of which a comma is none.
func (l ProGrad) words() []string {
	if l.Random {
		return nil
	}
	return strings.Fields(l.Phrase)
}

// Trains says texts.
func (ProGrad) Trains() Parts { return Classes | Words }

// On takes out less in few-shot learning on three data sets with many shots.
func (l ProGrad) On(t Task) Learner {
	if l.Lambda == 0 {
		l.Lambda = 1
		few := t.Protocol == fewShot || t.Protocol == dataEfficient || t.Protocol == ""
		if few && t.Shots >= 8 && slices.Contains([]string{"OxfordFlowers", "DescribableTextures", "EuroSAT"}, t.Dataset) {
			l.Lambda = 0.8
		}
	}
	return l
}

// Template returns placeholders, the phrase and the class name, whatever the data set's own sentence. The context stands over as
// many tokens as it has: of a phrase with a comma the last one stays behind it, untrained, as in the published code.
func (l ProGrad) Template(string) string {
	places := max(l.opening().context-len(l.words()), 0)
	return strings.Join(append(slices.Repeat([]string{"X"}, places), l.words()...), " ") + " {}."
}

// Parameters returns ctx, [context, textWidth].
func (l ProGrad) Parameters(m *clip.Model, rng *rand.Rand) ([]Parameter, error) {
	if err := inRange(l, l.Context); err != nil {
		return nil, err
	}
	ctx, err := l.opening().parameter(m, rng)
	n := len(l.words())
	if err != nil || n == 0 {
		return []Parameter{ctx}, err
	}
	if context := l.opening().context; n > context {
		return nil, fmt.Errorf("prompt: ProGrad with the Phrase %q of %d words, want at most the %d of the context, or Random", l.Phrase, n, context)
	}
	last, err := words(m, l.Phrase, n)
	zeros := len(ctx.Value) - len(last)
	clear(ctx.Value[:zeros])
	copy(ctx.Value[zeros:], last)
	return []Parameter{ctx}, err
}

// Prompts writes the context into the class rows.
func (ProGrad) Prompts(p Values) Prompts { return Prompts{Text: []*graph.Node{p["ctx"]}} }

// Anchors is the data set's hand-crafted sentence; five data sets have others than CoOp's.
func (ProGrad) Anchors(dataset, hand string) (Anchors, error) {
	return Anchors{Templates: []string{cmp.Or(progradSentences[dataset], hand)}}, nil
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
