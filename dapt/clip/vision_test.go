package clip

import (
	"fmt"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/dapt-go/dapt-go/dapt/internal/golden"
)

// TestImageTowerIsExact compares Encode, which leaves out what no feature depends on, and EncodeContext with every block
// applied to every token: features, what the tower makes of the prompt tokens, and their gradients by the context. Prompt
// tokens stand behind the class token there, which is no difference.
func TestImageTowerIsExact(t *testing.T) {
	config := Config{
		Side: 8, Patch: 4, Embed: 12, Context: 14, Vocabulary: 20,
		Vision: Tower{Width: 16, Layers: 4, Heads: 2}, Text: Tower{Width: 16, Layers: 1, Heads: 1},
	}
	for _, deep := range [][]int{nil, {2}, {2, 2, 2}, {1, 0, 2}, {0, 2, 2, 2}, {0, 0, 3, 3}, {0, 0, 0, 5}} {
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
				class, tokens := vision.EncodeContext(in[0], context)
				wantClass, wantTokens := encodeWhole(vision, in[0], context)
				var results []*Node
				for _, y := range []*Node{vision.Encode(in[0], context), wantClass, class, wantClass, tokens, wantTokens} {
					if y != nil {
						results = append(results, withGradients(y, in[1:])...)
					}
				}
				return results
			}), inputs...)
			each := 1 + len(deep)
			for i, got := range results {
				if i/each%2 == 1 { // what the one before is compared with
					continue
				}
				if d := distance(got, results[i+each]); !(d < 1e-5) {
					t.Errorf("result %d (features, then gradients, of Encode, EncodeContext and its tokens) is off by %g of its size", i, d)
				}
			}
		})
	}
}

// encodeWhole is EncodeContext by the definition, with the prompt tokens behind the class token.
func encodeWhole(v *Vision, images *Node, context []*Node) (features, tokens *Node) {
	x, added := v.embed(images), 0
	for i, block := range v.blocks {
		if i < len(context) && context[i] != nil {
			x = Concatenate([]*Node{first(x), v.repeat(context[i], x), Slice(x, AxisRange(), AxisRangeToEnd(1+added))}, 1)
			added = context[i].Shape().Dim(0)
		}
		if i == 0 {
			x = v.pre.apply(x)
		}
		x = block.forward(x, nil)
	}
	x = v.post.apply(x)
	features = MatMul(Squeeze(first(x), 1), v.projection)
	if added > 0 {
		tokens = Slice(x, AxisRange(), AxisRange(1, 1+added))
	}
	return features, tokens
}
