package sam2

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"image"
	"image/color"
	"image/png"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/fstest"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/internal/golden"
	"github.com/dapt-go/dapt-go/dapt/internal/safetensors"
	"github.com/dapt-go/dapt-go/dapt/mask"
)

// reference is what testdata/reference.py has written: a tiny SAM2 of Hugging Face's transformers, and what it says.
type reference struct {
	Tensors map[string][]int
	Cases   []struct {
		Points [][2]float32
		Labels []int32
		IoU    []float32
		Logits []float32 // of three masks, every 16th from the 8th of 256 in both directions
		Share  []float64 // of logits above 0
	}
	Resized []struct {
		Width, Height int
		Values        []float64 // every 60th pixel from the 5th of 1024 in both directions, by channels
	}
	Enlarged []struct {
		Width, Height int
		Rows          []string // of the mask, 1 is the object; at most some ten
	}
	Defaults json.RawMessage
}

func readReference(t testing.TB) (r reference) {
	t.Helper()
	text, err := os.ReadFile("testdata/reference.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(text, &r); err != nil {
		t.Fatal(err)
	}
	return r
}

// formula is the value of a weight in reference.py.
func formula(name string, dims []int) []float32 {
	seed, count := uint32(2166136261), 1
	for _, b := range []byte(name) {
		seed = (seed ^ uint32(b)) * 16777619
	}
	for _, d := range dims {
		count *= d
	}
	spread, middle := 1.0, 0.0
	switch {
	case strings.HasSuffix(name, "norm.weight"), strings.Contains(name, "layer_norm") && strings.HasSuffix(name, ".weight"):
		spread, middle = 0.2, 1
	case strings.HasSuffix(name, "bias"), len(dims) < 2:
		spread = 0.1
	case len(dims) == 2 && dims[0] > 8, len(dims) == 4 && dims[0] > 1:
		spread = math.Sqrt(3 / float64(count/dims[0]))
	}
	values := make([]float32, count)
	for i := range values {
		h := uint32(i)*2654435761 + seed
		h ^= h >> 16
		h *= 0x7feb352d
		h ^= h >> 15
		h *= 0x846ca68b
		h ^= h >> 16
		values[i] = float32(middle + spread*(float64(h>>8)/(1<<24)*2-1))
	}
	return values
}

// files are the tiny model's, in a folder.
func files(t testing.TB, change func(f *safetensors.File)) string {
	t.Helper()
	file := &safetensors.File{Tensors: map[string]safetensors.Tensor{}}
	for name, dims := range readReference(t).Tensors {
		file.Tensors[name] = safetensors.Float32(formula(name, dims), dims...)
	}
	if change != nil {
		change(file)
	}
	folder := t.TempDir()
	config, err := os.ReadFile("testdata/config.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := file.Write(filepath.Join(folder, "model.safetensors")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(folder, "config.json"), config, 0o600); err != nil {
		t.Fatal(err)
	}
	return folder
}

// shared is the tiny model, compiled once for all tests.
var shared = struct {
	sync.Mutex
	model *Model
}{}

func tiny(t testing.TB) *Model {
	t.Helper()
	shared.Lock()
	defer shared.Unlock()
	if shared.model == nil {
		m, err := Load(t.Context(), golden.Backend(t), files(t, nil), nil)
		if err != nil {
			t.Fatal(err)
		}
		shared.model = m
	}
	return shared.model
}

// picture is that of reference.py.
func picture(width, height int) *image.NRGBA {
	img := image.NewNRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.SetNRGBA(x, y, color.NRGBA{uint8(x/5 + y/3), uint8(x / 4), uint8((x/64+y/64)%2*200 + 20), 255})
		}
	}
	return img
}

// cases are those of the reference; on pure Go, where each takes seconds, only the last, which has a box and a point.
func cases(t *testing.T) reference {
	r := readReference(t)
	if golden.Backend(t).Name() == "go" {
		r.Cases = r.Cases[len(r.Cases)-1:]
	}
	return r
}

func TestLogitsAreHuggingFaces(t *testing.T) {
	m, pixels := tiny(t), input(picture(side, side))
	for _, c := range cases(t).Cases {
		var points []float32
		for _, p := range c.Points {
			points = append(points, p[0], p[1])
		}
		logits, scores, err := m.run(t.Context(), pixels, points, c.Labels)
		if err != nil {
			t.Fatal(err)
		}
		worst := 0.0
		for i, want := range c.Logits {
			at := i/256*65536 + (i/16%16*16+8)*256 + i%16*16 + 8
			worst = max(worst, math.Abs(float64(logits[at]-want)))
		}
		if worst > 1e-3 {
			t.Errorf("points %v: logits differ by up to %v, want 0.001", c.Points, worst)
		}
		for i, want := range c.IoU {
			if math.Abs(float64(scores[i]-want)) > 1e-4 {
				t.Errorf("points %v: predicted IoU of mask %d = %v, want %v", c.Points, i, scores[i], want)
			}
			on := 0
			for _, v := range logits[i*65536:][:65536] {
				if v > 0 {
					on++
				}
			}
			if got := float64(on) / 65536; math.Abs(got-c.Share[i]) > 1e-3 {
				t.Errorf("points %v: mask %d covers %v, want %v", c.Points, i, got, c.Share[i])
			}
		}
		t.Logf("points %v: logits differ by at most %.2g, IoU is %v, want %v", c.Points, worst, scores, c.IoU)
	}
}

