package dapt

import (
	"maps"
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/internal/golden"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/transform"
)

// world is a small CLIP, a batch of two images of three classes, and prompts of both towers, none a function of others.
type world struct {
	towers  *clip.Towers
	batch   Batch
	labels  *Node
	prompts prompt.Prompts
}

// classes and words are the number of texts of the world.
const classes, words = 3, 9

// inWorld runs build once, with masks that are foreground where inside says so, and returns its results by name.
func inWorld(t *testing.T, inside func(x, y int) bool, build func(w world) map[string]*Node) map[string][]float32 {
	t.Helper()
	m, classTexts, wordTexts := newModel(t)
	store := model.NewStore()
	defer store.Finalize()
	if err := m.Store(store, dtypes.Float32); err != nil {
		t.Fatal(err)
	}
	var names []string
	exec, err := model.NewExec(golden.Backend(t), store, func(_ *model.Scope, in []*Node) []*Node {
		results := build(world{
			towers: clip.Bind(store, in[0].Graph(), m.Config),
			batch: Batch{Images: in[0], Masks: in[1], Grid: in[2], Texts: Texts{
				Classes: clip.Sentences{Layout: classTexts.Layout, Tokens: in[4]}, Background: clip.Sentences{Layout: wordTexts.Layout, Tokens: in[5]},
			}},
			labels:  in[3],
			prompts: prompt.Prompts{Text: in[6:8], Vision: in[8:10]},
		})
		names = slices.Sorted(maps.Keys(results))
		nodes := make([]*Node, len(names))
		for i, name := range names {
			nodes[i] = results[name]
		}
		return nodes
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	outputs, err := exec.Call(noise(1, 2, 16, 16, 3), pixels(2, inside), pixels(1, func(x, _ int) bool { return x%4 < 2 }),
		[][]int32{{0}, {2}}, classTexts.Tokens, wordTexts.Tokens, noise(0.02, 2, 64), noise(0.03, 2, 64), noise(0.04, 2, 64), noise(0.05, 2, 64))
	if err != nil {
		t.Fatal(err)
	}
	results := map[string][]float32{}
	for i, name := range names {
		if results[name], err = tensors.CopyFlatData[float32](outputs[i]); err != nil {
			t.Fatal(err)
		}
	}
	return results
}

// newModel returns a CLIP with random weights and the packed sentences of the classes and of the background words.
func newModel(t *testing.T) (m *clip.Model, classes, background clip.Packed) {
	t.Helper()
	lists := [][]string{
		Sentences("a photo of a {}.", []string{"cat", "lake boat", "tree_house"}), Sentences("a clean origami {}.", General()[:words]),
	}
	tokenizer := clip.NewTokenizer().Cut(slices.Concat(lists...))
	tower := clip.Tower{Width: 64, Layers: 2, Heads: 1}
	config := clip.Config{Side: 16, Patch: 8, Embed: 32, Context: 16, Vocabulary: tokenizer.Vocabulary(), Vision: tower, Text: tower}
	m = &clip.Model{Weights: clip.Random(config, transform.Stream(1, "views")), Tokenizer: tokenizer}
	var packed [2]clip.Packed
	for i, texts := range lists {
		var err error
		if packed[i], err = m.Pack(texts); err != nil {
			t.Fatal(err)
		}
	}
	return m, packed[0], packed[1]
}

// noise draws normal numbers; tensors of equal deviation are equal.
func noise(deviation float64, dims ...int) *tensors.Tensor {
	size := 1
	for _, d := range dims {
		size *= d
	}
	values, rng := make([]float32, size), transform.Stream(uint64(1000*deviation), "noise")
	for i := range values {
		values[i] = float32(rng.NormFloat64() * deviation)
	}
	return tensors.FromFlatDataAndDimensions(values, dims...)
}

// pixels are masks [batch, 16, 16, 1], 1 where inside says so.
func pixels(batch int, inside func(x, y int) bool) *tensors.Tensor {
	values := make([]float32, batch*16*16)
	for i := range values {
		if inside(i%16, i/16%16) {
			values[i] = 1
		}
	}
	return tensors.FromFlatDataAndDimensions(values, batch, 16, 16, 1)
}

// Masks of the world.
func middle(x, y int) bool     { return x > 3 && x < 12 && y > 4 && y < 13 }
func everywhere(_, _ int) bool { return true }
func nowhere(_, _ int) bool    { return false }
