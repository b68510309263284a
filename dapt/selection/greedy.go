package selection

import (
	"math"

	"gonum.org/v1/gonum/floats"

	"github.com/dapt-go/dapt-go/dapt/internal/pyrand"
)

// objective is a function of sets that grows, or shrinks, as candidates are added.
type objective interface {
	gain(j int) float64 // of candidate j over those that were added
	add(j int)
}

// naive adds budget of n candidates, always the one of the highest gain, of equals the first, and returns them in this
// order.
func naive(n, budget int, f objective) []int {
	gains := make([]float64, n)
	var places []int
	for range budget {
		for j := range gains {
			if !math.IsInf(gains[j], -1) {
				gains[j] = f.gain(j)
			}
		}
		best := floats.MaxIdx(gains)
		gains[best] = math.Inf(-1)
		f.add(best)
		places = append(places, best)
	}
	return places
}

// lazy is naive that computes a gain again only where it is the highest of the old ones; for submodular functions both
// choose the same, up to ties (LazyGreedy in deepcore/methods/methods_utils/submodular_optimizer.py).
func lazy(n, budget int, f objective) []int {
	gains := make([]float64, n)
	for j := range gains {
		gains[j] = f.gain(j)
	}
	var places []int
	for range budget {
		best := highestAgain(gains, f)
		gains[best] = math.Inf(-1)
		f.add(best)
		places = append(places, best)
	}
	return places
}

// highestAgain renews the highest gain until one stays the highest.
func highestAgain(gains []float64, f objective) int {
	last, highest := -1, math.Inf(-1)
	for {
		at := floats.MaxIdx(gains)
		if at == last {
			return at
		}
		gains[at] = f.gain(at)
		if gains[at] >= highest {
			last, highest = at, gains[at]
		}
	}
}

// stochastic is naive that looks at -ln(epsilon) n / budget candidates only, drawn anew each time (Mirzasoleiman et al.,
// AAAI 2015; StochasticGreedy in the same file).
func stochastic(n, budget int, f objective, epsilon float64, random pyrand.NumPy) []int {
	size := max(int(math.RoundToEven(-math.Log(epsilon)*float64(n)/float64(budget))), 1)
	left := make([]int, n)
	for i := range left {
		left[i] = i
	}
	var places []int
	for range budget {
		best, bestGain := -1, 0.0
		for _, at := range random.Choice(len(left), min(size, len(left))) {
			if gain := f.gain(left[at]); best < 0 || gain > bestGain {
				best, bestGain = at, gain
			}
		}
		places = append(places, left[best])
		f.add(left[best])
		left = append(left[:best], left[best+1:]...)
	}
	return places
}
