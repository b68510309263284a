package prompt

import "errors"

// Recognize returns the learner whose parameters have these names and shapes, as far as they tell: not the initial phrase,
// and not where a class name stands. It is the one that knows most of the tensors, of equals the first of [All], as among learners that differ
// in their losses alone. Whether nothing is missing or left over, [Learner.Parameters] tells.
func Recognize(shapes map[string][]int) (Recognition, error) {
	var found Recognition
	if ctx, ok := shapes["ctx"]; ok && len(ctx) != 2 && len(ctx) != 3 {
		return found, errors.New("prompt: ctx is no matrix of tokens and widths")
	}
	for _, l := range All() {
		r, ok := l.(Recognizer)
		if !ok {
			continue
		}
		if is, ok := r.Recognize(shapes); ok && is.Tensors > found.Tensors {
			found = is
		}
	}
	if found.Learner == nil {
		return found, errors.New("prompt: no known learner has such parameters: there is no ctx and no image_encoder.VPT, " +
			"with which the prompts of most begin")
	}
	return found, nil
}

// onlyContext tells whether one context of all classes is all that was tuned: there is no deep prompt, no projection, and no
// network that is read.
func onlyContext(shapes map[string][]int) bool {
	more := blocks(shapes, textPrompts) + blocks(shapes, visionPrompts) + count(shapes, visionPrompts+".VPT") + count(shapes, "proj.") + count(shapes, "meta_net.linear2.")
	return len(shapes["ctx"]) == 2 && more == 0
}

// tokens are those of a context [context, width]; 0 without one.
func tokens(ctx []int) int {
	if len(ctx) == 0 {
		return 0
	}
	return ctx[0]
}
