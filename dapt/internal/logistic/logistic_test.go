package logistic

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"slices"
	"strings"
	"testing"
)

// made are the features of testdata/fits.py.
func made(count, classes, noise, salt, width int) Set {
	s := Set{Width: width}
	for item := range count {
		label := item % classes
		s.Labels = append(s.Labels, label)
		for place := range width {
			point := ((label+1)*7919+place*104729)%512 - 256
			mixed := (item*1000003 + place*7368787 + salt*15485863) % 2147483647
			rough := mixed*mixed%2147483647%512 - 256
			s.Features = append(s.Features, float32(point+noise*rough)/256)
		}
	}
	return s
}

// fits are what scikit-learn made of them.
type fits struct {
	Width int
	Fits  []struct {
		Classes, Count, Noise, Iterations int
		C                                 float64
		Weights, Intercepts               []float64
		Predicted                         []int
	}
}

func read(t *testing.T) (f fits) {
	t.Helper()
	text, err := os.ReadFile("testdata/fits.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &f); err != nil {
		t.Fatal(err)
	}
	return f
}

// largest is the largest difference of two lists.
func largest(a, b []float64) float64 {
	if len(a) != len(b) {
		return math.Inf(1)
	}
	far := 0.0
	for i := range a {
		far = max(far, math.Abs(a[i]-b[i]))
	}
	return far
}

// TestFitsAreThoseOfScikitLearn: the steps are the same but for rounding, so that also what is far from its minimum agrees.
func TestFitsAreThoseOfScikitLearn(t *testing.T) {
	f := read(t)
	for _, want := range f.Fits {
		m, err := Fit(context.Background(), made(want.Count, want.Classes, want.Noise, 1, f.Width), want.C, 1000)
		if err != nil {
			t.Fatal(err)
		}
		what := []any{want.Classes, want.C}
		if m.Iterations != want.Iterations {
			t.Errorf("Fit(%v) took %d iterations, want %d", what, m.Iterations, want.Iterations)
		}
		if far := largest(m.Weights, want.Weights); far > 1e-6 {
			t.Errorf("Fit(%v): weights are off by %g, want at most 1e-6", what, far)
		}
		if far := largest(m.Intercepts, want.Intercepts); far > 1e-6 {
			t.Errorf("Fit(%v): intercepts are off by %g, want at most 1e-6", what, far)
		}
		if got := m.Predict(made(40, want.Classes, want.Noise, 2, f.Width).Features); !slices.Equal(got, want.Predicted) {
			t.Errorf("Fit(%v).Predict = %v, want %v", what, got, want.Predicted)
		}
	}
}

func TestWhatCannotBeFittedIsAnError(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	for name, test := range map[string]struct {
		set  Set
		c    float64
		want string
	}{
		"one class":      {Set{1, []float32{1, 2}, []int{3, 3}}, 1, "fewer than two classes"},
		"no item":        {Set{1, nil, nil}, 1, "0 items"},
		"not a number":   {Set{2, []float32{1, 2, 3, nan}, []int{0, 1}}, 1, "item 1 has NaN at place 1"},
		"infinity":       {Set{1, []float32{inf, 1}, []int{0, 1}}, 1, "item 0 has +Inf at place 0"},
		"a number short": {Set{2, []float32{1, 2, 3}, []int{0, 1}}, 1, "3 numbers for 2 items of width 2"},
		"no width":       {Set{0, nil, []int{0, 1}}, 1, "of width 0"},
		"C of 0":         {Set{1, []float32{1, 2}, []int{0, 1}}, 0, "C is 0"},
		"infinite C":     {Set{1, []float32{1, 2}, []int{0, 1}}, math.Inf(1), "C is +Inf"},
	} {
		if _, err := Fit(context.Background(), test.set, test.c, 10); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("Fit(%s) = %v, want an error with %q", name, err, test.want)
		}
	}
}

// TestTheGradientIsTheSlopeOfTheLoss by differences, of two classes and of more.
func TestTheGradientIsTheSlopeOfTheLoss(t *testing.T) {
	for _, classes := range []int{2, 4} {
		p := newProblem(made(20, classes, 1, 1, 3), 0.5)
		x, gradient := make([]float64, p.size()), make([]float64, p.size())
		for i := range x {
			x[i] = math.Sin(float64(3 * i))
		}
		p.gradient(gradient, x)
		for i := range x {
			const step = 1e-5
			before, after := slices.Clone(x), slices.Clone(x)
			before[i] -= step
			after[i] += step
			if want := (p.loss(after) - p.loss(before)) / (2 * step); math.Abs(gradient[i]-want) > 1e-8 {
				t.Errorf("%d classes: gradient[%d] = %g, want %g", classes, i, gradient[i], want)
			}
		}
	}
}

func TestACancelledFitEnds(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	stop()
	if _, err := Fit(ctx, made(20, 2, 1, 1, 4), 1, 10); !errors.Is(err, context.Canceled) {
		t.Errorf("Fit = %v, want %v", err, context.Canceled)
	}
}

func TestFitEndsAfterItsIterations(t *testing.T) {
	m, err := Fit(context.Background(), made(60, 5, 3, 1, 12), 1e6, 3)
	if err != nil || m.Iterations != 3 {
		t.Errorf("Fit in 3 iterations took %+v, %v", m, err)
	}
}

// TestLabelsNeedNotBeInARow: the labels of the set come back, and equal features of no use leave the first.
func TestLabelsNeedNotBeInARow(t *testing.T) {
	m, err := Fit(context.Background(), Set{1, []float32{-1, 0, 1, -1, 0, 1}, []int{2, 5, 9, 2, 5, 9}}, 100, 1000)
	if err != nil {
		t.Fatal(err)
	}
	if got := m.Predict([]float32{-3, 0, 3}); !slices.Equal(got, []int{2, 5, 9}) {
		t.Errorf("Predict = %v, want 2, 5 and 9", got)
	}
	if m, err = Fit(context.Background(), Set{1, make([]float32, 4), []int{7, 4, 7, 4}}, 1, 1000); err != nil {
		t.Fatal(err)
	}
	if got := m.Predict([]float32{1}); !slices.Equal(got, []int{4}) {
		t.Errorf("Predict of what tells nothing = %v, want the first class, 4", got)
	}
}

// BenchmarkFit is of 100 classes with 16 items each and features as wide as those of ViT-B/16.
func BenchmarkFit(b *testing.B) {
	s := made(1600, 100, 2, 1, 512)
	for name, c := range map[string]float64{"C=1e6": 1e6, "C=1": 1, "C=1e-2": 1e-2} {
		b.Run(name, func(b *testing.B) {
			iterations := 0
			for b.Loop() {
				m, err := Fit(context.Background(), s, c, 1000)
				if err != nil {
					b.Fatal(err)
				}
				iterations = m.Iterations
			}
			b.ReportMetric(float64(iterations), "iterations")
		})
	}
}
