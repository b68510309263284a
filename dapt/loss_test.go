package dapt

import (
	"math"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/dapt-go/dapt-go/dapt/internal/golden"
)

// compute runs a graph function without weights.
func compute(t *testing.T, build func(inputs []*Node) []*Node, inputs ...any) [][]float32 {
	t.Helper()
	outputs, err := CallOnceN(golden.Backend(t), build, inputs...)
	if err != nil {
		t.Fatal(err)
	}
	values := make([][]float32, len(outputs))
	for i, output := range outputs {
		if values[i], err = tensors.CopyFlatData[float32](output); err != nil {
			t.Fatal(err)
		}
	}
	return values
}

func near(got, want float64) bool { return math.Abs(got-want) <= 1e-5 }

// Rows of length 1, and the labels of two images.
var (
	axes    = [][]float32{{1, 0}, {0, 1}}
	swapped = [][]float32{{0, 1}, {1, 0}}
	slanted = [][]float32{{0.6, 0.8}, {0.8, 0.6}}
	labels  = [][]int32{{0}, {0}}
)

func TestCrossEntropyIsThatOfAHandComputation(t *testing.T) {
	got := compute(t, func(in []*Node) []*Node {
		return []*Node{CrossEntropy(in[0], in[1], Scalar(in[0].Graph(), in[0].DType(), 2), in[2])}
	}, slanted, axes, labels)[0][0]
	// Logits are 2 times the cosines: (1.2, 1.6) and (1.6, 1.2), and both images are of class 0.
	want := (math.Log(math.Exp(1.2)+math.Exp(1.6)) - 1.2 + math.Log(math.Exp(1.2)+math.Exp(1.6)) - 1.6) / 2
	if !near(float64(got), want) {
		t.Errorf("CrossEntropy = %g, want %g", got, want)
	}
}

func TestWeightsWeighTheImagesOfTheCrossEntropy(t *testing.T) {
	got := compute(t, func(in []*Node) []*Node {
		f := Features{Image: in[0], Classes: in[1], Scale: Scalar(in[0].Graph(), in[0].DType(), 2), Weights: in[3]}
		return []*Node{Paper().Losses(f, in[2], First).Host[0]}
	}, slanted, axes, labels, []float32{2, 0})[0][0]
	want := math.Log(math.Exp(1.2)+math.Exp(1.6)) - 1.2 // of the first image alone
	if !near(float64(got), want) {
		t.Errorf("L_cls = %g, want %g", got, want)
	}
}

func TestTripletIsThatOfAHandComputation(t *testing.T) {
	for _, test := range []struct {
		name                       string
		anchor, positive, negative [][]float32
		margin, want               float64
	}{
		{"towards the positive", axes, axes, swapped, 1.5, 1.5 - math.Sqrt2},
		{"towards the negative", axes, swapped, axes, 1.5, 1.5 + math.Sqrt2},
		{"past the margin", axes, axes, swapped, 1, 0},
		// d = |(0.4, -0.8)| and |(-0.8, 0.4)| for the positives, √2 for the negatives.
		{"on the way", axes, slanted, swapped, 1.5, 1.5 + math.Sqrt(0.8) - math.Sqrt2},
	} {
		got := compute(t, func(in []*Node) []*Node {
			return []*Node{Triplet(in[0], in[1], in[2], test.margin)}
		}, test.anchor, test.positive, test.negative)[0][0]
		if !near(float64(got), test.want) {
			t.Errorf("%s: Triplet = %g, want %g", test.name, got, test.want)
		}
	}
}

func TestDistanceHasAFiniteGradientAtEquals(t *testing.T) {
	got := compute(t, func(in []*Node) []*Node {
		return []*Node{Distance(in[0], in[0]), Gradient(ReduceAllSum(Distance(in[0], StopGradient(in[0]))), in[0])[0]}
	}, axes)
	if want := math.Sqrt2 * 1e-6; math.Abs(float64(got[0][0])-want) > 1e-8 {
		t.Errorf("Distance of equals = %g, want the shift's %g", got[0][0], want)
	}
	for _, v := range got[1] {
		if !near(float64(v), 1/math.Sqrt2) {
			t.Errorf("gradient %v, want 1/√2 each", got[1])
		}
	}
}

