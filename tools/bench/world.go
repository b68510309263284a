package main

import (
	"archive/zip"
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/jpeg"
	"io/fs"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/mini"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/train"
	"github.com/dapt-go/dapt-go/dapt/transform"
)

// learner is MaPLe with its published settings: 2 tokens in 9 blocks.
var learner = prompt.MaPLe{Context: 2, Depth: 9}

// vitB16 is the size of OpenAI's ViT-B/16.
var vitB16 = clip.Config{
	Side: 224, Patch: 16, Embed: 512, Context: 77, Vocabulary: 49408,
	Vision: clip.Tower{Width: 768, Layers: 12, Heads: 12}, Text: clip.Tower{Width: 512, Layers: 12, Heads: 8},
}

// models are the names that -model takes.
var models = []string{"ViT-B/16", "mini"}

// newModel returns ViT-B/16 with random weights, whose speed is that of any, or the embedded mini CLIP.
func newModel(name string) (*clip.Model, error) {
	if name == "mini" {
		return mini.CLIP()
	}
	tokenizer := clip.NewTokenizer()
	return &clip.Model{Weights: clip.Random(vitB16, transform.Stream(1, "bench")), Tokenizer: tokenizer}, nil
}

// world is what a class count is measured on.
type world struct {
	data                *dataset.Dataset // test images
	input               train.Input
	classes, background sentences
	work                work
}

// newWorld draws a batch for a step, and so many images to evaluate.
func newWorld(m *clip.Model, classes, batch, images int) (*world, error) {
	w := &world{work: work{m.Config, learner.Context, learner.Depth}}
	names := classNames(classes)
	var err error
	if w.data, err = pictures(names, images, m.Config.Side); err != nil {
		return nil, err
	}
	scenes := dapt.Backgrounds("")
	for _, list := range []struct {
		texts  []string
		packed *clip.Packed
		length *sentences
	}{
		{dapt.Sentences(learner.Template(""), names), &w.input.Classes, &w.classes},
		{dapt.Sentences(scenes.Template, scenes.Words), &w.input.Background, &w.background},
	} {
		if *list.packed, err = m.Pack(list.texts); err != nil {
			return nil, err
		}
		rows, err := m.Tokenizer.Tokenize(list.texts, m.Config.Context)
		if err != nil {
			return nil, err
		}
		*list.length = measure(rows, m.Tokenizer.End())
	}
	w.draw(m.Config.Side, batch, classes)
	return w, nil
}

// draw fills the step's batch with noise, masks of random pixels and random labels.
func (w *world) draw(side, batch, classes int) {
	rng := transform.Stream(1, "pixels")
	w.input.Images = make([]float32, 3*side*side*batch)
	w.input.Masks = make([]float32, side*side*batch)
	w.input.Labels = make([]int32, batch)
	for i := range w.input.Images {
		w.input.Images[i] = float32(rng.NormFloat64())
	}
	for i := range w.input.Masks {
		w.input.Masks[i] = float32(rng.IntN(2))
	}
	for i := range w.input.Labels {
		w.input.Labels[i] = int32(rng.IntN(classes))
	}
}

// maxClasses is how many names classNames has.
const maxClasses = 2 * 25 * 25

// classNames returns different names of two or three words, so that sentences differ in length as those of data sets do.
func classNames(count int) []string {
	words := dapt.General()
	names := make([]string, count)
	for i := range names {
		pair := i / 2
		names[i] = words[pair%len(words)] + " " + words[(pair/len(words)+pair)%len(words)]
		if i%2 == 1 {
			names[i] += " " + words[(3*pair+1)%len(words)]
		}
	}
	return names
}

// pictures returns a data set of so many JPEG files, in memory, a little larger than the model's images.
func pictures(classes []string, count, side int) (*dataset.Dataset, error) {
	var archive bytes.Buffer
	files := zip.NewWriter(&archive)
	d := &dataset.Dataset{Name: "Bench", Images: "images", Classes: classes, Template: "a photo of a {}."}
	for i := range count {
		path := fmt.Sprintf("images/%d.jpg", i)
		file, err := files.CreateHeader(&zip.FileHeader{Name: path, Method: zip.Store})
		if err != nil {
			return nil, err
		}
		if err := jpeg.Encode(file, picture(i, side*5/4, side*9/8), nil); err != nil {
			return nil, err
		}
		label := i % len(classes)
		d.Test = append(d.Test, dataset.Item{Path: path, Label: label, Class: classes[label]})
	}
	if err := files.Close(); err != nil {
		return nil, err
	}
	var err error
	d.FS, err = readZip(archive.Bytes())
	return d, err
}

func readZip(archive []byte) (fs.FS, error) {
	return zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
}

// picture is a shaded image, each number another.
func picture(number, width, height int) image.Image {
	img := image.NewRGBA(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.SetRGBA(x, y, color.RGBA{uint8(x + 9*number), uint8(2*y + x*number), uint8(x * y / 16), 255})
		}
	}
	return img
}
