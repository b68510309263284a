package clip

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
	"sync"

	"github.com/dapt-go/dapt-go/dapt/internal/safetensors"
)

// Weights are the frozen parameters of one CLIP by OpenAI's names.
type Weights struct {
	Config Config
	Name   string               // "ViT-B/16", "mini"
	Values map[string][]float32 // one entry for each of Config.Parameters, row-major

	fingerprint func() string
}

// Fingerprint identifies the values: 16 hexadecimal digits. Prompts mean nothing with weights of another fingerprint. It
// is computed once; the values must not change afterwards.
func (w *Weights) Fingerprint() string {
	if w.fingerprint == nil { // made by hand
		return w.digest()
	}
	return w.fingerprint()
}

// Release frees the values that only the towers read, which are most, once an engine or a store holds them. What
// learners start from stays. To store or save the weights afterwards is an error.
func (w *Weights) Release() {
	fingerprint := w.Fingerprint()
	w.fingerprint = func() string { return fingerprint }
	w.Values = map[string][]float32{tokenTable: w.Values[tokenTable]}
}

func errReleased(name string) error {
	return fmt.Errorf("clip: weight %s is not in memory: the weights were released; load them again", name)
}

// tokenTable is OpenAI's name of the token embeddings.
const tokenTable = "token_embedding.weight"

// seal makes the fingerprint one that is computed once.
func (w *Weights) seal() { w.fingerprint = sync.OnceValue(w.digest) }

func (w *Weights) digest() string {
	hash := sha256.New()
	for _, p := range w.Config.Parameters() {
		fmt.Fprintf(hash, "%s %v\n", p.Name, p.Dims)
		bits := make([]byte, 0, 4*len(w.Values[p.Name]))
		for _, v := range w.Values[p.Name] {
			bits = binary.LittleEndian.AppendUint32(bits, math.Float32bits(v))
		}
		hash.Write(bits)
	}
	return hex.EncodeToString(hash.Sum(nil)[:8])
}

// tensor is a weight as it was read.
type tensor struct {
	dims   []int
	values []float32
}

// newWeights checks that found is exactly what config asks for, each value a finite number.
func newWeights(config Config, name string, found map[string]tensor) (*Weights, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	w := &Weights{Config: config, Name: name, Values: make(map[string][]float32, len(found))}
	var wrong []string
	for _, p := range config.Parameters() {
		t, ok := found[p.Name]
		switch i := slices.IndexFunc(t.values, notFinite); {
		case !ok:
			wrong = append(wrong, fmt.Sprintf("%s %v is missing", p.Name, p.Dims))
		case !slices.Equal(t.dims, p.Dims):
			wrong = append(wrong, fmt.Sprintf("%s is %v, want %v", p.Name, t.dims, p.Dims))
		case i >= 0:
			wrong = append(wrong, fmt.Sprintf("%s has %g at place %d, want finite numbers", p.Name, t.values[i], i))
		}
		w.Values[p.Name] = t.values
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if _, known := w.Values[name]; !known {
			wrong = append(wrong, fmt.Sprintf("%s %v is no weight of a %s", name, found[name].dims, config))
		}
	}
	if len(wrong) > 0 {
		return nil, fmt.Errorf("clip: these weights are not those of one CLIP with a vision transformer; %d things are wrong: %s", len(wrong), some(wrong))
	}
	w.seal()
	return w, nil
}

func notFinite(v float32) bool { return math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) }

// some joins the first ten.
func some(list []string) string {
	if len(list) > 10 {
		list = append(slices.Clone(list[:10]), fmt.Sprintf("and %d more", len(list)-10))
	}
	return strings.Join(list, "; ")
}

// sizesOf reads the config off the shapes (openai/CLIP clip/model.py build_model).
func sizesOf(found map[string]tensor) (Config, error) {
	var c Config
	var places int
	var wrong []string
	for _, size := range []struct {
		to         *int
		name       string
		axis, rank int
	}{
		{&c.Vision.Width, "visual.conv1.weight", 0, 4},
		{&c.Patch, "visual.conv1.weight", 3, 4},
		{&places, "visual.positional_embedding", 0, 2},
		{&c.Embed, "text_projection", 1, 2},
		{&c.Context, "positional_embedding", 0, 2},
		{&c.Vocabulary, tokenTable, 0, 2},
		{&c.Text.Width, tokenTable, 1, 2},
	} {
		switch t, ok := found[size.name]; {
		case !ok:
			wrong = append(wrong, size.name+" is missing")
		case len(t.dims) != size.rank:
			wrong = append(wrong, fmt.Sprintf("%s is %v, want %d axes", size.name, t.dims, size.rank))
		default:
			*size.to = t.dims[size.axis]
		}
	}
	if len(wrong) > 0 {
		return c, fmt.Errorf("clip: this is no CLIP with a vision transformer in OpenAI's or Hugging Face's names: %s", some(slices.Compact(wrong)))
	}
	grid := int(math.Round(math.Sqrt(float64(places - 1))))
	if places < 2 || grid*grid != places-1 {
		return c, fmt.Errorf("clip: visual.positional_embedding has %d places, want a square number of patches and one more", places)
	}
	c.Side = grid * c.Patch
	c.Vision.Layers, c.Text.Layers = countBlocks(found, "visual.transformer."), countBlocks(found, "transformer.")
	c.Vision.Heads, c.Text.Heads = max(c.Vision.Width/64, 1), max(c.Text.Width/64, 1)
	return c, nil
}

// countBlocks counts the residual blocks of a tower.
func countBlocks(found map[string]tensor, tower string) int {
	numbers := map[string]bool{}
	for name := range found {
		if rest, ok := strings.CutPrefix(name, tower+"resblocks."); ok {
			number, _, _ := strings.Cut(rest, ".")
			numbers[number] = true
		}
	}
	return len(numbers)
}

// WriteFile writes the weights in OpenAI's names as safetensors: matrices in half precision if half is set, the rest in
// float32. The old file, if there is one, is replaced at once. A value that is too large for half precision is an error.
func (w *Weights) WriteFile(path string, half bool, metadata map[string]string) error {
	file := safetensors.File{Metadata: metadata, Tensors: map[string]safetensors.Tensor{}}
	for _, p := range w.Config.Parameters() {
		values := w.Values[p.Name]
		if values == nil {
			return errReleased(p.Name)
		}
		if !half || len(p.Dims) < 2 {
			file.Tensors[p.Name] = safetensors.Float32(values, p.Dims...)
			continue
		}
		if i := slices.IndexFunc(values, func(v float32) bool { return v >= 65520 || v <= -65520 }); i >= 0 {
			return fmt.Errorf("clip: saving weights: %s has %g at place %d, which half precision cannot hold: write without it", p.Name, values[i], i)
		}
		file.Tensors[p.Name] = safetensors.Half(values, p.Dims...)
	}
	if err := file.Write(path); err != nil {
		return fmt.Errorf("clip: saving weights: %w", err)
	}
	return nil
}
