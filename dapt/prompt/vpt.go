package prompt

import (
	"cmp"
	"fmt"
	"math/rand/v2"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/dapt-go/dapt-go/dapt/clip"
)

// Where checkpoints have the deep prompts of each tower: among CLIP's own weights.
const (
	visionPrompts = "image_encoder"
	textPrompts   = "text_encoder"
)

// VPT is visual prompt tuning (Jia et al., ECCV 2022) in CLIP's image tower; the text tower stays as CLIP left it
// (muzairkhattak/multimodal-prompt-learning trainers/vpt.py).
type VPT struct {
	Context int // tokens a block; 0 means 8
	Depth   int // prompted blocks, from the first; 0 means 12; 1 is the shallow variant
}

// Name returns "vpt".
func (VPT) Name() string { return "vpt" }

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

// vision draws the prompts of the image tower.
func vision(rng *rand.Rand, depth, context, width int) []Parameter {
	list := []Parameter{normal(rng, visionPrompts+".VPT", 0.02, context, width)}
	return append(list, deeper(rng, visionPrompts, depth, context, width)...)
}

// deeper draws the prompts of a tower's blocks past the first.
func deeper(rng *rand.Rand, tower string, depth, context, width int) []Parameter {
	var list []Parameter
	for i := 1; i < depth; i++ {
		list = append(list, normal(rng, blockPrompt(tower, i), 0.02, context, width))
	}
	return list
}

// blockPrompt is the name of what is written before block i.
func blockPrompt(tower string, i int) string {
	return fmt.Sprintf("%s.transformer.resblocks.%d.VPT_shallow", tower, i)
}

// deep are a tower's prompts: the first, and those of the deeper blocks. Blocks past the end of a tower leave theirs unused.
func deep(p Values, first, tower string, depth int) []*graph.Node {
	list := []*graph.Node{p[first]}
	for i := 1; i < depth; i++ {
		list = append(list, p[blockPrompt(tower, i)])
	}
	return list
}
