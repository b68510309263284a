package selection

import (
	"context"
	"fmt"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// GLISTER keeps the images whose gradients agree most with the mean gradient of the class's validation images, or of the
// candidates themselves where the class has none (Killamsetty et al., AAAI 2021; deepcore/methods/glister.py).
type GLISTER struct {
	// Epsilon lets each step look at a random share of the candidates only, as stochastic greedy does; over 0 and below 1.
	// The published code has 0.9, which leaves one candidate where a tenth or more is kept: pure chance. 0 looks at all.
	Epsilon float64 `json:",omitempty"`
	// Rate moves the validation logits after each choice by a step of this learning rate along the mean gradient of the
	// chosen images, to first order; the published code has a function for it, with 0.0035, and does not call it. 0 does
	// not move them.
	Rate float64 `json:",omitempty"`
	Gradients
}

// Name returns "glister".
func (GLISTER) Name() string { return "glister" }

// Select maximises the agreement.
func (g GLISTER) Select(ctx context.Context, pool *Pool, items []int, budget int) (Pick, error) {
	if !(g.Epsilon >= 0 && g.Epsilon < 1) || !(g.Rate >= 0) {
		return Pick{}, fmt.Errorf("selection: Epsilon is %g and Rate %g, want 0 or more, and Epsilon below 1", g.Epsilon, g.Rate)
	}
	s, err := pool.scores(ctx, g)
	if err != nil {
		return Pick{}, err
	}
	f, err := g.agreement(ctx, pool, s, items)
	if err != nil {
		return Pick{}, err
	}
	if g.Epsilon > 0 {
		return chosen(items, stochastic(len(items), budget, f, g.Epsilon, pool.numpy())), nil
	}
	return chosen(items, naive(len(items), budget, f)), nil
}

// agreement prepares the gains of candidates.
func (g GLISTER) agreement(ctx context.Context, pool *Pool, s *Scores, items []int) (*agreement, error) {
	target, aims, err := pool.aims(ctx, g, s, items)
	if err != nil {
		return nil, err
	}
	a := &agreement{rate: g.Rate, candidates: g.of(s, items), aims: g.of(target, aims)}
	a.logits = mat.NewDense(len(aims), pool.Classes, nil)
	for i, item := range aims {
		a.logits.SetRow(i, widen(target.Logits.Row(item)))
		a.labels = append(a.labels, target.Labels[item])
	}
	a.pull = mat.NewDense(len(aims), pool.Classes, nil)
	a.gains = a.candidates.meanProducts(a.aims)
	return a, nil
}

// agreement is the product of a candidate's gradient and the mean gradient of the aims.
type agreement struct {
	rate             float64
	candidates, aims gradients
	logits           *mat.Dense // of the aims
	labels           []int
	pull             *mat.Dense // sum over the chosen of (1 + f_i f_j) d_j, by aim
	count            int        // of the chosen
	gains            []float64
}

func (a *agreement) gain(j int) float64 { return a.gains[j] }

// add takes the step of Rate from where the model is to where the mean of the chosen leads.
func (a *agreement) add(chosen int) {
	if a.rate == 0 {
		return
	}
	a.count++
	d, f := a.candidates.residuals.RawRowView(chosen), a.candidates.features.RawRowView(chosen)
	for i, label := range a.labels {
		floats.AddScaled(a.pull.RawRowView(i), 1+floats.Dot(a.aims.features.RawRowView(i), f), d)
		residual := a.aims.residuals.RawRowView(i)
		copy(residual, a.logits.RawRowView(i))
		floats.AddScaled(residual, -a.rate/float64(a.count), a.pull.RawRowView(i))
		softmax(residual)[label]--
	}
	a.gains = a.candidates.meanProducts(a.aims)
}
