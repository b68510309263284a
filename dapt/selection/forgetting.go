package selection

import (
	"context"
	"fmt"
)

// Forgetting keeps the images that training forgets most often (Toneva et al., ICLR 2019; deepcore/methods/forgetting.py).
// It needs the counts of at least one epoch of training; the published code cannot train here, so that its counts are all 0.
type Forgetting struct {
	// LastFirst puts the higher index first among equal counts, as the published code does where its sort is stable.
	LastFirst bool `json:",omitempty"`
}

// Name returns "forgetting".
func (Forgetting) Name() string { return "forgetting" }

// Select ranks by the counts.
func (f Forgetting) Select(ctx context.Context, pool *Pool, items []int, budget int) (Pick, error) {
	if pool.Forgotten == nil {
		return Pick{}, fmt.Errorf("selection: forgetting counts what training forgets, and nothing was trained: warm up for some epochs")
	}
	counts, err := pool.Forgotten(ctx)
	if err != nil {
		return Pick{}, fmt.Errorf("selection: counting what training forgets: %w", err)
	}
	if len(counts) != len(pool.Labels) {
		return Pick{}, fmt.Errorf("selection: there are counts of %d images, want %d", len(counts), len(pool.Labels))
	}
	scores := make([]float64, len(items))
	for i, item := range items {
		scores[i] = float64(counts[item])
	}
	if !f.LastFirst {
		return highest(items, scores, budget), nil
	}
	all := lowest(items, scores, len(items))
	kept := make([]int, budget)
	for i := range kept {
		kept[i] = all.Items[len(items)-1-i]
	}
	return Pick{Items: kept, Order: kept, Scores: scores}, nil
}

// Memory counts how often each image goes from right to wrong.
type Memory struct {
	Right  []bool // at the last visit, by image
	Events []int  // by image
}

// NewMemory starts from which images are right before training.
func NewMemory(right []bool) *Memory { return &Memory{right, make([]int, len(right))} }

// Visit tells how an image was classified when training saw it.
func (m *Memory) Visit(image int, right bool) {
	if m.Right[image] && !right {
		m.Events[image]++
	}
	m.Right[image] = right
}

// Of reports whether this is the memory of so many images.
func (m *Memory) Of(images int) bool {
	return m != nil && len(m.Right) == images && len(m.Events) == images
}
