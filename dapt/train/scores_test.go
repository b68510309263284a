package train

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt"
)

func TestScoresAreThoseThatEvaluationRanks(t *testing.T) {
	e := newEngine(t)
	d, _ := newData()
	s, err := e.Scores(context.Background(), d, d.Train, quick())
	if err != nil {
		t.Fatal(err)
	}
	right := 0
	for i, label := range s.Labels {
		row := s.Logits.Row(i)
		if slices.Index(row, slices.Max(row)) == label {
			right++
		}
		square := 0.0
		for _, v := range s.Features.Row(i) {
			square += float64(v) * float64(v)
		}
		if math.Abs(square-1) > 1e-5 {
			t.Errorf("features of image %d have length %g, want 1", i, math.Sqrt(square))
		}
	}
	score, err := e.Evaluate(context.Background(), d, d.Train, nil, quick())
	if err != nil {
		t.Fatal(err)
	}
	if got := 100 * float64(right) / float64(len(s.Labels)); got != score.Accuracy {
		t.Errorf("by the scores %g %% are right, by evaluation %g %%", got, score.Accuracy)
	}
}

func TestForgettingIsCountedAlsoAcrossAnInterruption(t *testing.T) {
	d, _ := newData()
	c := quick()
	c.Rate, c.Epochs = 0.5, 4 // far too high, so that images are forgotten
	run := func(folder string, stop int) (Outcome, error) {
		ctx, cancel := context.WithCancel(context.Background())
		defer cancel()
		steps := 0
		return Run{
			Engine: newEngine(t), Method: dapt.Method{Learner: learner}, Data: d, Config: c, Folder: folder, Forgetting: true,
			Report: func(Progress) {
				if steps++; steps == stop {
					cancel()
				}
			},
		}.Tune(ctx)
	}
	whole, err := run("", 0)
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	if _, err := run(folder, 5); !errors.Is(err, context.Canceled) {
		t.Fatalf("error is %v, want that it was stopped", err)
	}
	resumed, err := run(folder, 0)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(resumed.Forgotten, whole.Forgotten) || slices.Max(whole.Forgotten) == 0 || len(whole.Forgotten) != len(d.Train) {
		t.Errorf("counts %v after an interruption, %v without, want the same and some above 0", resumed.Forgotten, whole.Forgotten)
	}
}

func TestRobustnessDoesNotDependOnTheBatch(t *testing.T) {
	e := newEngine(t)
	d, _ := newData()
	var all [][]float64
	for _, size := range []int{1, 3, len(d.Test)} {
		c := quick()
		c.Test = size
		squares, err := e.Robustness(context.Background(), d, d.Test, DeepFool{}, c)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, squares)
	}
	for i, want := range all[0] {
		if want <= 0 || math.IsNaN(want) {
			t.Errorf("the change of image %d has squared length %g, want more than 0", i, want)
		}
		for _, squares := range all[1:] {
			if math.Abs(squares[i]-want) > 1e-2*want { // rounding decides how far past the border the last step ends
				t.Errorf("the change of image %d has squared length %g, alone in its batch %g", i, squares[i], want)
			}
		}
	}
}

func TestOneClassHasNoBorder(t *testing.T) {
	e := newEngine(t)
	d, _ := newData()
	d.Classes = d.Classes[:1]
	items := d.Test[:1]
	items[0].Label = 0
	squares, err := e.Robustness(context.Background(), d, items, DeepFool{}, quick())
	if err != nil || squares[0] != 0 {
		t.Errorf("Robustness = %v, %v, want 0 where there is no other class", squares, err)
	}
}

func TestWeightsOfOneChangeNothing(t *testing.T) {
	d, _ := newData()
	m := methods()["dapt-s"]
	tuned := func(weights []float64) map[string][]float32 {
		e := newEngine(t)
		if _, err := (Run{Engine: e, Method: m, Data: d, Config: quick(), Weights: weights}).Tune(context.Background()); err != nil {
			t.Fatal(err)
		}
		values, err := e.Parameters()
		if err != nil {
			t.Fatal(err)
		}
		return values
	}
	plain, ones := tuned(nil), tuned(slices.Repeat([]float64{1}, len(d.Train)))
	most, other := 0.0, tuned(append(slices.Repeat([]float64{0}, len(d.Train)-1), float64(len(d.Train))))
	for name, values := range plain {
		for i, v := range values {
			if math.Abs(float64(ones[name][i]-v)) > 1e-5 {
				t.Fatalf("with weights of 1 number %d of %s is %g, want %g", i, name, ones[name][i], v)
			}
			most = max(most, math.Abs(float64(other[name][i]-v)))
		}
	}
	if most < 1e-4 {
		t.Errorf("with all weight on one image no number differs by more than %g", most)
	}
}

func TestBadWeightsAreErrors(t *testing.T) {
	d, _ := newData()
	for want, weights := range map[string][]float64{
		"of 1 images, want 12": {1},
		"is -1":                append(slices.Repeat([]float64{1}, 11), -1),
		"is NaN":               append(slices.Repeat([]float64{1}, 11), math.NaN()),
	} {
		_, err := Run{Engine: newEngine(t), Method: methods()["maple"], Data: d, Config: quick(), Weights: weights}.Tune(context.Background())
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("with weights %v the error is %v, want one with %q", weights, err, want)
		}
	}
}
