package clip

import (
	"fmt"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/dapt-go/dapt-go/dapt/internal/golden"
)

// TestImageTowerIsExact compares Encode, which leaves out what no feature depends on, with every block applied to every
// token: features and their gradient by the context.
func TestImageTowerIsExact(t *testing.T) {
	config := Config{
		Side: 8, Patch: 4, Embed: 12, Context: 14, Vocabulary: 20,
		Vision: Tower{Width: 16, Layers: 4, Heads: 2}, Text: Tower{Width: 16, Layers: 1, Heads: 1},
	}
	for _, deep := range [][]int{nil, {2}, {2, 2, 2}, {1, 0, 2}, {0, 2, 2, 2}} {
		t.Run(fmt.Sprint(deep), func(t *testing.T) {
			store := model.NewStore()
			defer store.Finalize()
			if err := Random(config, testRand()).Store(store, dtypes.Float32); err != nil {
				t.Fatal(err)
			}
			rng := testRand()
			inputs := []any{normal(rng, 3, 8, 8, 3)}
			for _, tokens := range deep {
				inputs = append(inputs, normal(rng, max(tokens, 1), 16))
			}
			results := floats(t, model.MustNewExec(golden.Backend(t), store, func(_ *model.Scope, in []*Node) []*Node {
				vision := &Bind(store, in[0].Graph(), config).Vision
				context := make([]*Node, len(deep))
				for i, tokens := range deep {
					if tokens > 0 {
						context[i] = in[1+i]
					}
				}
				var results []*Node
				for _, features := range []*Node{vision.Encode(in[0], context), encodeWhole(vision, in[0], context)} {
					results = append(results, withGradients(features, in[1:])...)
				}
				return results
			}), inputs...)
			half := len(results) / 2
			for i := range half {
				if d := distance(results[i], results[half+i]); !(d < 1e-5) {
					t.Errorf("result %d (0: features, then gradients) is off by %g of its size", i, d)
				}
			}
		})
	}
}

// encodeWhole is Encode by the definition.
func encodeWhole(v *Vision, images *Node, context []*Node) *Node {
	x := v.embed(images)
	places := x.Shape().Dim(1)
	for i, block := range v.blocks {
		if i < len(context) && context[i] != nil {
			x = Concatenate([]*Node{Slice(x, AxisRange(), AxisRange(0, places)), v.repeat(context[i], x)}, 1)
		}
		if i == 0 {
			x = v.pre.apply(x)
		}
		x = block.forward(x, nil)
	}
	return MatMul(v.post.apply(Squeeze(first(x), 1)), v.projection)
}
