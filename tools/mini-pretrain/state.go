package main

import (
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/gomlx/gomlx/core/tensors"
	"github.com/google/renameio/v2"

	"github.com/dapt-go/dapt-go/dapt/clip"
)

// saved is an unfinished run on disk.
type saved struct {
	Settings string
	Steps    int
	Values   map[string]map[string][]float32 // by scope and weight
}

// scopes are where the store holds the weights and AdamW's moments.
var scopes = []string{clip.Scope + "/", "/first/", "/second/"}

// save writes weights and moments after so many steps.
func (p *pretrainer) save(path string, steps int, s settings) error {
	state := saved{fmt.Sprintf("%+v", s), steps, map[string]map[string][]float32{}}
	for _, scope := range scopes {
		var err error
		if state.Values[scope], err = p.values(scope); err != nil {
			return err
		}
	}
	return replace(path, func(w io.Writer) error { return gob.NewEncoder(w).Encode(state) })
}

// load goes back to the saved state and returns the steps done, 0 if nothing was saved.
func (p *pretrainer) load(path string, s settings) (int, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	defer file.Close()
	var state saved
	if err := gob.NewDecoder(file).Decode(&state); err != nil {
		return 0, fmt.Errorf("%s: %w; delete it to start anew", path, err)
	}
	if want := fmt.Sprintf("%+v", s); state.Settings != want {
		return 0, fmt.Errorf("%s is of a run with %s, this one has %s: choose another -work", path, state.Settings, want)
	}
	for _, scope := range scopes {
		for _, weight := range p.config.Parameters() {
			value := tensors.FromFlatDataAndDimensions(state.Values[scope][weight.Name], weight.Dims...)
			if err := p.variable(scope, weight.Name).SetValue(value); err != nil {
				return 0, fmt.Errorf("%s: %s: %w", path, weight.Name, err)
			}
		}
	}
	return state.Steps, nil
}

// write puts the finished model into folder: weights in half precision and the tokenizer's merges.
func write(weights *clip.Weights, tokenizer *clip.Tokenizer, folder string, metadata map[string]string) error {
	if err := replace(filepath.Join(folder, "merges.txt"), tokenizer.WriteMerges); err != nil {
		return err
	}
	return weights.WriteFile(filepath.Join(folder, "weights.safetensors"), true, metadata)
}

// replace writes a file so that either the old or the new one is there at any time.
func replace(path string, content func(io.Writer) error) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	file, err := renameio.NewPendingFile(path, renameio.WithPermissions(0o644))
	if err != nil {
		return err
	}
	defer file.Cleanup()
	if err := content(file); err != nil {
		return err
	}
	return file.CloseAtomicallyReplace()
}
