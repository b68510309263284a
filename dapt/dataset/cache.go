package dataset

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/dapt-go/dapt-go/dapt/internal/pickle"
)

// Limits of a cache. That of ImageNet with 16 shots has 2 million bytes, and a Datum four attributes.
const (
	maxCache      = 16 << 20 // bytes of the file, and of all its paths
	maxAttributes = 16
)

// datum is the class of a cache's entries (Dassl's base_dataset.py). Copies of Dassl keep it below other names.
var datum = pickle.Global{Module: "dassl.data.datasets.base_dataset", Name: "Datum"}

// cacheLists are the lists of a cache, in the order of [Dataset.lists].
var cacheLists = parts[:2]

// cached is an entry of a cache. Its path is that of another machine, with slashes.
type cached struct {
	list, place int // of cacheLists, and in it
	Item
}

// String names the entry in errors.
func (e cached) String() string {
	return fmt.Sprintf("entry %d of %s, %.300q,", e.place+1, cacheLists[e.list], e.Path)
}

// ReadFewShot reads the cache of a draw that CoOp's code keeps, split_fewshot/shot_‹shots›-seed_‹seed›.pkl, and returns d
// with the Train and Val of the cache. It is a pickle of at most 16 MiB, {"train": [Datum, …], "val": [Datum, …]}, of which
// nothing is executed. CoOp's ImageNet has no "val", which may lack where d has no validation items either.
//
// Its paths are those of another machine, with slashes or backslashes. They must lie below one folder there, whatever its
// name, as d's lie below Images. Each entry must be an item of d's list of the same name, with its label and class name: d
// is the whole data set, not a draw or a half. The error names the first entry that is not.
func (d *Dataset) ReadFewShot(r io.Reader) (*Dataset, error) {
	drawn := *d
	cache, err := readCache(r)
	if err == nil {
		drawn.Train, drawn.Val, err = d.resolve(cache)
	}
	if err != nil {
		return nil, fmt.Errorf("dataset: few-shot cache of %s: %w", d.Name, err)
	}
	return &drawn, nil
}

// readCache reads the dictionary of lists.
func readCache(r io.Reader) (*pickle.Record, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxCache+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxCache {
		return nil, fmt.Errorf("it has more than %d bytes: want the cache of a draw, not of all images", maxCache)
	}
	value, err := pickle.Decode(data, pickle.Rules{Name: checkDatum, New: checkDatum})
	if err != nil {
		return nil, fmt.Errorf("%w: want what CoOp's code wrote with pickle.dump, copy or draw it anew", err)
	}
	cache, ok := value.(*pickle.Record)
	if !ok || cache.Class != (pickle.Global{}) {
		return nil, fmt.Errorf("it holds a %T: want a dictionary with train and val", value)
	}
	for _, key := range cache.Keys {
		if name, _ := key.(string); !slices.Contains(cacheLists, name) {
			return nil, fmt.Errorf("there is a list %.50q: want train and val, as in split_fewshot/shot_16-seed_1.pkl", name)
		}
	}
	return cache, nil
}

// entries are those of both lists.
func (d *Dataset) entries(cache *pickle.Record) ([]cached, error) {
	var entries []cached
	size := 0
	for i, name := range cacheLists {
		value := cache.Get(name)
		if value == nil && name == "val" && len(d.Val) == 0 {
			continue
		}
		list, ok := value.(*pickle.List)
		if !ok {
			return nil, fmt.Errorf("its %s is a %T: want a list of Datum", name, value)
		}
		for place, value := range list.Items {
			item, err := entryOf(value)
			if err != nil {
				return nil, fmt.Errorf("entry %d of %s: %w", place+1, name, err)
			}
			if size += len(item.Path); size > maxCache {
				return nil, fmt.Errorf("its paths have more than %d bytes: want the cache of a draw, not of all images", maxCache)
			}
			entries = append(entries, cached{i, place, item})
		}
	}
	return entries, nil
}

// checkDatum refuses all classes and functions but Datum.
func checkDatum(g pickle.Global) error {
	_, module, _ := strings.Cut(datum.Module, ".")
	if g.Name == datum.Name && strings.HasSuffix("."+g.Module, "."+module) {
		return nil
	}
	return fmt.Errorf("it wants %.100q, which is no Datum: in Python that may run any program, so it is not read", g)
}

