package train

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/mask"
)

// oneBatch is the input of a step of a method.
func oneBatch(t *testing.T, e *Engine, m dapt.Method) Input {
	t.Helper()
	d, _ := newData()
	run := &tuning{Run: Run{Engine: e, Method: m, Data: d, Config: quick()}, loader: e.newLoader(d, d.Train)}
	if err := run.tokenize(); err != nil {
		t.Fatal(err)
	}
	p, err := run.loader.augmented(context.Background(), []int{0, 5, 9}, mask.For(m.Masks, d), 1, 0)
	if err != nil {
		t.Fatal(err)
	}
	return Input{Images: p.images, Labels: p.labels, Masks: p.masks, Classes: run.classes, Background: run.background}
}

// TestTheUpdateIsPyTorchsSGD compares three steps with g += decay p; v = momentum v + g; p -= rate v in float64. The
// gradients are read off steps without momentum and decay, at rate 1.
func TestTheUpdateIsPyTorchsSGD(t *testing.T) {
	e := newEngine(t)
	in := oneBatch(t, e, dapt.Method{Learner: learner})
	step := func(c Config, rate float64) map[string][]float32 {
		if _, err := e.Step(dapt.Method{Learner: learner}, c, dapt.Both, rate, in); err != nil {
			t.Fatal(err)
		}
		return parameters(t, e)
	}
	plain, c := quick(), quick()
	plain.Momentum, plain.Decay, c.Decay = 0, 0, 0.1
	const rate = 0.5
	velocity := map[string][]float64{}
	for number := range 3 {
		before := parameters(t, e)
		momentum, err := e.values(momentumScope)
		if err != nil {
			t.Fatal(err)
		}
		if number == 0 {
			momentum = zeros(before)
		}
		after := step(plain, 1) // before - gradient
		for _, err := range []error{e.setValues(promptScope, before), e.setValues(momentumScope, momentum)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		got := step(c, rate)
		for name, values := range before {
			if velocity[name] == nil {
				velocity[name] = make([]float64, len(values))
			}
			for i, p := range values {
				gradient := float64(p) - float64(after[name][i])
				v := 0.9*velocity[name][i] + gradient + 0.1*float64(p)
				velocity[name][i] = v
				if want := float64(p) - rate*v; math.Abs(float64(got[name][i])-want) > 1e-5 {
					t.Fatalf("step %d: %s[%d] = %g, want %g", number, name, i, got[name][i], want)
				}
			}
		}
	}
}

func TestTheScheduleIsThePublishedOne(t *testing.T) {
	for _, test := range []struct {
		config Config
		want   []float64 // in units of the rate, after the warm-up
	}{
		{PaperBaseToNovel(), []float64{1, 0.9045, 0.6545, 0.3455}},
		{Paper(), []float64{1, 0.9755, 0.9045, 0.7939, 0.6545, 0.5, 0.3455, 0.2061, 0.0955}},
	} {
		if got := test.config.At(0); got != 1e-5 {
			t.Errorf("At(0) = %g, want the warm-up's 1e-5", got)
		}
		for i, want := range test.want {
			if got := test.config.At(1+i) / 0.0035; math.Abs(got-want) > 5e-5 {
				t.Errorf("At(%d) of %d epochs = %g of the rate, want %g", 1+i, test.config.Epochs, got, want)
			}
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

func TestEachEpochHasAnOrderOfItsOwn(t *testing.T) {
	first, second := order(1, 0, 50), order(1, 1, 50)
	if slices.Equal(first, second) || slices.Equal(first, order(2, 0, 50)) || !slices.Equal(first, order(1, 0, 50)) {
		t.Error("the order does not follow seed and epoch")
	}
	if slices.Sort(first); first[0] != 0 || len(slices.Compact(first)) != 50 {
		t.Errorf("order = %v, want a permutation", first)
	}
}

// TestGradientCheckpointingIsExact compares the prompts after a step whose backward pass keeps, and recomputes, the
// insides of the blocks.
func TestGradientCheckpointingIsExact(t *testing.T) {
	e := newEngine(t)
	in := oneBatch(t, e, dapt.Method{Learner: learner})
	before := parameters(t, e)
	after := map[bool]map[string][]float32{}
	for _, recompute := range []bool{false, true} {
		if err := e.SetParameters(before); err != nil {
			t.Fatal(err)
		}
		c := quick()
		c.Checkpoint = recompute
		if _, err := e.Step(dapt.Method{Learner: learner}, c, dapt.Both, 1, in); err != nil {
			t.Fatal(err)
		}
		after[recompute] = parameters(t, e)
	}
	for name, kept := range after[false] {
		for i, v := range kept {
			if math.Abs(float64(v-after[true][name][i])) > 1e-6 {
				t.Fatalf("%s[%d] is %g kept and %g recomputed, from %g", name, i, v, after[true][name][i], before[name][i])
			}
		}
	}
}
