package train

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"maps"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"

	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/internal/golden"
	"github.com/dapt-go/dapt-go/dapt/internal/safetensors"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/transform"
	"github.com/dapt-go/dapt-go/internal/alloc"
)

// written is value i of a tensor in testdata's checkpoints (testdata/checkpoints.py).
func written(name string, i int) float32 { return float32((31*len(name)+7*i)%64-32) / 32 }

// narrow is a CLIP of the size of testdata's checkpoints, with the weights that lie beside their prompts.
func narrow() *clip.Model {
	m := newModel(1)
	m.Config.Embed, m.Config.Context = 32, 24
	m.Config.Vision, m.Config.Text = clip.Tower{Width: 16, Layers: 3, Heads: 1}, clip.Tower{Width: 8, Layers: 3, Heads: 1}
	m.Weights = clip.Random(m.Config, transform.Stream(3, "test"))
	for name, of := range map[string]string{
		"logit_scale": "logit_scale", "visual.class_embedding": "image_encoder.class_embedding", "visual.proj": "image_encoder.proj",
		"text_projection": "text_encoder.text_projection", "visual.ln_post.weight": "image_encoder.ln_post.weight",
	} {
		for i := range m.Values[name] {
			m.Values[name][i] = written(of, i)
		}
	}
	for i, id := range m.Tokenizer.Encode("of a") { // which the context of MaPLe leaves of the initial phrase
		for j := range 8 {
			m.Values["token_embedding.weight"][int(id)*8+j] = written("prompt_learner.token_suffix", i*8+j)
		}
	}
	return m
}

// checkpoints are testdata's, by the learner and the settings that they are recognized as.
var checkpoints = map[string]struct{ learner, settings string }{
	"maple":     {"maple", `{"Context": 2, "Depth": 3}`},
	"dapt":      {"maple", `{"Context": 2, "Depth": 2}`},
	"promptsrc": {"promptsrc", `{"Text": 4, "Vision": 4, "TextDepth": 3, "VisionDepth": 2}`},
	"coop":      {"coop", `{"Context": 4}`},
	"coop-csc":  {"coop", `{"Context": 2, "PerClass": true, "Classes": 3}`},
	"cocoop":    {"cocoop", `{"Context": 4}`},
	"vpt":       {"vpt", `{"Context": 8, "Depth": 3}`},
	"promptkd":  {"promptkd", `{"Context": 4, "Depth": 2, "Embed": 6}`},
	"mmrl":      {"mmrl", `{"Tokens": 5, "Width": 12, "Depth": 2}`},
}

func checkpoint(name string) string { return filepath.Join("testdata", name+".pth.tar") }

func TestCheckpointsOfOthersAreImported(t *testing.T) {
	m := narrow()
	for name, as := range checkpoints {
		want := called(t, as.learner, as.settings)
		got, err := Import(checkpoint(name), m, As{})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !reflect.DeepEqual(got.Learner, want) || len(got.Prompts.Notes) > 0 {
			t.Errorf("%s is %s %+v with notes %q, want %s %+v and none", name, got.Learner.Name(), got.Learner, got.Prompts.Notes, want.Name(), want)
		}
		if final := got.Prompts.Final; final != "after 5 epochs of "+name+".pth.tar" {
			t.Errorf("%s is %q", name, final)
		}
		for own, values := range got.values() {
			of := published(own, []string{"VPT_image_trans.", "representation_learner."})
			if strings.HasPrefix(name, "co") { // whose trainers save prompt_learner alone
				of = own
			}
			for i, v := range values {
				if v != written(of, i) {
					t.Fatalf("%s: %s[%d] = %g, want %g", name, own, i, v, written(of, i))
				}
			}
		}
	}
}

