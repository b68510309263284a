package selection

import (
	"context"
	"errors"
	"fmt"
	"math"
)

// DeepFool keeps the images nearest to a decision border: those that the smallest change makes another class
// (Moosavi-Dezfooli et al., CVPR 2016; Ducoffe and Precioso, 2018; deepcore/methods/deepfool.py).
type DeepFool struct{}

// Name returns "deepfool".
func (DeepFool) Name() string { return "deepfool" }

// Select ranks by Pool.Robustness.
func (d DeepFool) Select(ctx context.Context, pool *Pool, items []int, budget int) (Pick, error) {
	if pool.Robustness == nil {
		return Pick{}, errors.New("selection: deepfool needs the gradients of images, and the pool has no Robustness")
	}
	lengths, err := pool.Robustness(ctx)
	if err != nil {
		return Pick{}, fmt.Errorf("selection: changing images until their class changes: %w", err)
	}
	if len(lengths) != len(pool.Labels) {
		return Pick{}, fmt.Errorf("selection: there are changes of %d images, want %d", len(lengths), len(pool.Labels))
	}
	scores := make([]float64, len(items))
	for i, item := range items {
		if scores[i] = lengths[item]; math.IsNaN(scores[i]) {
			return Pick{}, fmt.Errorf("selection: the change of image %d is not a number", item)
		}
	}
	return lowest(items, scores, budget), nil
}
