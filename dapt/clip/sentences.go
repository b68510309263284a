package clip

import (
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
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

// Write overwrites places 1 to tokens of every row with context [tokens, width].
func (r Rows) Write(context *Node) Rows {
	if r.begin(context.Shape().Dim(0)) {
		r.shared = Squeeze(Write(ExpandAxes(r.shared, 0), context), 0)
		return r
	}
	r = r.unshare()
	for i := range r.groups {
		r.groups[i].x = Write(r.groups[i].x, context)
	}
	return r
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
// that it was packed in. context is that of [Text.EncodeRows].
//
// The result is that of EncodeRows on every row written out. A list whose shared part holds the places of the context is
// encoded in that form; any other is written out.
func (t *Text) Encode(lists []Rows, context []*Node) *Node {
	tokens, even := written(context)
	features := make([]*Node, len(lists))
	s := shared{text: t, context: context, tokens: tokens}
	var at []int
	for i, list := range lists {
		if even && list.begin(tokens) {
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

// written returns how many places each entry of context past the first overwrites, and whether that is the same for all.
func written(context []*Node) (tokens int, even bool) {
	for i, c := range context {
		if i > 0 && c != nil {
			if n := c.Shape().Dim(0); tokens == 0 || n == tokens {
				tokens = n
			} else {
				return 0, false
			}
		}
	}
	return tokens, true
}

func (r Rows) rows() int {
	rows := 0
	for _, g := range r.groups {
		rows += g.end.Shape().Dim(0)
	}
	return rows
}
