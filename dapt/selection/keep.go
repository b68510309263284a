package selection

import (
	"context"
	"fmt"
	"math"
)

// Keep is how much of a pool is kept.
type Keep struct {
	Ratio float64 // of the images of each class, over 0 and up to 1, rounded half to even as Python does
	// Together ranks all images at once; otherwise each class keeps its own share.
	Together bool `json:",omitempty"`
	// Drop leaves out classes whose share is rounded to no image, as published; otherwise they keep one.
	Drop bool `json:",omitempty"`
}

// Budget returns how many of so many images are kept.
func (k Keep) Budget(images int) int {
	budget := int(math.RoundToEven(k.Ratio * float64(images)))
	if !k.Drop && images > 0 {
		budget = max(budget, 1)
	}
	return budget
}

// Select chooses by m. Classes come one after the other; one without images keeps none. Scores, if any, are those of all
// the pool's images, with 0 for images of classes that were dropped.
func (k Keep) Select(ctx context.Context, pool Pool, m Method) (Pick, error) {
	if !(k.Ratio > 0 && k.Ratio <= 1) {
		return Pick{}, fmt.Errorf("selection: Ratio is %g, want more than 0 and at most 1", k.Ratio)
	}
	if err := pool.check(); err != nil {
		return Pick{}, err
	}
	pool.random, pool.images, pool.others = nil, nil, nil // start anew
	var all Pick
	for _, items := range k.groups(pool) {
		budget := k.Budget(len(items))
		if budget == 0 {
			if draws, ok := m.(skipper); ok {
				draws.skip(&pool, items)
			}
			continue
		}
		if err := ctx.Err(); err != nil {
			return Pick{}, err
		}
		pick, err := m.Select(ctx, &pool, items, budget)
		if err != nil {
			return Pick{}, err
		}
		all.join(pick, items, len(pool.Labels))
	}
	return all, nil
}

// skipper is a Method that draws random numbers even for a class that keeps nothing.
type skipper interface{ skip(pool *Pool, items []int) }

// groups are the candidates of each class, or all as one.
func (k Keep) groups(pool Pool) [][]int {
	groups := make([][]int, pool.Classes)
	for i, label := range pool.Labels {
		if k.Together {
			label = 0
		}
		groups[label] = append(groups[label], i)
	}
	return groups
}

// join adds the pick of one group of a pool of so many images.
func (p *Pick) join(pick Pick, items []int, images int) {
	p.Items, p.Order, p.Weights = append(p.Items, pick.Items...), append(p.Order, pick.Order...), append(p.Weights, pick.Weights...)
	if pick.Scores == nil {
		return
	}
	if p.Scores == nil {
		p.Scores = make([]float64, images)
	}
	for i, item := range items {
		p.Scores[item] = pick.Scores[i]
	}
}
