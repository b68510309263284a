package clip

import (
	"math"

	. "github.com/gomlx/gomlx/core/graph"
)

// attend is scaled dot-product attention of queries, keys and values [batch, heads, tokens, width/heads]. The gradient of
// GoMLX's own keeps twice what ours does; as one operation (flash attention), go-xla has it in half precision only, and
// attention is float32 here.
func attend(q, k, v, mask *Node) *Node {
	q = MulScalar(q, 1/math.Sqrt(float64(q.Shape().Dim(-1))))
	return Einsum("bhqk,bhkd->bhqd", softmax(Einsum("bhqd,bhkd->bhqk", q, k), mask), v)
}

// softmax is GoMLX's along the last axis, with a gradient that needs its result and not the exponentials too.
func softmax(x, mask *Node) *Node {
	return withGradient(x, func(x *Node) *Node {
		if mask == nil {
			return Softmax(x, -1)
		}
		return MaskedSoftmax(x, BroadcastToShape(mask, x.Shape()), -1)
	}, func(_, y, v *Node) *Node {
		return Mul(y, Sub(v, ReduceAndKeep(Mul(v, y), ReduceSum, -1)))
	})
}

// quickGELU is x sigmoid(1.702 x), OpenAI's approximation of GELU. Its gradient computes the sigmoid again, which is
// cheaper than to keep it.
func quickGELU(x *Node) *Node {
	gate := func(x *Node) *Node { return Sigmoid(MulScalar(x, 1.702)) }
	return withGradient(x, func(x *Node) *Node { return Mul(x, gate(x)) }, func(x, _, v *Node) *Node {
		x = SchedulingBarrier(x, v) // else the compiler finds the sigmoid of the forward pass and keeps it
		s := gate(x)
		return Mul(v, Mul(s, OnePlus(Mul(MulScalar(x, 1.702), OneMinus(s)))))
	})
}

// withGradient is f of x with a gradient of our own: gradient gets x, f(x) and the gradient by f(x), and returns the one by
// x. The one that GoMLX makes of f is not used, and not compiled.
func withGradient(x *Node, f func(x *Node) *Node, gradient func(x, y, v *Node) *Node) *Node {
	var y, v *Node // of the sweep that reached f(x) last; it reaches x next
	x = IdentityWithCustomGradient(x, func(x, _ *Node) *Node { return gradient(x, y, v) })
	return IdentityWithCustomGradient(f(x), func(result, adjoint *Node) *Node {
		y, v = result, adjoint
		return adjoint
	})
}
