package dataset

import (
	"cmp"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"slices"
	"strings"
)

// imageEndings are those of the formats that are decoded.
var imageEndings = []string{".jpg", ".jpeg", ".png", ".webp", ".gif", ".bmp"}

// OpenFolder lists one's own images: a folder for each class, named as the class, either below train, val and test, of which
// any may be missing, or at the top. At the top, half of each class's images are for training, two tenths for validation and the
// rest for testing, in the order of a hash of their names: a further image moves at most one other from a list to the next.
// Files that are no images, names that begin with a dot, and the folder mask, which may hold masks (see package mask), are
// left alone.
//
// Every class must have a training image, if there is a folder train, and, at the top, at least four images in all. The error
// says which has not. What an experiment cannot do without a list it says before it starts.
func OpenFolder(name string, fsys fs.FS) (*Dataset, error) {
	d := &Dataset{Name: name, FS: fsys, Template: plain}
	found, err := folders(fsys, ".")
	if err != nil {
		return nil, fmt.Errorf("dataset: opening the folder %s: %w", name, err)
	}
	if slices.ContainsFunc(parts, func(part string) bool {
		classes, _ := folders(fsys, part) // there may be no such folder
		return len(classes) > 0
	}) {
		err = d.readParts(found)
	} else {
		err = d.readClasses()
	}
	if err == nil {
		d.Content, err = contents(fsys)
	}
	if err != nil {
		return nil, fmt.Errorf("dataset: folder %s: %w", name, err)
	}
	return d, nil
}

// readParts reads train, val and test, as far as they were found.
func (d *Dataset) readParts(found []string) error {
	classes := map[string]bool{}
	images := make([]map[string][]string, 3)
	for i, part := range parts {
		if !slices.Contains(found, part) {
			continue
		}
		var err error
		if images[i], err = classImages(d.FS, part); err != nil {
			return err
		}
		for class := range images[i] {
			classes[class] = true
		}
	}
	d.Classes = slices.Sorted(maps.Keys(classes))
	if err := d.enough(); err != nil {
		return err
	}
	for label, class := range d.Classes {
		if len(images[0][class]) == 0 && slices.Contains(found, "train") {
			return fmt.Errorf("class %q has no image in train/%s: add some, or remove it from val and test", class, class)
		}
		for i, list := range d.lists() {
			*list = append(*list, items(images[i][class], label, class)...)
		}
	}
	if len(d.Test) == 0 && slices.Contains(found, "test") {
		return fmt.Errorf("there is no image in test: put some into test/%s and its siblings", d.Classes[0])
	}
	return nil
}

// readClasses reads a folder a class, and splits each.
func (d *Dataset) readClasses() error {
	images, err := classImages(d.FS, ".")
	if err != nil {
		return err
	}
	d.Classes = slices.Sorted(maps.Keys(images))
	if err := d.enough(); err != nil {
		return err
	}
	for label, class := range d.Classes {
		if err := d.divide(items(images[class], label, class)); err != nil {
			return err
		}
	}
	return nil
}

// divide puts half of a class's items into Train, two tenths into Val and the rest into Test, in the order of a hash of their
// paths. Each part is sorted by path.
func (d *Dataset) divide(items []Item) error {
	if len(items) < 4 {
		return fmt.Errorf("class %q has %d images, want at least 4 to train, validate and test: add some", items[0].Class, len(items))
	}
	slices.SortFunc(items, func(a, b Item) int {
		first, second := sha256.Sum256([]byte(a.Path)), sha256.Sum256([]byte(b.Path))
		return cmp.Or(slices.Compare(first[:], second[:]), strings.Compare(a.Path, b.Path))
	})
	train, val := len(items)/2, len(items)/5
	for i, part := range [][]Item{items[:train], items[train : train+val], items[train+val:]} {
		slices.SortFunc(part, func(a, b Item) int { return strings.Compare(a.Path, b.Path) })
		list := d.lists()[i]
		*list = append(*list, part...)
	}
	return nil
}

// enough reports fewer classes than a classifier can tell apart, and such as it cannot.
func (d *Dataset) enough() error {
	if err := d.several("make a folder for each class, named as the class, and put its images there"); err != nil {
		return err
	}
	return distinct(d.Classes)
}