// entryOf reads a Datum.
func entryOf(value any) (Item, error) {
	var item Item
	object, ok := value.(*pickle.Record)
	if !ok || object.Class == (pickle.Global{}) || len(object.Keys) > maxAttributes {
		return item, fmt.Errorf("it is a %T: want a Datum", value)
	}
	image, isPath := object.Get("_impath").(string)
	label, isLabel := object.Get("_label").(int)
	class, isClass := object.Get("_classname").(string)
	if !isPath || !isLabel || !isClass {
		return item, fmt.Errorf("its _impath is a %T, its _label a %T and its _classname a %T: want string, int and string",
			object.Get("_impath"), object.Get("_label"), object.Get("_classname"))
	}
	if !strings.HasPrefix(image, "/") { // of Windows, where a slash separates folders too
		image = strings.ReplaceAll(image, `\`, "/")
	}
	return Item{Path: image, Label: label, Class: class}, nil
}

// below is an item's path below the images' folder.
func (d *Dataset) below(item Item) string {
	return strings.TrimPrefix(item.Path, path.Clean(d.Images)+"/")
}

// known are the items of Train and Val, by what a cache has of them: the path below the images' folder, label and class.
// The longest of these paths has so many bytes.
func (d *Dataset) known() (lists [2]map[Item]Item, longest int) {
	for i := range lists {
		lists[i] = map[Item]Item{}
		for _, item := range *d.lists()[i] {
			below := d.below(item)
			lists[i][Item{Path: below, Label: item.Label, Class: item.Class}] = item
			longest = max(longest, len(below))
		}
	}
	return lists, longest
}

// resolve returns the items that the entries of a cache are. The other machine's folder of images is the one below which
// each entry is an item.
func (d *Dataset) resolve(cache *pickle.Record) (train, val []Item, err error) {
	entries, err := d.entries(cache)
	if err != nil || len(entries) == 0 {
		return nil, nil, err
	}
	known, longest := d.known()
	roots := rootsOf(entries[0].Path, longest)
	for _, e := range entries {
		roots = slices.DeleteFunc(roots, func(root string) bool { _, ok := known[e.list][e.from(root)]; return !ok })
		if len(roots) == 0 {
			return nil, nil, d.stranger(e)
		}
	}
	if len(roots) > 1 {
		return nil, nil, fmt.Errorf("its images may lie in %.300q or in %.300q, both fit: draw it anew", roots[0], roots[1])
	}
	lists := [2][]Item{}
	for _, e := range entries {
		lists[e.list] = append(lists[e.list], known[e.list][e.from(roots[0])])
	}
	return lists[0], lists[1], nil
}

// rootsOf are the folders that an image lies in, with a slash at their end, up to longest bytes before its own end.
func rootsOf(image string, longest int) []string {
	var roots []string
	for at := max(0, len(image)-longest); at < len(image); at++ {
		if at == 0 || image[at-1] == '/' {
			roots = append(roots, image[:at])
		}
	}
	return roots
}

// from is the entry with its path below a folder; an item without a path if it lies elsewhere.
func (e cached) from(root string) Item {
	item := e.Item
	if below, ok := strings.CutPrefix(item.Path, root); ok {
		item.Path = below
	} else {
		item.Path = ""
	}
	return item
}

// stranger says why an entry is no item of its list, from the item with the longest path that ends the entry's.
func (d *Dataset) stranger(e cached) error {
	var like Item
	in := -1
	for i, list := range d.lists() {
		for _, item := range *list {
			if !strings.HasSuffix("/"+e.Path, "/"+d.below(item)) {
				continue
			}
			if longer := len(item.Path) - len(like.Path); longer > 0 || longer == 0 && i == e.list {
				like, in = item, i
			}
		}
	}
	const remedy = "read it with the split file that it was drawn from, or draw it anew"
	switch {
	case in < 0:
		return fmt.Errorf("%s is no image here: %s", e, remedy)
	case like.Label != e.Label || like.Class != e.Class:
		return fmt.Errorf("%s has label %d and class %.100q, but %s has label %d and class %q here: %s",
			e, e.Label, e.Class, like.Path, like.Label, like.Class, remedy)
	case in != e.list:
		return fmt.Errorf("%s is one of %s here: %s", e, parts[in], remedy)
	}
	return fmt.Errorf("%s does not lie in the same folder of images as the entries before it: %s", e, remedy)
}

// WriteFewShot writes Train and Val as the cache that CoOp's code reads instead of drawing. root is where the data set's
// own folder lies on the machine that will read it, such as /data/oxford_pets.
func (d *Dataset) WriteFewShot(w io.Writer, root string) error {
	cache := new(pickle.Record)
	for i, name := range cacheLists {
		list := new(pickle.List)
		for _, item := range *d.lists()[i] {
			list.Items = append(list.Items, &pickle.Record{
				Class:  datum,
				Keys:   []any{"_impath", "_label", "_domain", "_classname"},
				Values: []any{path.Join(root, item.Path), item.Label, 0, item.Class},
			})
		}
		cache.Keys, cache.Values = append(cache.Keys, name), append(cache.Values, list)
	}
	data, err := pickle.Encode(cache)
	if err == nil {
		_, err = w.Write(data)
	}
	if err != nil {
		return fmt.Errorf("dataset: writing few-shot cache of %s: %w", d.Name, err)
	}
	return nil
}

// FewShotFrom is [Dataset.FewShot] as a file of fsys has it, shot_‹shots›-seed_‹seed›.pkl: a draw that others made, of lists in
// an order that nobody else has, as of ImageNet's folders.
func (d *Dataset) FewShotFrom(fsys fs.FS, shots int, seed uint64) (*Dataset, error) {
	name := fmt.Sprintf("shot_%d-seed_%d.pkl", shots, seed)
	file, err := fsys.Open(name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("dataset: there is no draw %s of %s: fetch it from who made it, or draw here: %w", name, d.Name, err)
	}
	if err != nil {
		return nil, fmt.Errorf("dataset: reading a draw of %s: %w", d.Name, err)
	}
	defer file.Close()
	drawn, err := d.ReadFewShot(file)
	if err != nil {
		return nil, fmt.Errorf("%w (in %s)", err, name)
	}
	count := map[int]int{}
	for _, item := range drawn.Train {
		if count[item.Label]++; count[item.Label] > shots {
			return nil, fmt.Errorf("dataset: draw %s of %s has more than %d images of class %q: it is one of more shots", name, d.Name, shots, item.Class)
		}
	}
	return drawn, nil
}
