package dataset

import (
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strconv"
	"strings"
)

// wordnet is what classnames.txt says: folders in sorted order, and the names of their classes. Two may have one name.
type wordnet struct{ folders, names []string }

func readWordnet(fsys fs.FS) (wordnet, error) {
	var w wordnet
	all, err := lines(fsys, "classnames.txt", asCoOp)
	if err != nil {
		return w, err
	}
	for i, line := range all {
		folder, name, _ := strings.Cut(line, " ")
		name = strings.TrimSpace(name)
		if name == "" || !isName(folder) || i > 0 && folder <= w.folders[i-1] {
			return w, fmt.Errorf("classnames.txt has %q as line %d: want a folder's name, a blank and a class name, sorted by folder", line, i+1)
		}
		w.folders, w.names = append(w.folders, folder), append(w.names, name)
	}
	return w, nil
}

// imageNet lists images/train as training and images/val as test items, folder by folder in the order of classnames.txt.
func imageNet(fsys fs.FS) (*Dataset, error) {
	w, err := readWordnet(fsys)
	if err != nil {
		return nil, err
	}
	d := &Dataset{Classes: w.names}
	if d.Train, err = d.walk(fsys, "images", "train", w.folders); err != nil {
		return nil, err
	}
	d.Test, err = d.walk(fsys, "images", "val", w.folders)
	return d, err
}

// sketch lists ImageNet-Sketch, which has a folder for each class of ImageNet (CoOp's datasets/imagenet_sketch.py).
func sketch(fsys fs.FS) (*Dataset, error) {
	w, err := readWordnet(fsys)
	if err != nil {
		return nil, err
	}
	d := &Dataset{Classes: w.names}
	d.Test, err = d.walk(fsys, "images", "", w.folders)
	return d, err
}

// imageNetV2 lists the folders 0, 1, … of which each is the class on that line of classnames.txt, counted from 0 (CoOp's
// datasets/imagenetv2.py).
func imageNetV2(fsys fs.FS) (*Dataset, error) {
	w, err := readWordnet(fsys)
	if err != nil {
		return nil, err
	}
	numbers := make([]string, len(w.names))
	for i := range numbers {
		numbers[i] = strconv.Itoa(i)
	}
	d := &Dataset{Classes: w.names}
	d.Test, err = d.walk(fsys, "imagenetv2-matched-frequency-format-val", "", numbers)
	return d, err
}

// someOfImageNet returns a function that lists ImageNet-A or -R, which have some of ImageNet's classes, numbered anew in the
// order of their folders (CoOp's datasets/imagenet_a.py and imagenet_r.py). Their classifiers know these classes only.
func someOfImageNet(images string) func(fs.FS) (*Dataset, error) {
	return func(fsys fs.FS) (*Dataset, error) {
		w, err := readWordnet(fsys)
		if err != nil {
			return nil, err
		}
		found, err := foldersOf(fsys, images)
		if err != nil {
			return nil, err
		}
		d := new(Dataset)
		for _, folder := range found {
			at, ok := slices.BinarySearch(w.folders, folder)
			if !ok {
				return nil, fmt.Errorf("%s has the folder %s, which classnames.txt does not name: remove the folder or fetch the whole list", images, folder)
			}
			d.Classes = append(d.Classes, w.names[at])
		}
		d.Test, err = d.walk(fsys, images, "", found)
		return d, err
	}
}

// walk lists the images of a part, a folder below images, or of images itself: class by class from folders, which must be
// the ones that are there. The items' paths are below images.
func (d *Dataset) walk(fsys fs.FS, images, part string, folders []string) ([]Item, error) {
	whole := path.Join(images, part)
	found, err := foldersOf(fsys, whole)
	if err != nil {
		return nil, err
	}
	for _, folder := range found {
		if !slices.Contains(folders, folder) {
			return nil, fmt.Errorf("%s has the folder %s: want those of classnames.txt, no fewer and no more", whole, folder)
		}
	}
	var items []Item
	for label, folder := range folders {
		if _, ok := slices.BinarySearch(found, folder); !ok {
			return nil, fmt.Errorf("%s lacks the folder %s, of class %q in classnames.txt: unpack it", whole, folder, d.Classes[label])
		}
		files, err := fs.ReadDir(fsys, path.Join(whole, folder))
		if err != nil {
			return nil, fmt.Errorf("listing images: %w", err)
		}
		for _, file := range files {
			if !strings.HasPrefix(file.Name(), ".") {
				items = append(items, Item{Path: path.Join(part, folder, file.Name()), Label: label, Class: d.Classes[label]})
			}
		}
	}
	return items, nil
}

// foldersOf are the folders below images, sorted; a README.txt and other files there are left alone.
func foldersOf(fsys fs.FS, images string) ([]string, error) {
	found, err := folders(fsys, images)
	if err != nil {
		return nil, fmt.Errorf("unpack the images to %s: %w", images, err)
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s has no folders: unpack the images there, to a folder for each class", images)
	}
	return found, nil
}
