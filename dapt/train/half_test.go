package train

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/internal/golden"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
)

// halves are the types of half precision, with how far a loss may be off those of float32, as a part of it.
var halves = map[dtypes.DType]float64{dtypes.BFloat16: 0.02, dtypes.Float16: 0.005}

// TestHalfPrecisionIsCloseToFloat32 compares a step of both phases: losses, and prompts that move the same way.
func TestHalfPrecisionIsCloseToFloat32(t *testing.T) {
	for dtype, tolerance := range halves {
		t.Run(dtype.String(), func(t *testing.T) { compareHalf(t, dtype, tolerance) })
	}
}

// TestLearnersOfEveryKindStepInHalfPrecision: those with losses of their own read features of both types.
func TestLearnersOfEveryKindStepInHalfPrecision(t *testing.T) {
	golden.OnPureGo(t)
	for dtype := range halves {
		for _, l := range prompt.All() {
			if _, own := l.(prompt.Anchored); !own {
				continue
			}
			var losses [2]float64
			for i, of := range []dtypes.DType{dtypes.Float32, dtype} {
				e, err := NewEngine(golden.Backend(t), modelOf(1, 32), l, of)
				if err != nil {
					t.Fatal(err)
				}
				m := dapt.Over(l, mask.Files{})
				m.Loss.Mode = dapt.Joint
				in := oneBatch(t, e, m)
				d, _ := newData()
				if in.Anchors, err = e.Anchors(d); err != nil {
					t.Fatal(err)
				}
				found, err := e.Step(m, quick(), dapt.Both, 0.01, in)
				if err != nil {
					t.Fatalf("%s in %s: %v", l.Name(), dtype, err)
				}
				losses[i] = float64(found[0])
				e.Close()
			}
			if math.Abs(losses[0]-losses[1]) > 0.05*losses[0] {
				t.Errorf("%s: the loss is %g in %s and %g in float32", l.Name(), losses[1], dtype, losses[0])
			}
		}
	}
}

func compareHalf(t *testing.T, dtype dtypes.DType, tolerance float64) {
	e := newEngine(t)
	half, err := NewEngine(golden.Backend(t), newModel(1), learner, dtype)
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
			if d := math.Abs(float64(losses[1][i] - want)); d > tolerance*math.Abs(float64(want)) {
				t.Errorf("phase %d: loss %s is %g, and %g in float32", phase, dapt.Names()[i], losses[1][i], want)
			}
		}
		if slices.Equal(losses[0], losses[1]) {
			t.Errorf("phase %d: losses %v are the same to the bit: nothing was computed in half precision", phase, losses[0])
		}
		if c := cosine(moved[0], moved[1]); c < 0.99 {
			t.Errorf("phase %d: prompts move at a cosine of %g to those of float32", phase, c)
		}
	}
}

// TestHalfPrecisionEvaluatesAndMaps checks that the whole of evaluation takes towers in half precision: scores and Grad-CAM
// maps.
func TestHalfPrecisionEvaluatesAndMaps(t *testing.T) {
	d, _ := newData()
	for dtype := range halves {
		half, err := NewEngine(golden.Backend(t), newModel(1), learner, dtype)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := half.Evaluate(context.Background(), d, d.Test, nil, quick()); err != nil {
			t.Errorf("%s: %v", dtype, err)
		}
		maps, err := half.Heat(context.Background(), d, d.Test, nil, quick())
		if err != nil {
			t.Fatalf("%s: %v", dtype, err)
		}
		if hottest := slices.Max(slices.Concat(maps...)); !(hottest > 0) || math.IsInf(float64(hottest), 0) {
			t.Errorf("%s: the hottest cell of %d maps is %g, want a positive number", dtype, len(maps), hottest)
		}
		half.Close()
	}
}

func TestContextOfEveryKindIsWrittenInHalfPrecision(t *testing.T) {
	d, _ := newData()
	for _, l := range []prompt.Learner{called(t, "cocoop", ""), called(t, "coop", `{"Context": 3, "Classes": 3, "Position": "middle"}`)} {
		half, err := NewEngine(golden.Backend(t), newModel(1), l, dtypes.Float16)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := half.Evaluate(context.Background(), d, d.Test, nil, quick()); err != nil {
			t.Errorf("%s: %v", l.Name(), err)
		}
		half.Close()
	}
}

// TestOverflowInHalfPrecisionIsAnError makes the towers overflow: the loss is not finite, and the run stops.
func TestOverflowInHalfPrecisionIsAnError(t *testing.T) {
	m := newModel(1)
	for i := range m.Values["visual.proj"] {
		m.Values["visual.proj"][i] *= 1e6
	}
	e, err := NewEngine(golden.Backend(t), m, learner, dtypes.Float16)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	d, _ := newData()
	c := quick()
	c.DType = dtypes.Float16
	_, err = Run{Engine: e, Method: dapt.Method{Learner: learner}, Data: d, Config: c}.Tune(context.Background())
	if err == nil || !strings.Contains(err.Error(), "NaN") || !strings.Contains(err.Error(), "epoch 0, step 0") {
		t.Errorf("Tune with an overflow = %v, want an error that says where", err)
	}
}

func TestADataTypeThatTheBackendLacksIsRefused(t *testing.T) {
	if _, err := NewEngine(golden.Backend(t), newModel(1), learner, dtypes.F8E5M2); err == nil || !strings.Contains(err.Error(), "does not compute in F8E5M2: take another") {
		t.Errorf("NewEngine in F8E5M2 = %v, want an error that names it", err)
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
