package clip

import (
	"math"
	"slices"
)

// Packed is a list of token rows as the text tower reads them fastest. What all rows begin with stands there once: since
// attention is causal, it is encoded alike in every row. Nothing after a row's end token is kept. The rest of each row,
// its suffix, stands in a group of suffixes of about its length.
type Packed struct {
	Layout
	// Tokens are the shared ones, the suffixes of each group row by row, filled up with 0, and, if there are several groups,
	// where each row stands among all suffixes.
	Tokens []int32 // [Layout.Size()]
}

// Layout is the shape of a [Packed]. Lists of equal layout can share a compiled program.
type Layout struct {
	Shared int // tokens that every row begins with, the start token among them
	Groups []Group
}

// Group is a matrix of suffixes.
type Group struct{ Rows, Places int }

// Rows returns how many rows there are.
func (l Layout) Rows() int {
	rows := 0
	for _, g := range l.Groups {
		rows += g.Rows
	}
	return rows
}

// Size returns the length of Packed.Tokens.
func (l Layout) Size() int {
	size := l.Shared
	for _, g := range l.Groups {
		size += g.Rows * g.Places
	}
	if len(l.Groups) > 1 {
		size += l.Rows()
	}
	return size
}

// Pack tokenizes texts and packs their rows. There must be at least one; one that does not fit into the text tower is a
// [*TooLongError].
func (m *Model) Pack(texts []string) (Packed, error) {
	rows, err := m.Tokenizer.Tokenize(texts, m.Config.Context)
	if err != nil {
		return Packed{}, err
	}
	for i, row := range rows {
		rows[i] = row[:1+slices.Index(row, m.Tokenizer.End())]
	}
	return pack(rows), nil
}

// pack packs rows that end with their end token.
func pack(rows [][]int32) Packed {
	shared := len(rows[0]) - 1
	for _, row := range rows {
		shared = min(shared, common(rows[0], row), len(row)-1)
	}
	p := Packed{Layout{Shared: shared}, slices.Clone(rows[0][:shared])}
	sorted := make([]int, len(rows)) // row numbers, by length
	for i := range sorted {
		sorted[i] = i
	}
	slices.SortStableFunc(sorted, func(a, b int) int { return len(rows[a]) - len(rows[b]) })
	lengths := make([]int, len(rows))
	for i, row := range sorted {
		lengths[i] = len(rows[row]) - shared
	}
	p.Groups = group(lengths)
	if len(p.Groups) == 1 {
		slices.Sort(sorted)
	}
	order := make([]int32, len(rows))
	next := 0
	for _, g := range p.Groups {
		for range g.Rows {
			row := rows[sorted[next]]
			p.Tokens = append(p.Tokens, row[shared:]...)
			p.Tokens = append(p.Tokens, make([]int32, g.Places-len(row)+shared)...)
			order[sorted[next]] = int32(next)
			next++
		}
	}
	if len(p.Groups) > 1 {
		p.Tokens = append(p.Tokens, order...)
	}
	return p
}

// common returns how many tokens a and b begin with alike.
func common(a, b []int32) int {
	n := 0
	for n < min(len(a), len(b)) && a[n] == b[n] {
		n++
	}
	return n
}

// groupCost is what one more group costs, as so many tokens: attention of its own in every block, and its compilation.
const groupCost = 64

// group cuts ascending lengths into groups such that the tokens, each row as long as its group's longest, and the cost of
// the groups are least.
func group(lengths []int) []Group {
	ends := []int{0} // where a group may end: after the last row of a length
	for i, length := range lengths {
		if i+1 == len(lengths) || lengths[i+1] != length {
			ends = append(ends, i+1)
		}
	}
	best, from := make([]int, len(ends)), make([]int, len(ends)) // of all rows before ends[i]
	for i := 1; i < len(ends); i++ {
		best[i] = math.MaxInt
		for j := range i {
			cost := best[j] + groupCost + (ends[i]-ends[j])*lengths[ends[i]-1]
			if cost < best[i] {
				best[i], from[i] = cost, j
			}
		}
	}
	var groups []Group
	for i := len(ends) - 1; i > 0; i = from[i] {
		groups = append(groups, Group{ends[i] - ends[from[i]], lengths[ends[i]-1]})
	}
	slices.Reverse(groups)
	return groups
}
