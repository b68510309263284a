package train

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/mask"
)

// tune runs to the end and returns the outcome, the prompts, and the file of prompts.
func tune(t *testing.T, e *Engine, m dapt.Method, c Config, folder string) (Outcome, map[string][]float32, []byte) {
	t.Helper()
	d, _ := newData()
	out, err := Run{Engine: e, Method: m, Data: d, Config: c, Folder: folder}.Tune(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return out, parameters(t, e), readFile(t, filepath.Join(folder, PromptsFile))
}

func parameters(t *testing.T, e *Engine) map[string][]float32 {
	t.Helper()
	values, err := e.Parameters()
	if err != nil {
		t.Fatal(err)
	}
	return values
}

func readFile(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestTheSameSeedGivesTheSameBits(t *testing.T) {
	e := newEngine(t)
	for name, m := range methods() {
		first, values, file := tune(t, e, m, quick(), t.TempDir())
		second, again, fileAgain := tune(t, e, m, quick(), t.TempDir())
		if !equalParameters(values, again) || !bytes.Equal(file, fileAgain) || !reflect.DeepEqual(first.Epochs, second.Epochs) {
			t.Errorf("%s: two runs with one seed differ: %+v and %+v", name, first.Epochs, second.Epochs)
		}
		other := quick()
		other.Seed++
		if _, different, _ := tune(t, e, m, other, t.TempDir()); equalParameters(values, different) {
			t.Errorf("%s: two seeds gave the same prompts", name)
		}
	}
}

func TestANewEngineGivesTheSameBits(t *testing.T) {
	m := dapt.Method{Learner: learner}
	_, _, want := tune(t, newEngine(t), m, quick(), t.TempDir())
	e := ownEngine(t, newModel(1), learner)
	defer e.Close()
	if _, _, got := tune(t, e, m, quick(), t.TempDir()); !bytes.Equal(got, want) {
		t.Error("an engine that was used before gives other prompts than a new one")
	}
}

// interrupted tunes in folder until stop is called for, and fails t if the error is not one of a saved, cancelled run.
func interrupted(t *testing.T, e *Engine, m dapt.Method, folder string, when func(event string, count int) bool) {
	t.Helper()
	d, _ := newData()
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	counts := map[string]int{}
	event := func(name string) {
		if counts[name]++; when(name, counts[name]) {
			stop()
		}
	}
	e.Seen = func(int) { event("seen") }
	defer func() { e.Seen = nil }()
	_, err := Run{
		Engine: e, Method: m, Data: d, Config: quick(), Folder: folder, Report: func(Progress) { event("step") },
	}.Tune(ctx)
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("a cancelled run ends with %v, want an error that wraps context.Canceled", err)
	}
	if _, missing := os.Stat(filepath.Join(folder, checkpointFile)); missing == nil && !strings.Contains(err.Error(), folder) {
		t.Errorf("the error of a cancelled run is %q, want it to say where it was saved", err)
	}
}

// TestAnInterruptedRunEndsInTheSameBits cancels once: at the last step of an epoch, in validation ("seen" 1
// after the maps of the first epoch), and in the maps of the first and the second epoch.
func TestAnInterruptedRunEndsInTheSameBits(t *testing.T) {
	e := newEngine(t)
	for name, m := range methods() {
		whole, _, want := tune(t, e, m, quick(), t.TempDir())
		moments := map[string][]int{"step": {6}, "seen": {1, 3}}
		if name == "dapt-g" { // 2 batches of maps, 1 of validation, 2 of maps
			moments["seen"] = []int{1, 3, 4}
		}
		for event, counts := range moments {
			for _, count := range counts {
				folder := t.TempDir()
				interrupted(t, e, m, folder, func(e string, n int) bool { return e == event && n == count })
				if resumed, _, got := tune(t, e, m, quick(), folder); !bytes.Equal(got, want) || !reflect.DeepEqual(resumed.Epochs, whole.Epochs) {
					t.Errorf("%s: interrupted at %s %d, the run ends elsewhere: %+v, want %+v", name, event, count, resumed.Epochs, whole.Epochs)
				}
			}
		}
	}
}

func TestARunThatIsStoppedAfterEveryStepEndsInTheSameBits(t *testing.T) {
	e := newEngine(t)
	for name, m := range methods() {
		whole, _, want := tune(t, e, m, quick(), t.TempDir())
		folder := t.TempDir()
		for range 9 {
			interrupted(t, e, m, folder, func(event string, _ int) bool { return event == "step" })
		}
		if resumed, _, got := tune(t, e, m, quick(), folder); !bytes.Equal(got, want) || !reflect.DeepEqual(resumed.Epochs, whole.Epochs) {
			t.Errorf("%s: stopped after every step, the run ends elsewhere: %+v, want %+v", name, resumed.Epochs, whole.Epochs)
		}
	}
}

func TestAFinishedRunIsNotTunedAgain(t *testing.T) {
	e, folder := newEngine(t), t.TempDir()
	m := dapt.Method{Learner: learner}
	first, values, _ := tune(t, e, m, quick(), folder)
	if err := e.SetParameters(zeros(values)); err != nil {
		t.Fatal(err)
	}
	d, _ := newData()
	again, err := Run{Engine: e, Method: m, Data: d, Config: quick(), Folder: folder, Report: func(p Progress) {
		t.Errorf("step %d is made again", p.Step)
	}}.Tune(context.Background())
	if err != nil || !reflect.DeepEqual(again, first) || !equalParameters(values, parameters(t, e)) {
		t.Errorf("a second Tune gives %+v, %v and want %+v with the same prompts", again, err, first)
	}
}

func zeros(values map[string][]float32) map[string][]float32 {
	empty := map[string][]float32{}
	for name, value := range values {
		empty[name] = make([]float32, len(value))
	}
	return empty
}

// TestTheFirstOfTheBestEpochsIsKept looks at the prompts during each validation. Over the seeds, at least one run must
// have its best epoch before its last.
func TestTheFirstOfTheBestEpochsIsKept(t *testing.T) {
	e := newEngine(t)
	early := false
	for seed := range uint64(4) {
		var after []map[string][]float32
		e.Seen = func(int) { after = append(after, parameters(t, e)) }
		c, folder := quick(), t.TempDir()
		c.Seed = seed
		out, values, _ := tune(t, e, dapt.Method{Learner: learner}, c, folder)
		best := 0
		for i, epoch := range out.Epochs {
			if epoch.Val > out.Epochs[best].Val {
				best = i
			}
		}
		early = early || best < c.Epochs-1
		if want := fmt.Sprintf("best on val (epoch %d)", best); out.Final != want {
			t.Errorf("seed %d: Final = %q, want %q for %+v", seed, out.Final, want, out.Epochs)
		}
		if len(after) != c.Epochs || !equalParameters(after[best], values) {
			t.Errorf("seed %d: the prompts are not those of epoch %d, the first of the best", seed, best)
		}
		if _, err := e.Load(filepath.Join(folder, PromptsFile)); err != nil || !equalParameters(parameters(t, e), values) {
			t.Errorf("seed %d: the prompts that were saved are not those that are loaded (%v)", seed, err)
		}
	}
	if !early {
		t.Error("in no run the best epoch came before the last: the test shows nothing")
	}
}

func TestTheLastStepIsKeptWhereNoneIsChosen(t *testing.T) {
	e := newEngine(t)
	d, _ := newData()
	c := quick()
	c.Final = LastStep
	out, err := Run{Engine: e, Method: dapt.Method{Learner: learner}, Data: d, Config: c}.Tune(context.Background())
	if err != nil || out.Final != "last step" || out.Epochs[0].Val != -1 {
		t.Errorf("last step: %+v, %v", out, err)
	}
	last := parameters(t, e)
	d.Val = nil
	out, err = Run{Engine: e, Method: dapt.Method{Learner: learner}, Data: d, Config: quick()}.Tune(context.Background())
	if err != nil || out.Final != "last step (no validation images)" || !equalParameters(parameters(t, e), last) {
		t.Errorf("best on val without validation images: Final = %q, %v, want the last step's prompts", out.Final, err)
	}
}

// TestTheLogTellsWhichPhaseWasReached: five epochs of mode official never see L_f and L_b.
func TestTheLogTellsWhichPhaseWasReached(t *testing.T) {
	for _, test := range []struct {
		mode   dapt.Mode
		phases []int
	}{
		{dapt.Literal, []int{1, 1, 1, 1, 1}},
		{dapt.Scaled, []int{1, 1, 1, 1, 2}},
		{dapt.Joint, []int{0, 0, 0, 0, 0}},
	} {
		m := dapt.Over(learner, mask.Files{})
		m.Loss.Mode = test.mode
		if test.mode == dapt.Joint {
			m = methods()["dapt-s"] // whose program is compiled already
		}
		c := quick()
		c.Epochs, c.Final = 5, LastStep
		out, _, _ := tune(t, newEngine(t), m, c, t.TempDir())
		for i, epoch := range out.Epochs {
			if epoch.Phase != test.phases[i] {
				t.Errorf("mode %q: epoch %d has phase %d, want %d", test.mode, i, epoch.Phase, test.phases[i])
			}
			_, v := epoch.Losses["v"]
			_, b := epoch.Losses["b"]
			if v != (epoch.Phase != 2) || b != (epoch.Phase != 1) {
				t.Errorf("mode %q: epoch %d of phase %d logs %v", test.mode, i, epoch.Phase, epoch.Losses)
			}
		}
	}
}

func TestALearnerWithoutParametersIsNotTuned(t *testing.T) {
	e := ownEngine(t, newModel(1), zeroShot)
	defer e.Close()
	d, _ := newData()
	out, err := Run{Engine: e, Method: dapt.Method{Learner: zeroShot}, Data: d, Config: quick(), Folder: t.TempDir()}.Tune(context.Background())
	if err != nil || out.Final != "nothing is trained" || len(out.Epochs) != 0 {
		t.Errorf("Tune = %+v, %v", out, err)
	}
}
