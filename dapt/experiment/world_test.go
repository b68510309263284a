package experiment

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"testing"
	"testing/fstest"

	"github.com/gomlx/compute/dtypes"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/internal/golden"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/train"
	"github.com/dapt-go/dapt-go/dapt/transform"
)

// classes are two base and two novel ones.
var classes = []string{"cat", "lake boat", "tree_house", "zebra"}

// covered is how many of the 100 pixels of a picture its mask covers.
const covered = 30

// newBenchmark has 5 training, 2 validation and 3 test images a class, and a condition with 2.
func newBenchmark() Benchmark {
	files := fstest.MapFS{}
	d := &dataset.Dataset{Name: "Tiny", FS: files, Images: "images", Classes: classes, Template: "a photo of a {}."}
	add := func(list *[]dataset.Item, folder string, count int) {
		for label, class := range classes {
			for i := range count {
				name := fmt.Sprintf("%s/%s/%d.png", folder, class, i)
				files["images/"+name] = &fstest.MapFile{Data: picture(name, label, false)}
				files["mask/"+name] = &fstest.MapFile{Data: picture(name, label, true)}
				*list = append(*list, dataset.Item{Path: "images/" + name, Label: label, Class: class})
			}
		}
	}
	add(&d.Train, "train", 5)
	add(&d.Val, "val", 2)
	add(&d.Test, "test", 3)
	shift := Condition{Name: "shift"}
	add(&shift.Items, "shift", 2)
	return Benchmark{Dataset: d, Conditions: []Condition{shift}, Truth: mask.Files{FS: files}}
}

// picture is 10 x 10 pixels: 5 x 6 of the class's colour on noise, or their mask.
func picture(name string, label int, masked bool) []byte {
	img := image.NewNRGBA(image.Rect(0, 0, 10, 10))
	rng := transform.Stream(1, name)
	for y := range 10 {
		for x := range 10 {
			inside := x >= 3 && x < 8 && y >= 2 && y < 8
			c := color.NRGBA{uint8(rng.IntN(256)), uint8(rng.IntN(256)), uint8(rng.IntN(256)), 255}
			switch {
			case masked && inside:
				c = color.NRGBA{255, 255, 255, 255}
			case masked:
				c = color.NRGBA{0, 0, 0, 255}
			case inside:
				c = color.NRGBA{uint8(80 * label), 200, uint8(255 - 80*label), 255}
			}
			img.SetNRGBA(x, y, c)
		}
	}
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		panic(err)
	}
	return out.Bytes()
}

// newModel is a CLIP with random weights.
func newModel() *clip.Model {
	corpus := append(dapt.Sentences("a photo of a {}.", classes), dapt.Sentences("a clean origami {}.", dapt.OfficialBackgrounds().Words)...)
	tokenizer := clip.NewTokenizer().Cut(corpus)
	tower := clip.Tower{Width: 64, Layers: 2, Heads: 1}
	config := clip.Config{Side: 16, Patch: 8, Embed: 32, Context: 16, Vocabulary: tokenizer.Vocabulary(), Vision: tower, Text: tower}
	return &clip.Model{Weights: clip.Random(config, transform.Stream(1, "test")), Tokenizer: tokenizer}
}

// shared is what the tests' labs have in common, so that each program compiles once.
var shared *Lab

// newLab opens a lab in folder, with the engines of those before.
func newLab(t *testing.T, folder string) *Lab {
	t.Helper()
	info := Backend{Name: "test", Plugin: "none", PJRT: "0", Cores: 2}
	if shared == nil {
		var err error
		if shared, err = Open(golden.Backend(t), info, newModel(), t.TempDir()); err != nil {
			t.Fatal(err)
		}
	}
	lab, err := Open(golden.Backend(t), info, shared.Model, folder)
	if err != nil {
		t.Fatal(err)
	}
	lab.engines, lab.images = shared.engines, shared.images
	return lab
}

var learner = prompt.MaPLe{Depth: 2}

// small is base-to-novel with each kind of method, 4 steps a run.
func small() BaseToNovel {
	config := train.Config{
		Rate: 0.05, Warmup: 0.01, Epochs: 2, Batch: 4, Momentum: 0.9, Decay: 5e-4, Final: train.BestOnVal, Test: 4, DType: dtypes.Float32,
	}
	scaled := dapt.Over(learner, mask.Files{})
	scaled.Loss.Mode = dapt.Scaled
	return BaseToNovel{
		Benchmarks: []Benchmark{newBenchmark()},
		Methods:    []dapt.Method{{Learner: prompt.ZeroShot{}}, {Learner: learner}, scaled, dapt.Over(learner, mask.GradCAM{})},
		Shots:      4, Seeds: []int{1, 2}, Train: &config, Focus: 4,
	}
}
