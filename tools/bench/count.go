package main

import (
	"slices"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/clip"
)

// work counts the operations of the matrix products that the definition of DAPT over MaPLe needs, a multiplication and an
// addition being two. It is what must be computed, not what a program happens to compute:
//
//   - A token's query, and what follows the attention, count where a later block or the feature reads the block's output:
//     not for tokens that the next block's prompts overwrite, and in the last block for the class and the end tokens only.
//   - Keys and values count once where tokens are alike: for the prompts, which no image changes, once in a step; for the
//     longest common prefix of a list of sentences, once in a list.
//   - A sentence ends with its end token, and a text token reads itself and what stands before it.
//   - Weights are frozen, so that a linear layer costs as much backward as forward. Attention costs twice its products;
//     none is computed again. Gradients count where prompts can reach what they are of.
//   - Softmax, norms, activations, masks, the triplet distance and the optimiser are no matrix products and count nothing.
type work struct {
	clip.Config
	context int // prompt tokens
	depth   int // prompted blocks of each tower, from the first
}

// sentences are the lengths of token rows, start and end tokens included, and how many tokens all rows begin with alike.
type sentences struct {
	shared  int
	lengths []int
}

// measure returns the lengths of token rows and their common prefix; no row's end token is in it.
func measure(rows [][]int32, end int32) sentences {
	s := sentences{shared: len(rows[0])}
	for _, row := range rows {
		length := 1 + slices.Index(row, end)
		s.lengths = append(s.lengths, length)
		alike := 0
		for alike < min(s.shared, length-1) && row[alike] == rows[0][alike] {
			alike++
		}
		s.shared = alike
	}
	return s
}

// token is a number of tokens of one block that cost the same.
type token struct {
	count   int  // how many there are
	made    int  // how many of them differ where they enter the block: so often are their query, key and value computed
	reads   int  // how many tokens each reads
	moved   int  // to how many of those prompts reach
	asked   bool // whether its output is needed
	reached bool // whether prompts reach it where it enters the block
}

// forward returns the operations of a block of a width.
func (t token) forward(width int) int {
	ops := 4 * t.made * width * width // key and value
	if t.asked {
		ops += 2*t.made*width*width + t.count*(18*width*width+4*t.reads*width) // query; output layer and MLP; scores and sums
	}
	return ops
}

// backward returns the operations of the gradients that lead from a block's outputs to its inputs that prompts reach.
func (t token) backward(width int) int {
	ops := 0
	if t.reached {
		ops += 4 * t.made * width * width
		if t.asked {
			// Of scores, and from them of the query, over all that it reads; of keys and values, over those moved.
			ops += 2*t.made*width*width + 2*t.count*(2*t.reads+2*t.moved)*width
		}
	} else if t.asked {
		ops += 2 * t.count * 3 * t.moved * width
	}
	if t.asked && (t.reached || t.moved > 0) {
		ops += 18 * t.count * width * width
	}
	return ops
}

// written tells whether block i of a tower begins with prompts of its own.
func (w work) written(i, layers int) bool { return i < min(w.depth, layers) }

// kept tells whether a prompt token's output of block i is read.
func (w work) kept(i, layers int) bool { return i < layers-1 && !w.written(i+1, layers) }

// imageBlock returns the tokens of block i of the image tower, for so many images and views.
func (w work) imageBlock(i, images int) []token {
	layers := w.Vision.Layers
	reads := 1 + w.Patches() + w.context
	moved := reads
	if i == 0 {
		moved = w.context
	}
	prompts := w.context * images
	class := token{count: images, made: images, reads: reads, moved: moved, asked: true, reached: i > 0}
	patches := token{images * w.Patches(), images * w.Patches(), reads, moved, i < layers-1, i > 0}
	context := token{prompts, prompts, reads, moved, w.kept(i, layers), true}
	if w.written(i, layers) {
		context.made = w.context
	}
	return []token{class, patches, context}
}

