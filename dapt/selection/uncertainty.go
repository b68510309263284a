package selection

import (
	"context"
	"fmt"
	"math"
	"slices"
)

// Measure is how sure a model is of an image.
type Measure string

// The three measures. In each, a low number means doubt.
const (
	Margin          Measure = "margin"           // the largest probability less the second
	Entropy         Measure = "entropy"          // sum p log(p + 1e-6)
	LeastConfidence Measure = "least-confidence" // the largest logit
)

// Uncertainty keeps what the model doubts most (deepcore/methods/uncertainty.py; Coleman et al., ICLR 2020).
type Uncertainty struct {
	Measure Measure // "" means Margin
	// Surest keeps what the model doubts least, surest first, as the published code does where it ranks all classes
	// together.
	Surest bool `json:",omitempty"`
}

// Name returns "uncertainty-" and the measure.
func (u Uncertainty) Name() string { return "uncertainty-" + string(u.measure()) }

func (u Uncertainty) measure() Measure {
	if u.Measure == "" {
		return Margin
	}
	return u.Measure
}

// Select ranks by the measure.
func (u Uncertainty) Select(ctx context.Context, pool *Pool, items []int, budget int) (Pick, error) {
	s, err := pool.scores(ctx, u)
	if err != nil {
		return Pick{}, err
	}
	scores := make([]float64, len(items))
	for i, item := range items {
		if scores[i], err = u.sure(widen(s.Logits.Row(item))); err != nil {
			return Pick{}, err
		}
	}
	if u.Surest {
		return highest(items, scores, budget), nil
	}
	return lowest(items, scores, budget), nil
}

// sure measures one row of logits, which it changes.
func (u Uncertainty) sure(logits []float64) (float64, error) {
	switch u.measure() {
	case LeastConfidence:
		return slices.Max(logits), nil
	case Entropy:
		sum := 0.0
		for _, p := range softmax(logits) {
			sum += p * math.Log(p+1e-6)
		}
		return sum, nil
	case Margin:
		p := slices.Sorted(slices.Values(softmax(logits)))
		if len(p) == 1 {
			return 1, nil
		}
		return p[len(p)-1] - p[len(p)-2], nil
	}
	return 0, fmt.Errorf("selection: Measure is %q, want %q, %q or %q", u.Measure, Margin, Entropy, LeastConfidence)
}
