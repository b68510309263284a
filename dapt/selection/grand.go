package selection

import (
	"context"
	"math"

	"gonum.org/v1/gonum/floats"
)

// GraNd keeps the images of the longest gradients (Paul et al., NeurIPS 2021; deepcore/methods/grand.py). The paper takes
// the mean over several models; this is one.
type GraNd struct{ Gradients }

// Name returns "grand".
func (GraNd) Name() string { return "grand" }

// Select ranks by the length of the gradient, sqrt(d d (1 + f f)).
func (g GraNd) Select(ctx context.Context, pool *Pool, items []int, budget int) (Pick, error) {
	s, err := pool.scores(ctx, g)
	if err != nil {
		return Pick{}, err
	}
	return highest(items, g.Norms(s, items), budget), nil
}

// Norms returns the lengths of the gradients of items.
func (g GraNd) Norms(s *Scores, items []int) []float64 {
	all := g.of(s, items)
	norms := make([]float64, len(items))
	for i := range norms {
		d, f := all.residuals.RawRowView(i), all.features.RawRowView(i)
		norms[i] = math.Sqrt(floats.Dot(d, d) * (1 + floats.Dot(f, f)))
	}
	return norms
}
