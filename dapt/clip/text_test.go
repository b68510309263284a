package clip

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/dapt-go/dapt-go/dapt/internal/golden"
)

func TestPackKeepsEveryToken(t *testing.T) {
	long := func(n int) []int32 { return slices.Concat([]int32{1, 2, 3}, slices.Repeat([]int32{5}, n), []int32{9}) }
	var mixed, even [][]int32
	for i := range 200 {
		mixed = append(mixed, long(1+9*(i%2)))
	}
	for i := range 20 {
		even = append(even, long(1+i%2))
	}
	for _, test := range []struct {
		name string
		rows [][]int32
		want Layout
	}{
		{"one row", [][]int32{{1, 2, 3, 9}}, Layout{3, []Group{{1, 1}}}},
		{"one row twice", [][]int32{{1, 2, 9}, {1, 2, 9}}, Layout{2, []Group{{2, 1}}}},
		{"nothing shared", [][]int32{{1, 9}, {2, 3, 9}}, Layout{0, []Group{{2, 3}}}},
		{"one row is the beginning of another", [][]int32{{1, 2, 9}, {1, 2, 9, 9}}, Layout{2, []Group{{2, 2}}}},
		{"lengths too near for groups", even, Layout{4, []Group{{20, 2}}}},
		{"two lengths", mixed, Layout{4, []Group{{100, 1}, {100, 10}}}},
	} {
		p := pack(test.rows)
		if !reflect.DeepEqual(p.Layout, test.want) || len(p.Tokens) != p.Size() || p.Rows() != len(test.rows) {
			t.Errorf("%s: %d tokens laid out as %+v, want %+v", test.name, len(p.Tokens), p.Layout, test.want)
			continue
		}
		if got := unpack(p); !reflect.DeepEqual(got, test.rows) {
			t.Errorf("%s: unpacked to %v, want %v", test.name, got, test.rows)
		}
	}
}

// unpack writes the rows out, without what fills them up.
func unpack(p Packed) [][]int32 {
	var rows [][]int32
	at := p.Shared
	for _, g := range p.Groups {
		for range g.Rows {
			row := slices.Concat(p.Tokens[:p.Shared], p.Tokens[at:at+g.Places])
			at += g.Places
			for row[len(row)-1] == 0 {
				row = row[:len(row)-1]
			}
			rows = append(rows, row)
		}
	}
	if len(p.Groups) == 1 {
		return rows
	}
	ordered := make([][]int32, len(rows))
	for i, from := range p.Tokens[at:] {
		ordered[i] = rows[from]
	}
	return ordered
}

