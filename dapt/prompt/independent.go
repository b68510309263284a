package prompt

import (
	"math/rand/v2"

	"github.com/dapt-go/dapt-go/dapt/clip"
)

// independent are deep prompts of both towers that know nothing of each other, of learners that differ in their losses.
type independent struct {
	opening                    // of the class sentences; its context is of each block
	vision                 int // tokens a block of the image tower; 0 leaves it as CLIP left it
	textDepth, visionDepth int // prompted blocks, from the first
}

func (i independent) trains() Parts {
	parts := Classes | Words
	if i.textDepth > 1 {
		parts |= Deep
	}
	if i.vision > 0 {
		parts |= Images
	}
	return parts
}

func (i independent) parameters(m *clip.Model, rng *rand.Rand) ([]Parameter, error) {
	ctx, err := i.parameter(m, rng)
	if err != nil {
		return nil, err
	}
	list := append([]Parameter{ctx}, deeper(rng, textPrompts, i.textDepth, i.context, m.Config.Text.Width)...)
	if i.vision == 0 {
		return list, nil
	}
	return append(list, vision(rng, i.visionDepth, i.vision, m.Config.Vision.Width)...), nil
}

func (i independent) prompts(p Values) Prompts {
	prompts := Prompts{Text: deep(p, "ctx", textPrompts, i.textDepth)}
	if i.vision > 0 {
		prompts.Vision = deep(p, visionPrompts+".VPT", visionPrompts, i.visionDepth)
	}
	return prompts
}

// recognizeIndependent reads them off the shapes of a checkpoint: there are vision prompts, or deep text prompts.
func recognizeIndependent(shapes map[string][]int) (independent, bool) {
	ctx, patch := shapes["ctx"], shapes[visionPrompts+".VPT"]
	texts := blocks(shapes, textPrompts)
	if len(ctx) != 2 || len(patch) != 0 && len(patch) != 2 || len(patch) == 0 && texts == 0 {
		return independent{}, false
	}
	i := independent{opening: opening{context: ctx[0]}, textDepth: 1 + texts}
	if len(patch) == 2 {
		i.vision, i.visionDepth = patch[0], 1+blocks(shapes, visionPrompts)
	}
	return i, true
}

// imageTeacher begins the names of a second image tower that PromptSRC saves.
const imageTeacher = "ZS_image_encoder."
