package clip

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/dapt-go/dapt-go/dapt/internal/golden"
)

// base is ViT-B/16.
var base = Config{
	Side: 224, Patch: 16, Embed: 512, Context: 77, Vocabulary: 49408,
	Vision: Tower{Width: 768, Layers: 12, Heads: 12}, Text: Tower{Width: 512, Layers: 12, Heads: 8},
}

// TestAFullCLIPIsReadFromEveryFormat saves a ViT-B/16 with random weights, some 600 MB, in each format that CLIPs are
// published in: what is read back is equal to the bit, and so are its logits of an image and two sentences.
func TestAFullCLIPIsReadFromEveryFormat(t *testing.T) {
	if testing.Short() {
		t.Skip("it writes 600 MB three times")
	}
	want := Random(base, testRand())
	logits := logitsOf(t, want)
	for name, save := range map[string]func(t *testing.T, w *Weights, path string){
		"openai.safetensors": func(t *testing.T, w *Weights, path string) {
			if err := w.WriteFile(path, false, nil); err != nil {
				t.Fatal(err)
			}
		},
		"huggingface.safetensors": func(t *testing.T, w *Weights, path string) {
			if err := huggingFaceNamed(w).Write(path); err != nil {
				t.Fatal(err)
			}
		},
		"openai.pt": saveTorch,
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), name)
			save(t, want, path)
			got, err := ReadWeights(path)
			if err != nil {
				t.Fatal(err)
			}
			if got.Config != base || !maps.EqualFunc(got.Values, want.Values, slices.Equal[[]float32]) {
				t.Errorf("%s: config %+v, and the weights are not those that were saved", name, got.Config)
			}
			for i, v := range logitsOf(t, got) {
				if math.Abs(float64(v-logits[i])) > 1e-5 {
					t.Errorf("%s: logit %d is %g, want %g", name, i, v, logits[i])
				}
			}
			if err := os.Remove(path); err != nil { // else three of them lie there at once
				t.Error(err)
			}
		})
	}
}

// logitsOf returns the cosines of an image and two sentences.
func logitsOf(t *testing.T, w *Weights) []float32 {
	t.Helper()
	m := Model{w, NewTokenizer()}
	packed, err := m.Pack([]string{"a photo of a cat.", "a photo of a golden retriever."})
	if err != nil {
		t.Fatal(err)
	}
	store := model.NewStore()
	defer store.Finalize()
	if err := w.Store(store, dtypes.Float32); err != nil {
		t.Fatal(err)
	}
	side := w.Config.Side
	pixels := make([]float32, side*side*3)
	for i := range pixels {
		pixels[i] = float32(i%255)/127 - 1
	}
	return floats(t, model.MustNewExec(golden.Backend(t), store, func(_ *model.Scope, in []*Node) []*Node {
		towers := Bind(store, in[0].Graph(), w.Config)
		texts := Normalize(towers.Text.Encode([]Rows{towers.Text.Rows(Sentences{packed.Layout, in[1]})}, Context{}))
		return []*Node{Einsum("be,ce->bc", Normalize(towers.Vision.Encode(in[0], nil)), texts)}
	}), tensors.FromFlatDataAndDimensions(pixels, 1, side, side, 3), packed.Tokens)[0]
}

// saveTorch writes a state dictionary as torch.save does.
func saveTorch(t *testing.T, w *Weights, path string) {
	t.Helper()
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	archive := zip.NewWriter(file)
	add := func(name string, data []byte) {
		member, err := archive.CreateHeader(&zip.FileHeader{Name: "archive/" + name, Method: zip.Store})
		if err == nil {
			_, err = member.Write(data)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	add("data.pkl", pickleTensors(w.Config.Parameters()))
	for _, p := range w.Config.Parameters() {
		data := make([]byte, 0, 4*len(w.Values[p.Name]))
		for _, v := range w.Values[p.Name] {
			data = binary.LittleEndian.AppendUint32(data, math.Float32bits(v))
		}
		add("data/"+p.Name, data)
	}
	if err := archive.Close(); err != nil {
		t.Fatal(err)
	}
}

// pickleTensors is the pickle of a dictionary of tensors, each in a storage of its own name.
func pickleTensors(list []Weight) []byte {
	var out bytes.Buffer
	text := func(s string) {
		out.WriteByte('X')
		out.Write(binary.LittleEndian.AppendUint32(nil, uint32(len(s))))
		out.WriteString(s)
	}
	tuple := func(numbers []int) {
		out.WriteByte('(')
		for _, n := range numbers {
			out.WriteByte('J')
			out.Write(binary.LittleEndian.AppendUint32(nil, uint32(n)))
		}
		out.WriteByte('t')
	}
	out.WriteString("\x80\x02}(")
	for _, p := range list {
		strides, size := make([]int, len(p.Dims)), 1
		for i := len(p.Dims) - 1; i >= 0; i-- {
			strides[i], size = size, size*p.Dims[i]
		}
		text(p.Name)
		out.WriteString("ctorch._utils\n_rebuild_tensor_v2\n((")
		text("storage")
		out.WriteString("ctorch\nFloatStorage\n")
		text(p.Name)
		text("cpu")
		out.WriteByte('J')
		out.Write(binary.LittleEndian.AppendUint32(nil, uint32(size)))
		out.WriteString("tQK\x00")
		tuple(p.Dims)
		tuple(strides)
		out.WriteString("\x89ccollections\nOrderedDict\n)RtR")
	}
	out.WriteString("u.")
	return out.Bytes()
}
