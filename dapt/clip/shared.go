package clip

import (
	. "github.com/gomlx/gomlx/core/graph"
)

// shared encodes lists of rows that begin alike. All tokens of all lists stand below each other in one matrix, so that
// each linear layer of a block is one product: list by list the shared places, without those of the context, and the
// suffixes, and behind them the places of the context of each list. These come last because what a block makes of them
// is lost where the next block's context overwrites them, and is then not computed. Where the context is inserted, there
// are none before its first block.
type shared struct {
	text    *Text
	lists   []Rows
	context Context
	tokens  int // places of the context
	over    int // of them among the places that the rows share: all, or none where they are inserted
}

// part is one list's share of a matrix with a row a token.
type part struct {
	shared *Node   // [places, width], those of the context last if there are any
	groups []*Node // [rows, places, width] each
}

// encode returns the features of each list, [rows, embed], in the order of its groups.
func (s shared) encode() []*Node {
	x := s.embed()
	last := len(s.text.blocks) - 1
	for i, block := range s.text.blocks {
		if context := s.context.at(i); context != nil {
			parts := []*Node{s.lasting(x)}
			for range s.lists {
				parts = append(parts, ConvertDType(context, x.DType()))
			}
			x = Concatenate(parts, 0)
		}
		x = s.text.checkpoint.mark(x)
		switch {
		case i == last:
			x = s.pooled(block, x)
		case s.context.at(i+1) != nil:
			q, k, v := block.project(block.before.apply(x))
			x = block.add(s.lasting(x), s.read(block, s.lasting(q), k, v))
		default:
			q, k, v := block.project(block.before.apply(x))
			x = block.add(x, s.read(block, q, k, v))
		}
	}
	features := s.text.checkpoint.end(MatMul(s.text.final.apply(x), s.text.projection))
	parts := make([]*Node, len(s.lists))
	at := 0
	for i, list := range s.lists {
		rows := list.rows()
		parts[i] = Slice(features, AxisRange(at, at+rows))
		at += rows
	}
	return parts
}

// size returns the number of tokens without the places of the context.
func (s shared) size() int {
	size := 0
	for _, list := range s.lists {
		size += s.fixed(list)
		for _, g := range list.groups {
			size += g.x.Shape().Dim(0) * g.x.Shape().Dim(1)
		}
	}
	return size
}

// fixed is how many of the places that a list's rows share are not of the context.
func (s shared) fixed(list Rows) int { return list.shared.Shape().Dim(0) - s.over }

// lasting returns the rows of x that are not places of the context.
func (s shared) lasting(x *Node) *Node {
	if size := s.size(); size < x.Shape().Dim(0) {
		return Slice(x, AxisRange(0, size))
	}
	return x
}

// embed makes the matrix of all tokens, [tokens, width], with their positions.
func (s shared) embed() *Node {
	var lasting, context []*Node
	for _, list := range s.lists {
		places := list.shared.Shape().Dim(0)
		x := Add(list.shared, s.positions(0, places, list.shared))
		lasting = append(lasting, Slice(x, AxisRange(0, 1)))
		if s.over > 0 {
			context = append(context, Slice(x, AxisRange(1, 1+s.over)))
		}
		if rest := 1 + s.over; rest < places {
			lasting = append(lasting, Slice(x, AxisRangeToEnd(rest)))
		}
		for _, g := range list.groups {
			x := Add(g.x, ExpandAxes(s.positions(places, places+g.x.Shape().Dim(1), g.x), 0))
			lasting = append(lasting, flat(x))
		}
	}
	return Concatenate(append(lasting, context...), 0)
}

// positions returns the positional embeddings of places from to before to, in the type of x.
func (s shared) positions(from, to int, x *Node) *Node {
	return ConvertDType(Slice(s.text.positions, AxisRange(from, to)), x.DType())
}

