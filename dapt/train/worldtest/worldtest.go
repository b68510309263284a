// Package worldtest is the small world that tests of tuning share: a CLIP with random weights, and a few images with masks in
// memory.
package worldtest

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"testing/fstest"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/transform"
)

// Classes are those of [Data]: of one word, of two, and with an underscore.
func Classes() []string { return []string{"cat", "lake boat", "tree_house"} }

// Model is a CLIP with random weights whose words are those of the classes and of the background. It has the sizes of config;
// the vocabulary is filled in.
func Model(seed uint64, config clip.Config) *clip.Model {
	corpus := append(dapt.Sentences("a photo of a {}.", Classes()), dapt.Sentences("a clean origami {}.", dapt.General())...)
	tokenizer := clip.NewTokenizer().Cut(corpus)
	config.Vocabulary = tokenizer.Vocabulary()
	return &clip.Model{Weights: clip.Random(config, transform.Stream(seed, "test")), Tokenizer: tokenizer}
}

// Data has 4 training, 2 validation and 3 test images a class, with masks where mask.Files looks.
func Data() (*dataset.Dataset, fstest.MapFS) {
	files := fstest.MapFS{}
	d := &dataset.Dataset{Name: "Tiny", FS: files, Images: "images", Classes: Classes(), Template: "a photo of a {}."}
	for list, count := range map[*[]dataset.Item]int{&d.Train: 4, &d.Val: 2, &d.Test: 3} {
		for label, class := range d.Classes {
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
	return PNG(img)
}

// PNG is the file of an image.
func PNG(img image.Image) []byte {
	var out bytes.Buffer
	if err := png.Encode(&out, img); err != nil {
		panic(err) // writing to memory cannot fail
	}
	return out.Bytes()
}
