package mini

import (
	"bytes"
	_ "embed"
	"fmt"

	"github.com/dapt-go/dapt-go/dapt/clip"
)

// The small CLIP, in half precision, and its tokenizer: what tools/mini-pretrain writes.
var (
	//go:embed weights/weights.safetensors
	weights []byte
	//go:embed weights/merges.txt
	merges []byte
)

// CLIP reads the small CLIP that was pretrained on [Pretrain]'s pictures: OpenAI's architecture with 64-pixel images,
// patches of 8, and 6 blocks of width 128 in each tower.
func CLIP() (*clip.Model, error) {
	w, err := clip.DecodeWeights(weights, "mini")
	if err != nil {
		return nil, fmt.Errorf("mini: embedded weights: %w", err)
	}
	tokenizer, err := clip.ReadTokenizer(bytes.NewReader(merges))
	if err != nil {
		return nil, fmt.Errorf("mini: embedded vocabulary: %w", err)
	}
	return &clip.Model{Weights: w, Tokenizer: tokenizer}, nil
}
