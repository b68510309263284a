package clip

import (
	"encoding/binary"
	"maps"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/dapt-go/dapt-go/dapt/internal/safetensors"
)

// tiny is the size of testdata's archives.
var tiny = Config{
	Side: 8, Patch: 4, Embed: 12, Context: 8, Vocabulary: 20,
	Vision: Tower{Width: 16, Layers: 2, Heads: 1}, Text: Tower{Width: 8, Layers: 3, Heads: 1},
}

func testRand() *rand.Rand { return rand.New(rand.NewPCG(1, 2)) }

func tinyWeights() *Weights { return Random(tiny, testRand()) }

// openAINames is a file of the weights in OpenAI's names.
func openAINames(w *Weights) *safetensors.File {
	file := &safetensors.File{Tensors: map[string]safetensors.Tensor{}}
	for _, p := range w.Config.Parameters() {
		file.Tensors[p.Name] = safetensors.Float32(w.Values[p.Name], p.Dims...)
	}
	return file
}

// huggingFaceNamed is a file of the weights as transformers' CLIPModel saves them.
func huggingFaceNamed(w *Weights) *safetensors.File {
	file := &safetensors.File{Tensors: map[string]safetensors.Tensor{
		"text_model.embeddings.position_ids": {DType: "I64", Dims: []int{1, 1}, Data: make([]byte, 8)},
	}}
	for _, p := range w.Config.Parameters() {
		values, dims, name := w.Values[p.Name], p.Dims, p.Name
		for to, from := range huggingFaceNames {
			if from == name {
				name = to
			}
		}
		switch {
		case strings.HasSuffix(name, "_projection.weight"):
			t, _ := tensor{dims, values}.transposed()
			values, dims = t.values, t.dims
		case strings.Contains(name, "resblocks"):
			name = strings.NewReplacer("visual.transformer.resblocks", "vision_model.encoder.layers", "attn.in_proj_", "self_attn.?_proj.",
				"attn.out_proj", "self_attn.out_proj", "ln_1", "layer_norm1", "ln_2", "layer_norm2", "c_fc", "fc1", "c_proj", "fc2").Replace(name)
			name = strings.Replace(name, "transformer.resblocks", "text_model.encoder.layers", 1)
		}
		if !strings.Contains(name, "?") {
			file.Tensors[name] = safetensors.Float32(values, dims...)
			continue
		}
		third := append([]int{dims[0] / 3}, dims[1:]...)
		for i, part := range []string{"q", "k", "v"} {
			n := len(values) / 3
			file.Tensors[strings.Replace(name, "?", part, 1)] = safetensors.Float32(values[i*n:(i+1)*n], third...)
		}
	}
	return file
}

func TestWeightsOfEveryNamingAreReadEqual(t *testing.T) {
	want := tinyWeights()
	for name, file := range map[string]*safetensors.File{"OpenAI": openAINames(want), "Hugging Face": huggingFaceNamed(want)} {
		got, err := DecodeWeights(file.Encode(), "tiny")
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if got.Config != tiny || !reflect.DeepEqual(got.Values, want.Values) || got.Fingerprint() != want.Fingerprint() {
			t.Errorf("%s: the weights are not those that were saved; config %+v, want %+v", name, got.Config, tiny)
		}
	}
}

func TestHuggingFaceNamesAreTransformers(t *testing.T) {
	file := huggingFaceNamed(tinyWeights())
	for name, dims := range map[string][]int{
		"vision_model.encoder.layers.1.self_attn.k_proj.bias": {16}, "text_model.encoder.layers.2.mlp.fc1.weight": {32, 8},
		"text_projection.weight": {12, 8}, "visual_projection.weight": {12, 16}, "logit_scale": nil,
		"text_model.encoder.layers.0.layer_norm2.weight": {8}, "vision_model.embeddings.position_embedding.weight": {5, 16},
	} {
		if tensor, ok := file.Tensors[name]; !ok || !slices.Equal(tensor.Dims, dims) {
			t.Errorf("%s has dims %v, want %v", name, tensor.Dims, dims)
		}
	}
}

func TestWriteFileIsReadBack(t *testing.T) {
	want := tinyWeights()
	path := filepath.Join(t.TempDir(), "weights.safetensors")
	for _, half := range []bool{false, true} {
		if err := want.WriteFile(path, half, map[string]string{"seed": "1"}); err != nil {
			t.Fatal(err)
		}
		got, err := ReadWeights(path)
		if err != nil {
			t.Fatal(err)
		}
		if got.Name != "weights.safetensors" || (got.Fingerprint() == want.Fingerprint()) == half {
			t.Errorf("half %t: name %q, fingerprints %s and %s", half, got.Name, got.Fingerprint(), want.Fingerprint())
		}
		for name, values := range want.Values {
			for i, v := range values {
				if distance := math.Abs(float64(got.Values[name][i] - v)); distance > math.Abs(float64(v))/2048+0x1p-25 || !half && distance > 0 {
					t.Fatalf("half %t: %s[%d] = %g, want %g", half, name, i, got.Values[name][i], v)
				}
			}
		}
	}
}

