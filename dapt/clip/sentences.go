package clip

import (
	"slices"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"
)

// Sentences are [Packed] token rows as a node of a graph.
type Sentences struct {
	Layout
	Tokens *Node // [Layout.Size()], int32
}

// Rows are embedded sentences. Learners write their context into them.
type Rows struct {
	shared *Node // [places, width], or nil
	groups []suffixes
	order  *Node // [rows], where each row stands in the groups, or nil if there
}

// suffixes are the rows of one group behind what all rows share.
type suffixes struct {
	x   *Node // [rows, places, width]
	end *Node // [rows], the end token's place
}

// Rows looks up the embeddings of sentences; no position is added yet.
func (t *Text) Rows(s Sentences) Rows {
	s.Tokens.AssertDims(s.Size())
	var r Rows
	at := s.Shared
	if at > 0 {
		r.shared = t.Embed(Slice(s.Tokens, AxisRange(0, at)))
	}
	for _, g := range s.Groups {
		size := g.Rows * g.Places
		tokens := Reshape(Slice(s.Tokens, AxisRange(at, at+size)), g.Rows, g.Places)
		r.groups = append(r.groups, suffixes{t.Embed(tokens), ArgMax(tokens, -1)}) // the end token has the highest id
		at += size
	}
	if len(s.Groups) > 1 {
		r.order = Slice(s.Tokens, AxisRangeToEnd(at))
	}
	return r
}

// Write puts context into every row: [tokens, width] the same into all, [rows, tokens, width] each row's own, in the order
// that the rows were packed in. It overwrites places 1 and on; but its last behind tokens overwrite those before the last
// two places of a row, which are a full stop and the end token, so that a name may stand before or between them.
func (r Rows) Write(context *Node, behind int) Rows {
	own := context.Rank() == 3
	if tokens := context.Shape().Dim(-2); !own && behind == 0 && r.begin(tokens) {
		r.shared = Squeeze(Write(ExpandAxes(r.shared, 0), context), 0)
		return r
	}
	if own {
		if count := context.Shape().Dim(0); count != r.rows() {
			exceptions.Panicf("clip: there are %d contexts, one for each class, but %d classes: they fit only the classes that they were tuned on", count, r.rows())
		}
		context = r.sorted(context)
	}
	r = r.unshare()
	r.groups = slices.Clone(r.groups)
	at := 0
	for i, g := range r.groups {
		part := context
		if own {
			rows := g.end.Shape().Dim(0)
			part = Slice(context, AxisRange(at, at+rows))
			at += rows
		}
		r.groups[i].x = g.write(part, behind)
	}
	return r
}

// sorted brings what each row has of its own, on the first axis, into the order of the groups.
func (r Rows) sorted(x *Node) *Node {
	if r.order == nil {
		return x
	}
	rows := r.rows()
	place := Iota(x.Graph(), shapes.Make(r.order.DType(), rows, rows), 0)
	row := ArgMax(ConvertDType(Equal(place, BroadcastToDims(ExpandAxes(r.order, 0), rows, rows)), dtypes.Int32), -1, dtypes.Int32)
	return Gather(x, ExpandAxes(row, -1))
}

// write overwrites places with context [tokens, width] or [rows, tokens, width]: see [Rows.Write].
func (s suffixes) write(context *Node, behind int) *Node {
	x := s.x
	part := func(from, to int) *Node {
		if context.Rank() == 2 {
			return Slice(context, AxisRange(from, to))
		}
		return Slice(context, AxisRange(), AxisRange(from, to))
	}
	tokens := context.Shape().Dim(-2)
	if before := tokens - behind; before > 0 {
		x = Write(x, part(0, before))
	}
	if behind == 0 {
		return x
	}
	rows, places := x.Shape().Dim(0), x.Shape().Dim(1)
	shape := shapes.Make(s.end.DType(), rows, places, behind)
	token := Sub(Iota(x.Graph(), shape, 1), BroadcastToShape(Reshape(AddScalar(s.end, -1-behind), rows, 1, 1), shape))
	at := ConvertDType(Equal(token, Iota(x.Graph(), shape, 2)), x.DType()) // a 1 where a place takes a token
	rest := OneMinus(ReduceSum(at, -1))
	equation := "rpt,rtw->rpw"
	if context.Rank() == 2 {
		equation = "rpt,tw->rpw"
	}
	written := Einsum(equation, at, ConvertDType(part(tokens-behind, tokens), x.DType()))
	return Add(Mul(x, ExpandAxes(rest, -1)), written)
}

