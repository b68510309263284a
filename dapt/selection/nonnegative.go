package selection

import (
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// nonNegative minimises |a x - b| over x of at least 0, for a positive definite a (Lawson and Hanson, Solving Least Squares
// Problems, 1974, chapter 23).
func nonNegative(a *mat.SymDense, b []float64) ([]float64, error) {
	n := len(b)
	var normal mat.SymDense // a a
	normal.SymOuterK(1, a)
	rhs := mat.NewVecDense(n, nil)
	rhs.MulVec(a, mat.NewVecDense(n, b))
	x, free := make([]float64, n), make([]bool, n)
	for range 3 * n {
		at := steepest(&normal, rhs.RawVector().Data, x, free)
		if at < 0 {
			return x, nil
		}
		free[at] = true
		if err := feasible(&normal, rhs.RawVector().Data, x, free); err != nil {
			return nil, err
		}
	}
	return x, nil
}

// steepest returns the bound number whose growth lowers the error fastest, -1 if none does.
func steepest(a *mat.SymDense, rhs, x []float64, free []bool) int {
	best, most := -1, 1e-12*floats.Norm(rhs, math.Inf(1))
	for i := range x {
		if free[i] {
			continue
		}
		slope := rhs[i]
		for j, v := range x {
			slope -= a.At(i, j) * v
		}
		if slope > most {
			best, most = i, slope
		}
	}
	return best
}

// feasible moves x towards the least squares of the free numbers, and binds those that would fall below 0.
func feasible(a *mat.SymDense, rhs, x []float64, free []bool) error {
	for {
		var places []int
		for i, f := range free {
			if f {
				places = append(places, i)
			}
		}
		goal, err := solve(square(a, places), pickOf(rhs, places))
		if err != nil {
			return err
		}
		step, bound := 1.0, -1
		for i, p := range places {
			if ratio := x[p] / (x[p] - goal[i]); goal[i] <= 0 && ratio <= step {
				step, bound = ratio, p
			}
		}
		for i, p := range places {
			x[p] += step * (goal[i] - x[p])
		}
		if bound < 0 {
			return nil
		}
		x[bound], free[bound] = 0, false
	}
}
