package prompt

import (
	"cmp"
	"math/rand/v2"

	"github.com/dapt-go/dapt-go/dapt/clip"
)

// VPT is visual prompt tuning (Jia et al., ECCV 2022) in CLIP's image tower; the text tower stays as CLIP left it
// (muzairkhattak/multimodal-prompt-learning trainers/vpt.py).
type VPT struct {
	Context int // tokens a block; 0 means 8
	Depth   int // prompted blocks, from the first; 0 means 12; 1 is the shallow variant
}

// Name returns "vpt".
func (VPT) Name() string { return "vpt" }

// Trains says images: the class texts are CLIP's.
func (VPT) Trains() Parts { return Images }

// Template returns "a photo of a {}.", whatever the data set's own sentence.
func (VPT) Template(string) string { return "a photo of a {}." }

func (l VPT) depth() int { return cmp.Or(l.Depth, 12) }

// Parameters returns image_encoder.VPT and, for each deeper prompted block i, VPT_shallow below its name, [context,
// visionWidth] each.
func (l VPT) Parameters(m *clip.Model, rng *rand.Rand) ([]Parameter, error) {
	if err := inRange(l, l.Context, l.Depth); err != nil {
		return nil, err
	}
	return vision(rng, l.depth(), cmp.Or(l.Context, 8), m.Config.Vision.Width), nil
}

// Prompts returns the vision prompts.
func (l VPT) Prompts(p Values) Prompts {
	return Prompts{Vision: deep(p, visionPrompts+".VPT", visionPrompts, l.depth())}
}

// Preset is that of MaPLe's authors, who published no few-shot one. Of transfer they published no number: their script tests an
// epoch that is never written.
func (l VPT) Preset(t Task) (Preset, bool) {
	target, ok := map[string]string{"": "", baseToNovel: "80.24 / 73.43 / 76.68", crossDataset: "", domainGeneralization: ""}[t.Protocol]
	return Preset{
		Learner: l, Rate: 0.0025, Epochs: 5, Batch: 4, Target: Row(t.Protocol, target),
		Source: "muzairkhattak/multimodal-prompt-learning configs/trainers/VPT/vit_b16_c2_ep5_batch4_4.yaml",
	}, ok
}

// Recognize reads the number of tokens and the depth off the vision prompts.
func (VPT) Recognize(shapes map[string][]int) (Recognition, bool) {
	patch := shapes[visionPrompts+".VPT"]
	if len(patch) != 2 || shapes["ctx"] != nil {
		return Recognition{}, false
	}
	depth := 1 + blocks(shapes, visionPrompts)
	return Recognition{Learner: VPT{Context: patch[0], Depth: depth}, Tensors: depth}, true
}
