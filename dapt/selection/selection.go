// Package selection chooses which training images to keep: coreset methods over plain slices of what a model made of the
// images.
//
// Methods and their names follow the DeepCore library (Guo et al., DEXA 2022) as Ferenas/DAPT adapts it
// (deepcore/methods/*.py), whose code mostly crashes: its gradients and tables expect one logit a class and get seven
// more. What is computed by default is what the methods' papers define. Where the code computes something else, a field of
// the method brings that back:
//   - Herding takes the farthest point, not the nearest ([Herding].Farthest).
//   - CAL keeps the lowest scores, not the highest, and reads the probabilities of other images ([CAL]).
//   - GLISTER looks at so few candidates that it chooses at random ([GLISTER].Epsilon).
//   - Log determinant adds what should be subtracted: there is no field for that.
//   - Gradients are divided by the size of the loader's batch, which is smaller for the last ([Gradients].Batch).
//   - Equal scores fall where the sort routine leaves them. Here the lower index comes first.
//   - Divergences add 1e-12 to probabilities, and texts have unit length, which matters where classes are ranked together.
//   - A class of which less than half an image would be kept is dropped, or ends the program ([Keep].Drop).
package selection

import (
	"context"
	"fmt"
	"strings"
)

// Method ranks candidates and keeps the best of them.
type Method interface {
	// Name is the short name used in tables and result files, such as "craig".
	Name() string
	// Select keeps budget of items, which are indices of the pool in ascending order: one class, or all of it. budget is
	// from 1 to their number.
	Select(ctx context.Context, pool *Pool, items []int, budget int) (Pick, error)
}

// Pick is what was kept.
type Pick struct {
	Items   []int     // indices of the pool, in the order of the published code
	Order   []int     // the same in the order of choice, best first
	Weights []float64 // how many images each of Items stands for; nil where the method does not say
	Scores  []float64 // of all candidates, in their order; nil for methods that choose sets
}

// Blind is a Method that does not look at what a model makes of the images.
type Blind interface {
	Method
	NeedsNoModel() // does nothing
}

// Weigher is a Method whose picks have weights.
type Weigher interface {
	Method
	Weighs() // does nothing
}

// All returns the methods with their default settings, [Full] first.
func All() []Method {
	return []Method{
		Full{},
		Uniform{},
		Uncertainty{Measure: Margin},
		Uncertainty{Measure: Entropy},
		Uncertainty{Measure: LeastConfidence},
		Herding{},
		KCenterGreedy{},
		ContextualDiversity{},
		CAL{},
		GraNd{},
		Submodular{Function: GraphCut},
		Submodular{Function: FacilityLocation},
		Submodular{Function: LogDeterminant},
		GLISTER{},
		CRAIG{},
		GradMatch{},
		Forgetting{},
		DeepFool{},
	}
}

// Published returns the nine methods of the published experiment (Ferenas/DAPT scripts/dapt/dp_few_shot.sh) with our default
// settings.
func Published() []Method {
	return []Method{
		Uniform{}, Uncertainty{}, Herding{}, Submodular{}, GLISTER{}, GraNd{}, CRAIG{}, CAL{}, Forgetting{},
	}
}

// Find returns the method of [All] with this name. The error lists the known names.
func Find(name string) (Method, error) {
	var known []string
	for _, m := range All() {
		if m.Name() == name {
			return m, nil
		}
		known = append(known, m.Name())
	}
	return nil, fmt.Errorf("selection: no method is called %q: want %s", name, strings.Join(known, ", "))
}
