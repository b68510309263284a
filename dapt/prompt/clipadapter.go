package prompt

import (
	"cmp"
	"fmt"
	"math/rand/v2"

	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/layers/activation"

	"github.com/dapt-go/dapt-go/dapt/clip"
)

// CLIPAdapter is CLIP-Adapter (Gao et al., IJCV 2024; gaopengcuhk/CLIP-Adapter clip_adapter.py): two layers behind the image
// tower, whose result is mixed with CLIP's own feature. Texts are the data set's hand-crafted ones.
type CLIPAdapter struct {
	Reduction int     // of the embedding's numbers to the hidden ones; 0 means 4
	Ratio     float64 // part of the layers in the feature, at most 1; 0 means 0.2
}

// Name returns "clip-adapter".
func (CLIPAdapter) Name() string { return "clip-adapter" }

// Template returns the data set's hand-crafted sentence.
func (CLIPAdapter) Template(hand string) string { return hand }

// Trains says images.
func (CLIPAdapter) Trains() Parts { return Images }

// Parameters are two linear layers without bias: fc.0.weight [hidden, embed] and fc.2.weight [embed, hidden].
func (l CLIPAdapter) Parameters(m *clip.Model, rng *rand.Rand) ([]Parameter, error) {
	embed := m.Config.Embed
	hidden := max(1, embed/cmp.Or(l.Reduction, 4))
	if l.Reduction < 0 || l.Ratio < 0 || l.Ratio > 1 {
		return nil, fmt.Errorf("prompt: clip-adapter with Reduction %d and Ratio %g, want at least 0, and at most 1 of Ratio", l.Reduction, l.Ratio)
	}
	down, up := linear(rng, "fc.0", hidden, embed), linear(rng, "fc.2", embed, hidden)
	return []Parameter{down[0], up[0]}, nil
}

// Prompts writes no tokens: the layers follow the image tower.
func (l CLIPAdapter) Prompts(p Values) Prompts {
	ratio := cmp.Or(l.Ratio, 0.2)
	adapt := func(features *graph.Node) *graph.Node {
		hidden := activation.Relu(graph.Einsum("be,he->bh", features, p["fc.0.weight"]))
		adapted := activation.Relu(graph.Einsum("bh,eh->be", hidden, p["fc.2.weight"]))
		return graph.Add(graph.MulScalar(adapted, ratio), graph.MulScalar(features, 1-ratio))
	}
	return Prompts{Project: func(views []*graph.Node, _ bool) ([]*graph.Node, Values) {
		adapted := make([]*graph.Node, len(views))
		for i, features := range views {
			adapted[i] = adapt(features)
		}
		return adapted, nil
	}}
}
