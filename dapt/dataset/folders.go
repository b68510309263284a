package dataset

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// lines are the lines of a text file that are not blank.
func lines(fsys fs.FS, name string) ([]string, error) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("reading a list, fetch it as CoOp's DATASETS.md says: %w", err)
	}
	var found []string
	for line := range strings.Lines(string(data)) {
		if line = strings.TrimSpace(line); line != "" {
			found = append(found, line)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s is empty: fetch it as CoOp's DATASETS.md says", name)
	}
	return found, nil
}

// imageNet lists images/train as training and images/val as test items, folder by folder in sorted order. Labels are
// the places of the folders; classnames.txt names them. Two classes may share a name there.
func imageNet(fsys fs.FS) (*Dataset, error) {
	names, err := lines(fsys, "classnames.txt")
	if err != nil {
		return nil, err
	}
	d := &Dataset{Classes: make([]string, len(names))}
	folders := make([]string, len(names))
	for label, line := range names {
		folder, name, ok := strings.Cut(line, " ")
		if !ok || !fs.ValidPath(folder) || label > 0 && folder <= folders[label-1] {
			return nil, fmt.Errorf("classnames.txt has %q as line %d: want a folder's name, a blank and a class name, sorted by folder",
				line, label+1)
		}
		folders[label], d.Classes[label] = folder, strings.TrimSpace(name)
	}
	if d.Train, err = d.walk(fsys, "train", folders); err != nil {
		return nil, err
	}
	d.Test, err = d.walk(fsys, "val", folders)
	return d, err
}

// walk lists the images of a part; its folders must be those of classnames.txt.
func (d *Dataset) walk(fsys fs.FS, part string, folders []string) ([]Item, error) {
	found, err := fs.ReadDir(fsys, path.Join("images", part))
	if err != nil {
		return nil, fmt.Errorf("unpack the images to images/%s: %w", part, err)
	}
	var items []Item
	label := 0
	for _, folder := range found {
		if !folder.IsDir() {
			continue
		}
		if label == len(folders) || folder.Name() != folders[label] {
			return nil, fmt.Errorf("images/%s has %s as folder %d: want those of classnames.txt, no fewer and no more", part, folder.Name(), label+1)
		}
		files, err := fs.ReadDir(fsys, path.Join("images", part, folder.Name()))
		if err != nil {
			return nil, fmt.Errorf("listing images: %w", err)
		}
		for _, file := range files {
			if !strings.HasPrefix(file.Name(), ".") {
				items = append(items, Item{Path: path.Join(part, folder.Name(), file.Name()), Label: label, Class: d.Classes[label]})
			}
		}
		label++
	}
	if label < len(folders) {
		return nil, fmt.Errorf("images/%s lacks folder %s of classnames.txt: unpack it", part, folders[label])
	}
	return items, nil
}

// aircraft reads FGVC Aircraft's own lists: variants.txt gives the classes, and images_variant_train.txt and its
// siblings have lines of an image's number and its class.
func aircraft(fsys fs.FS) (*Dataset, error) {
	names, err := lines(fsys, "variants.txt")
	if err != nil {
		return nil, err
	}
	d := &Dataset{Classes: names}
	if err := distinct(names); err != nil {
		return nil, fmt.Errorf("variants.txt: %w", err)
	}
	labels := map[string]int{}
	for label, name := range names {
		labels[name] = label
	}
	for i, part := range []string{"train", "val", "test"} {
		list := "images_variant_" + part + ".txt"
		entries, err := lines(fsys, list)
		if err != nil {
			return nil, err
		}
		for _, line := range entries {
			number, name, _ := strings.Cut(line, " ")
			label, ok := labels[name]
			if !ok || strings.ContainsAny(number, `/\`) {
				return nil, errors.New(list + " has the line " + line + ": want an image's number, a blank and a class of variants.txt")
			}
			*d.lists()[i] = append(*d.lists()[i], Item{Path: number + ".jpg", Label: label, Class: name})
		}
	}
	return d, nil
}
