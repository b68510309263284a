// Package layout draws miniatures of the benchmarks of [dataset.Specs]: a few classes with their real names, a few small
// pictures of each, and masks, in the folders, the file names and the lists of the published data sets. What opens a
// miniature opens the real one.
//
// Pictures are shapes on textures. Left out are files that no reader here looks at, and MATLAB's.
package layout

import (
	"bytes"
	"fmt"
	"hash/fnv"
	"image/jpeg"
	"image/png"
	"math/rand/v2"
	"path"
	"strings"
	"testing/fstest"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/mask"
)

// Options are how large a miniature is, and where its masks lie.
type Options struct {
	Images int         // training images a class, or test images where there are no others; 0 means 4, and else half as many
	Masks  mask.Layout // [mask.DAPT], label maps in PNG, or [mask.FVGPT], black and white in the images' format; "" means the former
	Seed   uint64      // miniatures of one seed are the same, byte by byte
}

// The lists of a benchmark, as in [dataset.Spec.Sizes].
const (
	train = iota
	val
	test
)

// name is what an image's path is made of.
type name struct {
	class         // its class
	label, list   int
	number, total int // counted from 0, of the class's images and of all
}

// class is a class's folder, or what stands for it in file names, and its name in lists.
type class struct{ folder, name string }

// writer is a miniature at work.
type writer struct {
	dataset.Spec
	*rand.Rand
	options Options
	files   fstest.MapFS
	classes []class
	lists   [3][]dataset.Item // with paths below Images
	boxes   map[string]box    // of the objects, by path
}

// Draw returns the files of a benchmark's miniature, below its own folder.
func Draw(spec dataset.Spec, o Options) (fstest.MapFS, error) {
	kind, ok := kinds[spec.Name]
	if !ok {
		return nil, fmt.Errorf("layout: there is no miniature of %s", spec.Name)
	}
	if o.Images == 0 {
		o.Images = 4
	}
	if o.Images < 1 || o.Masks != mask.AnyLayout && o.Masks != mask.DAPT && o.Masks != mask.FVGPT {
		return nil, fmt.Errorf("layout: %d images a class and masks %q, want at least 1, and %q or %q", o.Images, o.Masks, mask.DAPT, mask.FVGPT)
	}
	hash := fnv.New64a()
	hash.Write([]byte(spec.Name))
	w := &writer{
		Spec: spec, options: o, Rand: rand.New(rand.NewPCG(o.Seed, hash.Sum64())), files: fstest.MapFS{}, classes: kind.classes, boxes: map[string]box{},
	}
	if err := w.images(kind); err != nil {
		return nil, fmt.Errorf("layout: drawing %s: %w", spec.Name, err)
	}
	w.Shuffle(len(w.lists[train]), func(i, j int) {
		list := w.lists[train]
		list[i], list[j] = list[j], list[i]
	})
	if err := kind.finish(w); err != nil {
		return nil, fmt.Errorf("layout: listing %s: %w", spec.Name, err)
	}
	return w.files, nil
}

// images draws all images, class by class.
func (w *writer) images(k kind) error {
	total := 0
	for label, c := range w.classes {
		number := 0
		for list := range w.lists {
			for range w.count(list) {
				n := name{class: c, label: label, list: list, number: number, total: total}
				if err := w.image(k.path(w, n), n); err != nil {
					return err
				}
				number++
				total++
			}
		}
	}
	return nil
}

// count is how many images of a class are in a list.
func (w *writer) count(list int) int {
	switch {
	case w.Sizes[list] == 0:
		return 0
	case list == w.masked():
		return w.options.Images
	}
	return max(1, w.options.Images/2)
}

// masked is the list whose images have masks: the one for training, if there is one.
func (w *writer) masked() int {
	if w.Sizes[train] == 0 {
		return test
	}
	return train
}

// image draws an image, and its mask if it has one. below is its path below the images' folder.
func (w *writer) image(below string, n name) error {
	p := w.picture(n.label, n.number)
	file := path.Join(w.Images, below)
	var data bytes.Buffer
	var err error
	if w.Name == "ImageNet" && n.total == 1 { // one of ImageNet's JPEG files is a PNG, too
		err = png.Encode(&data, p.image)
	} else {
		err = jpeg.Encode(&data, p.image, &jpeg.Options{Quality: 85})
	}
	if err != nil {
		return err
	}
	w.add(file, data.Bytes())
	w.boxes[below] = p.box
	w.lists[n.list] = append(w.lists[n.list], dataset.Item{Path: below, Label: n.label, Class: n.name})
	if n.list != w.masked() {
		return nil
	}
	return w.mask(below, p)
}

// mask writes the mask of an image.
func (w *writer) mask(below string, p picture) error {
	var data bytes.Buffer
	if w.options.Masks == mask.FVGPT && w.Name != "VOC12" {
		err := jpeg.Encode(&data, p.mask(255), &jpeg.Options{Quality: 95})
		w.add(path.Join("mask", w.Images, below), data.Bytes())
		return err
	}
	err := png.Encode(&data, p.mask(1))
	w.add(strings.TrimSuffix(w.place(below), path.Ext(below))+".png", data.Bytes())
	return err
}

// place is where DAPT's masks lie (Ferenas/DAPT datasets/data_manager.py).
func (w *writer) place(below string) string {
	file := path.Base(below)
	switch w.Name {
	case "Food101", "Caltech101", "DescribableTextures", "EuroSAT", "UCF101":
		return path.Join("mask", path.Base(path.Dir(below)), file)
	case "OxfordPets", "OxfordFlowers", "StanfordCars", "FGVCAircraft":
		return path.Join("mask", file)
	case "VOC12":
		return "VOCdevkit/VOC2012/SegmentationClass_All/" + file
	}
	return path.Join("mask", below)
}

// add puts a file into the miniature.
func (w *writer) add(name string, data []byte) { w.files[name] = &fstest.MapFile{Data: data} }

// text adds a file of lines.
func (w *writer) text(name string, lines []string) {
	w.add(name, []byte(strings.Join(lines, "\n")+"\n"))
}
