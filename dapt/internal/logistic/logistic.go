// Package logistic fits logistic regressions with an L2 penalty as scikit-learn 1.7 does,
// LogisticRegression(solver="lbfgs", penalty="l2"): the same loss, the same start, the same steps and the same end.
//
// Where the penalty is small the minimum is far away, and the numbers are those of the step that the solver stops at. So
// gonum's L-BFGS is set up as SciPy's L-BFGS-B, which scikit-learn calls: ten corrections, the line search of Moré and Thuente
// that takes what it has when it cannot narrow its interval any more, and an end where no slope is above 1e-4 or where a step
// gains no more than 64 times the precision of a float64.
//
// Over a hundred steps or so rounding leads astray, here as there: 40 items of 12 numbers with C 1e4 took scikit-learn from
// 101 to 122 iterations, by the order of the items alone. Features as wide as CLIP's take fewer.
package logistic

import (
	"context"
	"errors"
	"fmt"
	"math"
	"slices"

	"gonum.org/v1/gonum/optimize"
)

// Set is labelled features.
type Set struct {
	Width    int       // of a feature
	Features []float32 // [items, width], row-major
	Labels   []int     // [items]
}

// Model is a fitted regression.
type Model struct {
	Classes    []int     // the labels that it was fitted to, ascending
	Width      int       // of a feature
	Weights    []float64 // [rows, width]: a row for each class, or of two classes for the second alone
	Intercepts []float64 // [rows]
	Iterations int       // that it took
}

// What scikit-learn asks SciPy for.
const (
	corrections = 10
	slope       = 1e-4         // of the mean loss
	gain        = 64 * 0x1p-52 // relative
)

// Fit minimises c times the sum of the cross entropies plus half the sum of the squared weights; intercepts are not
// penalised. It starts from zeros, and ends after so many iterations at the latest. Labels of fewer than two classes, and
// features that are not finite, are errors.
func Fit(ctx context.Context, s Set, c float64, iterations int) (*Model, error) {
	if err := s.check(c); err != nil {
		return nil, err
	}
	p := newProblem(s, c)
	problem := optimize.Problem{
		Func: p.loss, Grad: p.gradient,
		Status: func() (optimize.Status, error) { return optimize.NotTerminated, ctx.Err() },
	}
	// The start counts as an iteration.
	settings := &optimize.Settings{MajorIterations: iterations + 1, Converger: &stalled{}}
	result, err := optimize.Minimize(problem, make([]float64, p.size()), settings, &optimize.LBFGS{
		Store: corrections, GradStopThreshold: slope, Linesearcher: &lenient{optimize.MoreThuente{
			DecreaseFactor: 1e-3, CurvatureFactor: 0.9, StepTolerance: 0.1,
		}},
	})
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	if err != nil && !atItsEnd(err) {
		return nil, fmt.Errorf("logistic: fitting %d items with C %g: %w", len(s.Labels), c, err)
	}
	weights, intercepts := p.cut(result.X)
	return &Model{p.classes, s.Width, weights, intercepts, result.MajorIterations - 1}, nil
}

// check finds what no regression can be fitted to.
func (s Set) check(c float64) error {
	if !(c > 0) || math.IsInf(c, 1) {
		return fmt.Errorf("logistic: C is %g, want a finite number above 0", c)
	}
	if s.Width < 1 || len(s.Features) != s.Width*len(s.Labels) {
		return fmt.Errorf("logistic: %d numbers for %d items of width %d", len(s.Features), len(s.Labels), s.Width)
	}
	if at := slices.IndexFunc(s.Features, func(v float32) bool { return math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) }); at >= 0 {
		return fmt.Errorf("logistic: item %d has %g at place %d, want finite numbers", at/s.Width, s.Features[at], at%s.Width)
	}
	if len(s.Labels) == 0 || slices.Min(s.Labels) == slices.Max(s.Labels) {
		return fmt.Errorf("logistic: %d items of fewer than two classes, want at least two", len(s.Labels))
	}
	return nil
}

// stalled ends the search where SciPy does for want of gain.
type stalled struct {
	last float64 // NaN before the first
}

// Init forgets the last loss.
func (s *stalled) Init(int) { s.last = math.NaN() }

// Converged compares the loss with the last one.
func (s *stalled) Converged(at *optimize.Location) optimize.Status {
	last := s.last
	s.last = at.F
	if last-at.F <= gain*max(math.Abs(last), math.Abs(at.F), 1) {
		return optimize.FunctionConvergence
	}
	return optimize.NotTerminated
}

// lenient takes the best step of a line search that narrows its interval no more, as SciPy's L-BFGS-B does. gonum gives up.
type lenient struct{ optimize.MoreThuente }

// Iterate is MoreThuente's otherwise.
func (l *lenient) Iterate(f, g float64) (optimize.Operation, float64, error) {
	operation, step, err := l.MoreThuente.Iterate(f, g)
	if errors.Is(err, optimize.ErrLinesearcherFailure) {
		return optimize.MajorIteration, step, nil
	}
	return operation, step, err
}

// atItsEnd tells whether an error means that rounding leaves nothing to gain, which is where SciPy stops, too.
func atItsEnd(err error) bool {
	return errors.Is(err, optimize.ErrNoProgress) || errors.Is(err, optimize.ErrNonDescentDirection)
}
