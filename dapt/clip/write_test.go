package clip

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/dapt-go/dapt-go/dapt/internal/golden"
)

// writing is a case of context that is written into rows.
type writing struct {
	own    bool // context of each row's own
	tokens int
	behind int
}

// manyRows fall into two groups, so that they are not packed in their order.
func manyRows() [][]int32 {
	var rows [][]int32
	for i := range 90 {
		rows = append(rows, slices.Concat([]int32{1, 2, 3, 4, 5}, slices.Repeat([]int32{int32(6 + i%7)}, 1+6*(i%2)), []int32{19}))
	}
	return rows
}

var writingConfig = Config{
	Side: 8, Patch: 4, Embed: 12, Context: 14, Vocabulary: 20,
	Vision: Tower{Width: 16, Layers: 1, Heads: 1}, Text: Tower{Width: 16, Layers: 2, Heads: 2},
}

// byHand embeds rows, writes the context of each in Go, and returns all rows [rows, places, width] and their ends.
func byHand(w *Weights, rows [][]int32, context []float32, c writing) (x []float32, ends []int32) {
	width, places := w.Config.Text.Width, w.Config.Context
	for i, row := range rows {
		at := len(x)
		for p := range places {
			id := 0
			if p < len(row) {
				id = int(row[p])
			}
			x = append(x, w.Values[tokenTable][id*width:][:width]...)
		}
		from := 0
		if c.own {
			from = i * c.tokens
		}
		for k := range c.tokens {
			place := 1 + k
			if late := k - (c.tokens - c.behind); late >= 0 {
				place = len(row) - 2 - c.behind + late // before the full stop and the end
			}
			copy(x[at+place*width:][:width], context[(from+k)*width:])
		}
		ends = append(ends, int32(len(row)-1))
	}
	return x, ends
}

func TestContextIsWrittenWhereItBelongs(t *testing.T) {
	for _, c := range []writing{
		{tokens: 3}, {tokens: 3, behind: 1}, {tokens: 3, behind: 3}, {own: true, tokens: 3}, {own: true, tokens: 3, behind: 2}, {own: true, tokens: 4, behind: 4},
	} {
		t.Run(fmt.Sprintf("%+v", c), func(t *testing.T) {
			w := Random(writingConfig, testRand())
			rows := manyRows()
			dims := []int{c.tokens, 16}
			if c.own {
				dims = []int{len(rows), c.tokens, 16}
			}
			context := normal(testRand(), dims...)
			flat, err := tensors.CopyFlatData[float32](context)
			if err != nil {
				t.Fatal(err)
			}
			x, ends := byHand(w, rows, flat, c)
			packed := pack(rows)
			got := encodeWritten(t, w, func(text *Text, in []*Node) []*Node {
				list := text.Rows(Sentences{packed.Layout, in[0]}).Write(in[1], c.behind)
				return []*Node{text.Encode([]Rows{list}, Context{}), text.EncodeRows(in[2], in[3], Context{})}
			}, packed.Tokens, context, tensors.FromFlatDataAndDimensions(x, len(rows), writingConfig.Context, 16), ends)
			if d := distance(got[0], got[1]); !(d < 1e-5) || len(packed.Groups) != 2 {
				t.Errorf("features in %d groups are off by %g of their size, want 2 groups and none", len(packed.Groups), d)
			}
		})
	}
}

func TestEachImageHasItsOwnTexts(t *testing.T) {
	w, rows, packed := Random(writingConfig, testRand()), manyRows(), pack(manyRows())
	contexts := normal(testRand(), 3, 2, 16)
	deep := normal(testRand(), 2, 16)
	got := encodeWritten(t, w, func(text *Text, in []*Node) []*Node {
		list := func() Rows { return text.Rows(Sentences{packed.Layout, in[0]}) }
		var alone []*Node
		for i := range 3 {
			one := Squeeze(Slice(in[1], AxisElem(i)), 0)
			alone = append(alone, ExpandAxes(text.Encode([]Rows{list().Write(one, 0)}, Context{Blocks: []*Node{one, in[2]}}), 0))
		}
		return []*Node{text.EncodeEach(list(), in[1], Context{Blocks: []*Node{nil, in[2]}}), Concatenate(alone, 0)}
	}, packed.Tokens, contexts, deep)
	if d := distance(got[0], got[1]); !(d < 1e-5) || len(got[0]) != 3*len(rows)*writingConfig.Embed {
		t.Errorf("%d features are off by %g of their size", len(got[0]), d)
	}
}

func TestContextOfOtherClassesIsRefused(t *testing.T) {
	w, packed := Random(writingConfig, testRand()), pack(manyRows())
	store := model.NewStore()
	defer store.Finalize()
	if err := w.Store(store, dtypes.Float32); err != nil {
		t.Fatal(err)
	}
	exec := model.MustNewExec(golden.Backend(t), store, func(_ *model.Scope, tokens, context *Node) *Node {
		text := Bind(store, tokens.Graph(), writingConfig).Text
		return text.Encode([]Rows{text.Rows(Sentences{packed.Layout, tokens}).Write(context, 0)}, Context{})
	})
	if _, err := exec.Call(packed.Tokens, normal(testRand(), 4, 2, 16)); err == nil || !strings.Contains(err.Error(), "4 contexts, one for each class, but 90 classes") {
		t.Errorf("4 contexts in 90 rows: %v, want an error with both numbers", err)
	}
}

// encodeWritten returns what build makes of the text tower and inputs.
func encodeWritten(t *testing.T, w *Weights, build func(text *Text, in []*Node) []*Node, inputs ...any) [][]float32 {
	t.Helper()
	store := model.NewStore()
	defer store.Finalize()
	if err := w.Store(store, dtypes.Float32); err != nil {
		t.Fatal(err)
	}
	return floats(t, model.MustNewExec(golden.Backend(t), store, func(_ *model.Scope, in []*Node) []*Node {
		text := Bind(store, in[0].Graph(), w.Config).Text
		return build(&text, in)
	}), inputs...)
}
