// Package traintest checks that a prompt learner can be tuned, alone and under DAPT: the part of the conformance kit that
// needs a training loop. Package prompttest is the part that needs none.
package traintest

import (
	"testing"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/internal/golden"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/train"
	"github.com/dapt-go/dapt-go/dapt/train/worldtest"
)

// Blocks are those of each tower of the kit's CLIP. A learner whose settings ask for more has prompts that nothing reads.
const Blocks = 3

// Run fails t where tuning the learner does not do what packages prompt, dapt and train say. It runs on a small CLIP with
// random weights and a few images in memory, on the backend that GOMLX_BACKEND names. The learner must prompt no block past
// the last of [Blocks]; contexts of each class are for three.
//
// It is skipped on XLA, where compiling its programs takes two minutes of a core for each learner: what steps compute there is
// compared with reference values by package parity.
func Run(t *testing.T, learner prompt.Learner) {
	golden.OnPureGo(t)
	k, err := newKit(golden.Backend(t), learner)
	if err != nil {
		t.Fatal(err)
	}
	defer k.close()
	k.folder = t.TempDir()
	for _, check := range checks {
		if check.tuned && learner.Trains() == 0 {
			continue
		}
		t.Run(check.name, func(t *testing.T) {
			if err := check.find(k); err != nil {
				t.Error(err)
			}
		})
	}
}

// checks are all of the kit, in an order in which later ones may rely on what earlier ones have shown.
var checks = []struct {
	name  string
	tuned bool // is only for learners that train something
	find  func(*kit) error
}{
	{"what it trains is what it says", true, checkParts},
	{"its gradients are those of its losses", true, checkGradients},
	{"a step moves it by its gradient", true, checkStep},
	{"DAPT's losses train it or are left out", true, checkTerms},
	{"every parameter is tuned, by the seed alone", true, checkSeeds},
	{"it goes on where it was interrupted", true, checkResume},
	{"it is what it was when it is loaded", true, checkSaved},
	{"it is exported and imported", true, checkExport},
	{"it is known by its tensors", true, checkRecognized},
	{"images do not see each other", false, checkBatch},
	{"classes have no order", false, checkOrder},
	{"it classifies, explains and decouples", false, checkUse},
}

// kit is a learner in the small world.
type kit struct {
	learner prompt.Learner
	method  dapt.Method // DAPT over it, all of its terms at once, with masks from files
	said    []string    // of how DAPT attaches
	backend compute.Backend
	model   *clip.Model
	data    *dataset.Dataset
	engine  *train.Engine
	other   *train.Engine // a second one, to load and go on in
	teacher *train.Engine // of a [prompt.Distilled] learner; nil for others
	folder  string        // for files

	list   []prompt.Parameter   // the learner's
	values map[string][]float32 // where the kit looks at it: see [kit.place]
}

// newKit sets the learner up for the task, as a run does.
func newKit(backend compute.Backend, learner prompt.Learner) (*kit, error) {
	k := &kit{backend: backend, model: newModel(), learner: learner}
	k.data, _ = worldtest.Data()
	if a, ok := learner.(prompt.Adapter); ok {
		k.learner = a.On(prompt.Task{
			Dataset: k.data.Name, Shots: 4, Classes: len(k.data.Classes), Teacher: k.model.Config.Embed,
		})
	}
	k.method = dapt.Method{Learner: k.learner, Masks: mask.Files{}}
	k.method.Loss, k.said = whole().For(k.learner)
	var err error
	if err = k.place(0); err != nil {
		return nil, err
	}
	engines := map[**train.Engine]prompt.Learner{&k.engine: k.learner, &k.other: k.learner}
	if d, ok := k.learner.(prompt.Distilled); ok {
		engines[&k.teacher] = d.Taught()
	}
	for engine, l := range engines {
		if *engine, err = k.newEngine(l); err != nil {
			k.close()
			return nil, err
		}
	}
	return k, nil
}

// whole are all losses of DAPT at once, with few background words.
func whole() dapt.Config {
	loss := dapt.Paper()
	loss.Mode, loss.Reo = dapt.Joint, 0.5
	loss.Background = dapt.Background{Words: dapt.General()[:4], Template: dapt.Backgrounds("").Template}
	return loss
}

// newModel is a CLIP whose towers differ in width, with room for the longest published sentence.
func newModel() *clip.Model {
	return worldtest.Model(1, clip.Config{
		Side: 16, Patch: 8, Embed: 32, Context: 32,
		Vision: clip.Tower{Width: 32, Layers: Blocks, Heads: 2}, Text: clip.Tower{Width: 24, Layers: Blocks, Heads: 2},
	})
}

func (k *kit) newEngine(l prompt.Learner) (*train.Engine, error) {
	return train.NewEngine(k.backend, k.model, l, dtypes.Float32)
}

func (k *kit) close() {
	for _, e := range []*train.Engine{k.engine, k.other, k.teacher} {
		if e != nil {
			e.Close()
		}
	}
}

// alone is the learner without DAPT.
func (k *kit) alone() dapt.Method { return dapt.Method{Learner: k.learner} }

// config is a run of two epochs of three steps.
func config() train.Config {
	c := train.Paper()
	c.Epochs, c.Batch, c.Test, c.Rate, c.Warmup, c.Seed, c.Final = 2, 4, 8, 0.05, 0.01, 7, train.LastStep
	return c
}
