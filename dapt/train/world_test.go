package train

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/gomlx/compute/dtypes"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/internal/golden"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/transform"
)

// learner is MaPLe at the size of the tests' CLIP.
var (
	learner  = prompt.MaPLe{Depth: 2}
	zeroShot = prompt.ZeroShot{}
)

var classes = []string{"cat", "lake boat", "tree_house"}

// newModel is a CLIP with random weights, small enough for pure Go.
func newModel(seed uint64) *clip.Model { return modelOf(seed, 16) }

// modelOf is newModel with so many places in the text tower.
func modelOf(seed uint64, places int) *clip.Model {
	corpus := append(dapt.Sentences("a photo of a {}.", classes), dapt.Sentences("a clean origami {}.", dapt.General())...)
	tokenizer := clip.NewTokenizer().Cut(corpus)
	tower := clip.Tower{Width: 64, Layers: 2, Heads: 1}
	config := clip.Config{Side: 16, Patch: 8, Embed: 32, Context: places, Vocabulary: tokenizer.Vocabulary(), Vision: tower, Text: tower}
	return &clip.Model{Weights: clip.Random(config, transform.Stream(seed, "test")), Tokenizer: tokenizer}
}

// shared is one engine for the tests, so that each program compiles once: on XLA that is most of their time.
var shared *Engine

// newEngine returns the shared engine of newModel(1), with no image in memory.
func newEngine(t testing.TB) *Engine {
	t.Helper()
	if shared == nil {
		shared = ownEngine(t, newModel(1), learner)
	}
	shared.Images, shared.Seen = NewImages(DefaultMemory), nil
	return shared
}

// ownEngine returns a new one. Who does not keep it closes it.
func ownEngine(t testing.TB, m *clip.Model, learner prompt.Learner) *Engine {
	t.Helper()
	e, err := NewEngine(golden.Backend(t), m, learner, dtypes.Float32)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

// newData has 4 training, 2 validation and 3 test images a class, with masks where mask.Files looks.
func newData() (*dataset.Dataset, fstest.MapFS) {
	files := fstest.MapFS{}
	d := &dataset.Dataset{Name: "Tiny", FS: files, Images: "images", Classes: classes, Template: "a photo of a {}."}
	for list, count := range map[*[]dataset.Item]int{&d.Train: 4, &d.Val: 2, &d.Test: 3} {
		for label, class := range classes {
			for i := range count {
				name := fmt.Sprintf("%s/%d-%d.png", class, count, i)
				files["images/"+name] = &fstest.MapFile{Data: picture(label, i, false)}
				files["mask/"+name] = &fstest.MapFile{Data: picture(label, i, true)}
				*list = append(*list, dataset.Item{Path: "images/" + name, Label: label, Class: class})
			}
		}
	}
	return d, files
}

// picture is a square of the class's colour on a noisy ground, or its mask.
func picture(label, item int, masked bool) []byte {
	img := image.NewNRGBA(image.Rect(0, 0, 20, 18))
	rng := transform.Stream(uint64(label), "picture", uint64(item))
	for y := range 18 {
		for x := range 20 {
			inside := x > 4+item && x < 14 && y > 3 && y < 12
			c := color.NRGBA{uint8(rng.IntN(256)), uint8(rng.IntN(256)), uint8(40 * item), 255}
			switch {
			case masked && inside:
				c = color.NRGBA{255, 255, 255, 255}
			case masked:
				c = color.NRGBA{0, 0, 0, 255}
			case inside:
				c = color.NRGBA{uint8(90 * label), 200, uint8(255 - 90*label), 255}
			}
			img.SetNRGBA(x, y, c)
		}
	}
	return encode(img)
}

func encode(img image.Image) []byte {
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// quick is a run of 3 epochs of 3 steps.
func quick() Config {
	c := Paper()
	c.Epochs, c.Batch, c.Test, c.Rate, c.Warmup, c.Seed = 3, 4, 8, 0.05, 0.01, 7
	return c
}

// methods are one of each kind.
func methods() map[string]dapt.Method {
	joint := dapt.Over(learner, mask.Files{})
	joint.Loss.Mode, joint.Loss.Reo = dapt.Joint, 0.5
	scaled := dapt.Over(learner, mask.GradCAM{})
	scaled.Loss.Mode = dapt.Scaled
	return map[string]dapt.Method{"maple": {Learner: learner}, "dapt-s": joint, "dapt-g": scaled}
}

func equalParameters(a, b map[string][]float32) bool {
	for name := range a {
		if !slices.Equal(a[name], b[name]) {
			return false
		}
	}
	return len(a) == len(b) && len(a) > 0
}