func TestWriteFileRefusesWhatHalfPrecisionCannotHold(t *testing.T) {
	w := tinyWeights()
	w.Values["visual.proj"][5] = 70000
	path := filepath.Join(t.TempDir(), "weights.safetensors")
	if err := w.WriteFile(path, true, nil); err == nil || !strings.Contains(err.Error(), "visual.proj has 70000 at place 5") {
		t.Errorf("WriteFile = %v, want an error that names the value", err)
	}
	if err := w.WriteFile(path, false, nil); err != nil {
		t.Errorf("WriteFile in float32 = %v", err)
	}
}

func TestFingerprintDependsOnEveryValue(t *testing.T) {
	w := tinyWeights()
	if got := tinyWeights().Fingerprint(); got != w.Fingerprint() || len(got) != 16 {
		t.Errorf("Fingerprint() = %q and %q, want equal ones of 16 digits", got, w.Fingerprint())
	}
	for name := range w.Values {
		changed := Weights{Config: tiny, Values: maps.Clone(w.Values)}
		changed.Values[name] = slices.Clone(w.Values[name])
		changed.Values[name][0] += 0.5
		if changed.Fingerprint() == w.Fingerprint() {
			t.Errorf("changing %s keeps the fingerprint", name)
		}
	}
}

func TestWrongWeightsAreAllListed(t *testing.T) {
	const proj = "visual.proj"
	vector := safetensors.Float32(make([]float32, 4), 4)
	for name, c := range map[string]struct {
		change func(tensors map[string]safetensors.Tensor)
		want   []string
	}{
		"missing":     {func(m map[string]safetensors.Tensor) { delete(m, proj); delete(m, "ln_final.bias") }, []string{"2 things", "visual.proj [16 12] is missing", "ln_final.bias [8] is missing"}},
		"superfluous": {func(m map[string]safetensors.Tensor) { m["visual.VPT"] = vector }, []string{"1 things", "visual.VPT [4] is no weight"}},
		"misshapen":   {func(m map[string]safetensors.Tensor) { m[proj] = vector }, []string{"visual.proj is [4], want [16 12]"}},
		"a block that lacks": {func(m map[string]safetensors.Tensor) {
			maps.DeleteFunc(m, func(name string, _ safetensors.Tensor) bool {
				return strings.HasPrefix(name, "transformer.resblocks.1.")
			})
		}, []string{"24 things", "transformer.resblocks.1.ln_1.weight [8] is missing", "and 14 more"}},
		"no sizes": {func(m map[string]safetensors.Tensor) {
			delete(m, "visual.conv1.weight")
			m["text_projection"] = vector
		}, []string{"visual.conv1.weight is missing", "text_projection is [4], want 2 axes"}},
		"no square": {func(m map[string]safetensors.Tensor) {
			m["visual.positional_embedding"] = safetensors.Float32(make([]float32, 64), 4, 16)
		}, []string{"4 places"}},
		"nothing": {func(m map[string]safetensors.Tensor) { clear(m) }, []string{"visual.conv1.weight is missing"}},
		"not a number": {func(m map[string]safetensors.Tensor) {
			m["logit_scale"] = safetensors.Float32([]float32{float32(math.NaN())})
		}, []string{"logit_scale has NaN at place 0"}},
		"integers": {func(m map[string]safetensors.Tensor) { m["logit_scale"] = safetensors.Int32([]int32{4}) }, []string{"logit_scale", "I32"}},
		"no width": {func(m map[string]safetensors.Tensor) {
			m["token_embedding.weight"] = safetensors.Float32(nil, 20, 0)
		}, []string{"Text.Width is 0"}},
		"a ResNet": {func(m map[string]safetensors.Tensor) { m["visual.layer1.0.conv1.weight"] = vector }, []string{"tiny has a ResNet", "ViT-B/16"}},
		"both namings": {func(m map[string]safetensors.Tensor) {
			m["visual_projection.weight"] = safetensors.Float32(make([]float32, 192), 12, 16)
			m["text_model.x"] = vector
		}, []string{"2 things", "visual_projection.weight [12 16] is no weight"}},
	} {
		file := openAINames(tinyWeights())
		c.change(file.Tensors)
		_, err := DecodeWeights(file.Encode(), "tiny")
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: DecodeWeights = %v, want an error with %q", name, err, want)
			}
		}
	}
}

