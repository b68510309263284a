package dapt

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/internal/golden"
	"github.com/dapt-go/dapt-go/dapt/prompt"
)

// formula is the tensor of testdata/mmrl.py with that name.
func formula(name string, dims ...int) *tensors.Tensor {
	size, h := 1, 0
	for _, d := range dims {
		size *= d
	}
	for _, b := range []byte(name) {
		h += int(b)
	}
	values := make([]float32, size)
	for i := range values {
		v := 0.4 * math.Sin(float64(h)+0.7*float64(i)*float64(i))
		if strings.Contains(name, "ln_") && strings.HasSuffix(name, "weight") {
			v++
		}
		values[i] = float32(v)
	}
	return tensors.FromFlatDataAndDimensions(values, dims...)
}

// formulas is the CLIP of testdata/mmrl.py.
func formulas(t *testing.T) *clip.Model {
	t.Helper()
	config := clip.Config{
		Side: 8, Patch: 4, Embed: 12, Context: 10, Vocabulary: 20,
		Vision: clip.Tower{Width: 16, Layers: 4, Heads: 2}, Text: clip.Tower{Width: 8, Layers: 4, Heads: 2},
	}
	weights := &clip.Weights{Config: config, Values: map[string][]float32{}}
	for _, p := range config.Parameters() {
		var err error
		if weights.Values[p.Name], err = tensors.CopyFlatData[float32](formula(p.Name, p.Dims...)); err != nil {
			t.Fatal(err)
		}
	}
	weights.Values["logit_scale"] = []float32{float32(math.Log(100))}
	return &clip.Model{Weights: weights}
}

// mmrl returns features, losses and gradients of MMRL in it, and what they are called.
func mmrl(t *testing.T) (names []string, outputs []*tensors.Tensor) {
	t.Helper()
	m := formulas(t)
	learner, err := prompt.Find("mmrl", []byte(`{"Tokens": 3, "Width": 6, "Weight": 3}`)) // 2 of 4 blocks
	if err != nil {
		t.Fatal(err)
	}
	list, err := learner.Parameters(m, rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	store := model.NewStore()
	defer store.Finalize()
	if err := m.Store(store, dtypes.Float32); err != nil {
		t.Fatal(err)
	}
	names = []string{"image", "second", "texts", "losses"}
	inputs := []any{formula("images", 2, 8, 8, 3), [][]int32{{1}, {2}}, []int32{1, 2, 5, 6, 19, 0, 7, 19, 0, 0, 8, 9, 10, 19}}
	for _, p := range list {
		names = append(names, p.Name)
		inputs = append(inputs, formula(p.Name, p.Dims...))
	}
	exec, err := model.NewExec(golden.Backend(t), store, func(_ *model.Scope, in []*Node) []*Node {
		towers, values := clip.Bind(store, in[0].Graph(), m.Config), prompt.Values{}
		for i, p := range list {
			values[p.Name] = in[3+i]
		}
		texts := Texts{Classes: clip.Sentences{Layout: clip.Layout{Shared: 2, Groups: []clip.Group{{Rows: 3, Places: 4}}}, Tokens: in[2]}}
		method := Method{Learner: learner}
		batch := Batch{Images: in[0], Texts: texts, Anchors: EncodeTexts(towers, prompt.Prompts{}, texts)}
		f := method.Encode(towers, prompt.Build(learner, m.Config, values), batch, Both)
		l := method.Losses(values, f, in[1], Both)
		results := []*Node{f.Image, f.Second, f.Classes, Stack(append([]*Node{l.Total}, l.Host...), 0)}
		return append(results, Gradient(l.Total, in[3:]...)...)
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	if outputs, err = exec.Call(inputs...); err != nil {
		t.Fatal(err)
	}
	return names, outputs
}

// TestMMRLIsThatOfItsDefinition compares features, losses and gradients with those of testdata/mmrl.py.
func TestMMRLIsThatOfItsDefinition(t *testing.T) {
	data, err := os.ReadFile("testdata/mmrl.json")
	if err != nil {
		t.Fatal(err)
	}
	var want map[string][]float64
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	names, outputs := mmrl(t)
	for i, name := range names {
		got, err := tensors.CopyFlatData[float32](outputs[i])
		if err != nil || len(got) != len(want[name]) {
			t.Fatalf("%s has %d numbers, want %d; %v", name, len(got), len(want[name]), err)
		}
		bound, largest := 1e-5, 1.0
		if i > 3 { // a gradient
			bound, largest = 1e-4, 0
			for _, v := range want[name] {
				largest = max(largest, math.Abs(v))
			}
		}
		for j, v := range want[name] {
			if !(math.Abs(float64(got[j])-v) <= bound*max(largest, math.Abs(v))) {
				t.Fatalf("%s[%d] = %g, want %g", name, j, got[j], v)
			}
		}
	}
	if len(want) != len(names) {
		t.Errorf("there are %d tensors, want %d", len(names), len(want))
	}
}
