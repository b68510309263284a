// Package parity recomputes the cases of a golden set, reference values of the published PyTorch code, with this
// project's own packages, and compares them one by one.
//
// A set is a folder with manifest.json, cases.safetensors, weights.safetensors, tokenizer.json, fewshot.json,
// schedules.json, selection.json and images/. Its sizes, names and counts are read from it and never assumed.
package parity

import (
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/internal/safetensors"
)

// Set is a golden set in memory.
type Set struct {
	folder   string
	manifest manifest
	cases    *safetensors.File
	model    *clip.Model
}

// manifest is what manifest.json says, as far as it is needed.
type manifest struct {
	Config struct {
		Phrase   string   `json:"ctx_init"`
		Classes  []string `json:"classnames"`
		Template string   `json:"zs_template"`
		Ensemble []string `json:"ens_templates"`
		Switch   int      `json:"traj_switch"`
		Epochs   int      `json:"traj_epochs"`

		ProGrad map[string][]int32 `json:"prograd_labels"`
	} `json:"config"`
	Preprocessing []struct {
		Image, Mask string
		Crops       []struct {
			I, J, H, W int
			Flip       bool
		}
	} `json:"preprocessing"`
	Tensors map[string]entry `json:"tensors"`
}

// entry is what the manifest says of a tensor.
type entry struct {
	Role      string   `json:"role"` // "input", "parameter" or "expected"
	Tolerance *float64 `json:"atol"` // nil where values must not be compared
}

// Open reads a set and checks that its tensors are those of its manifest.
func Open(folder string) (*Set, error) {
	s := &Set{folder: folder}
	if err := s.read("manifest.json", &s.manifest); err != nil {
		return nil, err
	}
	var err error
	if s.cases, err = safetensors.Read(filepath.Join(folder, "cases.safetensors")); err != nil {
		return nil, fmt.Errorf("parity: %w", err)
	}
	for name := range s.manifest.Tensors {
		if _, ok := s.cases.Tensors[name]; !ok {
			return nil, fmt.Errorf("parity: manifest.json names %s, which cases.safetensors lacks", name)
		}
	}
	weights, err := clip.ReadWeights(filepath.Join(folder, "weights.safetensors"))
	if err != nil {
		return nil, fmt.Errorf("parity: %w", err)
	}
	s.model = &clip.Model{Weights: weights, Tokenizer: clip.NewTokenizer()}
	return s, nil
}

// read decodes a JSON file of the set; into stays as it is if the file is not there.
func (s *Set) read(name string, into any) error {
	data, err := os.ReadFile(filepath.Join(s.folder, name))
	if errors.Is(err, fs.ErrNotExist) && name != "manifest.json" {
		return nil
	}
	if err != nil {
		return fmt.Errorf("parity: %w; want a folder with manifest.json, cases.safetensors and weights.safetensors", err)
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("parity: %s: %w", name, err)
	}
	return nil
}

// has reports whether the set has a tensor.
func (s *Set) has(name string) bool {
	_, ok := s.cases.Tensors[name]
	return ok
}

// floats returns a tensor of real numbers.
func (s *Set) floats(name string) ([]float32, error) {
	t, ok := s.cases.Tensors[name]
	if !ok {
		return nil, fmt.Errorf("parity: the set has no %s", name)
	}
	return t.Float32s()
}

// integers returns a tensor of integers.
func (s *Set) integers(name string) ([]int32, error) {
	t, ok := s.cases.Tensors[name]
	if !ok {
		return nil, fmt.Errorf("parity: the set has no %s", name)
	}
	return t.Int32s()
}

// images returns a tensor [batch, channels, side, side] as [batch, side, side, channels], and the batch.
func (s *Set) images(name string) ([]float32, int, error) {
	values, err := s.floats(name)
	if err != nil {
		return nil, 0, err
	}
	dims := s.cases.Tensors[name].Dims
	if len(dims) != 4 {
		return nil, 0, fmt.Errorf("parity: %s is %v, want 4 axes", name, dims)
	}
	return channelsLast(values, dims[1], dims[2]*dims[3]), dims[0], nil
}

// channelsLast turns images of channels planes of area pixels each into pixels of channels.
func channelsLast(values []float32, channels, area int) []float32 {
	out := make([]float32, len(values))
	for i, v := range values {
		image, rest := i/(channels*area), i%(channels*area)
		out[image*channels*area+rest%area*channels+rest/area] = v
	}
	return out
}
