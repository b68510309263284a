package selection

import "context"

// Full keeps everything, whatever the budget.
type Full struct{}

// Name returns "full".
func (Full) Name() string { return "full" }

// NeedsNoModel makes it a [Blind].
func (Full) NeedsNoModel() {}

// Select returns items.
func (Full) Select(_ context.Context, _ *Pool, items []int, _ int) (Pick, error) {
	return Pick{Items: items, Order: items}, nil
}

// Uniform draws without replacement, as numpy.random.choice does after numpy.random.seed(Pool.Seed)
// (deepcore/methods/uniform.py). Items are in the order of the draw.
type Uniform struct{}

// Name returns "uniform".
func (Uniform) Name() string { return "uniform" }

// NeedsNoModel makes it a [Blind].
func (Uniform) NeedsNoModel() {}

// Select draws.
func (Uniform) Select(_ context.Context, pool *Pool, items []int, budget int) (Pick, error) {
	kept := pickOf(items, pool.numpy().Choice(len(items), budget))
	return Pick{Items: kept, Order: kept}, nil
}

// skip draws nothing of items, which takes as many random numbers.
func (Uniform) skip(pool *Pool, items []int) { pool.numpy().Choice(len(items), 0) }
