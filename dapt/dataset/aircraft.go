package dataset

import (
	"fmt"
	"io/fs"
	"strings"
)

// asCoOp says where the lists of most benchmarks come from.
const asCoOp = "fetch it as CoOp's DATASETS.md says"

// lines are the lines of a text file that are not blank. remedy says what to do if there is no such file.
func lines(fsys fs.FS, name, remedy string) ([]string, error) {
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		return nil, fmt.Errorf("reading a list, %s: %w", remedy, err)
	}
	var found []string
	for line := range strings.Lines(strings.TrimPrefix(string(data), byteOrderMark)) {
		if line = strings.TrimSpace(line); line != "" {
			found = append(found, line)
		}
	}
	if len(found) == 0 {
		return nil, fmt.Errorf("%s is empty: %s", name, remedy)
	}
	return found, nil
}

// aircraft reads FGVC Aircraft's own lists: variants.txt gives the classes, and images_variant_train.txt and its
// siblings have lines of an image's number and its class.
func aircraft(fsys fs.FS) (*Dataset, error) {
	names, err := lines(fsys, "variants.txt", asCoOp)
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
	for i, part := range parts {
		list := "images_variant_" + part + ".txt"
		entries, err := lines(fsys, list, asCoOp)
		if err != nil {
			return nil, err
		}
		for _, line := range entries {
			number, name, _ := strings.Cut(line, " ")
			label, ok := labels[name]
			if !ok || !isName(number) {
				return nil, fmt.Errorf("%s has the line %q: want an image's number, a blank and a class of variants.txt", list, line)
			}
			*d.lists()[i] = append(*d.lists()[i], Item{Path: number + ".jpg", Label: label, Class: name})
		}
	}
	return d, nil
}

// byteOrderMark begins text files that some editors write.
const byteOrderMark = "\ufeff"

// isName tells whether a file or folder may be called so, without a path to it.
func isName(s string) bool { return s != "." && fs.ValidPath(s) && !strings.ContainsAny(s, `/\`) }