func TestCheckpointsAreEvaluatedAsTheyAre(t *testing.T) {
	m := narrow()
	d, _ := newData()
	for name := range checkpoints {
		about, err := ReadPrompts(checkpoint(name))
		if err != nil {
			t.Fatal(err)
		}
		learner, err := prompt.Find(about.Learner, about.Settings)
		if err != nil {
			t.Fatal(err)
		}
		e := ownEngine(t, m, learner)
		if _, err := e.Load(checkpoint(name)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		got, err := e.Evaluate(context.Background(), d, d.Test, nil, quick())
		if e.distilled() {
			wantError(t, name, err, "without the texts of their teacher")
		} else if err != nil || got.Images != len(d.Test) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
		e.Close()
	}
}

func TestWhatIsExportedIsImportedEqual(t *testing.T) {
	m, folder := narrow(), t.TempDir()
	for name := range checkpoints {
		first, err := Import(checkpoint(name), m, As{})
		if err != nil {
			t.Fatal(err)
		}
		ours, theirs := filepath.Join(folder, name), filepath.Join(folder, name+".export")
		if err := errors.Join(first.Save(ours), Export(ours, theirs)); err != nil {
			t.Fatal(err)
		}
		second, err := Import(theirs, m, As{Learner: strings.TrimSuffix(name, "-csc")})
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !reflect.DeepEqual(second.Learner, first.Learner) || !equalParameters(first.values(), second.values()) {
			t.Errorf("%s: exported and imported again it is %s %+v, want %s %+v and the same numbers",
				name, second.Learner.Name(), second.Learner, first.Learner.Name(), first.Learner)
		}
		about, err := ReadPrompts(ours)
		if err != nil || about.Weights != m.Fingerprint() || about.Classes != nil {
			t.Errorf("%s was saved as %+v, %v", name, about, err)
		}
	}
}

func TestExportHasThePublishedNames(t *testing.T) {
	m, folder := narrow(), t.TempDir()
	for name, want := range map[string][]string{
		"coop": {"prompt_learner.ctx"},
		"vpt":  {"image_encoder.VPT", "image_encoder.transformer.resblocks.1.VPT_shallow", "image_encoder.transformer.resblocks.2.VPT_shallow"},
		"dapt": {
			"prompt_learner.compound_prompt_projections.0.bias", "prompt_learner.compound_prompt_projections.0.weight",
			"prompt_learner.compound_prompts_text.0", "prompt_learner.ctx", "prompt_learner.proj.bias", "prompt_learner.proj.weight",
		},
	} {
		imported, err := Import(checkpoint(name), m, As{})
		if err != nil {
			t.Fatal(err)
		}
		ours, theirs := filepath.Join(folder, name), filepath.Join(folder, name+".export")
		if err := errors.Join(imported.Save(ours), Export(ours, theirs)); err != nil {
			t.Fatal(err)
		}
		file, err := safetensors.Read(theirs)
		if err != nil {
			t.Fatal(err)
		}
		if got := slices.Sorted(maps.Keys(file.Tensors)); !slices.Equal(got, want) {
			t.Errorf("%s is exported as %q, want %q", name, got, want)
		}
		for _, bad := range []error{Export(ours, ours), Export(theirs, filepath.Join(folder, "again"))} {
			if bad == nil {
				t.Errorf("%s: exporting onto itself, or an export, is no error", name)
			}
		}
	}
}

func TestImportTakesWhatTheFileDoesNotTell(t *testing.T) {
	m := narrow()
	got, err := Import(checkpoint("coop"), m, As{Learner: "coop", Settings: []byte(`{"Position": "middle"}`)})
	if want := called(t, "coop", `{"Context": 4, "Position": "middle"}`); err != nil || got.Learner != want {
		t.Errorf("Import with a position = %+v, %v, want %+v", got, err, want)
	}
	for want, as := range map[string]As{
		"holds the prompts of coop, not of maple; the file has ctx": {Learner: "maple"},
		`no learner "mapel"`: {Learner: "mapel"},
		`of coop: json: unknown field "Postion"; want some of {"Context":4,`: {Settings: []byte(`{"Postion": "middle"}`)},
		"settings { of coop: unexpected EOF":                                 {Settings: []byte(`{`)},
		`Position "left"`:                                                    {Settings: []byte(`{"Position": "left"}`)},
		"ctx is [4 8], want [5 8]":                                           {Settings: []byte(`{"Context": 5}`)},
	} {
		if _, err := Import(checkpoint("coop"), m, as); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Import as %s %s: %v, want an error with %q", as.Learner, as.Settings, err, want)
		}
	}
}

