package clip

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/dapt-go/dapt-go/dapt/internal/safetensors"
)

// ReadWeights reads a file of weights: safetensors in OpenAI's or Hugging Face's names, or PyTorch's zip archive (.pt),
// which holds a state dictionary or, as OpenAI publishes it, a scripted module. Nothing in a file is ever executed. The
// sizes are read off the weights; a missing, superfluous or misshapen weight is an error that lists them.
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

func decodeFile(data []byte, name string) (*Weights, error) {
	switch {
	case bytes.HasPrefix(data, []byte("PK")):
		found, err := readTorch(data)
		if err != nil {
			return nil, fmt.Errorf("clip: reading a PyTorch archive: %w", err)
		}
		return assemble(found, name)
	case bytes.HasPrefix(data, []byte{0x80, 0x02}), bytes.HasPrefix(data, []byte{0x1f, 0x8b}):
		return nil, errors.New("clip: this is PyTorch's format from before version 1.6: open it there and save it again, best as safetensors")
	}
	file, err := safetensors.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("clip: these weights are neither safetensors nor a PyTorch archive: %w", err)
	}
	return fromSafetensors(file, name)
}
