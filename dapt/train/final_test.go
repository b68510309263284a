package train

import (
	"context"
	"errors"
	"math"
	"slices"
	"testing"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/prompt"
)

// averaged is quick with a mean of the prompts of its epochs, by AdamW.
func averaged() Config {
	c := quick()
	c.Final, c.Average, c.Optimizer = MeanOfEpochs, prompt.Gaussian{Mean: 2, Deviation: 1}, AdamW
	return c
}

func TestTheMeanOfEpochsIsOfTheirPrompts(t *testing.T) {
	e, m, c := newEngine(t), dapt.Method{Learner: learner}, averaged()
	d, _ := newData()
	want := map[string][]float32{}
	out, err := Run{Engine: e, Method: m, Data: d, Config: c, Report: func(p Progress) {
		if p.Step%(p.Steps/p.Epochs) != 0 {
			return
		}
		for name, values := range parameters(t, e) {
			if want[name] == nil {
				want[name] = make([]float32, len(values))
			}
			for i, v := range values {
				want[name][i] += float32(c.Weights()[p.Epoch]) * v
			}
		}
	}}.Tune(context.Background())
	if err != nil || out.Final != "mean of epochs" || !equalParameters(want, parameters(t, e)) {
		t.Errorf("%q, %v: the prompts are not the mean of those after the epochs, weighed by %v", out.Final, err, c.Weights())
	}
}

func TestAnInterruptedMeanAndAdamWEndInTheSameBits(t *testing.T) {
	e, m, c := newEngine(t), dapt.Method{Learner: learner}, averaged()
	d, _ := newData()
	run := Run{Engine: e, Method: m, Data: d, Config: c, Folder: t.TempDir()}
	if _, err := run.Tune(context.Background()); err != nil {
		t.Fatal(err)
	}
	want := parameters(t, e)
	run.Folder = t.TempDir()
	for range c.Epochs * 3 { // stopped after every step
		ctx, stop := context.WithCancel(context.Background())
		run.Report = func(Progress) { stop() }
		if _, err := run.Tune(ctx); err != nil && !errors.Is(err, context.Canceled) {
			t.Fatal(err)
		}
		stop()
	}
	run.Report = nil
	if _, err := run.Tune(context.Background()); err != nil || !equalParameters(want, parameters(t, e)) {
		t.Errorf("interrupted after every step, the mean ends elsewhere: %v", err)
	}
}

func TestWeightsOfEpochsAreADensity(t *testing.T) {
	c := Config{Epochs: 5, Average: prompt.Gaussian{Mean: 3, Deviation: 1}}
	got := c.Weights()
	sum := 0.0
	for _, w := range got {
		sum += w
	}
	if math.Abs(sum-1) > 1e-15 || got[1] != got[3] || slices.Max(got) != got[2] || math.Abs(got[1]/got[2]-math.Exp(-0.5)) > 1e-15 {
		t.Errorf("weights %v, want a normal density around the third epoch, of sum 1", got)
	}
}

func TestAShortenedTuningKeepsItsShape(t *testing.T) {
	c := Config{Epochs: 50, Average: prompt.Gaussian{Mean: 30, Deviation: 5}}
	if got, want := c.Shortened(20), (Config{Epochs: 20, Average: prompt.Gaussian{Mean: 12, Deviation: 2}}); got != want {
		t.Errorf("Shortened(20) = %+v, want %+v", got, want)
	}
	if got := c.Shortened(60); got != c {
		t.Errorf("Shortened(60) = %+v, want it unchanged", got)
	}
}

func TestPromptsThatAreDrawnAnewAreTunedOnNothing(t *testing.T) {
	e := newEngine(t)
	d, _ := newData()
	e.tunes(d.Name, d.Classes)
	if e.tunedOn(d) != 1 {
		t.Error("the classes that prompts are tuned on are not known")
	}
	if err := e.Reset(1); err != nil || e.tunedOn(d) != 0 {
		t.Errorf("after Reset, %v, the prompts are still tuned on %q", err, e.tuned.Classes)
	}
}
