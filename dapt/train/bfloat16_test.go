package train

import (
	"context"
	"math"
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/internal/golden"
	"github.com/dapt-go/dapt-go/dapt/mask"
)

// TestBFloat16IsCloseToFloat32 compares a step of both phases: losses within 2 %, and prompts that move the same way.
func TestBFloat16IsCloseToFloat32(t *testing.T) {
	e := newEngine(t)
	half, err := NewEngine(golden.Backend(t), newModel(1), learner, dtypes.BFloat16)
	if err != nil {
		t.Fatal(err)
	}
	defer half.Close()
	over := dapt.Over(learner, mask.Files{})
	in := oneBatch(t, e, over)
	before := parameters(t, half)
	for _, phase := range []dapt.Phase{dapt.First, dapt.Second} {
		var losses [2][]float32
		var moved [2][]float64
		for i, engine := range []*Engine{e, half} {
			if err := engine.SetParameters(before); err != nil {
				t.Fatal(err)
			}
			if losses[i], err = engine.Step(over, quick(), phase, 1, in); err != nil {
				t.Fatal(err)
			}
			after := parameters(t, engine)
			for _, name := range engine.names {
				for j, v := range after[name] {
					moved[i] = append(moved[i], float64(v-before[name][j]))
				}
			}
		}
		for i, want := range losses[0] {
			if d := math.Abs(float64(losses[1][i] - want)); d > 0.02*math.Abs(float64(want)) {
				t.Errorf("phase %d: loss %s is %g in bfloat16 and %g in float32", phase, dapt.Names()[i], losses[1][i], want)
			}
		}
		if slices.Equal(losses[0], losses[1]) {
			t.Errorf("phase %d: losses %v are the same to the bit: nothing was computed in bfloat16", phase, losses[0])
		}
		if c := cosine(moved[0], moved[1]); c < 0.99 {
			t.Errorf("phase %d: prompts move at a cosine of %g to those of float32", phase, c)
		}
	}
}

// TestBFloat16EvaluatesAndMaps checks that the whole of evaluation takes towers in bfloat16: scores and Grad-CAM maps.
func TestBFloat16EvaluatesAndMaps(t *testing.T) {
	half, err := NewEngine(golden.Backend(t), newModel(1), learner, dtypes.BFloat16)
	if err != nil {
		t.Fatal(err)
	}
	defer half.Close()
	d, _ := newData()
	if _, err := half.Evaluate(context.Background(), d, d.Test, nil, quick()); err != nil {
		t.Error(err)
	}
	maps, err := half.Heat(context.Background(), d, d.Test, nil, quick())
	if err != nil {
		t.Fatal(err)
	}
	if hottest := slices.Max(slices.Concat(maps...)); !(hottest > 0) || math.IsInf(float64(hottest), 0) {
		t.Errorf("the hottest cell of %d maps is %g, want a positive number", len(maps), hottest)
	}
}

func cosine(a, b []float64) float64 {
	var ab, aa, bb float64
	for i := range a {
		ab += a[i] * b[i]
		aa += a[i] * a[i]
		bb += b[i] * b[i]
	}
	return ab / math.Sqrt(aa*bb)
}
