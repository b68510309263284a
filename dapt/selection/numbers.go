package selection

import (
	"cmp"
	"math"
	"slices"

	"gonum.org/v1/gonum/floats"
)

func widen(values []float32) []float64 {
	wide := make([]float64, len(values))
	for i, v := range values {
		wide[i] = float64(v)
	}
	return wide
}

// softmax turns logits into probabilities, in place.
func softmax(z []float64) []float64 {
	sum := floats.LogSumExp(z)
	for i := range z {
		z[i] = math.Exp(z[i] - sum)
	}
	return z
}

// unit scales a vector to length 1, in place; one of zeros stays.
func unit(v []float64) []float64 {
	if norm := floats.Norm(v, 2); norm > 0 {
		floats.Scale(1/norm, v)
	}
	return v
}

// divergence is the symmetric Kullback-Leibler divergence of two distributions, half of each direction.
func divergence(p, q []float64) float64 {
	const least = 1e-12
	sum := 0.0
	for i := range p {
		sum += 0.5 * (p[i] - q[i]) * math.Log((p[i]+least)/(q[i]+least))
	}
	return sum
}

// lowest returns the budget items of the lowest scores, lowest first; of equal ones the lower index comes first.
func lowest(items []int, scores []float64, budget int) Pick {
	order := make([]int, len(items))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(scores[a], scores[b]) })
	kept := pickOf(items, order[:budget])
	return Pick{Items: kept, Order: kept, Scores: scores}
}

// highest is lowest for scores of which the highest are kept.
func highest(items []int, scores []float64, budget int) Pick {
	negative := make([]float64, len(scores))
	floats.SubTo(negative, negative, scores)
	pick := lowest(items, negative, budget)
	pick.Scores = scores
	return pick
}

// chosen is the pick of places that were chosen in this order. Published greedy methods return them in the list's order.
func chosen(items, places []int) Pick {
	kept := pickOf(items, places)
	return Pick{Items: slices.Sorted(slices.Values(kept)), Order: kept}
}

// pickOf returns the values at some places.
func pickOf[T any](values []T, places []int) []T {
	picked := make([]T, len(places))
	for i, place := range places {
		picked[i] = values[place]
	}
	return picked
}
