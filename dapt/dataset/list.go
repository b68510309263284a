package dataset

import (
	"bytes"
	"crypto/sha256"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// OpenSplit lists one's own images from a split file, as [ReadSplit] does. Paths are relative to the file's folder, which
// fsys is. Of the three lists, any may be missing: what an experiment then cannot do it says before it starts. Fewer than two
// classes are an error, and so is an image that is listed twice, since one that is in train and in test makes all tests good.
func OpenSplit(name string, fsys fs.FS, file string) (*Dataset, error) {
	d, err := Open(Spec{Name: name, Split: file, Template: plain}, fsys)
	if err != nil {
		return nil, err
	}
	if err := d.several(another); err != nil {
		return nil, fmt.Errorf("dataset: split %s: %w", file, err)
	}
	if twice := d.repeated(); len(twice) > 0 {
		return nil, fmt.Errorf("dataset: split %s lists %d images more than once: %s: leave each in one list", file, len(twice), some(twice))
	}
	d.Content, err = d.listed()
	return d, err
}

// another is what to do about a list of one class.
const another = "list images of another class, too"

// OpenList lists one's own images from a table in CSV. Its first row names the columns, in any order:
//
//	path   of the image, below the table's folder, which fsys is; backslashes separate folders, too
//	name   of its class
//	label  of its class, counted from 0; without this column, classes are numbered in the order of their sorted names
//	mask   of the image, below the same folder; an empty one is looked for by the rules of package mask
//	split  train, val or test; without this column, each class is divided as by [OpenFolder]
//
// The first two columns must be there, and two classes. Fields may be quoted, lines may end as on Windows, and a byte order mark may come first. Errors
// have the number of the line.
func OpenList(name string, fsys fs.FS, file string) (*Dataset, error) {
	data, err := fs.ReadFile(fsys, file)
	if err != nil {
		return nil, fmt.Errorf("dataset: reading the list of images: %w", err)
	}
	d := &Dataset{Name: name, FS: fsys, Template: plain}
	rows, err := d.readList(data)
	if err != nil {
		return nil, fmt.Errorf("dataset: list %s: %w", file, err)
	}
	d.Content, err = d.listed()
	if folder := folderError(""); errors.As(err, &folder) {
		return nil, fmt.Errorf("dataset: list %s: line %d: %w", file, rows[string(folder)].line, folder)
	}
	return d, err
}

// columns are those of a list, of which the first two must be there.
var columns = []string{"path", "name", "label", "mask", "split"}

// table is a list at work.
type table struct {
	*csv.Reader
	at    map[string]int // where a column is
	rows  []listRow
	names map[int]listRow    // the first row with a label
	label map[string]listRow // the first row with a name
	paths map[string]listRow
}

// listRow is a line of a list, whose number counts from 1.
type listRow struct {
	Item
	split string
	line  int
}

// readList reads the three lists and the classes, and returns the rows by the path of their image.
func (d *Dataset) readList(data []byte) (map[string]listRow, error) {
	t := table{
		Reader: csv.NewReader(bytes.NewReader(bytes.TrimPrefix(data, []byte(byteOrderMark)))),
		at:     map[string]int{}, names: map[int]listRow{}, label: map[string]listRow{}, paths: map[string]listRow{},
	}
	t.TrimLeadingSpace = true
	if err := t.header(); err != nil {
		return nil, err
	}
	for {
		fields, err := t.Read()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, fmt.Errorf("%w: want a field for each column, and quotes around one that holds a comma or a quote, which is doubled there", err)
		}
		line, _ := t.FieldPos(0)
		if err := t.add(fields, line); err != nil {
			return nil, fmt.Errorf("line %d: %w", line, err)
		}
	}
	t.number()
	return t.paths, d.take(t)
}

// header reads the names of the columns.
func (t *table) header() error {
	names, err := t.Read()
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	for i, name := range names {
		name = strings.ToLower(strings.TrimSpace(name))
		if _, twice := t.at[name]; twice || !slices.Contains(columns, name) {
			return fmt.Errorf("line 1: there is a column %q: want each of %s at most once, with commas between them", name, strings.Join(columns, ", "))
		}
		t.at[name] = i
	}
	for _, name := range columns[:2] {
		if _, ok := t.at[name]; !ok {
			return fmt.Errorf("line 1: there is no column %s: want path,name and perhaps label, mask and split as the first line", name)
		}
	}
	return nil
}

