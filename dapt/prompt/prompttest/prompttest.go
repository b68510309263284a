// Package prompttest checks that a prompt learner keeps the contract of package prompt, as testing/slogtest does for
// log handlers.
package prompttest

import (
	"encoding/json"
	"math"
	"math/rand/v2"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/internal/golden"
	"github.com/dapt-go/dapt-go/dapt/prompt"
)

// Run fails t where learner does not do what package prompt says that a learner does. It needs no weights: it runs on a
// small CLIP with random ones, whose towers differ in width, on the backend that GOMLX_BACKEND names. Contexts of each class
// are for three. What needs a training loop is checked by train/traintest.
func Run(t *testing.T, learner prompt.Learner) {
	m := small()
	t.Run("its name can be a folder's", func(t *testing.T) { checkName(t, learner) })
	t.Run("its template has one place", func(t *testing.T) { checkTemplate(t, learner) })
	t.Run("its settings survive JSON", func(t *testing.T) { checkJSON(t, learner) })
	t.Run("its parameters follow from the random numbers", func(t *testing.T) { checkParameters(t, m, learner) })
	t.Run("its prompts fit the towers", func(t *testing.T) { checkPrompts(t, m, learner) })
}

// small is a CLIP whose text tower is half as wide as its vision tower. Its tokenizer has bytes only.
func small() *clip.Model {
	tokenizer := clip.NewTokenizer().Cut(nil)
	config := clip.Config{
		Side: 16, Patch: 8, Embed: 32, Context: 32, Vocabulary: tokenizer.Vocabulary(),
		Vision: clip.Tower{Width: 128, Layers: 3, Heads: 2}, Text: clip.Tower{Width: 64, Layers: 3, Heads: 1},
	}
	return &clip.Model{Weights: clip.Random(config, numbers(1)), Tokenizer: tokenizer}
}

func numbers(seed uint64) *rand.Rand { return rand.New(rand.NewPCG(seed, 0)) }

