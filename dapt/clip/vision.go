package clip

import (
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// Vision is the image tower as nodes of one graph. Its methods are pure functions and may be called any number of times.
type Vision struct {
	config     Config
	checkpoint checkpoint
	patches    *Node // [width, 3, patch, patch]
	class      *Node // [width]
	positions  *Node // [1 + patches, width]
	pre, post  norm
	blocks     []*block
	projection *Node // [width, embed]
}

// Encode maps normalised images [batch, side, side, 3] to features [batch, embed], not of unit length.
//
// context[i], [tokens, width] or nil, are the prompt tokens written before block i: the first entry appends them (no
// position is added; before block 0 they do pass ln_pre), a later one replaces them. What block i-1 made of replaced tokens
// is lost, which is how MaPLe and VPT define deep prompts. Tokens that are inserted behind the class token, as MMRL's, make
// the same features: without positions and without a mask, attention does not depend on the order of tokens.
func (v *Vision) Encode(images *Node, context []*Node) *Node {
	return v.pool(v.trunk(v.embed(images), context))
}

// EncodeContext is Encode that also returns what the tower makes of the prompt tokens that it ends with, behind its last norm:
// [batch, context, width]; nil if there are none.
func (v *Vision) EncodeContext(images *Node, context []*Node) (features, tokens *Node) {
	embedded := v.embed(images)
	x, last, places := v.trunk(embedded, context), v.last(), embedded.Shape().Dim(1)
	if x.Shape().Dim(1) == places {
		return v.pool(x), nil
	}
	read := last.rest(x, last.before.apply(x), nil, func(x *Node) *Node {
		return Concatenate([]*Node{first(x), Slice(x, AxisRange(), AxisRangeToEnd(places))}, 1)
	})
	read = v.checkpoint.end(v.post.apply(read))
	return MatMul(Squeeze(first(read), 1), v.projection), Slice(read, AxisRange(), AxisRangeToEnd(1))
}

// EncodeSome is Encode without context, of some tokens only: keep, [kept, 1+patches], is a selection matrix whose first
// row takes the class token. Pretraining drops patches this way (Li et al., CVPR 2023).
func (v *Vision) EncodeSome(images, keep *Node) *Node {
	return v.pool(v.trunk(Einsum("kp,bpw->bkw", keep, v.embed(images)), nil))
}

func (v *Vision) pool(x *Node) *Node {
	return v.checkpoint.end(MatMul(v.post.apply(v.last().pooled(x, nil, first)), v.projection))
}

// Attention is what Grad-CAM needs of the last block.
type Attention struct {
	Activation *Node // [batch, tokens, width], the output of ln_1: class token, patches, prompts
	Features   *Node // [batch, embed], a function of Activation
}

// Attend is Encode that also returns the last block's activation. Nothing before it takes part in a gradient by it.
func (v *Vision) Attend(images *Node, context []*Node) Attention {
	x := StopGradient(v.trunk(v.embed(images), context))
	activation := v.last().before.apply(x)
	token := Squeeze(v.last().rest(x, activation, nil, first), 1)
	return Attention{activation, MatMul(v.post.apply(token), v.projection)}
}

// trunk takes embedded tokens [batch, tokens, width] to where they enter the last block.
func (v *Vision) trunk(x *Node, context []*Node) *Node {
	places := x.Shape().Dim(1) // class token and patches
	lasting := func(x *Node) *Node {
		if x.Shape().Dim(1) == places {
			return x
		}
		return Slice(x, AxisRange(), AxisRange(0, places))
	}
	for i, block := range v.blocks {
		if i < len(context) && context[i] != nil {
			x = Concatenate([]*Node{lasting(x), v.repeat(context[i], x)}, 1)
		}
		if i == 0 {
			x = v.pre.apply(x)
		}
		x = v.checkpoint.mark(x)
		if i == len(v.blocks)-1 {
			break
		}
		q, k, values := block.project(block.before.apply(x))
		if i+1 < len(context) && context[i+1] != nil { // then what the prompt tokens read is lost
			x, q = lasting(x), lasting(q)
		}
		x = block.add(x, block.read(q, k, values, nil))
	}
	return x
}

// embed cuts images into patches and adds the class token and the positions: [batch, 1+patches, width].
func (v *Vision) embed(images *Node) *Node {
	batch, grid, patch := images.Shape().Dim(0), v.config.Grid(), v.config.Patch
	images.AssertDims(batch, v.config.Side, v.config.Side, 3)
	width := v.config.Vision.Width
	x := ConvertDType(images, v.patches.DType())
	x = Reshape(x, batch, grid, patch, grid, patch, 3)
	x = TransposeAllAxes(x, 0, 1, 3, 2, 4, 5)
	x = Reshape(x, batch, grid*grid, patch*patch*3)
	kernel := Reshape(TransposeAllAxes(v.patches, 0, 2, 3, 1), width, patch*patch*3)
	x = linear{kernel, nil}.apply(x)
	class := BroadcastToDims(Reshape(ConvertDType(v.class, x.DType()), 1, 1, width), batch, 1, width)
	return Add(Concatenate([]*Node{class, x}, 1), ExpandLeftToRank(ConvertDType(v.positions, x.DType()), 3))
}

// repeat gives every row of x [batch, …] the same tokens.
func (v *Vision) repeat(context, x *Node) *Node {
	tokens := context.Shape().Dim(0)
	context.AssertDims(tokens, v.config.Vision.Width)
	shape := shapes.Make(x.DType(), x.Shape().Dim(0), tokens, v.config.Vision.Width)
	return BroadcastToShape(ExpandLeftToRank(ConvertDType(context, x.DType()), 3), shape)
}

func (v *Vision) last() *block { return v.blocks[len(v.blocks)-1] }

// first reads the class token as [batch, 1, width].
func first(x *Node) *Node { return Slice(x, AxisRange(), AxisRange(0, 1)) }
