package selection

import (
	"context"
	"fmt"
	"math"

	"gonum.org/v1/gonum/mat"
)

// Function is a set function of the similarity S of candidates.
type Function string

// The three functions (Iyer et al., ALT 2021). A is what is chosen already.
const (
	GraphCut         Function = "graph-cut"         // gain of j: sum over all of S_ij, less twice the sum over A
	FacilityLocation Function = "facility-location" // sum over all i of max(0, S_ij - max over A of S_i)
	LogDeterminant   Function = "log-determinant"   // S_jj - s S_A^-1 s, with s the similarities of j and A
)

// Submodular maximises a function of the similarities of gradients, half of 1 + cosine, by lazy greedy
// (deepcore/methods/submodular.py). Graph cut falls once more is chosen than left; it is chosen all the same, until the
// budget is met.
type Submodular struct {
	Function Function // "" means GraphCut
	Gradients
}

// Name returns "submodular-" and the function.
func (m Submodular) Name() string { return "submodular-" + string(m.function()) }

func (m Submodular) function() Function {
	if m.Function == "" {
		return GraphCut
	}
	return m.Function
}

// Select maximises the function.
func (m Submodular) Select(ctx context.Context, pool *Pool, items []int, budget int) (Pick, error) {
	s, err := pool.scores(ctx, m)
	if err != nil {
		return Pick{}, err
	}
	similar := m.of(s, items).cosines()
	var f objective
	switch m.function() {
	case GraphCut:
		f = newCut(similar)
	case FacilityLocation:
		f = newCoverage(similar)
	case LogDeterminant:
		f = newDeterminant(similar)
	default:
		return Pick{}, fmt.Errorf("selection: Function is %q, want %q, %q or %q", m.Function, GraphCut, FacilityLocation, LogDeterminant)
	}
	return chosen(items, lazy(len(items), budget, f)), nil
}

// cut is graph cut with lambda 1.
type cut struct {
	similar *mat.Dense
	gains   []float64
}

func newCut(similar *mat.Dense) *cut {
	c := &cut{similar, make([]float64, similar.RawMatrix().Cols)}
	for j := range c.gains {
		c.gains[j] = mat.Sum(similar.ColView(j))
	}
	return c
}

func (c *cut) gain(j int) float64 { return c.gains[j] }

func (c *cut) add(chosen int) {
	for j := range c.gains {
		c.gains[j] -= 2 * c.similar.At(chosen, j)
	}
}

// coverage is facility location: how near each candidate is to the nearest that is chosen.
type coverage struct {
	similar *mat.Dense
	best    []float64 // by candidate; 0 before the first is chosen
}

func newCoverage(similar *mat.Dense) *coverage {
	return &coverage{similar, make([]float64, similar.RawMatrix().Rows)}
}

func (c *coverage) gain(j int) float64 {
	sum := 0.0
	for i, best := range c.best {
		sum += max(0, c.similar.At(i, j)-best)
	}
	return sum
}

func (c *coverage) add(chosen int) {
	for i := range c.best {
		c.best[i] = max(c.best[i], c.similar.At(i, chosen))
	}
}

// determinant is the logarithm of the determinant of the chosen ones' similarities. left is what each candidate would
// multiply it by, kept up to date by the rows of a Cholesky factor (Chen et al., NeurIPS 2018).
type determinant struct {
	similar *mat.Dense
	left    []float64
	rows    [][]float64 // by candidate: its entries in the factor, one for each that is chosen
}

func newDeterminant(similar *mat.Dense) *determinant {
	n := similar.RawMatrix().Rows
	d := &determinant{similar, make([]float64, n), make([][]float64, n)}
	for j := range d.left {
		d.left[j] = similar.At(j, j)
	}
	return d
}

func (d *determinant) gain(j int) float64 { return d.left[j] }

func (d *determinant) add(chosen int) {
	const least = 1e-10 // below, the candidate is a combination of the chosen ones and adds nothing
	if d.left[chosen] < least {
		return
	}
	pivot, row := math.Sqrt(d.left[chosen]), d.rows[chosen]
	for j := range d.left {
		entry := d.similar.At(chosen, j)
		for k, v := range row {
			entry -= v * d.rows[j][k]
		}
		entry /= pivot
		d.rows[j] = append(d.rows[j], entry)
		d.left[j] -= entry * entry
	}
}