// cut is the inverse of embed, for any matrix with a row a token. Without rows for the places of the context, the shared
// parts are short of them.
func (s shared) cut(x *Node) []part {
	parts := make([]part, len(s.lists))
	width, size := x.Shape().Dim(1), s.size()
	at, context := 0, size
	take := func(rows int) *Node {
		at += rows
		return Slice(x, AxisRange(at-rows, at))
	}
	for i, list := range s.lists {
		p := &parts[i]
		p.shared = take(s.fixed(list))
		if size < x.Shape().Dim(0) {
			p.shared = Concatenate([]*Node{p.shared, Slice(x, AxisRange(context, context+s.tokens))}, 0)
			context += s.tokens
		}
		for _, g := range list.groups {
			rows, places := g.x.Shape().Dim(0), g.x.Shape().Dim(1)
			p.groups = append(p.groups, Reshape(take(rows*places), rows, places, width))
		}
	}
	return parts
}

// read lets every token of q read what stands before it in its row.
func (s shared) read(b *block, q, k, v *Node) *Node {
	queries, keys, values := s.cut(q), s.cut(k), s.cut(v)
	var lasting, context []*Node
	for i, query := range queries {
		key, value, fixed := keys[i], values[i], s.fixed(s.lists[i])
		read := Squeeze(b.read(ExpandAxes(query.shared, 0), ExpandAxes(key.shared, 0), ExpandAxes(value.shared, 0),
			s.causal(query.shared, key.shared, fixed)), 0)
		if fixed < read.Shape().Dim(0) {
			context = append(context, Slice(read, AxisRangeToEnd(fixed)))
		}
		lasting = append(lasting, Slice(read, AxisRange(0, fixed)))
		for j, query := range query.groups {
			places := query.Shape().Dim(1)
			all := places + key.shared.Shape().Dim(0)
			mask := Slice(LowerTriangular(q.Graph(), all), AxisRangeToEnd(all-places))
			read := b.read(query, behind(key.shared, key.groups[j]), behind(value.shared, value.groups[j]),
				ExpandLeftToRank(mask, 4))
			lasting = append(lasting, flat(read))
		}
	}
	return Concatenate(append(lasting, context...), 0)
}

// causal is the mask of a shared part's queries and keys, [1, 1, queries, keys], whose places of the context, from fixed on,
// come last.
func (s shared) causal(queries, keys *Node, fixed int) *Node {
	places := make([]int32, keys.Shape().Dim(0))
	for i := range places {
		switch {
		case i >= fixed:
			places[i] = int32(1 + i - fixed)
		case i > 0:
			places[i] = int32(i + s.tokens)
		}
	}
	from := Const(keys.Graph(), [][]int32{places})
	to := ExpandAxes(Const(keys.Graph(), places[:queries.Shape().Dim(0)]), 1)
	mask := LessOrEqual(BroadcastToDims(from, to.Shape().Dim(0), len(places)), BroadcastToDims(to, to.Shape().Dim(0), len(places)))
	return ExpandLeftToRank(mask, 4)
}

// pooled applies the last block to the end token of every row: [rows of all lists, width].
func (s shared) pooled(b *block, x *Node) *Node {
	normed := b.before.apply(x)
	width := x.Shape().Dim(1)
	kv := Split(b.part(width, 3*width).apply(normed), -1, 2)
	keys, values, inputs, normeds := s.cut(kv[0]), s.cut(kv[1]), s.cut(x), s.cut(normed)
	var ends, queries []*Node
	for i, list := range s.lists {
		for j, g := range list.groups {
			at := selected(g.end, g.x.Shape().Dim(1), x.DType())
			ends = append(ends, Einsum("rp,rpw->rw", at, inputs[i].groups[j]))
			queries = append(queries, Einsum("rp,rpw->rw", at, normeds[i].groups[j]))
		}
	}
	q := b.part(0, width).apply(Concatenate(queries, 0))
	var reads []*Node
	at := 0
	for i, list := range s.lists {
		for j, g := range list.groups {
			rows, shared := g.end.Shape().Dim(0), keys[i].shared.Shape().Dim(0)
			query := ExpandAxes(Slice(q, AxisRange(at, at+rows)), 1)
			at += rows
			read := b.read(query, behind(keys[i].shared, keys[i].groups[j]), behind(values[i].shared, values[i].groups[j]),
				upTo(AddScalar(g.end, shared), shared+g.x.Shape().Dim(1)))
			reads = append(reads, Squeeze(read, 1))
		}
	}
	return b.add(Concatenate(ends, 0), Concatenate(reads, 0))
}

// flat is x [rows, places, width] as [rows*places, width].
func flat(x *Node) *Node { return Reshape(x, -1, x.Shape().Dim(2)) }
