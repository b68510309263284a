package prompt

import (
	"cmp"
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/dapt-go/dapt-go/dapt/clip"
)

// CoOp is context optimisation (Zhou et al., IJCV 2022): learnable words in the sentences of the classes; the image tower
// stays as CLIP left it (KaiyangZhou/CoOp trainers/coop.py).
type CoOp struct {
	Context  int    // tokens; 0 means as many as the phrase has words, or 16
	Phrase   string // whose first words the context starts as; "" draws it from a normal distribution
	PerClass bool   `json:",omitempty"` // each class has a context of its own
	// Classes is how many classes have a context of their own, which are then all that there are; with PerClass, 0 means as
	// many as there are.
	Classes  int
	Position Position // of the class name; "" means End
}

// Position is where in a sentence the class name stands.
type Position string

// The positions: behind the context, between its halves, of which the second is the longer, or before it.
const (
	End    Position = "end"
	Middle Position = "middle"
	Front  Position = "front"
)

// mostClasses may have a context of their own: more than ImageNet-21k has classes.
const mostClasses = 25_000

// Name returns "coop".
func (CoOp) Name() string { return "coop" }

// Trains says texts: of the classes, and with one context for all of other words too.
func (l CoOp) Trains() Parts {
	if l.PerClass || l.Classes > 0 {
		return Classes
	}
	return Classes | Words
}

// On counts the classes if each has a context of its own.
func (l CoOp) On(t Task) Learner {
	if l.PerClass && l.Classes == 0 {
		l.Classes = t.Classes
	}
	return l
}

// Preset is the few-shot setting of CoOp's paper, whose figures are of ResNet-50, for any backbone; and for other protocols that
// of the rows of CoOp in CoCoOp's paper. ImageNet takes 50 epochs in all of them. A learner without any setting takes for those
// the four words of these rows.
func (l CoOp) Preset(t Task) (Preset, bool) {
	p := Preset{Learner: l, Rate: 0.002, Epochs: 200, Batch: 32}
	const configs = "KaiyangZhou/CoOp configs/trainers/CoOp/"
	if t.Protocol == fewShot {
		p.Epochs, p.Shots = byShots(t.Shots), allShots()
		p.Source = configs + "vit_b16.yaml, vit_b16_ep100.yaml and vit_b16_ep50.yaml, by shots (the published figures are of ResNet-50)"
		if l == (CoOp{}) {
			p.Target = Row(fewShot, "68.09 / 70.13 / 73.59 / 76.45 / 79.01 (another paper's runs of ViT-B/16)")
		}
	} else if l == (CoOp{}) {
		p.Learner = CoOp{Context: 4, Phrase: "a photo of a"}
	}
	switch t.Protocol {
	case fewShot:
	case baseToNovel, "":
		p.Source, p.Target = configs+"vit_b16_ctxv1.yaml, on ImageNet vit_b16_ep50_ctxv1.yaml", Row(baseToNovel, "82.69 / 63.22 / 71.66")
	case crossDataset, domainGeneralization:
		p.Epochs, p.Source = 50, configs+"vit_b16_ep50_ctxv1.yaml"
		p.Target = Row(t.Protocol, map[string]string{crossDataset: "71.51 / 63.88", domainGeneralization: "71.51 / 59.28"}[t.Protocol])
	default:
		return Preset{}, false
	}
	if t.Dataset == "ImageNet" {
		p.Epochs = 50
	}
	return p, true
}

// Variants are those of CoOp's few-shot figures: a context for each class, and the class name in the middle.
func (CoOp) Variants() []Variant {
	return []Variant{
		{"middle", CoOp{Position: Middle}, fewShot},
		{"class-specific", CoOp{PerClass: true}, fewShot},
		{"class-specific-middle", CoOp{PerClass: true, Position: Middle}, fewShot},
	}
}

func (l CoOp) opening() opening {
	return opening{cmp.Or(l.Context, len(strings.Fields(opening{phrase: l.Phrase}.text())), 16), l.Phrase, l.Phrase == ""}
}

// behind is how many tokens of the context follow the class name.
func (l CoOp) behind() int {
	context := l.opening().context
	switch l.Position {
	case Middle:
		return context - context/2
	case Front:
		return context
	}
	return 0
}

// Template returns the class name among words that the context overwrites, whatever the data set's own sentence. The
// published code moves the embeddings of a name's tokens instead, which is the same unless the name ends with a
// punctuation mark.
func (l CoOp) Template(string) string {
	behind := l.behind()
	if behind == 0 {
		return l.opening().template()
	}
	places := func(n int) string { return strings.Repeat("X ", n) }
	return places(l.opening().context-behind) + "{} " + strings.TrimSpace(places(behind)) + "."
}

// Parameters returns ctx, [context, textWidth], or [classes, context, textWidth].
func (l CoOp) Parameters(m *clip.Model, rng *rand.Rand) ([]Parameter, error) {
	if err := inRange(l, l.Context); err != nil {
		return nil, err
	}
	if l.Classes < 0 || l.Classes > mostClasses {
		return nil, fmt.Errorf("prompt: CoOp with Classes %d, want at most %d, and 0 for one context of all classes", l.Classes, mostClasses)
	}
	if l.Position != "" && l.Position != End && l.Position != Middle && l.Position != Front {
		return nil, fmt.Errorf("prompt: CoOp with Position %q, want %q, %q or %q", l.Position, End, Middle, Front)
	}
	if l.PerClass && l.Classes == 0 {
		l.Classes = 1
	}
	if l.Classes == 0 {
		ctx, err := l.opening().parameter(m, rng)
		return []Parameter{ctx}, err
	}
	if l.Phrase != "" {
		return nil, fmt.Errorf("prompt: CoOp with Phrase %q and Classes %d: a context of each class starts at random, leave the phrase out", l.Phrase, l.Classes)
	}
	return []Parameter{normal(rng, "ctx", 0.02, l.Classes, l.opening().context, m.Config.Text.Width)}, nil
}

// Prompts writes the context into the class rows.
func (l CoOp) Prompts(p Values) Prompts {
	return Prompts{Text: []*graph.Node{p["ctx"]}, Behind: l.behind()}
}

// Recognize takes every context, and reads off it how many tokens it has, and for how many classes.
func (CoOp) Recognize(shapes map[string][]int) (Recognition, bool) {
	ctx := shapes["ctx"]
	if len(ctx) == 3 {
		return Recognition{Learner: CoOp{Context: ctx[1], PerClass: true, Classes: ctx[0]}, Tensors: 1}, true
	}
	return Recognition{Learner: CoOp{Context: tokens(ctx)}, Tensors: 1}, onlyContext(shapes)
}
