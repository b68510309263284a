package selection

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
)

// newScores are random: counts images of each class, class after class, of features and texts of 6 numbers.
func newScores(seed uint64, counts ...int) *Scores {
	rng := rand.New(rand.NewPCG(seed, 0))
	s := &Scores{Logits: Matrix{Columns: len(counts)}, Features: Matrix{Columns: 6}, Texts: Matrix{Columns: 6}}
	row := func(m *Matrix, scale float64) {
		v := make([]float64, m.Columns)
		for i := range v {
			v[i] = rng.NormFloat64()
		}
		if scale == 0 {
			unit(v)
			scale = 1
		}
		for _, x := range v {
			m.Values = append(m.Values, float32(scale*x))
		}
	}
	for label, count := range counts {
		row(&s.Texts, 0)
		for range count {
			s.Labels = append(s.Labels, label)
			row(&s.Logits, 2)
			row(&s.Features, 0)
		}
	}
	return s
}

func fixed[T any](value T) func(context.Context) (T, error) {
	return func(context.Context) (T, error) { return value, nil }
}

// newPool has everything that a method may ask for.
func newPool(counts ...int) Pool {
	s, val := newScores(1, counts...), newScores(2, slices.Repeat([]int{2}, len(counts))...)
	forgotten, robustness := make([]int, len(s.Labels)), make([]float64, len(s.Labels))
	for i := range s.Labels {
		forgotten[i], robustness[i] = i*7%5, float64(i*5%11)
	}
	return Pool{
		Labels: s.Labels, Classes: len(counts), Seed: 1, Train: fixed(s), Val: fixed(val),
		Forgotten: fixed(forgotten), Robustness: fixed(robustness),
	}
}

// choose selects a part of each class, or ends the test.
func choose(t *testing.T, m Method, pool Pool, ratio float64) Pick {
	t.Helper()
	pick, err := Keep{Ratio: ratio}.Select(context.Background(), pool, m)
	if err != nil {
		t.Fatalf("%s: %v", m.Name(), err)
	}
	return pick
}
