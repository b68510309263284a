package clip

import (
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// Text is the text tower as nodes of one graph. Its methods are pure functions and may be called any number of times.
type Text struct {
	config     Config
	checkpoint checkpoint
	table      *Node // [vocabulary, width]
	positions  *Node // [context, width]
	final      norm
	blocks     []*block
	projection *Node // [width, embed]
}

// Embed looks up token ids of any shape and adds an axis of the width; no position is added yet.
func (t *Text) Embed(tokens *Node) *Node {
	return StopGradient(Gather(t.table, ExpandAxes(tokens, -1)))
}

// EncodeRows maps token embeddings [rows, places, width] to features [rows, embed], not of unit length, each row on its
// own: for context that differs from row to row, which [Text.Encode] cannot share. end, [rows], is the place of each
// row's end token, where the feature is read.
//
// context[i], [tokens, width] or nil, overwrites places 1 to tokens of every row before block i; no position is added.
// Entry 0 is ignored: only the caller knows which rows have learnable words at the input (see [Write]).
func (t *Text) EncodeRows(x, end *Node, context []*Node) *Node {
	rows, places := x.Shape().Dim(0), x.Shape().Dim(1)
	x.AssertDims(rows, places, t.config.Text.Width)
	end.AssertDims(rows)
	positions := Slice(t.positions, AxisRange(0, places))
	x = Add(x, ExpandLeftToRank(ConvertDType(positions, x.DType()), 3))
	causal := Reshape(LowerTriangular(x.Graph(), places), 1, 1, places, places)
	last := len(t.blocks) - 1
	for i, block := range t.blocks {
		if overwrites(context, i) {
			x = Write(x, context[i])
		}
		x = t.checkpoint.mark(x)
		if i < last {
			x = block.forward(x, causal)
		}
	}
	at := selected(end, places, x.DType())
	token := t.blocks[last].pooled(x, upTo(end, places), func(x *Node) *Node {
		return ExpandAxes(Einsum("rp,rpw->rw", at, x), 1)
	})
	return t.checkpoint.end(MatMul(t.final.apply(token), t.projection))
}

// overwrites tells whether context has tokens for block i, past the input.
func overwrites(context []*Node, i int) bool { return i > 0 && i < len(context) && context[i] != nil }

// selected is a matrix [rows, places] with a 1 at each row's end [rows].
func selected(end *Node, places int, dtype dtypes.DType) *Node {
	return ConvertDType(Equal(compared(end, places)), dtype)
}

// upTo is the mask [rows, 1, 1, places] that lets a row's one query read the places up to its end [rows].
func upTo(end *Node, places int) *Node {
	return Reshape(LessOrEqual(compared(end, places)), end.Shape().Dim(0), 1, 1, places)
}

// compared returns places and ends as matrices [rows, places].
func compared(end *Node, places int) (place, ends *Node) {
	rows := end.Shape().Dim(0)
	place = Iota(end.Graph(), shapes.Make(end.DType(), rows, places), 1)
	return place, BroadcastToDims(Reshape(end, rows, 1), rows, places)
}

// Write overwrites places 1 to tokens of every row of x [rows, places, width] with context, [tokens, width] for all rows or
// [rows, tokens, width].
func Write(x, context *Node) *Node {
	rows, tokens, width := x.Shape().Dim(0), context.Shape().Dim(-2), x.Shape().Dim(2)
	if context.Rank() == 2 {
		context = ExpandAxes(context, 0)
	}
	parts := []*Node{Slice(x, AxisRange(), AxisRange(0, 1)), BroadcastToDims(ConvertDType(context, x.DType()), rows, tokens, width)}
	if rest := 1 + tokens; rest < x.Shape().Dim(1) {
		parts = append(parts, Slice(x, AxisRange(), AxisRangeToEnd(rest)))
	}
	return Concatenate(parts, 1)
}