// begin tells whether what the rows share holds the start token and so many tokens of context.
func (r Rows) begin(context int) bool { return r.shared != nil && r.shared.Shape().Dim(0) > context }

// unshare writes every row out.
func (r Rows) unshare() Rows {
	if r.shared == nil {
		return r
	}
	r.groups = slices.Clone(r.groups)
	for i, g := range r.groups {
		r.groups[i] = suffixes{behind(r.shared, g.x), AddScalar(g.end, r.shared.Shape().Dim(0))}
	}
	r.shared = nil
	return r
}

// behind puts shared [places, width] before each of rows [rows, others, width].
func behind(shared, rows *Node) *Node {
	same := BroadcastToDims(ExpandAxes(shared, 0), rows.Shape().Dim(0), shared.Shape().Dim(0), shared.Shape().Dim(1))
	return Concatenate([]*Node{same, rows}, 1)
}

// Encode maps lists of rows to features [rows of all lists, embed], not of unit length: list by list, each in the order
// that it was packed in.
//
// The result is that of EncodeRows on every row written out. A list whose shared part holds the places of the context is
// encoded in that form; any other is written out.
func (t *Text) Encode(lists []Rows, context Context) *Node {
	tokens, even := context.tokens()
	features := make([]*Node, len(lists))
	s := shared{text: t, context: context, tokens: tokens, over: tokens}
	if context.Inserted {
		s.over = 0
	}
	var at []int
	for i, list := range lists {
		if even && list.begin(s.over) {
			s.lists, at = append(s.lists, list), append(at, i)
			continue
		}
		var parts []*Node
		for _, g := range list.unshare().groups {
			parts = append(parts, t.EncodeRows(g.x, g.end, context))
		}
		features[i] = Concatenate(parts, 0)
	}
	if len(at) > 0 {
		for i, encoded := range s.encode() {
			features[at[i]] = encoded
		}
	}
	for i, list := range lists {
		if list.order != nil {
			features[i] = Gather(features[i], ExpandAxes(list.order, -1))
		}
	}
	return Concatenate(features, 0)
}

// tokens returns how many tokens are written before each block past the input, and whether that is the same for all.
func (c Context) tokens() (tokens int, even bool) {
	for i := range c.Blocks {
		if block := c.at(i); block != nil {
			if n := block.Shape().Dim(0); tokens == 0 || n == tokens {
				tokens = n
			} else {
				return 0, false
			}
		}
	}
	return tokens, true
}

// EncodeEach is Encode of one list for each of contexts [batch, tokens, width], which overwrite places 1 and on of every row
// at the input: features [batch, rows, embed], not of unit length. No two rows share anything: there are batch times rows.
func (t *Text) EncodeEach(list Rows, contexts *Node, context Context) *Node {
	batch, tokens, width := contexts.Shape().Dim(0), contexts.Shape().Dim(1), contexts.Shape().Dim(2)
	var parts []*Node
	for _, g := range list.unshare().groups {
		rows, places := g.x.Shape().Dim(0), g.x.Shape().Dim(1)
		x := Reshape(BroadcastToDims(ExpandAxes(g.x, 0), batch, rows, places, width), batch*rows, places, width)
		own := Reshape(BroadcastToDims(ExpandAxes(contexts, 1), batch, rows, tokens, width), batch*rows, tokens, width)
		end := Reshape(BroadcastToDims(ExpandAxes(g.end, 0), batch, rows), batch*rows)
		features := t.EncodeRows(Write(x, own), end, context)
		parts = append(parts, Reshape(features, batch, rows, features.Shape().Dim(-1)))
	}
	features := Concatenate(parts, 1)
	if list.order != nil {
		features = Transpose(Gather(Transpose(features, 0, 1), ExpandAxes(list.order, -1)), 0, 1)
	}
	return features
}

func (r Rows) rows() int {
	rows := 0
	for _, g := range r.groups {
		rows += g.end.Shape().Dim(0)
	}
	return rows
}
