package selection

import (
	"context"
	"slices"

	"gonum.org/v1/gonum/floats"
)

// Herding keeps the mean of what is kept near the mean of all (Welling, ICML 2009; deepcore/methods/herding.py), in
// features that are half image and half class text.
type Herding struct {
	// Farthest takes in each step the image farthest from where the mean asks for one, as the published code does.
	Farthest bool `json:",omitempty"`
}

// Name returns "herding".
func (Herding) Name() string { return "herding" }

// Select takes one image after the other: the one nearest to (k+1) mean - sum of the k chosen.
func (h Herding) Select(ctx context.Context, pool *Pool, items []int, budget int) (Pick, error) {
	s, err := pool.scores(ctx, h)
	if err != nil {
		return Pick{}, err
	}
	rows := s.mixed(items)
	mean := meanRow(rows)
	wanted := slices.Clone(mean)
	places := make([]int, 0, budget)
	taken := make([]bool, len(items))
	for range budget {
		best, bestDistance := -1, 0.0
		for i, row := range rows {
			if taken[i] {
				continue
			}
			distance := floats.Distance(wanted, row, 2)
			if h.Farthest {
				distance = -distance
			}
			if best < 0 || distance < bestDistance {
				best, bestDistance = i, distance
			}
		}
		taken[best] = true
		places = append(places, best)
		floats.Add(wanted, mean)
		floats.Sub(wanted, rows[best])
	}
	return chosen(items, places), nil
}

func meanRow(rows [][]float64) []float64 {
	mean := make([]float64, len(rows[0]))
	for _, row := range rows {
		floats.Add(mean, row)
	}
	floats.Scale(1/float64(len(rows)), mean)
	return mean
}
