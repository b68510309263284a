package selection

import (
	"context"
	"math"

	"gonum.org/v1/gonum/floats"

	"github.com/dapt-go/dapt-go/dapt/internal/pyrand"
)

// KCenterGreedy covers the images: the first is drawn, then always the one farthest from all that are chosen (Sener and
// Savarese, ICLR 2018; deepcore/methods/kcentergreedy.py), by the distance of unit image features.
type KCenterGreedy struct{}

// Name returns "kcenter".
func (KCenterGreedy) Name() string { return "kcenter" }

// Select draws the first item from Pool.Seed, anew for each class as the published code does.
func (k KCenterGreedy) Select(ctx context.Context, pool *Pool, items []int, budget int) (Pick, error) {
	s, err := pool.scores(ctx, k)
	if err != nil {
		return Pick{}, err
	}
	rows := make([][]float64, len(items))
	for i, item := range items {
		rows[i] = widen(s.Features.Row(item))
	}
	distance := func(a, b []float64) float64 { return floats.Distance(a, b, 2) }
	return chosen(items, cover(rows, budget, pool.Seed, distance)), nil
}

// ContextualDiversity is [KCenterGreedy] by the symmetric Kullback-Leibler divergence of class probabilities (Agarwal et
// al., ECCV 2020; deepcore/methods/contextualdiversity.py).
type ContextualDiversity struct{}

// Name returns "contextual-diversity".
func (ContextualDiversity) Name() string { return "contextual-diversity" }

// Select draws the first item as [KCenterGreedy.Select] does.
func (c ContextualDiversity) Select(ctx context.Context, pool *Pool, items []int, budget int) (Pick, error) {
	s, err := pool.scores(ctx, c)
	if err != nil {
		return Pick{}, err
	}
	return chosen(items, cover(s.probabilities(items), budget, pool.Seed, divergence)), nil
}

// cover returns places of rows: one drawn by seed, then always the farthest from all before; of equals the first.
func cover(rows [][]float64, budget int, seed uint32, distance func(a, b []float64) float64) []int {
	nearest := make([]float64, len(rows))
	for i := range nearest {
		nearest[i] = math.Inf(1)
	}
	places := []int{pyrand.NewNumPy(seed).Randint(0, len(rows))}
	for {
		last := places[len(places)-1]
		nearest[last] = math.Inf(-1)
		if len(places) == budget {
			return places
		}
		for i, row := range rows {
			if !math.IsInf(nearest[i], -1) {
				nearest[i] = min(nearest[i], distance(rows[last], row))
			}
		}
		places = append(places, floats.MaxIdx(nearest))
	}
}
