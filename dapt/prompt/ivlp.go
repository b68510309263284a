package prompt

import (
	"cmp"
	"math/rand/v2"

	"github.com/dapt-go/dapt-go/dapt/clip"
)

// IVLP is independent vision-language prompting: deep prompts of both towers that know nothing of each other
// (muzairkhattak/multimodal-prompt-learning trainers/independentVL.py).
type IVLP struct {
	Text        int    // tokens a block of the text tower; 0 means 2, for PromptSRC 4
	Vision      int    // tokens a block of the image tower; 0 means 2, for PromptSRC 4
	TextDepth   int    // prompted blocks of the text tower, from the first; 0 means 12, for PromptSRC 9
	VisionDepth int    // prompted blocks of the image tower, from the first; 0 means 12, for PromptSRC 9
	TextOnly    bool   // leaves the image tower as CLIP left it: language prompting
	Phrase      string // whose first words the context starts as, and which begins each class's sentence; "" means "a photo of a"
	Random      bool   // draws the context from a normal distribution instead, as it always is with more than 4 tokens
}

// Name returns "ivlp".
func (IVLP) Name() string { return "ivlp" }

func (l IVLP) context() int { return cmp.Or(l.Text, 2) }
func (l IVLP) opening() opening {
	return opening{l.context(), cmp.Or(l.Phrase, "a photo of a"), l.Random || l.context() > 4}
}
func (l IVLP) depths() (text, vision int) { return cmp.Or(l.TextDepth, 12), cmp.Or(l.VisionDepth, 12) }

// Template returns the initial phrase and the class name, whatever the data set's own sentence.
func (l IVLP) Template(string) string { return l.opening().template() }

// Parameters returns ctx [context, textWidth], VPT_shallow below the name of each deeper prompted block of the text tower,
// and those of [VPT.Parameters].
func (l IVLP) Parameters(m *clip.Model, rng *rand.Rand) ([]Parameter, error) {
	if err := inRange(l, l.Text, l.Vision, l.TextDepth, l.VisionDepth); err != nil {
		return nil, err
	}
	ctx, err := l.opening().parameter(m, rng)
	if err != nil {
		return nil, err
	}
	texts, images := l.depths()
	list := append([]Parameter{ctx}, deeper(rng, textPrompts, texts, l.context(), m.Config.Text.Width)...)
	if l.TextOnly {
		return list, nil
	}
	return append(list, vision(rng, images, cmp.Or(l.Vision, 2), m.Config.Vision.Width)...), nil
}

// Prompts returns the prompts of both towers.
func (l IVLP) Prompts(p Values) Prompts {
	texts, images := l.depths()
	prompts := Prompts{Text: deep(p, "ctx", textPrompts, texts)}
	if !l.TextOnly {
		prompts.Vision = deep(p, visionPrompts+".VPT", visionPrompts, images)
	}
	return prompts
}

// PromptSRC has the prompts of IVLP with settings of its own (Khattak et al., ICCV 2023; muzairkhattak/PromptSRC
// trainers/promptsrc.py). Its losses, which keep the prompts near CLIP, and the mean of its prompts over the epochs are
// no business of the prompts: tuned here, it is IVLP; prompts of its authors give their accuracies.
type PromptSRC IVLP

// Name returns "promptsrc".
func (PromptSRC) Name() string { return "promptsrc" }

// ivlp is the IVLP that it is.
func (l PromptSRC) ivlp() IVLP {
	l.Text, l.Vision = cmp.Or(l.Text, 4), cmp.Or(l.Vision, 4)
	l.TextDepth, l.VisionDepth = cmp.Or(l.TextDepth, 9), cmp.Or(l.VisionDepth, 9)
	return IVLP(l)
}

// Template is [IVLP.Template].
func (l PromptSRC) Template(hand string) string { return l.ivlp().Template(hand) }

// Parameters are those of [IVLP.Parameters].
func (l PromptSRC) Parameters(m *clip.Model, rng *rand.Rand) ([]Parameter, error) {
	return l.ivlp().Parameters(m, rng)
}

// Prompts are those of [IVLP.Prompts].
func (l PromptSRC) Prompts(p Values) Prompts { return l.ivlp().Prompts(p) }