func TestMadeMasksAreTheBestProposals(t *testing.T) {
	m, img := tiny(t), picture(300, 200)
	proposals, err := m.Segment(t.Context(), img, middle(img.Rect.Size()))
	if err != nil || len(proposals) != 3 {
		t.Fatalf("Segment gives %d proposals, %v, want 3", len(proposals), err)
	}
	if a, b, c := proposals[0].IoU, proposals[1].IoU, proposals[2].IoU; !(1 >= a && a > b && b > c && c >= 0) {
		t.Errorf("predicted IoU is %v, %v, %v, want them to fall from 1 to 0", a, b, c)
	}
	best := proposals[0].Mask
	if best.Rect != img.Rect || mask.Covered(best) == 0 || mask.Covered(best) == 1 {
		t.Errorf("the best proposal has bounds %v and covers %v, want the image's and a part", best.Rect, mask.Covered(best))
	}
	var file bytes.Buffer
	if err := png.Encode(&file, img); err != nil {
		t.Fatal(err)
	}
	d := &dataset.Dataset{Name: "Own", FS: fstest.MapFS{"a.png": {Data: file.Bytes()}}, Train: []dataset.Item{{Path: "a.png"}}}
	folder := t.TempDir()
	made, err := mask.Make(t.Context(), mask.Job{Folder: folder, Data: d, Items: d.Train, Prepare: func(context.Context, []dataset.Item) (mask.Source, error) {
		return Source{Model: m}, nil
	}})
	if err != nil || made.Written != 1 {
		t.Fatalf("Make = %+v, %v, want one mask written", made, err)
	}
	again, err := mask.Files{FS: os.DirFS(folder), Folder: "."}.Mask(t.Context(), d.Train[0], img)
	if err != nil || !bytes.Equal(again.Pix, best.Pix) {
		t.Errorf("the same prompt once more is written as another mask (%v)", err)
	}
}

func TestImagesAreResizedAsPyTorchDoes(t *testing.T) {
	for _, c := range readReference(t).Resized {
		pixels := input(picture(c.Width, c.Height))
		worst := 0.0
		for i, want := range c.Values {
			channel, at := i/289, (i/17%17*60+5)*side+i%17*60+5
			got := float64(pixels[channel*side*side+at]*deviation[channel]+mean[channel]) * 255
			worst = max(worst, math.Abs(got-want))
		}
		if len(c.Values) != 3*17*17 || worst > 1.01 {
			t.Errorf("%d values of an image of %d x %d differ by up to %v of 255, want at most 1", len(c.Values), c.Width, c.Height, worst)
		}
	}
}

func TestMasksAreEnlargedAsPyTorchDoes(t *testing.T) {
	logits := formula("logits", []int{1, 1, 256, 256})
	for _, c := range readReference(t).Enlarged {
		got := enlarge(logits, image.Rect(3, 4, 3+c.Width, 4+c.Height))
		for i, want := range c.Rows {
			row := got.Pix[i*max(1, c.Height/10)*got.Stride:][:c.Width]
			if text := strings.NewReplacer("\x00", "0", "\xff", "1").Replace(string(row)); text != want {
				t.Errorf("row %d of %d x %d is %s, want %s", i, c.Width, c.Height, text, want)
			}
		}
	}
}

func TestPromptsAreInTheSquareThatSAM2Sees(t *testing.T) {
	box := image.Rect(10, 20, 40, 60)
	for name, c := range map[string]struct {
		prompt Prompt
		size   image.Point
		points []float32
		labels []int32
	}{
		"a point":               {Prompt{Points: []image.Point{{100, 50}}}, image.Pt(200, 100), []float32{512, 512}, []int32{1}},
		"the first pixel":       {Prompt{Points: []image.Point{{}}}, image.Pt(200, 100), []float32{0, 0}, []int32{1}},
		"a box to its last":     {Prompt{Box: box}, image.Pt(64, 128), []float32{160, 160, 624, 472}, []int32{2, 3}},
		"a box and two points":  {Prompt{box, []image.Point{{16, 32}, {32, 64}}}, image.Pt(64, 128), []float32{160, 160, 624, 472, 256, 256, 512, 512}, []int32{2, 3, 1, 1}},
		"in SAM2's own size":    {Prompt{Points: []image.Point{{7, 1000}}}, image.Pt(1024, 1024), []float32{7, 1000}, []int32{1}},
		"in a larger wide size": {Prompt{Points: []image.Point{{3000, 1}}}, image.Pt(4096, 2048), []float32{750, 0.5}, []int32{1}},
	} {
		points, labels := c.prompt.encode(c.size)
		if !slices.Equal(points, c.points) || !slices.Equal(labels, c.labels) {
			t.Errorf("%s of %v is %v %v, want %v %v", name, c.size, points, labels, c.points, c.labels)
		}
	}
}

func TestSegmentSaysWhatIsWrong(t *testing.T) {
	m := &Model{}
	if _, err := m.Segment(t.Context(), picture(8, 8), Prompt{}); err == nil || !strings.Contains(err.Error(), "want at least a point or a box") {
		t.Errorf("Segment without a prompt fails with %v, want a message that wants one", err)
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := m.Segment(stopped, picture(8, 8), Prompt{Points: []image.Point{{}}}); !errors.Is(err, context.Canceled) {
		t.Errorf("Segment that is stopped fails with %v, want context.Canceled", err)
	}
}
