package train

import (
	"math"
	"slices"
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
)

// TestTheUpdateIsPyTorchsAdamW takes ten steps with given gradients, of which the last five are at another rate. The wanted
// numbers are those of
//
//	p = torch.nn.Parameter(torch.tensor([math.sin(i + 1) for i in range(64)]))
//	o = torch.optim.AdamW([p], lr=0.1, weight_decay=0.3)
//	for t in range(1, 11):
//	    o.param_groups[0]["lr"] = 0.1 if t <= 5 else 0.02
//	    p.grad = torch.tensor([math.cos(0.5 * t + i) * math.exp(-i / 8) for i in range(64)])
//	    o.step()
//
// with PyTorch 2.15.
func TestTheUpdateIsPyTorchsAdamW(t *testing.T) {
	e := ownEngine(t, newModel(1), called(t, "coop", `{"Context": 1}`))
	defer e.Close()
	c := quick()
	c.Optimizer, c.Decay = AdamW, 0.3
	exec, err := e.program(func(in []*Node) []*Node {
		e.update(c, "ctx", e.store.GetVariable(promptScope+"ctx").NodeValue(in[0].Graph()), in[0], map[string]*Node{"rate": in[1], "update": in[2]})
		return []*Node{in[1]}
	}, "update")
	if err != nil {
		t.Fatal(err)
	}
	row := func(of func(i float64) float64) []float32 {
		values := make([]float32, 64)
		for i := range values {
			values[i] = float32(of(float64(i)))
		}
		return values
	}
	if err := e.SetParameters(map[string][]float32{"ctx": row(func(i float64) float64 { return math.Sin(i + 1) })}); err != nil {
		t.Fatal(err)
	}
	for step := 1; step <= 10; step++ {
		rate := float32(0.1)
		if step > 5 {
			rate = 0.02
		}
		gradient := row(func(i float64) float64 { return math.Cos(0.5*float64(step)+i) * math.Exp(-i/8) })
		if _, err := exec.Call([][]float32{gradient}, rate, float32(step)); err != nil {
			t.Fatal(err)
		}
	}
	got := parameters(t, e)["ctx"]
	for i, want := range map[int]float64{
		0: 0.47699392, 1: 1.026064, 2: 0.57394433, 3: -0.35964203, 4: -1.0061736, 5: -0.70167583, 60: -0.70829773, 61: -1.101337, 62: -0.27990574, 63: 0.60723943,
	} {
		if !(math.Abs(float64(got[i])-want) <= 1e-5) {
			t.Errorf("number %d is %g after ten steps, want %g", i, got[i], want)
		}
	}
}

// TestANewOptimizerRemembersNothing: mean squares that begin as prompts would be negative.
func TestANewOptimizerRemembersNothing(t *testing.T) {
	e := ownEngine(t, newModel(1), called(t, "coop", `{"Context": 1}`))
	defer e.Close()
	for _, scope := range optimizerScopes {
		values, err := e.values(scope)
		if err != nil {
			t.Fatal(err)
		}
		if len(values) != 1 || slices.ContainsFunc(values["ctx"], func(v float32) bool { return v != 0 }) {
			t.Errorf("%s begins as %v, want zeros", scope, values)
		}
	}
}
