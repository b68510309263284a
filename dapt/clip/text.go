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

// Context are prompt tokens of the text tower. The zero value has none.
type Context struct {
	// Blocks[i], [tokens, width] or nil, overwrites places 1 to tokens of every row before block i; no position is added.
	// Entry 0 is ignored: only the caller knows which rows have learnable words at the input (see [Write]).
	Blocks []*Node
	// Inserted makes room for the first of them, behind the start token and before all others, which keep their positions
	// and read the new tokens as those read what stands before them. Later ones overwrite it, and have as many tokens.
	Inserted bool
}

// at returns the tokens that are written before block i, past the input, or nil.
func (c Context) at(i int) *Node {
	if i > 0 && i < len(c.Blocks) {
		return c.Blocks[i]
	}
	return nil
}

// Embed looks up token ids of any shape and adds an axis of the width; no position is added yet.
func (t *Text) Embed(tokens *Node) *Node {
	return StopGradient(Gather(t.table, ExpandAxes(tokens, -1)))
}

// EncodeRows maps token embeddings [rows, places, width] to features [rows, embed], not of unit length, each row on its
// own: for context that differs from row to row, which [Text.Encode] cannot share. end, [rows], is the place of each
// row's end token, where the feature is read.
func (t *Text) EncodeRows(x, end *Node, context Context) *Node {
	rows, places := x.Shape().Dim(0), x.Shape().Dim(1)
	x.AssertDims(rows, places, t.config.Text.Width)
	end.AssertDims(rows)
	positions := Slice(t.positions, AxisRange(0, places))
	x = Add(x, ExpandLeftToRank(ConvertDType(positions, x.DType()), 3))
	causal := ExpandLeftToRank(LowerTriangular(x.Graph(), places), 4)
	last, room := len(t.blocks)-1, context.Inserted
	for i, block := range t.blocks {
		switch tokens := context.at(i); {
		case tokens == nil:
		case room:
			x, end, room = put(x, tokens, 1), AddScalar(end, tokens.Shape().Dim(0)), false
			places = x.Shape().Dim(1)
			causal = ExpandLeftToRank(LowerTriangular(x.Graph(), places), 4)
		default:
			x = Write(x, tokens)
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
func Write(x, context *Node) *Node { return put(x, context, 1+context.Shape().Dim(-2)) }

// put writes context between place 0 of every row and those from rest on: see [Write].
func put(x, context *Node, rest int) *Node {
	rows, tokens, width := x.Shape().Dim(0), context.Shape().Dim(-2), x.Shape().Dim(2)
	if context.Rank() == 2 {
		context = ExpandAxes(context, 0)
	}
	parts := []*Node{first(x), BroadcastToDims(ConvertDType(context, x.DType()), rows, tokens, width)}
	if rest < x.Shape().Dim(1) {
		parts = append(parts, Slice(x, AxisRange(), AxisRangeToEnd(rest)))
	}
	return Concatenate(parts, 1)
}
