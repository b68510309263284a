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
func (w *Weights) Fingerprint() string { return w.fingerprint() }

// newWeights checks that found is exactly what config asks for, each value a finite number.
func newWeights(config Config, name string, found map[string]tensor) (*Weights, error) {
	if err := config.Validate(); err != nil {
		return nil, err
	}
	w := &Weights{Config: config, Name: name, Values: make(map[string][]float32, len(found))}
	var wrong []string
	for _, p := range config.Parameters() {
		t, ok := found[p.Name]
		switch {
		case !ok:
			wrong = append(wrong, fmt.Sprintf("%s %v is missing", p.Name, p.Dims))
			continue
		case !slices.Equal(t.dims, p.Dims):
			wrong = append(wrong, fmt.Sprintf("%s is %v, want %v", p.Name, t.dims, p.Dims))
			continue
		}
		if i := slices.IndexFunc(t.values, notFinite); i >= 0 {
			wrong = append(wrong, fmt.Sprintf("%s has %g at place %d", p.Name, t.values[i], i))
		}
		w.Values[p.Name] = t.values
	}
	for _, name := range slices.Sorted(maps.Keys(found)) {
		if _, ok := w.Values[name]; !ok && !slices.ContainsFunc(config.Parameters(), func(p Weight) bool { return p.Name == name }) {
			wrong = append(wrong, fmt.Sprintf("%s %v is no weight of a %s", name, found[name].dims, config))
		}
	}
	if len(wrong) > 0 {
		return nil, fmt.Errorf("clip: the weights are not those of one CLIP, %d things are wrong: %s", len(wrong), some(wrong))
	}
	w.seal()
	return w, nil
}

// tensor is a weight as it was read.
type tensor struct {
	dims   []int
	values []float32
}

func notFinite(v float32) bool { return math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) }

// some joins the first ten.
func some(list []string) string {
	if len(list) > 10 {
		list = append(slices.Clone(list[:10]), fmt.Sprintf("and %d more", len(list)-10))
	}
	return strings.Join(list, "; ")
}

// seal makes the fingerprint one that is computed once.
func (w *Weights) seal() {
	w.fingerprint = sync.OnceValue(func() string {
		hash := sha256.New()
		for _, p := range w.Config.Parameters() {
			fmt.Fprintf(hash, "%s %v\n", p.Name, p.Dims)
			buffer := make([]byte, 0, 4*len(w.Values[p.Name]))
			for _, v := range w.Values[p.Name] {
				buffer = binary.LittleEndian.AppendUint32(buffer, math.Float32bits(v))
			}
			hash.Write(buffer)
		}
		return hex.EncodeToString(hash.Sum(nil)[:8])
	})
}

// DecodeWeights reads the bytes of a safetensors file with OpenAI's or Hugging Face's names, of any float type.
func DecodeWeights(data []byte, name string) (*Weights, error) {
	file, err := safetensors.Decode(data)
	if err != nil {
		return nil, fmt.Errorf("clip: weights of %s: %w", name, err)
	}
	return fromSafetensors(file, name)
}

func fromSafetensors(file *safetensors.File, name string) (*Weights, error) {
	found := make(map[string]tensor, len(file.Tensors))
	for key, t := range file.Tensors {
		if buffer(key) {
			continue
		}
		values, err := t.Float32s()
		if err != nil {
			return nil, fmt.Errorf("clip: weight %s: %w", key, err)
		}
		found[key] = tensor{t.Dims, values}
	}
	return assemble(found, name)
}

// assemble makes weights of what a file holds, in either set of names.
func assemble(found map[string]tensor, name string) (*Weights, error) {
	if _, ok := found["visual.layer1.0.conv1.weight"]; ok {
		return nil, noResNet(name)
	}
	if _, ok := found["vision_model.embeddings.class_embedding"]; ok {
		var err error
		if found, err = fromHuggingFace(found); err != nil {
			return nil, err
		}
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

// buffer reports tensors that published files hold beside the weights.
func buffer(name string) bool {
	switch name {
	case "input_resolution", "context_length", "vocab_size":
		return true
	}
	return strings.HasSuffix(name, ".position_ids")
}

// sizesOf reads the config off the shapes (openai/CLIP clip/model.py build_model).
func sizesOf(found map[string]tensor) (Config, error) {
	dim := func(name string, axis, rank int) (int, error) {
		t, ok := found[name]
		if !ok {
			return 0, fmt.Errorf("clip: no weight %s: this is no CLIP with a vision transformer in OpenAI's or Hugging Face's names", name)
		}
		if len(t.dims) != rank {
			return 0, fmt.Errorf("clip: weight %s is %v, want %d axes", name, t.dims, rank)
		}
		return t.dims[axis], nil
	}
	var c Config
	var places int
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
		{&c.Vocabulary, "token_embedding.weight", 0, 2},
		{&c.Text.Width, "token_embedding.weight", 1, 2},
	} {
		var err error
		if *size.to, err = dim(size.name, size.axis, size.rank); err != nil {
			return c, err
		}
	}
	grid := int(math.Round(math.Sqrt(float64(places - 1))))
	if places < 2 || grid*grid != places-1 {
		return c, fmt.Errorf("clip: visual.positional_embedding has %d places, want a square number of patches and one more", places)
	}
	c.Side = grid * c.Patch
	for tower, prefix := range map[*Tower]string{&c.Vision: "visual.transformer.", &c.Text: "transformer."} {
		for ; ; tower.Layers++ {
			if _, ok := found[fmt.Sprintf("%sresblocks.%d.ln_1.weight", prefix, tower.Layers)]; !ok {
				break
			}
		}
		tower.Heads = max(tower.Width/64, 1)
	}
	return c, nil
}

// WriteFile writes the weights in OpenAI's names as safetensors: matrices in half precision if half is set, the rest in
// float32. The old file, if there is one, is replaced at once.
func (w *Weights) WriteFile(path string, half bool, metadata map[string]string) error {
	file := safetensors.File{Metadata: metadata, Tensors: map[string]safetensors.Tensor{}}
	for _, p := range w.Config.Parameters() {
		encode := safetensors.Float32
		if half && len(p.Dims) > 1 {
			encode = safetensors.Half
		}
		file.Tensors[p.Name] = encode(w.Values[p.Name], p.Dims...)
	}
	if err := file.Write(path); err != nil {
		return fmt.Errorf("clip: saving weights: %w", err)
	}
	return nil
}
