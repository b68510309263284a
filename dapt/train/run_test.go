package train

import (
	"bytes"
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/dataset"
)

// tune runs to the end and returns the outcome, the prompts, and the file of prompts.
func tune(t *testing.T, e *Engine, m dapt.Method, c Config, folder string) (Outcome, map[string][]float32, []byte) {
	t.Helper()
	d, _ := newData()
	out, err := Run{Engine: e, Method: m, Data: d, Config: c, Folder: folder}.Tune(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	values, err := e.Parameters()
	if err != nil {
		t.Fatal(err)
	}
	file, err := os.ReadFile(filepath.Join(folder, PromptsFile))
	if err != nil {
		t.Fatal(err)
	}
	return out, values, file
}

func TestTheSameSeedGivesTheSameBits(t *testing.T) {
	e := newEngine(t, newModel(1))
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

// TestAnInterruptedRunEndsInTheSameBits cancels a run after each number of steps, in the middle and at the end of epochs.
func TestAnInterruptedRunEndsInTheSameBits(t *testing.T) {
	e := newEngine(t, newModel(1))
	for name, m := range methods() {
		whole, _, want := tune(t, e, m, quick(), t.TempDir())
		for _, after := range []int{1, 3, 5, 9} {
			folder := t.TempDir()
			d, _ := newData()
			ctx, stop := context.WithCancel(context.Background())
			r := Run{Engine: e, Method: m, Data: d, Config: quick(), Folder: folder, Report: func(p Progress) {
				if p.Step == after {
					stop()
				}
			}}
			if _, err := r.Tune(ctx); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), folder) {
				t.Fatalf("%s: cancelled after %d steps: %v, want an error that says where it was saved", name, after, err)
			}
			resumed, _, got := tune(t, e, m, quick(), folder)
			if !bytes.Equal(got, want) || !reflect.DeepEqual(resumed.Epochs, whole.Epochs) {
				t.Errorf("%s: interrupted after %d steps, the run ends elsewhere: %+v, want %+v", name, after, resumed.Epochs, whole.Epochs)
			}
		}
	}
}

func TestTheFirstOfTheBestEpochsIsKept(t *testing.T) {
	e := newEngine(t, newModel(1))
	folder := t.TempDir()
	out, values, _ := tune(t, e, dapt.Method{Learner: learner}, quick(), folder)
	best := 0
	for i, epoch := range out.Epochs {
		if epoch.Val > out.Epochs[best].Val {
			best = i
		}
	}
	if want := string(BestOnVal) + " (epoch " + string(rune('0'+best)) + ")"; out.Final != want {
		t.Errorf("Final = %q, want %q", out.Final, want)
	}
	short := quick()
	short.Final = LastStep
	last, other, _ := tune(t, e, dapt.Method{Learner: learner}, short, t.TempDir())
	if last.Final != "last step" || last.Epochs[0].Val != -1 {
		t.Errorf("last step: %+v", last)
	}
	if equalParameters(values, other) != (best == short.Epochs-1) {
		t.Errorf("the best epoch is %d of %d, but its prompts equal the last ones: %v", best, short.Epochs, equalParameters(values, other))
	}
	if _, err := e.Load(filepath.Join(folder, PromptsFile)); err != nil {
		t.Fatal(err)
	}
	if loaded, err := e.Parameters(); err != nil || !equalParameters(loaded, values) {
		t.Errorf("prompts that were saved are not those that are loaded (%v)", err)
	}
}

func TestWithoutValidationTheLastStepIsKeptAndSaid(t *testing.T) {
	e := newEngine(t, newModel(1))
	d, _ := newData()
	d.Val = nil
	out, err := Run{Engine: e, Method: dapt.Method{Learner: learner}, Data: d, Config: quick()}.Tune(context.Background())
	if err != nil || out.Final != "last step (no validation images)" {
		t.Errorf("Final = %q, %v", out.Final, err)
	}
}

