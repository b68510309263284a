package clip

import (
	"testing"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/attention"

	"github.com/dapt-go/dapt-go/dapt/internal/golden"
)

// TestGradientsAreGoMLXs compares attention and quickGELU, whose gradients keep less, with GoMLX's own operations.
func TestGradientsAreGoMLXs(t *testing.T) {
	mask := func(g *Graph) *Node { return Reshape(LowerTriangular(g, 7), 1, 1, 7, 7) }
	plain := func(in []*Node, mask *Node) *Node {
		y, _ := attention.Core(in[0], in[1], in[2], attention.LayoutBHSD, attention.CoreOptions{AttentionMask: mask, DisableFusion: true})
		return y
	}
	for name, test := range map[string]struct{ ours, plain func(in []*Node) *Node }{
		"attention": {
			func(in []*Node) *Node { return attend(in[0], in[1], in[2], nil) },
			func(in []*Node) *Node { return plain(in, nil) },
		},
		"causal attention": {
			func(in []*Node) *Node { return attend(in[0], in[1], in[2], mask(in[0].Graph())) },
			func(in []*Node) *Node { return plain(in, mask(in[0].Graph())) },
		},
		"quickGELU": {
			func(in []*Node) *Node { return quickGELU(in[0]) },
			func(in []*Node) *Node { return Mul(in[0], Sigmoid(MulScalar(in[0], 1.702))) },
		},
		"quickGELU, computed again in the backward pass": {
			func(in []*Node) *Node { return quickGELU(MulScalar(in[0].Checkpoint(), 2)).StopCheckpoint() },
			func(in []*Node) *Node { x := MulScalar(in[0], 2); return Mul(x, Sigmoid(MulScalar(x, 1.702))) },
		},
	} {
		t.Run(name, func(t *testing.T) {
			ours, plain := valueAndGradients(t, test.ours), valueAndGradients(t, test.plain)
			for i := range ours {
				if d := distance(ours[i], plain[i]); !(d < 1e-5) {
					t.Errorf("result %d (0: value, then gradients) is off by %g of its size", i, d)
				}
			}
		})
	}
}

// valueAndGradients returns f of three random [2, 3, 7, 4], and a gradient by each.
func valueAndGradients(t *testing.T, f func(in []*Node) *Node) [][]float32 {
	t.Helper()
	rng := testRand()
	exec := MustNewExec(golden.Backend(t), func(in []*Node) []*Node { return withGradients(f(in), in) })
	defer exec.Finalize()
	return floats(t, exec, normal(rng, 2, 3, 7, 4), normal(rng, 2, 3, 7, 4), normal(rng, 2, 3, 7, 4))
}