var simple = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*$`)

func checkName(t *testing.T, learner prompt.Learner) {
	if name := learner.Name(); !simple.MatchString(name) {
		t.Errorf("Name() = %q, want small letters, digits and hyphens: it becomes part of a path", name)
	}
}

func checkTemplate(t *testing.T, learner prompt.Learner) {
	for _, hand := range []string{"a photo of a {}.", "{} texture."} {
		if got := learner.Template(hand); strings.Count(got, "{}") != 1 {
			t.Errorf("Template(%q) = %q, want one {}", hand, got)
		}
	}
}

func checkJSON(t *testing.T, learner prompt.Learner) {
	settings, err := json.Marshal(learner)
	if err != nil {
		t.Fatalf("the learner has no JSON, but results keep it: %v", err)
	}
	found, err := prompt.Find(learner.Name(), settings)
	if err != nil || !reflect.DeepEqual(found, learner) {
		t.Errorf("Find(%q, %s) = %#v, %v, want %#v: is it in prompt.All, and are its settings exported?",
			learner.Name(), settings, found, err, learner)
	}
}

// parameters draws with a fixed seed.
func parameters(t *testing.T, m *clip.Model, learner prompt.Learner) []prompt.Parameter {
	t.Helper()
	list, err := learner.Parameters(m, numbers(2))
	if err != nil {
		t.Fatalf("Parameters() of a small CLIP: %v", err)
	}
	return list
}

func checkParameters(t *testing.T, m *clip.Model, learner prompt.Learner) {
	list := parameters(t, m, learner)
	if nothing := learner.Trains() == 0; nothing != (len(list) == 0) {
		t.Errorf("it has %d parameters, but trains parts %b", len(list), learner.Trains())
	}
	if again := parameters(t, m, learner); !reflect.DeepEqual(list, again) {
		t.Error("Parameters() differ for equal random numbers: draw from rng alone, in a fixed order")
	}
	names := map[string]bool{}
	for _, p := range list {
		if p.Name == "" || names[p.Name] || strings.Contains(p.Name, "/") {
			t.Errorf("parameter %q is named twice, not at all, or with a slash", p.Name)
		}
		names[p.Name] = true
		size := 1
		for _, d := range p.Dims {
			size *= d
		}
		if size != len(p.Value) || size == 0 {
			t.Errorf("parameter %s has %d values but dimensions %v", p.Name, len(p.Value), p.Dims)
		}
		if slices.ContainsFunc(p.Value, notFinite) {
			t.Errorf("parameter %s starts with a value that is no finite number", p.Name)
		}
	}
}

func notFinite(v float32) bool { return math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) }

// classes are names of which each has a sentence.
var classes = []string{"a b c", "a", "b c"}

// checkPrompts encodes images and sentences with the initial prompts.
func checkPrompts(t *testing.T, m *clip.Model, learner prompt.Learner) {
	if a, ok := learner.(prompt.Adapter); ok {
		learner = a.On(prompt.Task{Classes: len(classes)})
		if again := learner.(prompt.Adapter).On(prompt.Task{Classes: len(classes) + 1}); !reflect.DeepEqual(again, learner) {
			t.Errorf("On(a second task) = %+v, want %+v, as it was left by the first", again, learner)
		}
	}
	list := parameters(t, m, learner)
	var sentences []string
	for _, class := range classes {
		sentences = append(sentences, clip.Prompt(learner.Template("a {}."), class))
	}
	packed, err := m.Pack(sentences)
	if err != nil {
		t.Fatal(err)
	}
	inputs := []any{
		packed.Tokens,
		tensors.FromScalarAndDimensions(float32(0.5), len(classes), m.Config.Side, m.Config.Side, 3),
	}
	for _, p := range list {
		inputs = append(inputs, tensors.FromFlatDataAndDimensions(p.Value, p.Dims...))
	}
	store := model.NewStore()
	defer store.Finalize()
	if err := m.Store(store, dtypes.Float32); err != nil {
		t.Fatal(err)
	}
	exec, err := model.NewExec(golden.Backend(t), store, func(_ *model.Scope, nodes []*graph.Node) []*graph.Node {
		values := prompt.Values{}
		for i, p := range list {
			values[p.Name] = nodes[2+i]
		}
		prompts := prompt.Build(learner, m.Config, values)
		checkShapes(t, m, prompts)
		checkProject(t, m, list, values, prompts)
		sentences := clip.Sentences{Layout: packed.Layout, Tokens: nodes[0]}
		return encode(clip.Bind(store, nodes[0].Graph(), m.Config), prompts, sentences, nodes[1])
	})
	if err != nil {
		t.Fatal(err)
	}
	defer exec.Finalize()
	features, err := exec.Call(inputs...)
	if err != nil {
		t.Fatalf("the towers do not take the prompts: %v", err)
	}
	for i, made := range features {
		tower := []string{"text", "vision", "vision"}[i] // the last is the second feature of those that have one
		flat, err := tensors.CopyFlatData[float32](made)
		if err != nil || made.Shape().Dim(-2) != len(classes) || len(flat)%(len(classes)*m.Config.Embed) != 0 || slices.ContainsFunc(flat, notFinite) {
			t.Errorf("the %s tower makes %v of the initial prompts, %v", tower, flat, err)
		}
	}
}

// encode returns the features of the sentences, for each image if that makes them others, and of images, and the second ones
// of those if there are such.
func encode(towers *clip.Towers, prompts prompt.Prompts, sentences clip.Sentences, images *graph.Node) []*graph.Node {
	rows, image := towers.Text.Rows(sentences), towers.Vision.Encode(images, prompts.Vision)
	if prompts.Each != nil {
		return []*graph.Node{towers.Text.EncodeEach(rows, prompts.Each(clip.Normalize(image)), prompts.Context()), image}
	}
	if len(prompts.Text) > 0 && prompts.Text[0] != nil {
		rows = rows.Write(prompts.Text[0], prompts.Behind)
	}
	features := []*graph.Node{towers.Text.Encode([]clip.Rows{rows}, prompts.Context()), image}
	if prompts.Second != nil {
		_, context := towers.Vision.EncodeContext(images, prompts.Vision)
		features = append(features, prompts.Second(context))
	}
	return features
}

// checkShapes reports prompts that are not [context, width] of their tower, in float32; the first of the text tower may be
// one for each class.
func checkShapes(t *testing.T, m *clip.Model, prompts prompt.Prompts) {
	t.Helper()
	check := func(tower string, width int, blocks []*graph.Node) {
		for i, p := range blocks {
			if p == nil {
				continue
			}
			s := p.Shape()
			own := tower == "text" && i == 0 && s.Rank() == 3 && s.Dim(0) == len(classes)
			if s.DType != dtypes.Float32 || s.Rank() != 2 && !own || s.Dim(-1) != width || s.Dim(-2) < 1 {
				t.Errorf("%s prompt of block %d is %s, want Float32[context %d]", tower, i, s, width)
			}
		}
	}
	check("text", m.Config.Text.Width, prompts.Text)
	check("vision", m.Config.Vision.Width, prompts.Vision)
}

// checkProject reports projections that lose a view, or keep up what is no buffer or has another shape.
func checkProject(t *testing.T, m *clip.Model, list []prompt.Parameter, values prompt.Values, prompts prompt.Prompts) {
	t.Helper()
	buffers := map[string]bool{}
	for _, p := range list {
		if p.Buffer {
			buffers[p.Name] = true
		}
	}
	if prompts.Project == nil {
		if len(buffers) > 0 {
			t.Errorf("it has %d buffers, but no Project that keeps them up", len(buffers))
		}
		return
	}
	for _, training := range []bool{true, false} {
		view := graph.IotaFull(values[list[0].Name].Graph(), shapes.Make(dtypes.Float32, 2, m.Config.Embed))
		projected, kept := prompts.Project([]*graph.Node{view, graph.OnePlus(view)}, training)
		if len(projected) != 2 || !projected[0].Shape().Equal(projected[1].Shape()) || projected[0].Shape().Dim(0) != 2 {
			t.Errorf("Project of two views makes %v, want as many of one shape, a row for each image", projected)
		}
		if !training && kept != nil {
			t.Errorf("Project changes buffers %v outside of training", kept)
		}
		for name, value := range kept {
			if !buffers[name] || !value.Shape().Equal(values[name].Shape()) {
				t.Errorf("Project gives %s the value %s, want a buffer in its shape", name, value.Shape())
			}
		}
	}
}