func TestPseudoLabelsAreTheNearestAndTheFirstOfEquals(t *testing.T) {
	outputs, err := CallOnceN(golden.Backend(t), func(in []*Node) []*Node { return []*Node{PseudoLabels(in[0], in[1])} },
		[][]float32{{0.6, 0.8}, {1, 0}, {math.Sqrt2 / 2, math.Sqrt2 / 2}}, axes)
	if err != nil {
		t.Fatal(err)
	}
	if got := outputs[0].Value().([][]int32); got[0][0] != 1 || got[1][0] != 0 || got[2][0] != 0 {
		t.Errorf("PseudoLabels = %v, want [[1] [0] [0]]", got)
	}
}

func TestTrueLogitIsAMeanOverAllLogits(t *testing.T) {
	got := compute(t, func(in []*Node) []*Node {
		return []*Node{TrueLogit(MulScalar(in[0], 5), in[1], Scalar(in[0].Graph(), in[0].DType(), 10), in[2])}
	}, slanted, axes, labels)[0][0]
	if want := 10 * (0.6 + 0.8) / 4; !near(float64(got), want) {
		t.Errorf("TrueLogit = %g, want %g, whatever the features' length", got, want)
	}
}

// features are one of each, by hand.
func features(in []*Node) Features {
	return Features{
		Image: in[0], Foreground: in[1], Background: in[2], Target: in[1], Classes: in[0], Words: in[2],
		Scale: Scalar(in[0].Graph(), in[0].DType(), 1),
	}
}

// TestTheTotalIsTheWeightedSumOfItsPhase knows the terms from hand computations: cosines are 1, 0, 0.6 or 0.8.
func TestTheTotalIsTheWeightedSumOfItsPhase(t *testing.T) {
	entropy := func(own, other float64) float64 { return math.Log(math.Exp(own)+math.Exp(other)) - own }
	terms := map[string]float64{
		"cls": (entropy(1, 0) + entropy(0, 1)) / 2,
		"v":   1.5 + math.Sqrt(0.8) - math.Sqrt2,
		"f":   (entropy(0.6, 0.8) + entropy(0.8, 0.6)) / 2,
		"b":   entropy(1, 0),
		"reo": (0.4 + 0.8 + 0.8 + 0.4) / 4,
	}
	c := Paper()
	c.Reo, c.Watch = 2, true
	for phase, want := range map[Phase]float64{
		Both:   terms["cls"] + 0.8*terms["v"] + 0.1*terms["f"] + 0.5*terms["b"] + 2*terms["reo"],
		First:  terms["cls"] + 0.8*terms["v"] + 2*terms["reo"],
		Second: terms["cls"] + 0.1*terms["f"] + 0.5*terms["b"],
	} {
		got := compute(t, func(in []*Node) []*Node {
			return c.Losses(features(in), in[3], phase).List()
		}, axes, slanted, swapped, labels)
		for i, name := range Names()[1:] {
			if !near(float64(got[1+i][0]), terms[name]) {
				t.Errorf("phase %d: %s = %g, want %g", phase, name, got[1+i][0], terms[name])
			}
		}
		if !near(float64(got[0][0]), want) {
			t.Errorf("phase %d: total = %g, want %g", phase, got[0][0], want)
		}
	}
}

func TestAPlainLearnerHasItsCrossEntropyOnly(t *testing.T) {
	got := compute(t, func(in []*Node) []*Node {
		l := Config{}.Losses(Features{Image: in[0], Classes: in[1], Scale: Scalar(in[0].Graph(), in[0].DType(), 1)}, in[2], Both)
		if l.V != nil || l.F != nil || l.B != nil || l.Reo != nil {
			t.Errorf("losses of the image alone: %+v", l)
		}
		return []*Node{l.Total, l.Host[0]}
	}, slanted, axes, labels)
	if got[0][0] != got[1][0] {
		t.Errorf("total %g, want the cross-entropy %g", got[0][0], got[1][0])
	}
}
