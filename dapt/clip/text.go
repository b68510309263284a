package clip

import (
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
)

// Text is the text tower as nodes of one graph. Its methods are pure functions and may be called any number of times.
type Text struct {
	config     Config
	table      *Node // [vocabulary, width]
	positions  *Node // [context, width]
	final      norm
	blocks     []*block
	projection *Node // [width, embed]
}

// Embed looks up token ids [rows, places] as [rows, places, width]; no position is added yet. Places may be fewer than
// the config's Context: nothing after a row's end token ever matters, since attention is causal.
func (t *Text) Embed(tokens *Node) *Node {
	return StopGradient(Gather(t.table, ExpandAxes(tokens, -1)))
}

// Encode maps token embeddings [rows, places, width] to features [rows, embed], not of unit length. end, [rows], is the
// place of each row's end token, where the feature is read.
//
// context[i], [tokens, width] or nil, overwrites places 1 to tokens of every row before block i; no position is added.
// Entry 0 is ignored: only the caller knows which rows have learnable words at the input (see [Write]).
func (t *Text) Encode(x, end *Node, context []*Node) *Node {
	rows, places := x.Shape().Dim(0), x.Shape().Dim(1)
	x.AssertDims(rows, places, t.config.Text.Width)
	end.AssertDims(rows)
	positions := Slice(t.positions, AxisRange(0, places))
	x = Add(x, ExpandLeftToRank(ConvertDType(positions, x.DType()), 3))
	causal := Reshape(LowerTriangular(x.Graph(), places), 1, 1, places, places)
	last := len(t.blocks) - 1
	for i, block := range t.blocks {
		if i > 0 && i < len(context) && context[i] != nil {
			x = Write(x, context[i])
		}
		if i < last {
			x = block.forward(x, causal)
		}
	}
	place := Iota(x.Graph(), shapes.Make(end.DType(), rows, places), 1)
	ends := BroadcastToDims(Reshape(end, rows, 1), rows, places)
	selected := ConvertDType(Equal(place, ends), x.DType()) // [rows, places], one 1 a row
	seen := Reshape(LessOrEqual(place, ends), rows, 1, 1, places)
	token := t.blocks[last].pooled(x, seen, func(x *Node) *Node {
		return ExpandAxes(Einsum("rp,rpw->rw", selected, x), 1)
	})
	return MatMul(t.final.apply(token), t.projection)
}

// Write overwrites places 1 to tokens of every row of x [rows, places, width] with context [tokens, width].
func Write(x, context *Node) *Node {
	rows, tokens, width := x.Shape().Dim(0), context.Shape().Dim(0), x.Shape().Dim(2)
	context.AssertDims(tokens, width)
	same := BroadcastToDims(ExpandLeftToRank(ConvertDType(context, x.DType()), 3), rows, tokens, width)
	parts := []*Node{Slice(x, AxisRange(), AxisRange(0, 1)), same}
	if rest := 1 + tokens; rest < x.Shape().Dim(1) {
		parts = append(parts, Slice(x, AxisRange(), AxisRangeToEnd(rest)))
	}
	return Concatenate(parts, 1)
}
