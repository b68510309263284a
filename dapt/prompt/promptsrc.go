package prompt

import (
	"cmp"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/dapt-go/dapt-go/dapt/clip"
)

// PromptSRC is self-regulating prompts (Khattak et al., ICCV 2023; muzairkhattak/PromptSRC trainers/promptsrc.py): prompts of
// both towers as in independent prompting, kept near CLIP by three terms of the loss. Its Gaussian mean of the prompts over
// the epochs is a setting of training: see [Preset].
type PromptSRC struct {
	Text         int     // tokens a block of the text tower; 0 means 4
	Vision       int     // tokens a block of the image tower; 0 means 4
	TextDepth    int     // prompted blocks of the text tower, from the first; 0 means 9
	VisionDepth  int     // prompted blocks of the image tower, from the first; 0 means 9
	Phrase       string  // whose first words the context starts as, and which begins each class's sentence; "" means "a photo of a"
	Random       bool    // draws the context from a normal distribution instead, as it always is with more than 4 tokens
	TextWeight   float64 // of the distance of class texts to CLIP's; 0 means 25, less than 0 leaves the term out
	ImageWeight  float64 // of the distance of image features to CLIP's; 0 means 10, less than 0 leaves the term out
	LogitsWeight float64 // of the divergence of the logits from CLIP's; 0 means 1, less than 0 leaves the term out
}

// Name returns "promptsrc".
func (PromptSRC) Name() string { return "promptsrc" }

func (l PromptSRC) independent() independent {
	context := cmp.Or(l.Text, 4)
	return independent{
		opening: opening{context, cmp.Or(l.Phrase, "a photo of a"), l.Random || context > 4},
		vision:  cmp.Or(l.Vision, 4), textDepth: cmp.Or(l.TextDepth, 9), visionDepth: cmp.Or(l.VisionDepth, 9),
	}
}

// Trains says everything.
func (l PromptSRC) Trains() Parts { return l.independent().trains() }

// Template returns the initial phrase and the class name, whatever the data set's own sentence.
func (l PromptSRC) Template(string) string { return l.independent().template() }

// Parameters are those of independent prompting: ctx, and the deeper prompts of both towers below the names of their blocks.
func (l PromptSRC) Parameters(m *clip.Model, rng *rand.Rand) ([]Parameter, error) {
	if err := inRange(l, l.Text, l.Vision, l.TextDepth, l.VisionDepth); err != nil {
		return nil, err
	}
	return l.independent().parameters(m, rng)
}

// Prompts returns the prompts of both towers.
func (l PromptSRC) Prompts(p Values) Prompts { return l.independent().prompts(p) }

// Anchors are 60 of ImageNet's sentences, whose features are averaged as they are.
func (PromptSRC) Anchors(string, string) (Anchors, error) {
	templates, err := Templates("promptsrc")
	return Anchors{Templates: templates, Raw: true}, err
}

// Terms are the cross-entropy, the mean absolute differences of texts and of images from CLIP's, and the divergence of the
// logits, per logit.
func (l PromptSRC) Terms() []Term {
	return []Term{{"cls", 1}, {"text", weight(l.TextWeight, 25)}, {"image", weight(l.ImageWeight, 10)}, {"logits", weight(l.LogitsWeight, 1)}}
}

// Loss returns the values of [PromptSRC.Terms].
func (PromptSRC) Loss(s Step) []*graph.Node {
	image := s.CLIP()
	taught, own := s.Logits(image, s.Anchors), s.Logits(s.Image, s.Texts)
	apart := func(a, b *graph.Node) *graph.Node { return graph.ReduceAllMean(graph.Abs(graph.Sub(a, b))) }
	return []*graph.Node{s.CrossEntropy(s.Image), apart(s.Texts, s.Anchors), apart(s.Image, image), divergence(taught, own)}
}

// Preset is that of PromptSRC's authors: the Gaussian of few-shot tuning depends on the data set, and transfer has fewer blocks.
// Data sets of others have the few-shot Gaussian of ImageNet.
func (l PromptSRC) Preset(t Task) (Preset, bool) {
	const config = "muzairkhattak/PromptSRC configs/trainers/PromptSRC/vit_b16_c2_ep20_batch4_4+4ctx"
	p := Preset{Learner: l, Rate: 0.0025, Epochs: 20, Batch: 4, Average: Gaussian{15, 1}, Source: config + ".yaml"}
	switch t.Protocol {
	case "":
	case baseToNovel:
		p.Target = Row(t.Protocol, "84.26 / 76.10 / 79.97")
	case crossDataset, domainGeneralization:
		l.TextDepth, l.VisionDepth = cmp.Or(l.TextDepth, 3), cmp.Or(l.VisionDepth, 3)
		p.Learner, p.Average, p.Source = l, Gaussian{6, 10}, config+"_cross_datasets.yaml"
		p.Target = Row(t.Protocol, map[string]string{crossDataset: "71.27 / 65.81", domainGeneralization: "71.27 / 60.65"}[t.Protocol])
	case fewShot:
		p.Epochs, p.Average, p.Shots = 50, Gaussian{30, 30}, allShots()
		p.Target = Row(t.Protocol, "72.32 / 75.29 / 78.35 / 80.69 / 82.87")
		p.Source = strings.Replace(config, "ep20", "ep50", 1) + "_few_shot.yaml"
		if slices.Contains([]string{"StanfordCars", "OxfordFlowers", "FGVCAircraft", "DescribableTextures", "EuroSAT"}, t.Dataset) {
			p.Average = Gaussian{45, 5}
		}
	default:
		return Preset{}, false
	}
	return p, true
}

// Recognize knows the teacher that PromptSRC's checkpoints hold; its prompts alone are as those of other learners.
func (PromptSRC) Recognize(shapes map[string][]int) (Recognition, bool) {
	i, ok := recognizeIndependent(shapes)
	if !ok || i.vision == 0 {
		return Recognition{}, false
	}
	l := PromptSRC{Text: i.context, Vision: i.vision, TextDepth: i.textDepth, VisionDepth: i.visionDepth}
	return Recognition{Learner: l, Tensors: i.textDepth + i.visionDepth + count(shapes, imageTeacher), Unread: []string{imageTeacher}}, true
}
