// Package dataset lists labelled images: benchmarks, split files, few-shot draws, base and novel halves.
//
// It reads through [io/fs.FS], so that a folder, an archive and the embedded mini benchmark are the same thing.
//
// Lists, draws and halves equal those of CoOp's code (KaiyangZhou/CoOp datasets/*.py, Dassl's base_dataset.py), which
// DAPT shares, but for five things: the class list comes from all items of the split file, not from those that were
// drawn for training; folders are read in sorted order and not in that of the file system; a missing split file is an error
// where CoOp's code would draw another one (see [MakeSplit]); ImageNet has no validation images, where CoOp's code takes the
// test images; and an image of PASCAL VOC has one class, that of its largest objects, where DAPT's has several.
package dataset

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"
	"strings"
)

// Item is one labelled image.
type Item struct {
	Path  string // slash-separated, below the data set's FS
	Label int    // from 0, an index of Dataset.Classes
	Class string // the class name as stored in the split file
	Mask  string // the mask's file, slash-separated below FS; "" leaves that to a rule (see package mask)
}

// Dataset is a benchmark: its classes and its three lists. Any list may be empty.
type Dataset struct {
	Name     string   // as in configuration files, such as "OxfordPets"
	FS       fs.FS    // the data set's own folder
	Images   string   // the folder below FS that item paths were relative to
	Classes  []string // by label
	Template string   // hand-crafted sentence for zero-shot, with one {}
	Train    []Item
	Val      []Item
	Test     []Item
	Content  string // of the files, where names alone do not tell them: see [OpenFolder]; "" for benchmarks
}

// parts are the names of the three lists, as keys of split files and as folders.
var parts = []string{"train", "val", "test"}

// lists are the three lists, in the order of parts.
func (d *Dataset) lists() []*[]Item { return []*[]Item{&d.Train, &d.Val, &d.Test} }

// Hash identifies which items are in which list, by path, label, class name and mask, in order, and their Content: 32
// hexadecimal digits. Runs whose hashes differ saw other data.
func (d *Dataset) Hash() string {
	hash := sha256.New()
	hash.Write([]byte(d.Content))
	var text []byte
	for _, list := range d.lists() {
		text = binary.AppendUvarint(text[:0], uint64(len(*list)))
		for _, item := range *list {
			text = binary.AppendVarint(text, int64(item.Label))
			for _, s := range []string{item.Path, item.Class} {
				text = append(binary.AppendUvarint(text, uint64(len(s))), s...)
			}
		}
		hash.Write(text)
	}
	d.hashMasks(hash)
	return hex.EncodeToString(hash.Sum(nil)[:16])
}

// hashMasks adds the masks of the items that name one, behind the lists, so that data without keep the hash they had before
// items had masks.
func (d *Dataset) hashMasks(hash io.Writer) {
	for i, list := range d.lists() {
		for j, item := range *list {
			if item.Mask != "" {
				fmt.Fprintf(hash, "%d %d %q\n", i, j, item.Mask)
			}
		}
	}
}

// Check finds, before anything slow starts, what would fail later: items outside the class list, images that are folders, and
// images that do not exist, of which the error names the count and the first five. It reads no image.
func (d *Dataset) Check(ctx context.Context) error {
	var missing []string
	count := 0
	for _, list := range d.lists() {
		for _, item := range *list {
			if err := d.belongs(item); err != nil {
				return err
			}
			count++
			info, err := fs.Stat(d.FS, item.Path)
			switch {
			case err == nil && info.IsDir():
				return fmt.Errorf("dataset: %s: %w", d.Name, folderError(item.Path))
			case errors.Is(err, fs.ErrNotExist):
				missing = append(missing, item.Path)
			case err != nil:
				return fmt.Errorf("dataset: looking for an image of %s: %w", d.Name, err)
			}
			if err := ctx.Err(); err != nil {
				return err
			}
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("dataset: %d of %d images of %s are missing: %s: unpack them into the data set's folder, or remove them from the split",
			len(missing), count, d.Name, some(missing))
	}
	return nil
}

// folderError is the path of an image that is a folder.
type folderError string

func (e folderError) Error() string {
	return fmt.Sprintf("image %s is a folder: name a file in it, or leave it out", string(e))
}

func (d *Dataset) belongs(item Item) error {
	if item.Label < 0 || item.Label >= len(d.Classes) {
		return fmt.Errorf("dataset: image %s has label %d, but %s has %d classes, counted from 0: correct the label or the class list",
			item.Path, item.Label, d.Name, len(d.Classes))
	}
	if d.Classes[item.Label] != item.Class {
		return fmt.Errorf("dataset: image %s has label %d and class %q, but that label of %s is class %q: correct one of them",
			item.Path, item.Label, item.Class, d.Name, d.Classes[item.Label])
	}
	return nil
}

// Spread picks count items at even distances, all if there are fewer.
func Spread(items []Item, count int) []Item {
	if count >= len(items) {
		return items
	}
	picked := make([]Item, count)
	for i := range picked {
		picked[i] = items[i*len(items)/count]
	}
	return picked
}

// some names the first five.
func some(names []string) string {
	if len(names) > 5 {
		names = append(slices.Clone(names[:5]), "…")
	}
	return strings.Join(names, ", ")
}
