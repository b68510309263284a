package train

import (
	"slices"
	"testing"
	"testing/fstest"

	"github.com/gomlx/compute/dtypes"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/internal/golden"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/train/worldtest"
)

// learner is MaPLe at the size of the tests' CLIP.
var (
	learner  = prompt.MaPLe{Depth: 2}
	zeroShot = prompt.ZeroShot{}
)

var classes = worldtest.Classes()

// newModel is a CLIP with random weights, small enough for pure Go.
func newModel(seed uint64) *clip.Model { return modelOf(seed, 16) }

// modelOf is newModel with so many places in the text tower.
func modelOf(seed uint64, places int) *clip.Model {
	tower := clip.Tower{Width: 64, Layers: 2, Heads: 1}
	return worldtest.Model(seed, clip.Config{Side: 16, Patch: 8, Embed: 32, Context: places, Vision: tower, Text: tower})
}

// shared is one engine for the tests, so that each program compiles once: on XLA that is most of their time.
var shared *Engine

// newEngine returns the shared engine of newModel(1), with no image in memory.
func newEngine(t testing.TB) *Engine {
	t.Helper()
	if shared == nil {
		shared = ownEngine(t, newModel(1), learner)
	}
	shared.Images, shared.Seen = NewImages(DefaultMemory), nil
	return shared
}

// ownEngine returns a new one. Who does not keep it closes it.
func ownEngine(t testing.TB, m *clip.Model, learner prompt.Learner) *Engine {
	t.Helper()
	e, err := NewEngine(golden.Backend(t), m, learner, dtypes.Float32)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// newData is the tests' data set, and its files.
func newData() (*dataset.Dataset, fstest.MapFS) { return worldtest.Data() }

// called returns a learner by its name, so that tests of tuning depend on none but MaPLe.
func called(t testing.TB, name, settings string) prompt.Learner {
	t.Helper()
	l, err := prompt.Find(name, []byte(settings))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

// quick is a run of 3 epochs of 3 steps.
func quick() Config {
	c := Paper()
	c.Epochs, c.Batch, c.Test, c.Rate, c.Warmup, c.Seed = 3, 4, 8, 0.05, 0.01, 7
	return c
}

// methods are one of each kind.
func methods() map[string]dapt.Method {
	joint := dapt.Over(learner, mask.Files{})
	joint.Loss.Mode, joint.Loss.Reo = dapt.Joint, 0.5
	scaled := dapt.Over(learner, mask.GradCAM{})
	scaled.Loss.Mode = dapt.Scaled
	return map[string]dapt.Method{"maple": {Learner: learner}, "dapt-s": joint, "dapt-g": scaled}
}

func equalParameters(a, b map[string][]float32) bool {
	for name := range a {
		if !slices.Equal(a[name], b[name]) {
			return false
		}
	}
	return len(a) == len(b) && len(a) > 0
}