// TestSharedTextsAreExact encodes packed lists, and every row of them padded to all places, on its own and by the definition,
// and compares features and their gradient by the context.
func TestSharedTextsAreExact(t *testing.T) {
	config := Config{
		Side: 8, Patch: 4, Embed: 12, Context: 14, Vocabulary: 20,
		Vision: Tower{Width: 16, Layers: 2, Heads: 1}, Text: Tower{Width: 16, Layers: 5, Heads: 2},
	}
	var classes [][]int32
	for i := range 90 { // two groups
		classes = append(classes, slices.Concat([]int32{1, 2, 3, 4}, slices.Repeat([]int32{int32(5 + i%7)}, 1+7*(i%2)), []int32{19}))
	}
	words := [][]int32{{1, 5, 6, 7, 8, 19}, {1, 5, 6, 9, 19}}
	early := [][]int32{{1, 5, 6, 7, 19}, {1, 6, 9, 8, 7, 19}} // differ where context is written
	for _, test := range []struct {
		name  string
		lists [][][]int32
		deep  []int // tokens of the context before each block; the first goes to the first list only
		room  bool  // is made for the context
	}{
		{"no context", [][][]int32{classes, words}, nil, false},
		{"at the input", [][][]int32{classes, words}, []int{2}, false},
		{"deep", [][][]int32{classes, words}, []int{2, 2, 2}, false},
		{"to the last block", [][][]int32{words, classes}, []int{2, 2, 2, 2, 2}, false},
		{"with a gap", [][][]int32{classes}, []int{1, 1, 0, 1}, false},
		{"as far as anything is shared", [][][]int32{words, classes}, []int{0, 2, 2}, false},
		{"past what is shared", [][][]int32{classes, early, words}, []int{2, 2, 2}, false},
		{"of several lengths", [][][]int32{classes}, []int{1, 2, 1}, false},
		{"inserted", [][][]int32{classes, words, early}, []int{0, 0, 3, 3, 3}, true},
		{"inserted before one block", [][][]int32{words, classes}, []int{0, 2}, true},
		{"inserted before the last block", [][][]int32{classes, words}, []int{0, 0, 0, 0, 9}, true},
		{"inserted with a gap", [][][]int32{classes}, []int{0, 2, 0, 2, 2}, true},
		{"inserted where nothing is shared", [][][]int32{{{1, 5, 19}, {2, 5, 6, 19}}}, []int{0, 2, 2}, true},
		{"inserted behind words at the input", [][][]int32{classes, words}, []int{2, 0, 2, 2}, true},
	} {
		t.Run(test.name, func(t *testing.T) {
			if test.name != "deep" && test.name != "inserted" {
				golden.OnPureGo(t)
			}
			fast, alone, plain := encodeAll(t, config, test.lists, test.deep, test.room)
			for i := range plain {
				if d := distance(fast[i], plain[i]); !(d < 1e-5) {
					t.Errorf("result %d (0: features, then gradients) of shared texts is off by %g of its size", i, d)
				}
				if d := distance(alone[i], plain[i]); !(d < 1e-5) {
					t.Errorf("result %d (0: features, then gradients) of rows on their own is off by %g of its size", i, d)
				}
			}
		})
	}
}

// distance is the largest difference of a from b, in units of b's largest number, or of 1 if that is 0.
func distance(a, b []float32) float64 {
	largest, apart := 0.0, 0.0
	for i := range b {
		largest = max(largest, math.Abs(float64(b[i])))
		apart = max(apart, math.Abs(float64(a[i]-b[i])))
	}
	if largest == 0 {
		return apart
	}
	return apart / largest
}

// encodeAll returns features and gradients of packed lists, of rows on their own, and of rows by the definition.
func encodeAll(t *testing.T, config Config, lists [][][]int32, deep []int, inserted bool) (fast, alone, plain [][]float32) {
	t.Helper()
	store := model.NewStore()
	defer store.Finalize()
	if err := Random(config, testRand()).Store(store, dtypes.Float32); err != nil {
		t.Fatal(err)
	}
	inputs, layouts := listInputs(config, lists, deep)
	results := floats(t, model.MustNewExec(golden.Backend(t), store, func(_ *model.Scope, in []*Node) []*Node {
		text := Bind(store, in[0].Graph(), config).Text
		context := Context{slices.Clone(in[:len(deep)]), inserted}
		for i, tokens := range deep {
			if tokens == 0 {
				context.Blocks[i] = nil
			}
		}
		packed, whole := in[len(deep):len(deep)+len(lists)], in[len(deep)+len(lists):]
		var shared []Rows
		var alone, plain []*Node
		for i, tokens := range packed {
			rows, x := text.Rows(Sentences{layouts[i], tokens}), text.Embed(whole[i])
			if i == 0 && len(deep) > 0 && deep[0] > 0 {
				rows, x = rows.Write(in[0], 0), Write(x, in[0])
			}
			shared = append(shared, rows)
			alone = append(alone, text.EncodeRows(x, ArgMax(whole[i], -1), context))
			plain = append(plain, encodePlain(&text, x, ArgMax(whole[i], -1), context))
		}
		var results []*Node
		for _, features := range []*Node{text.Encode(shared, context), Concatenate(alone, 0), Concatenate(plain, 0)} {
			results = append(results, withGradients(features, in[:len(deep)])...)
		}
		return results
	}), inputs...)
	n := len(results) / 3
	return results[:n], results[n : 2*n], results[2*n:]
}

