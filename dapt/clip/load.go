package clip

import (
	"bytes"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/dapt-go/dapt-go/dapt/internal/safetensors"
	"github.com/dapt-go/dapt-go/dapt/internal/torch"
)

// source is a weight that is not read yet.
type source struct {
	dims []int
	read func() ([]float32, error)
}

// ReadWeights reads a file of weights: safetensors in OpenAI's or Hugging Face's names, or a file of PyTorch (.pt),
// which holds a state dictionary or, as OpenAI publishes it, a scripted module. Nothing in a file is ever executed. The
// sizes are read off the weights; a missing, superfluous or misshapen weight is an error that lists them. The towers
// compute OpenAI's activation, QuickGELU: weights that were trained with another are read, but give other features.
func ReadWeights(path string) (*Weights, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("clip: reading weights: %w", err)
	}
	w, err := decodeFile(data, filepath.Base(path))
	if err != nil {
		return nil, fmt.Errorf("%w (in %s)", err, path)
	}
	return w, nil
}

// DecodeWeights reads the bytes of a safetensors file with OpenAI's or Hugging Face's names, of any float type. The name
// is that of the result.
func DecodeWeights(data []byte, name string) (*Weights, error) {
	file, err := safetensors.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("clip: weights of %s: %w", name, err)
	}
	sources := make(map[string]source, len(file.Tensors))
	for key, t := range file.Tensors {
		sources[key] = source{t.Dims, t.Float32s}
	}
	return assemble(sources, name)
}

// decodeFile tells the format by how the file begins.
func decodeFile(data []byte, name string) (*Weights, error) {
	if torch.Is(data) {
		file, err := torch.Decode(data)
		if err != nil {
			return nil, fmt.Errorf("clip: reading a PyTorch file: %w", err)
		}
		sources := make(map[string]source, len(file.Tensors))
		for key, t := range file.Tensors {
			sources[key] = source{t.Dims, t.Float32s}
		}
		return assemble(sources, name)
	}
	w, err := DecodeWeights(data, name)
	if err != nil && bytes.HasPrefix(data, []byte{0x80}) {
		err = fmt.Errorf("%w; if it is a Python pickle, save the state dictionary with torch.save or as safetensors", err)
	}
	return w, err
}

// assemble makes weights of what a file holds, in either set of names.
func assemble(sources map[string]source, name string) (*Weights, error) {
	huggingFace := false
	for key := range sources {
		if strings.HasPrefix(key, "visual.layer1.") {
			return nil, noResNet(name)
		}
		huggingFace = huggingFace || strings.HasPrefix(key, "vision_model.") || strings.HasPrefix(key, "text_model.")
	}
	found := make(map[string]tensor, len(sources))
	for _, key := range slices.Sorted(maps.Keys(sources)) {
		if buffer(key) {
			continue
		}
		values, err := sources[key].read()
		if err != nil {
			return nil, fmt.Errorf("clip: weight %s: %w", key, err)
		}
		found[key] = tensor{sources[key].dims, values}
	}
	if huggingFace {
		found = fromHuggingFace(found)
	}
	config, err := sizesOf(found)
	if err != nil {
		return nil, err
	}
	return newWeights(config, name, found)
}

// noResNet is the error for a CLIP whose image tower is no transformer.
func noResNet(name string) error {
	return fmt.Errorf("clip: %s has a ResNet as its image tower, but prompts are tokens and need a vision transformer: take ViT-B/16, ViT-B/32 or ViT-L/14", name)
}

// buffer reports what published files hold beside the weights.
func buffer(name string) bool {
	switch name {
	case "input_resolution", "context_length", "vocab_size":
		return true
	}
	return strings.HasSuffix(name, ".position_ids") || strings.HasSuffix(name, ".attn_mask")
}