// field is what a row has in a column; "" without the column.
func (t *table) field(fields []string, column string) string {
	i, ok := t.at[column]
	if !ok {
		return ""
	}
	return strings.TrimSpace(fields[i])
}

// add takes a row.
func (t *table) add(fields []string, line int) error {
	r := listRow{line: line, split: t.field(fields, "split")}
	var err error
	if r.Path, err = below(t.field(fields, "path")); err != nil {
		return err
	}
	if other, ok := t.paths[r.Path]; ok {
		return fmt.Errorf("image %s is on line %d already: remove one of the lines", r.Path, other.line)
	}
	if mask := t.field(fields, "mask"); mask != "" {
		if r.Mask, err = below(mask); err != nil {
			return err
		}
	}
	if _, ok := t.at["split"]; ok && !slices.Contains(parts, r.split) {
		return fmt.Errorf("the split is %q, want train, val or test", r.split)
	}
	if err := t.class(&r, fields); err != nil {
		return err
	}
	t.paths[r.Path] = r
	t.rows = append(t.rows, r)
	return nil
}

// class reads a row's name and label, and compares them with those of the rows before.
func (t *table) class(r *listRow, fields []string) error {
	if r.Class = t.field(fields, "name"); r.Class == "" {
		return errors.New("there is no class name: give one")
	}
	if _, ok := t.at["label"]; ok {
		text := t.field(fields, "label")
		label, err := strconv.Atoi(text)
		if err != nil || label < 0 {
			return fmt.Errorf("the label is %q, want a whole number from 0 on", text)
		}
		r.Label = label
		if other, ok := t.names[label]; ok && other.Class != r.Class {
			return fmt.Errorf("label %d is class %q here, but %q on line %d: use one name for a label", label, r.Class, other.Class, other.line)
		}
		if other, ok := t.label[r.Class]; ok && other.Label != label {
			return fmt.Errorf("class %q has label %d here, but %d on line %d: use one label for a class", r.Class, label, other.Label, other.line)
		}
	}
	if _, ok := t.label[r.Class]; !ok {
		t.names[r.Label], t.label[r.Class] = *r, *r
	}
	return nil
}

// below checks a path of a list.
func below(name string) (string, error) {
	clean := path.Clean(strings.ReplaceAll(name, `\`, "/"))
	if name == "" || clean == "." || !fs.ValidPath(clean) {
		return "", fmt.Errorf("path %q leads to no file below the list's folder: want one such as cat/1.jpg", name)
	}
	return clean, nil
}

// number gives labels where the list has none.
func (t *table) number() {
	if _, ok := t.at["label"]; ok {
		return
	}
	names := slices.Sorted(maps.Keys(t.label))
	for i := range t.rows {
		t.rows[i].Label, _ = slices.BinarySearch(names, t.rows[i].Class)
	}
}

// take fills the lists.
func (d *Dataset) take(t table) error {
	all := make([]Item, len(t.rows))
	for i, r := range t.rows {
		all[i] = r.Item
	}
	var err error
	if d.Classes, err = classes(all); err != nil {
		return err
	}
	if err := d.several(another); err != nil {
		return err
	}
	if _, ok := t.at["split"]; ok {
		for _, r := range t.rows {
			list := d.lists()[slices.Index(parts, r.split)]
			*list = append(*list, r.Item)
		}
		return nil
	}
	byLabel := make([][]Item, len(d.Classes))
	for _, item := range all {
		byLabel[item.Label] = append(byLabel[item.Label], item)
	}
	for _, items := range byLabel {
		if err := d.divide(items); err != nil {
			return err
		}
	}
	return nil
}

// listed is a hash of the names and sizes of the images and masks of the lists. Those that are missing are for
// [Dataset.Check] and package mask to find; an image that is a folder is a folderError.
func (d *Dataset) listed() (string, error) {
	hash := sha256.New()
	for _, list := range d.lists() {
		for _, item := range *list {
			for _, name := range []string{item.Path, item.Mask} {
				if name == "" {
					continue
				}
				info, err := fs.Stat(d.FS, name)
				switch {
				case err == nil && info.IsDir() && name == item.Path:
					return "", folderError(name)
				case err == nil:
					fmt.Fprintf(hash, "%q %d\n", name, info.Size())
				case !errors.Is(err, fs.ErrNotExist):
					return "", fmt.Errorf("dataset: looking for an image of %s: %w", d.Name, err)
				}
			}
		}
	}
	return fmt.Sprintf("%x", hash.Sum(nil)[:8]), nil
}