func TestWhatTrainersSaveBesideThePromptsIsNoPrompt(t *testing.T) {
	m := narrow()
	zeros := func(dims ...int) safetensors.Tensor {
		size := 1
		for _, d := range dims {
			size *= d
		}
		return safetensors.Half(make([]float32, size), dims...)
	}
	for name, test := range map[string]struct {
		want    prompt.Learner
		tensors map[string]safetensors.Tensor
	}{
		"KgCoOp's network, of which nothing is read (trainers/kgcoop.py)": {called(t, "kgcoop", `{"Context": 4}`), map[string]safetensors.Tensor{
			"ctx": zeros(4, 8), "bias_vectors": zeros(1, 512), "meta_net.linear1.weight": zeros(512, 512), "meta_net.linear1.bias": zeros(512),
			"token_prefix": zeros(3, 1, 8), "token_suffix": zeros(3, 2, 8),
		}},
		"the prefix of DataParallel": {called(t, "ivlp", `{"Text": 2, "Vision": 2, "TextDepth": 2, "VisionDepth": 1}`), map[string]safetensors.Tensor{
			"module.prompt_learner.ctx": zeros(2, 8), "module.text_encoder.transformer.resblocks.1.VPT_shallow": zeros(2, 8),
			"module.image_encoder.VPT": zeros(2, 16), "module.prompt_learner.token_prefix": zeros(3, 1, 8),
		}},
	} {
		path := filepath.Join(t.TempDir(), "model.pth.tar-5")
		if err := (&safetensors.File{Tensors: test.tensors}).Write(path); err != nil {
			t.Fatal(err)
		}
		if got, err := Import(path, m, As{}); err != nil || got.Learner != test.want {
			t.Errorf("with %s: %+v, %v, want %+v", name, got, err, test.want)
		}
	}
}

func TestPromptsOfAnotherCLIPAreFoundOut(t *testing.T) {
	mean := narrow() // which PromptSRC sums up in half precision, up to 0.2 % off
	for i := range mean.Values["visual.proj"] {
		mean.Values["visual.proj"][i] *= 1 + 0.003*float32(i%2)
	}
	if got, err := Import(checkpoint("promptsrc"), mean, As{}); err != nil || len(got.Prompts.Notes) > 0 {
		t.Errorf("Import of a mean over epochs: %+v, %v, want no notes", got, err)
	}
	other := narrow()
	other.Values["visual.proj"][3] += 0.1
	got, err := Import(checkpoint("maple"), other, As{})
	if err != nil || len(got.Prompts.Notes) != 1 || !strings.Contains(got.Prompts.Notes[0], "visual.proj in the checkpoint has") {
		t.Errorf("Import into a CLIP with another projection: %+v, %v, want one note that names it", got, err)
	}
	as := As{Settings: []byte(`{"Phrase": "a photo of boat"}`)}
	if got, err := Import(checkpoint("maple"), narrow(), as); err != nil || len(got.Prompts.Notes) != 1 || !strings.Contains(got.Prompts.Notes[0], "as the setting Phrase") {
		t.Errorf("Import with another phrase: %+v, %v, want one note that says so", got, err)
	}
	for want, change := range map[string]func(c *clip.Config){
		"ctx is [2 8], want [2 64]":          func(c *clip.Config) { c.Text.Width = 64 },
		"proj.weight is [16 8], want [32 8]": func(c *clip.Config) { c.Vision.Width = 32 },
	} {
		m := narrow()
		change(&m.Config)
		m.Weights = clip.Random(m.Config, transform.Stream(3, "test"))
		if _, err := Import(checkpoint("maple"), m, As{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Import: %v, want an error with %q", err, want)
		}
	}
}

func TestPromptsThatNoBlockReadsAreNoted(t *testing.T) {
	m := narrow()
	m.Config.Text.Layers = 2
	m.Weights = clip.Random(m.Config, transform.Stream(3, "test"))
	got, err := Import(checkpoint("maple"), m, As{})
	if err != nil {
		t.Fatal(err)
	}
	want := "1 prompts are not read, such as compound_prompts_text.1 is for block 2 of a tower that has 2"
	if !slices.ContainsFunc(got.Prompts.Notes, func(note string) bool { return strings.HasPrefix(note, want) }) {
		t.Errorf("notes are %q, want one that begins %q", got.Prompts.Notes, want)
	}
}

func TestWhatIsNoCheckpointIsRefused(t *testing.T) {
	m, folder := narrow(), t.TempDir()
	file := func(change func(map[string]safetensors.Tensor)) []byte {
		f := safetensors.File{Tensors: map[string]safetensors.Tensor{"prompt_learner.ctx": safetensors.Float32(make([]float32, 16), 2, 8)}}
		change(f.Tensors)
		return f.Encode()
	}
	for want, data := range map[string][]byte{
		"cut short": []byte("PK\x03\x04"),
		"want prompts.safetensors of a finished run, or a checkpoint of PyTorch": []byte("\x13\x37\x00\xff\x13\x37\x00\xff\x13"),
		"a page of HTML": []byte("<!doctype html><title>404</title>"),
		"ctx has NaN at place 3": file(func(m map[string]safetensors.Tensor) {
			values := make([]float32, 16)
			values[3] = float32(math.NaN())
			m["prompt_learner.ctx"] = safetensors.Float32(values, 2, 8)
		}),
		"gate [8] is unknown": file(func(m map[string]safetensors.Tensor) {
			m["prompt_learner.gate"] = safetensors.Float32(make([]float32, 8), 8)
		}),
		"no ctx and no image_encoder.VPT": file(func(m map[string]safetensors.Tensor) { clear(m) }),
		"no matrix of tokens":             file(func(m map[string]safetensors.Tensor) { m["prompt_learner.ctx"] = safetensors.Float32([]float32{1}, 1) }),
		"compound_prompt_projections.0.weight [16 8] is missing": file(func(m map[string]safetensors.Tensor) {
			m["prompt_learner.proj.weight"] = safetensors.Float32(make([]float32, 128), 16, 8)
			m["prompt_learner.compound_prompts_text.0"] = m["prompt_learner.ctx"]
		}),
		"I32 holds no real numbers": file(func(m map[string]safetensors.Tensor) {
			m["prompt_learner.ctx"] = safetensors.Int32(make([]int32, 16), 2, 8)
		}),
	} {
		path := filepath.Join(folder, "file.pth.tar")
		if err := os.WriteFile(path, data, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := Import(path, m, As{}); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), path) {
			t.Errorf("Import: %v, want an error with %q and the path", err, want)
		}
	}
	e, err := NewEngine(golden.Backend(t), narrow(), prompt.MaPLe{Context: 2, Depth: 3}, dtypes.Float32)
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	if _, err := e.Load(checkpoint("coop")); err == nil || !strings.Contains(err.Error(), "holds the prompts of coop, not of maple") {
		t.Errorf("loading another learner's checkpoint: %v", err)
	}
}

