package dataset

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Where PASCAL VOC 2012 keeps its files, below the data set's folder, and what they come in.
const (
	vocArchive = "VOCtrainval_11-May-2012.tar"
	vocFolder  = "VOCdevkit/VOC2012/"
	vocMasks   = vocFolder + "SegmentationClass_All/"
)

// vocClasses are the classes in their order, as DAPT's datasets/pascal_voc.py calls them.
var vocClasses = []string{
	"aeroplane", "bicycle", "bird", "boat", "bottle", "bus", "car", "cat", "chair", "cow",
	"table", "dog", "horse", "motorbike", "person", "plant", "sheep", "sofa", "train", "tvmonitor",
}

// vocNames are names in annotations that are not those of vocClasses.
var vocNames = map[string]string{"diningtable": "table", "pottedplant": "plant"}

// voc lists PASCAL VOC 2012 with one class an image, that of its [vocAnnotation]. Images have several in the original; DAPT's
// loader keeps all of them, but with wrong names, and draws one at random where it needs a single one. Training images are
// those of train_aug.txt if it is there, else of train.txt; those of val.txt are for validation and for testing, as there.
func voc(fsys fs.FS) (*Dataset, error) {
	const sets = vocFolder + "ImageSets/Segmentation/"
	train := sets + "train_aug.txt"
	if _, err := fs.Stat(fsys, train); errors.Is(err, fs.ErrNotExist) {
		train = sets + "train.txt"
	}
	d := &Dataset{Classes: vocClasses}
	var err error
	if d.Train, err = vocList(fsys, train); err != nil {
		return nil, err
	}
	d.Val, err = vocList(fsys, sets+"val.txt")
	d.Test = slices.Clone(d.Val)
	return d, err
}

// vocList lists the images of a set.
func vocList(fsys fs.FS, set string) ([]Item, error) {
	ids, err := lines(fsys, set, "unpack "+vocArchive)
	if err != nil {
		return nil, err
	}
	items := make([]Item, len(ids))
	for i, id := range ids {
		if !isName(id) {
			return nil, fmt.Errorf("%s has %q: want one image's number a line, such as 2007_000032", set, id)
		}
		label, err := vocLabel(fsys, id)
		if err != nil {
			return nil, err
		}
		items[i] = Item{Path: id + ".jpg", Label: label, Class: vocClasses[label], Mask: vocMasks + id + ".png"}
	}
	return items, nil
}

func vocLabel(fsys fs.FS, id string) (int, error) {
	name := path.Join(vocFolder, "Annotations", id+".xml")
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return 0, fmt.Errorf("reading an annotation, unpack %s: %w", vocArchive, err)
	}
	var a vocAnnotation
	if err := xml.Unmarshal(data, &a); err != nil {
		return 0, fmt.Errorf("reading %s, unpack it anew: %w", name, err)
	}
	label, err := a.label()
	if err != nil {
		return 0, fmt.Errorf("%s: %w", name, err)
	}
	return label, nil
}

// vocAnnotation is what an annotation says of an image's objects. Corners of boxes are pixels, counted from 1, both of the
// object; some have fractions.
type vocAnnotation struct {
	Objects []struct {
		Name string `xml:"name"`
		Box  struct {
			Left   float64 `xml:"xmin"`
			Top    float64 `xml:"ymin"`
			Right  float64 `xml:"xmax"`
			Bottom float64 `xml:"ymax"`
		} `xml:"bndbox"`
	} `xml:"object"`
}

// label is the class whose boxes have the largest area in all; the first of the classes if several have.
func (a vocAnnotation) label() (int, error) {
	areas := make([]float64, len(vocClasses))
	for _, o := range a.Objects {
		name := strings.TrimSpace(o.Name)
		if short, ok := vocNames[name]; ok {
			name = short
		}
		label := slices.Index(vocClasses, name)
		width, height := o.Box.Right-o.Box.Left+1, o.Box.Bottom-o.Box.Top+1
		if label < 0 || !(width > 0 && height > 0) {
			return 0, fmt.Errorf("it has an object %q with a box %g wide and %g high: want one of the 20 classes and a box", name, width, height)
		}
		areas[label] += width * height
	}
	best := 0
	for label, area := range areas {
		if area > areas[best] {
			best = label
		}
	}
	if areas[best] == 0 {
		return 0, errors.New("it has no object, so the image has no class: remove it from the list")
	}
	return best, nil
}
