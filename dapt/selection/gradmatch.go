package selection

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/mat"
)

// GradMatch chooses images and weights whose sum of gradients is near the mean of all candidates' (Killamsetty et al., ICML
// 2021; deepcore/methods/gradmatch.py): orthogonal matching pursuit with a ridge of 1, and non-negative least squares for
// the weights. Images of weight 0 are left out, so that fewer than the budget may be kept. A budget of one has weight 1.
type GradMatch struct {
	// Validation matches the mean gradient of the class's validation images instead, where there are any.
	Validation bool `json:",omitempty"`
	Gradients
}

// Name returns "gradmatch".
func (GradMatch) Name() string { return "gradmatch" }

// Weighs makes it a [Weigher].
func (GradMatch) Weighs() {}

// Select matches.
func (m GradMatch) Select(ctx context.Context, pool *Pool, items []int, budget int) (Pick, error) {
	s, err := pool.scores(ctx, m)
	if err != nil {
		return Pick{}, err
	}
	target, aims := s, items
	if m.Validation {
		if target, aims, err = pool.aims(ctx, m, s, items); err != nil {
			return Pick{}, err
		}
	}
	all := m.of(s, items)
	return match(items, all.products(all), all.meanProducts(m.of(target, aims)), budget)
}

// match pursues: k are the products of the candidates' gradients, target theirs with the gradient to match.
func match(items []int, k *mat.Dense, target []float64, budget int) (Pick, error) {
	var places []int
	left := append([]float64{}, target...) // products with what is not matched yet
	taken := make([]bool, len(items))
	for range budget {
		best := -1
		for j, v := range left {
			if !taken[j] && (best < 0 || v > left[best]) {
				best = j
			}
		}
		taken[best] = true
		places = append(places, best)
		x, err := matchWeights(k, target, places)
		if err != nil {
			return Pick{}, err
		}
		for j := range left {
			left[j] = target[j]
			for i, place := range places {
				left[j] -= k.At(j, place) * x[i]
			}
		}
	}
	if budget == 1 {
		kept := pickOf(items, places)
		return Pick{Items: kept, Order: kept, Weights: []float64{1}}, nil
	}
	weights, err := nonNegative(ridged(k, places), pickOf(target, places))
	if err != nil {
		return Pick{}, err
	}
	return weighted(items, places, weights), nil
}

// matchWeights are those of least squares, without the ridge for the first as published.
func matchWeights(k *mat.Dense, target []float64, places []int) ([]float64, error) {
	if len(places) == 1 {
		at := places[0]
		if k.At(at, at) == 0 {
			return []float64{0}, nil
		}
		return []float64{target[at] / k.At(at, at)}, nil
	}
	return solve(ridged(k, places), pickOf(target, places))
}

// ridged are the products of some candidates, with 1 added to their own.
func ridged(k *mat.Dense, places []int) *mat.SymDense {
	a := square(k, places)
	for i := range places {
		a.SetSym(i, i, a.At(i, i)+1)
	}
	return a
}

// square is the part of a symmetric matrix in some rows and the same columns.
func square(a mat.Matrix, places []int) *mat.SymDense {
	part := mat.NewSymDense(len(places), nil)
	for i, p := range places {
		for j := i; j < len(places); j++ {
			part.SetSym(i, j, a.At(p, places[j]))
		}
	}
	return part
}

// solve solves a x = b for a positive definite a.
func solve(a *mat.SymDense, b []float64) ([]float64, error) {
	var factor mat.Cholesky
	if !factor.Factorize(a) {
		return nil, fmt.Errorf("selection: matching gradients: products of %d gradients are not positive definite", len(b))
	}
	x := mat.NewVecDense(len(b), nil)
	if err := factor.SolveVecTo(x, mat.NewVecDense(len(b), b)); err != nil {
		return nil, fmt.Errorf("selection: matching gradients: %w", err)
	}
	return x.RawVector().Data, nil
}

// weighted keeps the places of weights over 0, in the order of the list; Order is that of the choice.
func weighted(items, places []int, weights []float64) Pick {
	of := map[int]float64{}
	var kept []int
	for i, place := range places {
		if weights[i] > 0 {
			kept = append(kept, place)
			of[items[place]] = weights[i]
		}
	}
	p := chosen(items, kept)
	for _, item := range p.Items {
		p.Weights = append(p.Weights, of[item])
	}
	return p
}
