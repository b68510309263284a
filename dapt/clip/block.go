package clip

import (
	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/nn"
)

// epsilon of every LayerNorm (openai/CLIP clip/model.py).
const epsilon = 1e-5

// norm is a LayerNorm over the last axis, computed in float32 whatever the compute type.
type norm struct{ gain, shift *Node } // [width] each

func (n norm) apply(x *Node) *Node {
	y := nn.LayerNorm(ConvertDType(x, dtypes.Float32), []int{-1}, epsilon, n.gain, n.shift, nil)
	return ConvertDType(y, x.DType())
}

// linear is x W^T + b.
type linear struct{ weight, bias *Node } // [out, in], [out]

func (l linear) apply(x *Node) *Node {
	if x.DType() != dtypes.Float32 {
		// Asked for a float32 accumulator, as nn.Dense does, go-xla 0.4.1 turns both operands into float32, and no product is
		// of half precision any more. Its kernels add up in float32 all the same; it is the result that is rounded.
		y := Dot(x, l.weight).WithAccumulatorDType(x.DType()).General([]int{-1}, nil, []int{1}, nil)
		if l.bias != nil {
			y = Add(y, ExpandLeftToRank(l.bias, y.Rank()))
		}
		return y
	}
	return nn.Dense(x, l.weight, l.bias, compute.DenseLayoutOutputsInput)
}

// checkpoint says whether the backward pass computes the insides of blocks again instead of keeping them.
type checkpoint bool

// mark keeps x, and computes again what follows up to the next mark.
func (c checkpoint) mark(x *Node) *Node {
	if c {
		return x.Checkpoint()
	}
	return x
}

// end keeps x and what follows.
func (c checkpoint) end(x *Node) *Node {
	if c {
		return x.StopCheckpoint()
	}
	return x
}

// block is one pre-norm residual attention block.
type block struct {
	heads        int
	before, then norm
	qkv, out     linear
	up, down     linear
}

// forward maps [batch, tokens, width] to the same shape; nil mask attends everywhere, else it is a boolean broadcastable
// to [batch, heads, tokens, tokens].
func (b *block) forward(x, mask *Node) *Node {
	q, k, v := b.project(b.before.apply(x))
	return b.add(x, b.read(q, k, v, mask))
}

// pooled is forward for one token of each row only: at reads it from [batch, tokens, width] as [batch, 1, width].
// It returns [batch, width].
func (b *block) pooled(x, mask *Node, at func(*Node) *Node) *Node {
	return Squeeze(b.rest(x, b.before.apply(x), mask, at), 1)
}

// rest is pooled from the first norm's output on, for as many tokens as at reads: [batch, some, width].
func (b *block) rest(x, normed, mask *Node, at func(*Node) *Node) *Node {
	width := x.Shape().Dim(-1)
	q := b.part(0, width).apply(at(normed))
	kv := Split(b.part(width, 3*width).apply(normed), -1, 2)
	return b.add(at(x), b.read(q, kv[0], kv[1], mask))
}

// project returns the queries, keys and values of the first norm's output, each of its shape.
func (b *block) project(normed *Node) (q, k, v *Node) {
	parts := Split(b.qkv.apply(normed), -1, 3)
	return parts[0], parts[1], parts[2]
}

// read lets queries [batch, some, width] read keys and values [batch, tokens, width]. Softmax and its two products stay
// in float32.
func (b *block) read(q, k, v, mask *Node) *Node {
	heads := func(x *Node) *Node {
		dims := x.Shape().Dimensions
		x = TransposeAllAxes(Reshape(x, dims[0], dims[1], b.heads, dims[2]/b.heads), 0, 2, 1, 3)
		return ConvertDType(x, dtypes.Float32)
	}
	read := attend(heads(q), heads(k), heads(v), mask)
	read = Reshape(TransposeAllAxes(read, 0, 2, 1, 3), q.Shape().Dimensions...)
	return ConvertDType(read, q.DType())
}

// add ends the block: the residual x and what was read, [..., width] both, through the output layer and the MLP.
func (b *block) add(x, read *Node) *Node {
	x = Add(x, b.out.apply(read))
	return Add(x, b.down.apply(quickGELU(b.up.apply(b.then.apply(x)))))
}

// part returns rows from:to of the packed query, key and value projection.
func (b *block) part(from, to int) linear {
	return linear{Slice(b.qkv.weight, AxisRange(from, to)), Slice(b.qkv.bias, AxisRange(from, to))}
}
