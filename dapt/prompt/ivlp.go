package prompt

import (
	"cmp"
	"math/rand/v2"

	"github.com/dapt-go/dapt-go/dapt/clip"
)

// IVLP is independent vision-language prompting: deep prompts of both towers that know nothing of each other
// (muzairkhattak/multimodal-prompt-learning trainers/independentVL.py).
type IVLP struct {
	Text        int    // tokens a block of the text tower; 0 means 2
	Vision      int    // tokens a block of the image tower; 0 means 2
	TextDepth   int    // prompted blocks of the text tower, from the first; 0 means 12
	VisionDepth int    // prompted blocks of the image tower, from the first; 0 means 12
	TextOnly    bool   // leaves the image tower as CLIP left it: language prompting
	Phrase      string // whose first words the context starts as, and which begins each class's sentence; "" means "a photo of a"
	Random      bool   // draws the context from a normal distribution instead, as it always is with more than 4 tokens
}

// Name returns "ivlp".
func (IVLP) Name() string { return "ivlp" }

func (l IVLP) independent() independent {
	context := cmp.Or(l.Text, 2)
	i := independent{
		opening: opening{context, cmp.Or(l.Phrase, "a photo of a"), l.Random || context > 4},
		vision:  cmp.Or(l.Vision, 2), textDepth: cmp.Or(l.TextDepth, 12), visionDepth: cmp.Or(l.VisionDepth, 12),
	}
	if l.TextOnly {
		i.vision = 0
	}
	return i
}

// Trains says everything, or texts alone.
func (l IVLP) Trains() Parts { return l.independent().trains() }

// Template returns the initial phrase and the class name, whatever the data set's own sentence.
func (l IVLP) Template(string) string { return l.independent().template() }

// Parameters returns ctx [context, textWidth], VPT_shallow below the name of each deeper prompted block of the text tower,
// and the same for the image tower, whose first is image_encoder.VPT.
func (l IVLP) Parameters(m *clip.Model, rng *rand.Rand) ([]Parameter, error) {
	if err := inRange(l, l.Text, l.Vision, l.TextDepth, l.VisionDepth); err != nil {
		return nil, err
	}
	return l.independent().parameters(m, rng)
}

// Prompts returns the prompts of both towers.
func (l IVLP) Prompts(p Values) Prompts { return l.independent().prompts(p) }

// Preset is that of MaPLe's authors, or for one of [IVLP.Variants] its own. No few-shot one was published. Of transfer no number
// was: the script of MaPLe's authors tests an epoch that is never written.
func (l IVLP) Preset(t Task) (Preset, bool) {
	const folder = "configs/trainers/IVLP/"
	p := Preset{Learner: l, Rate: 0.0035, Epochs: 5, Batch: 4, Source: "muzairkhattak/multimodal-prompt-learning " + folder}
	row := "82.15 / 74.07 / 77.90"
	switch {
	case l == four:
		p.Rate, p.Epochs, row = 0.0025, 20, "84.21 / 71.79 / 77.51"
		p.Source = "muzairkhattak/PromptSRC " + folder + "vit_b16_c2_ep20_batch4_4+4ctx.yaml"
		if t.Protocol == crossDataset || t.Protocol == domainGeneralization {
			return Preset{}, false
		}
	case l.TextOnly:
		p.Rate, row = 0.0025, "81.72 / 73.81 / 77.56"
		p.Source += "vit_b16_c2_ep5_batch4_4ctx_language_only.yaml"
	default:
		p.Source += "vit_b16_c2_ep5_batch4_2+2ctx.yaml"
	}
	switch t.Protocol {
	case baseToNovel:
		p.Target = Row(baseToNovel, row)
	case "", crossDataset, domainGeneralization:
	default:
		return Preset{}, false
	}
	return p, true
}

// four is what PromptSRC is built on.
var four = IVLP{Text: 4, Vision: 4, TextDepth: 9, VisionDepth: 9}

// Variants are language-only prompting, and four tokens a block as PromptSRC has them, but without its losses.
func (IVLP) Variants() []Variant {
	return []Variant{{"language-only", IVLP{Text: 4, TextOnly: true}, ""}, {"four-tokens", four, ""}}
}

// Recognize reads the numbers of tokens and the depths off the prompts of both towers, or of the text tower alone.
func (IVLP) Recognize(shapes map[string][]int) (Recognition, bool) {
	i, ok := recognizeIndependent(shapes)
	if !ok {
		return Recognition{}, false
	}
	l := IVLP{Text: i.context, Vision: i.vision, TextDepth: i.textDepth, VisionDepth: i.visionDepth, TextOnly: i.vision == 0}
	return Recognition{Learner: l, Tensors: i.textDepth + i.visionDepth, Unread: []string{imageTeacher}}, true
}