func TestWrongHuggingFaceWeightsAreListed(t *testing.T) {
	const block = "vision_model.encoder.layers.0.self_attn."
	for name, c := range map[string]struct {
		change func(tensors map[string]safetensors.Tensor)
		want   []string
	}{
		"no key":   {func(m map[string]safetensors.Tensor) { delete(m, block+"k_proj.weight") }, []string{"resblocks.0.attn.in_proj_weight [48 16] is missing", block + "q_proj.weight [16 16]"}},
		"no query": {func(m map[string]safetensors.Tensor) { delete(m, block+"q_proj.bias") }, []string{"resblocks.0.attn.in_proj_bias [48] is missing"}},
		"a short value": {func(m map[string]safetensors.Tensor) {
			m[block+"v_proj.bias"] = safetensors.Float32(make([]float32, 4), 4)
		}, []string{"v_proj.bias [4]"}},
		"no class": {func(m map[string]safetensors.Tensor) { delete(m, "vision_model.embeddings.class_embedding") }, []string{"1 things", "visual.class_embedding [16] is missing"}},
		"a flat projection": {func(m map[string]safetensors.Tensor) {
			m["visual_projection.weight"] = safetensors.Float32(make([]float32, 192), 192)
		}, []string{"visual.proj [16 12] is missing", "visual_projection.weight [192]"}},
		"no image tower": {func(m map[string]safetensors.Tensor) {
			maps.DeleteFunc(m, func(name string, _ safetensors.Tensor) bool { return strings.HasPrefix(name, "vision_model.") })
		}, []string{"visual.conv1.weight is missing; visual.positional_embedding is missing"}},
	} {
		file := huggingFaceNamed(tinyWeights())
		c.change(file.Tensors)
		_, err := DecodeWeights(file.Encode(), "tiny")
		for _, want := range c.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: DecodeWeights = %v, want an error with %q", name, err, want)
			}
		}
	}
}

func TestFilesThatAreNoWeightsAreRefused(t *testing.T) {
	for name, c := range map[string]struct{ content, want string }{
		"nothing":     {"", "cut short"},
		"a page":      {"<!doctype html><title>404</title>", "a page of HTML"},
		"a pointer":   {"version https://git-lfs.github.com/spec/v1\noid sha256:4d7a\n", "git lfs pull"},
		"text":        {"ViT-B/16, 61.2 % on average", "text, which begins with"},
		"cut":         {string(openAINames(tinyWeights()).Encode()[:5000]), "cut short"},
		"noise":       {"\x13\x37\x00\xff\x13\x37\x00\xff\x13", "no safetensors file"},
		"old PyTorch": {"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", "cut short"},
		"a pickle":    {"\x80\x04\x95\x00\x00\x00\x00\x00\x00\x00\x00N.", "save the state dictionary"},
		"cut zip":     {"PK\x03\x04", "cut short"},
	} {
		path := filepath.Join(t.TempDir(), "file")
		if err := os.WriteFile(path, []byte(c.content), 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadWeights(path); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), path) {
			t.Errorf("%s: ReadWeights = %v, want an error with %q and the path", name, err, c.want)
		}
	}
}

// A file's first bytes are the length of its header, here those of Python's pickles and of zip archives.
func TestTheLengthOfAHeaderIsNoFormat(t *testing.T) {
	want := tinyWeights()
	length := func(data []byte) int { return int(binary.LittleEndian.Uint64(data)) }
	for _, size := range []int{0x10280, 'P' | 'K'<<8} {
		file := openAINames(want)
		file.Metadata = map[string]string{"padding": ""}
		file.Metadata["padding"] = strings.Repeat("x", size-length(file.Encode()))
		data := file.Encode()
		if length(data) != size {
			t.Fatalf("the header has %d bytes, want %d", length(data), size)
		}
		if got, err := decodeFile(data, "x"); err != nil || got.Fingerprint() != want.Fingerprint() {
			t.Errorf("a header of %d bytes: %v", size, err)
		}
	}
}

func TestReleasedWeightsKeepWhatLearnersRead(t *testing.T) {
	w := tinyWeights()
	before, table := w.Fingerprint(), w.Values[tokenTable]
	w.Release()
	if w.Fingerprint() != before || !slices.Equal(w.Values[tokenTable], table) || len(w.Values) != 1 {
		t.Errorf("released weights have fingerprint %s and %d tensors, want %s and the token table", w.Fingerprint(), len(w.Values), before)
	}
	for _, err := range []error{w.Store(model.NewStore(), dtypes.Float32), w.WriteFile(filepath.Join(t.TempDir(), "w"), false, nil)} {
		if err == nil || !strings.Contains(err.Error(), "released") {
			t.Errorf("using released weights: %v, want an error that says so", err)
		}
	}
}