// textBlock returns the tokens of block i of the text tower; prompts first enter a list at block first.
func (w work) textBlock(i, first int, s sentences) []token {
	last := i == w.Text.Layers-1
	var tokens []token
	for place := range slices.Max(s.lengths) {
		count, ends := 0, 0
		for _, length := range s.lengths {
			if length > place {
				count++
			}
			if length == place+1 {
				ends++
			}
		}
		if place < s.shared {
			count = 1
		}
		prompt := place > 0 && place <= w.context
		t := token{count: count, made: count, reads: place + 1}
		if i == first {
			t.moved, t.reached = min(place, w.context), prompt
		} else if i > first {
			t.moved, t.reached = place, place > 0
		}
		t.asked = !last && (!prompt || w.kept(i, w.Text.Layers))
		if last && ends > 0 {
			end := t
			end.count, end.made, end.asked = ends, ends, true
			tokens = append(tokens, end)
			t.count, t.made = count-ends, count-ends
		}
		tokens = append(tokens, t)
	}
	return tokens
}

// images returns the operations of the image tower: the features of so many images and views, and the gradients that lead
// from so many of them to the prompts.
func (w work) images(images, gradients int) int {
	width := w.Vision.Width
	ends := 2 * width * w.Embed
	ops := images*(2*w.Patches()*3*w.Patch*w.Patch*width+ends) + gradients*ends
	for i := range w.Vision.Layers {
		for _, t := range w.imageBlock(i, images) {
			ops += t.forward(width)
		}
		for _, t := range w.imageBlock(i, gradients) {
			if gradients > 0 {
				ops += t.backward(width)
			}
		}
	}
	return ops
}

// texts returns the operations of the text tower for a list of sentences, with the gradients that lead to the prompts if
// they are asked for. Prompts first enter the list at block first: 0 for classes, 1 for background texts.
func (w work) texts(s sentences, first int, gradient bool) int {
	width := w.Text.Width
	gradient = gradient && w.written(first, w.Text.Layers)
	ends := 2 * len(s.lengths) * width * w.Embed
	ops := ends
	if gradient {
		ops += ends
	}
	for i := range w.Text.Layers {
		for _, t := range w.textBlock(i, first, s) {
			ops += t.forward(width)
			if gradient && i >= first {
				ops += t.backward(width)
			}
		}
	}
	return ops
}

// prompts returns the operations of MaPLe's linear maps from text to image prompts, one a block; backward, of the
// gradients of their weights and of their inputs too.
func (w work) prompts(backward bool) int {
	ops := 2 * min(w.depth, w.Vision.Layers) * w.context * w.Text.Width * w.Vision.Width
	if backward {
		return 3 * ops
	}
	return ops
}

// step returns the operations of a training step with DAPT's published losses (see [dapt.Method.Encode]): in the first
// phase the masked views carry no gradient and no background text is read; in the second the foreground view carries none.
func (w work) step(phase dapt.Phase, batch int, classes, background sentences) int {
	cosines := 2 * batch * w.Embed // of one column
	columns := len(classes.lengths)
	ops := w.prompts(true) + w.texts(classes, 0, true)
	ops += 3 * cosines * columns // of the image, and the gradients of both sides
	if phase == dapt.First {
		return ops + w.images(3*batch, batch)
	}
	ops += 2 * cosines * columns // of the foreground, and the gradient of the texts
	ops += 3 * cosines * len(background.lengths)
	return ops + w.images(3*batch, 2*batch) + w.texts(background, 1, true)
}

// evaluation returns the operations of a batch of images against so many texts, which are encoded already.
func (w work) evaluation(batch, columns int) int {
	return w.prompts(false) + w.images(batch, 0) + 2*batch*columns*w.Embed
}

// heat returns the operations of a batch of Grad-CAM maps: the features, each image's own logit, and the gradient of that
// at the patches where they enter the last block.
func (w work) heat(batch int) int {
	width, patches := w.Vision.Width, w.Patches()
	reads := 1 + patches + w.context
	class := token{count: batch, made: batch, reads: reads, moved: patches, asked: true}
	others := token{count: batch * patches, made: batch * patches, reached: true}
	return w.prompts(false) + w.images(batch, 0) + 4*batch*w.Embed + 2*batch*width*w.Embed +
		class.backward(width) + others.backward(width)
}
