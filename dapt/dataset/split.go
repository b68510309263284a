package dataset

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// entry is an item of a split file: [path below the images' folder, label, class name].
type entry Item

// MarshalJSON writes the three as a list.
func (e entry) MarshalJSON() ([]byte, error) { return json.Marshal([]any{e.Path, e.Label, e.Class}) }

// UnmarshalJSON reads a list of exactly three.
func (e *entry) UnmarshalJSON(data []byte) error {
	fields := []any{&e.Path, &e.Label, &e.Class}
	if err := json.Unmarshal(data, &fields); err != nil {
		return fmt.Errorf("item %s: %w: want a path and a class name in quotes, and a whole number without between them", data, err)
	}
	if len(fields) != 3 || slices.Contains(fields, nil) {
		return fmt.Errorf("item %s: want path, label and class name", data)
	}
	if !fs.ValidPath(e.Path) || e.Path == "." {
		return fmt.Errorf("item %s: path %q leaves the images' folder or is not clean: want one such as cat/1.jpg", data, e.Path)
	}
	if strings.TrimSpace(e.Class) == "" {
		return fmt.Errorf("item %s has no class name", data)
	}
	return nil
}

// ReadSplit reads a split file of CoOp's form, {"train": [[path, label, class name], …], "val": …, "test": …} with any
// of the lists. Only Classes and the lists of the result are set; paths are as in the file, relative to the images'
// folder.
//
// Together the lists must name each label from 0 on, and each label one class. Two classes that make the same prompt,
// as "Cat_dog" and "cat dog" do, are an error.
func ReadSplit(fsys fs.FS, name string) (*Dataset, error) {
	data, err := fs.ReadFile(fsys, name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("dataset: no split file: fetch %s (CoOp's DATASETS.md links it) into the data set's folder: %w", name, err)
	}
	if err != nil {
		return nil, fmt.Errorf("dataset: reading split: %w", err)
	}
	d, err := parseSplit(data)
	if err != nil {
		return nil, fmt.Errorf("dataset: split %s: %w", name, err)
	}
	return d, nil
}

func parseSplit(data []byte) (*Dataset, error) {
	const form = "not of the form {\"train\": [[path, label, class name], …], …}, fetch or write it anew"
	var lists map[string]json.RawMessage
	if err := json.Unmarshal(bytes.TrimPrefix(data, []byte(byteOrderMark)), &lists); err != nil {
		return nil, fmt.Errorf("%s: %w", form, err)
	}
	d := new(Dataset)
	for key, text := range lists {
		at := slices.Index(parts, key)
		if at < 0 {
			return nil, fmt.Errorf("there is a list %q: rename it to train, val or test", key)
		}
		var list []entry
		if err := json.Unmarshal(text, &list); err != nil {
			return nil, fmt.Errorf("%s: list %s: %w", form, key, err)
		}
		to := d.lists()[at]
		for _, e := range list {
			*to = append(*to, Item(e))
		}
	}
	var err error
	d.Classes, err = classes(slices.Concat(d.Train, d.Val, d.Test))
	return d, err
}

// classes returns the class names by label, after checking that the items agree on them.
func classes(items []Item) ([]string, error) {
	if len(items) == 0 {
		return nil, errors.New("no items in train, val and test: fetch or write it anew")
	}
	first := map[int]Item{} // of each label
	for _, item := range items {
		switch known, ok := first[item.Label]; {
		case item.Label < 0:
			return nil, fmt.Errorf("image %s of class %q has label %d: labels count from 0", item.Path, item.Class, item.Label)
		case !ok:
			first[item.Label] = item
		case known.Class != item.Class:
			return nil, fmt.Errorf("label %d is class %q for image %s but %q for %s: use one name for a label",
				item.Label, known.Class, known.Path, item.Class, item.Path)
		}
	}
	if err := contiguous(first); err != nil {
		return nil, err
	}
	names := make([]string, len(first))
	for label, item := range first {
		names[label] = item.Class
	}
	return names, distinct(names)
}

// contiguous reports labels that no item has, below one that an item has.
func contiguous(first map[int]Item) error {
	highest := first[slices.Max(slices.Collect(maps.Keys(first)))]
	if highest.Label < len(first) {
		return nil
	}
	var gaps []string
	for label := 0; len(gaps) <= 5 && label < highest.Label; label++ {
		if _, ok := first[label]; !ok {
			gaps = append(gaps, fmt.Sprint(label))
		}
	}
	return fmt.Errorf("there are %d classes, but image %s of class %q has label %d, and no item has label %s: number the classes 0 to %d",
		len(first), highest.Path, highest.Class, highest.Label, some(gaps), len(first)-1)
}

// distinct reports two names that the tokenizer reads alike.
func distinct(names []string) error {
	seen := map[string]int{}
	for label, name := range names {
		words := strings.Join(strings.Fields(strings.ToLower(strings.ReplaceAll(name, "_", " "))), " ")
		if other, ok := seen[words]; ok {
			return fmt.Errorf("labels %d and %d have the same class name, %q and %q: merge the two classes or rename one",
				other, label, names[other], name)
		}
		seen[words] = label
	}
	return nil
}

// WriteSplit writes the lists as a split file, with paths relative to Images. It has no place for masks that items name.
func (d *Dataset) WriteSplit(w io.Writer) error {
	lists := map[string][]entry{}
	for i, key := range parts {
		lists[key] = []entry{}
		for _, item := range *d.lists()[i] {
			below, ok := strings.CutPrefix(item.Path, path.Clean(d.Images)+"/")
			if !ok && d.Images != "" {
				return fmt.Errorf("dataset: writing split: image %s is not below %s", item.Path, d.Images)
			}
			item.Path = below
			lists[key] = append(lists[key], entry(item))
		}
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(lists); err != nil {
		return fmt.Errorf("dataset: writing split: %w", err)
	}
	return nil
}