// several reports fewer classes than a classifier can tell apart, and how to give more.
func (d *Dataset) several(how string) error {
	if len(d.Classes) < 2 {
		return fmt.Errorf("there are images of %d classes, want at least 2: %s", len(d.Classes), how)
	}
	return nil
}

func items(paths []string, label int, class string) []Item {
	list := make([]Item, len(paths))
	for i, path := range paths {
		list[i] = Item{Path: path, Label: label, Class: class}
	}
	return list
}

// classImages lists the images of each folder below one. A folder without any is an error, but for one of val or test.
func classImages(fsys fs.FS, below string) (map[string][]string, error) {
	classes, err := folders(fsys, below)
	if err != nil {
		return nil, err
	}
	images := map[string][]string{}
	for _, class := range classes {
		if class == "mask" {
			continue
		}
		paths, err := listImages(fsys, path.Join(below, class))
		if err != nil {
			return nil, err
		}
		if len(paths) == 0 && below != "val" && below != "test" {
			return nil, fmt.Errorf("class %q has no image: put some into %s (%s), or remove the folder", class, path.Join(below, class), strings.Join(imageEndings, ", "))
		}
		if len(paths) > 0 {
			images[class] = paths
		}
	}
	return images, nil
}

// Unlabelled lists images of a folder as a test list, to be classified among classes: the files that are named, or else all
// that are no deeper. Their labels say nothing.
func Unlabelled(name string, fsys fs.FS, classes []string, paths ...string) (*Dataset, error) {
	var err error
	if len(paths) == 0 {
		paths, err = listImages(fsys, ".")
	}
	if err != nil {
		return nil, fmt.Errorf("dataset: folder %s: %w", name, err)
	}
	if len(paths) == 0 {
		deeper := ""
		if below, err := folders(fsys, "."); err == nil && len(below) > 0 {
			deeper = fmt.Sprintf("; folders in it are not looked into: name one of them, such as %s", path.Join(name, below[0]))
		}
		return nil, fmt.Errorf("dataset: folder %s has no images to classify (%s)%s", name, strings.Join(imageEndings, ", "), deeper)
	}
	return &Dataset{Name: name, FS: fsys, Classes: classes, Template: plain, Test: items(paths, 0, "")}, nil
}

// listImages are the paths of a folder's images, sorted; those in folders below it are not looked for.
func listImages(fsys fs.FS, folder string) ([]string, error) {
	files, err := fs.ReadDir(fsys, folder)
	if err != nil {
		return nil, fmt.Errorf("listing images: %w", err)
	}
	var paths []string
	for _, file := range files {
		if !file.IsDir() && !strings.HasPrefix(file.Name(), ".") && slices.Contains(imageEndings, strings.ToLower(path.Ext(file.Name()))) {
			paths = append(paths, path.Join(folder, file.Name()))
		}
	}
	return paths, nil
}

// folders are the names of the folders in one, without those that begin with a dot.
func folders(fsys fs.FS, folder string) ([]string, error) {
	entries, err := fs.ReadDir(fsys, folder)
	if err != nil {
		return nil, err
	}
	var names []string
	for _, entry := range entries {
		if strings.HasPrefix(entry.Name(), ".") {
			continue
		}
		info, err := fs.Stat(fsys, path.Join(folder, entry.Name())) // follows links
		if err != nil {
			return nil, err
		}
		if info.IsDir() {
			names = append(names, entry.Name())
		}
	}
	return names, nil
}

// contents is a hash of the names and sizes of all files below a folder, also behind links to folders, and of masks: who mends
// a picture has other data.
func contents(fsys fs.FS) (string, error) {
	hash := sha256.New()
	var walk func(root string) error
	walk = func(root string) error {
		return fs.WalkDir(fsys, root, func(name string, entry fs.DirEntry, err error) error {
			switch {
			case err != nil:
				return err
			case name != "." && strings.HasPrefix(entry.Name(), "."):
				if entry.IsDir() {
					return fs.SkipDir
				}
				return nil
			case entry.IsDir():
				return nil
			}
			info, err := fs.Stat(fsys, name)
			switch {
			case err != nil:
				return err
			case info.IsDir() && root == ".": // behind a link; one below it may lead back
				return walk(name)
			}
			fmt.Fprintf(hash, "%q %d\n", name, info.Size())
			return nil
		})
	}
	err := walk(".")
	return fmt.Sprintf("%x", hash.Sum(nil)[:8]), err
}