// TestTheUpdateIsPyTorchsSGD compares with g += decay p; v = momentum v + g; p -= rate v, with gradients that are
// read off a first step without momentum.
func TestTheUpdateIsPyTorchsSGD(t *testing.T) {
	e := newEngine(t, newModel(1))
	d, _ := newData()
	run := &tuning{Run: Run{Engine: e, Method: dapt.Method{Learner: learner}, Data: d, Config: quick()}, loader: e.newLoader(d, d.Train)}
	if err := run.tokenize(); err != nil {
		t.Fatal(err)
	}
	p, err := run.loader.augmented(context.Background(), []int{0, 5, 9}, nil, 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	in := Input{Images: p.images, Labels: p.labels, Classes: run.classes}
	start, err := e.Parameters()
	if err != nil {
		t.Fatal(err)
	}
	step := func(c Config, rate float64) map[string][]float32 {
		if _, err := e.Step(run.Method, c, dapt.Both, rate, in); err != nil {
			t.Fatal(err)
		}
		values, err := e.Parameters()
		if err != nil {
			t.Fatal(err)
		}
		return values
	}
	gradientAt := func(values map[string][]float32) map[string][]float32 { // p - (p - 1 g)
		if err := e.SetParameters(values); err != nil {
			t.Fatal(err)
		}
		plain := quick()
		plain.Momentum, plain.Decay = 0, 0
		after, gradient := step(plain, 1), map[string][]float32{}
		for name := range values {
			for i := range values[name] {
				gradient[name] = append(gradient[name], values[name][i]-after[name][i])
			}
		}
		return gradient
	}
	c := quick()
	c.Decay = 0.1
	first := gradientAt(start)
	if err := e.SetParameters(start); err != nil {
		t.Fatal(err)
	}
	one := step(c, 0.5)
	momentum, err := e.values(momentumScope)
	if err != nil {
		t.Fatal(err)
	}
	second := gradientAt(one)
	if err := e.SetParameters(one); err != nil {
		t.Fatal(err)
	}
	if err := e.setValues(momentumScope, momentum); err != nil {
		t.Fatal(err)
	}
	two := step(c, 0.5)
	for name := range start {
		for i, p0 := range start[name] {
			v1 := float64(first[name][i]) + 0.1*float64(p0)
			p1 := float64(p0) - 0.5*v1
			v2 := 0.9*v1 + float64(second[name][i]) + 0.1*p1
			if want := p1 - 0.5*v2; math.Abs(float64(two[name][i])-want) > 1e-5 || math.Abs(float64(one[name][i])-p1) > 1e-5 {
				t.Fatalf("%s[%d] = %g then %g, want %g then %g", name, i, one[name][i], two[name][i], p1, want)
			}
		}
	}
}

func TestTheScheduleIsThePublishedOne(t *testing.T) {
	c := PaperBaseToNovel()
	for epoch, want := range []float64{1e-5, 0.0035, 0.9045 * 0.0035, 0.6545 * 0.0035, 0.3455 * 0.0035} {
		if got := c.At(epoch); math.Abs(got-want) > 1e-6 {
			t.Errorf("At(%d) = %g, want %g", epoch, got, want)
		}
	}
}

func TestASetSmallerThanABatchIsOneBatch(t *testing.T) {
	for items, want := range map[int]int{1: 1, 3: 1, 4: 1, 7: 1, 8: 2} {
		if got := len(batches(order(1, 0, items), 4)); got != want {
			t.Errorf("%d items in batches of 4: %d, want %d", items, got, want)
		}
	}
}

func TestScoresAreThoseOfAHandComputation(t *testing.T) {
	// Class 0: 1 of 2 right; class 1: 2 of 2, said 3 times; class 2 has no image; 5 is a background column.
	s := score([]int{0, 0, 1, 1}, []int{0, 5, 1, 1}, 3)
	if s.Accuracy != 75 || !reflect.DeepEqual(s.PerClass, []float64{50, 100, -1}) {
		t.Errorf("score = %+v", s)
	}
	if want := 100 * (2.0/3 + 1) / 2; math.Abs(s.MacroF1-want) > 1e-9 {
		t.Errorf("macro F1 = %g, want %g", s.MacroF1, want)
	}
}

func TestEvaluationDoesNotDependOnTheBatch(t *testing.T) {
	e := newEngine(t, newModel(1))
	d, _ := newData()
	var first Score
	for i, size := range []int{1, 4, 100} {
		c := quick()
		c.Test = size
		got, err := e.Evaluate(context.Background(), d, d.Test, nil, c)
		if err != nil {
			t.Fatal(err)
		}
		if i > 0 && !reflect.DeepEqual(got, first) {
			t.Errorf("in batches of %d: %+v, want %+v", size, got, first)
		}
		first = got
	}
	if first.Images != 9 {
		t.Errorf("%d images, want 9", first.Images)
	}
	if _, err := e.Evaluate(context.Background(), d, []dataset.Item{}, nil, quick()); err == nil {
		t.Error("an empty list was evaluated")
	}
}
