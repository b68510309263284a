package prompt

import (
	"errors"
	"maps"
	"slices"
	"strings"
)

// Recognize returns the learner whose parameters have these names and shapes, as far as they tell: not the initial phrase,
// and not where a class name stands. [PromptSRC]'s are those of [IVLP], KgCoOp's and ProGrad's those of [CoOp]. Whether
// nothing is missing or left over, [Learner.Parameters] tells.
func Recognize(shapes map[string][]int) (Learner, error) {
	ctx, text := shapes["ctx"]
	patch, vision := shapes[visionPrompts+".VPT"]
	texts, images := blocks(shapes, textPrompts), blocks(shapes, visionPrompts)
	switch _, projects := shapes["proj.weight"]; {
	case text && (len(ctx) < 2 || len(ctx) > 3) || vision && len(patch) != 2:
		return nil, errors.New("prompt: the context is no matrix of tokens and widths")
	case text && shapes["meta_net.linear2.weight"] != nil: // KgCoOp has a linear1, which nothing reads
		return CoCoOp{Context: ctx[0], Random: ctx[0] != 4}, nil // its phrase has as many words as there are tokens
	case text && projects:
		return MaPLe{Context: ctx[0], Depth: 1 + count(shapes, "compound_prompts_text.")}, nil
	case text && vision:
		return IVLP{Text: ctx[0], Vision: patch[0], TextDepth: 1 + texts, VisionDepth: 1 + images}, nil
	case vision:
		return VPT{Context: patch[0], Depth: 1 + images}, nil
	case text && texts > 0:
		return IVLP{Text: ctx[0], TextDepth: 1 + texts, TextOnly: true}, nil
	case text && len(ctx) == 3:
		return CoOp{Context: ctx[1], Classes: ctx[0]}, nil
	case text:
		return CoOp{Context: ctx[0]}, nil
	}
	return nil, errors.New("prompt: there is no ctx and no image_encoder.VPT, with which the prompts of every known learner begin")
}

// blocks counts the deep prompts of a tower.
func blocks(shapes map[string][]int, tower string) int {
	return count(shapes, tower+".transformer.resblocks.")
}

func count(shapes map[string][]int, prefix string) int {
	names := slices.Collect(maps.Keys(shapes))
	return len(slices.DeleteFunc(names, func(name string) bool { return !strings.HasPrefix(name, prefix) }))
}
