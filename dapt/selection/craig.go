package selection

import (
	"context"

	"gonum.org/v1/gonum/mat"
)

// CRAIG chooses images whose gradients are near those of all others (Mirzasoleiman et al., ICML 2020;
// deepcore/methods/craig.py): facility location of the negative distances of gradients, by lazy greedy. A weight is one more
// than how many candidates have the image as the nearest.
type CRAIG struct{ Gradients }

// Name returns "craig".
func (CRAIG) Name() string { return "craig" }

// Weighs makes it a [Weigher].
func (CRAIG) Weighs() {}

// Select maximises the coverage.
func (c CRAIG) Select(ctx context.Context, pool *Pool, items []int, budget int) (Pick, error) {
	s, err := pool.scores(ctx, c)
	if err != nil {
		return Pick{}, err
	}
	near := c.of(s, items).distances()
	most := mat.Max(near)
	near.Apply(func(_, _ int, v float64) float64 { return most - v + 1e-3 }, near)
	pick := chosen(items, lazy(len(items), budget, newCoverage(near)))
	pick.Weights = assigned(near, items, pick.Items)
	return pick, nil
}

// assigned counts for each kept item the candidates that it is nearest to, of equals the first, plus 1.
func assigned(near *mat.Dense, items, kept []int) []float64 {
	places := map[int]int{}
	for place, item := range items {
		places[item] = place
	}
	weights := make([]float64, len(kept))
	for k := range weights {
		weights[k] = 1
	}
	for i := range items {
		best := 0
		for k, item := range kept {
			if near.At(places[item], i) > near.At(places[kept[best]], i) {
				best = k
			}
		}
		weights[best]++
	}
	return weights
}