// encodePlain is EncodeRows by the definition: every block on every token, under a mask that is written out.
func encodePlain(t *Text, x, end *Node, context Context) *Node {
	x = Add(x, ExpandAxes(t.positions, 0))
	added := 0
	for i, block := range t.blocks {
		if i > 0 && i < len(context.Blocks) && context.Blocks[i] != nil {
			tokens := context.Blocks[i].Shape().Dim(0)
			rest := 1 + tokens
			if context.Inserted && added == 0 {
				rest, added = 1, tokens
			}
			same := BroadcastToDims(ExpandAxes(context.Blocks[i], 0), x.Shape().Dim(0), tokens, x.Shape().Dim(2))
			x = Concatenate([]*Node{Slice(x, AxisRange(), AxisRange(0, 1)), same, Slice(x, AxisRange(), AxisRangeToEnd(rest))}, 1)
		}
		mask := make([][]bool, x.Shape().Dim(1))
		for q := range mask {
			mask[q] = make([]bool, len(mask))
			for k := range q + 1 {
				mask[q][k] = true
			}
		}
		x = block.forward(x, ExpandLeftToRank(Const(x.Graph(), mask), 4))
	}
	at := OneHot(AddScalar(end, added), x.Shape().Dim(1), x.DType())
	return MatMul(t.final.apply(Einsum("rp,rpw->rw", at, x)), t.projection)
}

// withGradients returns y, and the gradients by each of inputs of a function of y that all its values matter to.
func withGradients(y *Node, inputs []*Node) []*Node {
	if len(inputs) == 0 {
		return []*Node{y}
	}
	return append([]*Node{y}, Gradient(ReduceAllSum(Mul(y, Sin(y))), inputs...)...)
}

// caller is a program of GoMLX.
type caller interface {
	Call(args ...any) ([]*tensors.Tensor, error)
}

// floats returns what program makes of inputs.
func floats(t *testing.T, program caller, inputs ...any) [][]float32 {
	t.Helper()
	outputs, err := program.Call(inputs...)
	if err != nil {
		t.Fatal(err)
	}
	results := make([][]float32, len(outputs))
	for i, output := range outputs {
		if results[i], err = tensors.CopyFlatData[float32](output); err != nil {
			t.Fatal(err)
		}
	}
	return results
}

// normal returns a tensor of normal numbers.
func normal(rng *rand.Rand, dims ...int) *tensors.Tensor {
	values := make([]float32, shapes.Make(dtypes.Float32, dims...).Size())
	for i := range values {
		values[i] = float32(rng.NormFloat64())
	}
	return tensors.FromFlatDataAndDimensions(values, dims...)
}

// listInputs returns random context for each block, then the lists packed, then the lists as whole rows; and the layouts.
func listInputs(config Config, lists [][][]int32, deep []int) (inputs []any, layouts []Layout) {
	rng := testRand()
	for _, tokens := range deep {
		inputs = append(inputs, normal(rng, max(tokens, 1), config.Text.Width))
	}
	for _, rows := range lists {
		packed := pack(rows)
		layouts = append(layouts, packed.Layout)
		inputs = append(inputs, packed.Tokens)
	}
	for _, rows := range lists {
		var whole []int32
		for _, row := range rows {
			whole = append(append(whole, row...), make([]int32, config.Context-len(row))...)
		}
		inputs = append(inputs, tensors.FromFlatDataAndDimensions(whole, len(rows), config.Context))
	}
	return inputs, layouts
}

// ExampleLayout_Size packs sentences by hand.
func ExampleLayout_Size() {
	p := pack([][]int32{{1, 2, 3, 9}, {1, 2, 4, 5, 9}})
	fmt.Println(p.Layout, p.Tokens, p.Size())
	// Output: {2 [{2 3}]} [1 2 3 9 0 4 5 9] 8
}