// zipped is an archive that compresses nothing, as PyTorch's.
func zipped(t testing.TB, members map[string]string) []byte {
	t.Helper()
	var data bytes.Buffer
	w := zip.NewWriter(&data)
	for name, content := range members {
		member, err := w.CreateHeader(&zip.FileHeader{Name: name})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := member.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return data.Bytes()
}

// FuzzImport checks that no file makes an import panic, or take much more memory than it has bytes.
func FuzzImport(f *testing.F) {
	for name := range checkpoints {
		data, err := os.ReadFile(checkpoint(name))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	wide := safetensors.File{Tensors: map[string]safetensors.Tensor{"prompt_learner.ctx": {DType: "F32", Dims: []int{1 << 40, 0}}}}
	f.Add(wide.Encode())
	long := safetensors.File{Tensors: map[string]safetensors.Tensor{"ctx": safetensors.Float32(make([]float32, 1000), 1000, 1)}}
	f.Add(long.Encode())
	// A storage of one value, of which a tensor of strides 0 makes 25000 contexts of 256 tokens.
	const ctx = "}\x8c\x03ctxctorch._utils\n_rebuild_tensor_v2\n((\x8c\x07storagectorch\nFloatStorage\n\x8c\x010\x8c\x03cpuK\x01tQK\x00" +
		"M\xa8\x61M\x00\x01K\x08\x87K\x00K\x00K\x00\x87tRs."
	f.Add(zipped(f, map[string]string{"x/data.pkl": ctx, "x/data/0": "\x00\x00\x00\x00"}))
	m := narrow()
	f.Fuzz(func(t *testing.T, data []byte) {
		alloc.Bound(t, 4<<20+2000*uint64(len(data)), func() {
			file, err := decodePrompts(data, "x")
			if err == nil && file.foreign {
				_, _ = importFile("x", file, m, As{}) // only what it takes counts
			}
		})
	})
}
