// Package paired tells whether two methods differ by more than chance, from their accuracies on the same classes with the
// same seeds.
//
// The classes are what is drawn at random: all seeds of a class share its images, so that a test which took each pair of class
// and seed for one of its own would count the same images several times. What it can say is about those seeds: whether
// further seeds would show the difference, no sign flips of a handful of seeds can tell. See docs/learners.md.
package paired

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"gonum.org/v1/gonum/stat"
)

// Draws is how many sign flips, and how many samples of classes and seeds, are drawn.
const Draws = 10_000

// Comparison is what paired differences say.
type Comparison struct {
	Mean               float64 // difference
	Low, High          float64 // ends of its 95 % interval: percentiles of [Draws] samples of classes and of seeds, with replacement
	P                  float64 // two-sided, of no difference: see [Compare]
	Wins, Ties, Losses int     // pairs of class and seed
	Classes            int     // that were compared
}

// Excludes tells whether the interval leaves out 0.
func (c Comparison) Excludes() bool { return c.Low > 0 || c.High < 0 }

// Least is the least P that so many classes can have: that of differences which all have one sign.
func Least(classes int) float64 {
	return max(math.Exp2(1-float64(classes)), 1.0/(Draws+1))
}

// Compare compares by [classes][seeds], each a difference of the same unit. There must be at least one class and one seed, and
// as many seeds of every class.
//
// P is the share of sign flips whose mean is at least as far from 0 as that of the differences, where all seeds of a class
// are flipped together: of all flips if there are at most [Draws], else of so many drawn ones and of the differences
// themselves, as in scipy.stats.permutation_test with permutation_type "samples".
func Compare(differences [][]float64) Comparison {
	means := make([]float64, len(differences))
	c := Comparison{Classes: len(differences)}
	for i, seeds := range differences {
		means[i] = stat.Mean(seeds, nil)
		for _, d := range seeds {
			switch {
			case d > 0:
				c.Wins++
			case d < 0:
				c.Losses++
			default:
				c.Ties++
			}
		}
	}
	rng := rand.New(rand.NewPCG(1, 2)) // the same flips for the same differences
	c.Mean = stat.Mean(means, nil)
	c.P = flip(means, rng)
	c.Low, c.High = interval(differences, rng)
	return c
}

// flip is the two-sided p of a mean of 0. Classes without a difference change no flip.
func flip(means []float64, rng *rand.Rand) float64 {
	means = slices.DeleteFunc(slices.Clone(means), func(m float64) bool { return m == 0 })
	observed, all := 0.0, 0.0
	for _, m := range means {
		observed += m
		all += math.Abs(m)
	}
	least := math.Abs(observed) - 1e-9*all // sums of other orders differ in their last digits
	if len(means) < 63 && 1<<len(means) <= Draws {
		far := 0
		for signs := range uint64(1) << len(means) {
			if math.Abs(flipped(means, signs)) >= least {
				far++
			}
		}
		return float64(far) / float64(uint64(1)<<len(means))
	}
	far := 1
	for range Draws {
		sum := 0.0
		for from := 0; from < len(means); from += 64 {
			sum += flipped(means[from:min(from+64, len(means))], rng.Uint64())
		}
		if math.Abs(sum) >= least {
			far++
		}
	}
	return float64(far) / (Draws + 1)
}

// flipped is the sum of at most 64 numbers with those signs.
func flipped(means []float64, signs uint64) float64 {
	sum := 0.0
	for _, m := range means {
		if signs&1 == 1 {
			m = -m
		}
		sum += m
		signs >>= 1
	}
	return sum
}

// interval are the 2.5th and the 97.5th percentile of the mean over samples of classes and of seeds.
func interval(differences [][]float64, rng *rand.Rand) (low, high float64) {
	classes, seeds := len(differences), len(differences[0])
	means, picks := make([]float64, Draws), make([]int, seeds)
	for i := range means {
		for j := range picks {
			picks[j] = rng.IntN(seeds)
		}
		for range classes {
			class := differences[rng.IntN(classes)]
			for _, seed := range picks {
				means[i] += class[seed] / float64(classes*seeds)
			}
		}
	}
	slices.Sort(means)
	return stat.Quantile(0.025, stat.Empirical, means, nil), stat.Quantile(0.975, stat.Empirical, means, nil)
}

// Holm corrects the p of several comparisons for their number, in their order (Holm, Scandinavian Journal of Statistics,
// 1979): where those below a level are called real, the chance that any of them is not stays below that level.
func Holm(p []float64) []float64 {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(p[a], p[b]) })
	corrected, least := make([]float64, len(p)), 0.0
	for rank, i := range order {
		least = max(least, min(1, p[i]*float64(len(p)-rank)))
		corrected[i] = least
	}
	return corrected
}
