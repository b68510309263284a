package mask

import (
	"bytes"
	"cmp"
	"context"
	"fmt"
	"image"
	"image/png"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"

	"github.com/google/renameio/v2"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/internal/parallel"
	"github.com/dapt-go/dapt-go/dapt/transform"
)

// Job is masks to write, one file for each image, where [Files] reads them back.
type Job struct {
	Folder string // of the masks, such as one named by [HomeOf]; it is made if it is not there
	Data   *dataset.Dataset
	Items  []dataset.Item // of Data; an image that is listed twice has one mask
	// Prepare returns the source of some items' masks: what is computed for several images at a time is computed there.
	Prepare func(ctx context.Context, items []dataset.Item) (Source, error)
	Chunk   int            // items prepared at a time, the most that an interruption loses; 0 means 64
	Done    func(done int) // told how many items are done, in ascending order; nil tells nobody
}

// Made is what a [Job] came to.
type Made struct {
	Written int // masks that were made
	Empty   int // of these, masks without foreground, which training refuses unless it is told not to
	Kept    int // masks that were there, could be read and had the image's size
	Failed  []Failure
}

// Failure is an image that has no mask.
type Failure struct {
	Path string // the image's
	Err  error
}

// Make makes the masks that are not there yet, as PNG files of 8 bits, 255 is foreground and 0 background. Each is written
// whole or not at all, so that a job that was interrupted goes on where it stopped. An image whose mask cannot be made is a
// [Failure] and holds up no other. The error says what stopped the whole job; what was made so far is in Made even then.
func Make(ctx context.Context, j Job) (Made, error) {
	w := &writing{Job: j, files: Files{FS: os.DirFS(j.Folder), Folder: ".", Root: j.Folder, AllowEmpty: true}.bind(j.Data)}
	items, err := w.plan()
	if err != nil {
		return w.made, err
	}
	todo, err := w.missing(ctx, items)
	if err != nil {
		return w.made, err
	}
	for chunk := range slices.Chunk(todo, cmp.Or(j.Chunk, 64)) {
		if err := w.write(ctx, chunk); err != nil {
			return w.made, err
		}
	}
	return w.made, nil
}

// writing is a job at work.
type writing struct {
	Job
	files Files
	lock  sync.Mutex // of made and done
	made  Made
	done  int
}

// plan returns the items without repetitions, and an error where two would have the same mask.
func (w *writing) plan() ([]dataset.Item, error) {
	var items []dataset.Item
	images := map[string]string{} // by mask
	for _, item := range w.Items {
		place := w.files.Place(item)
		switch other, taken := images[place]; {
		case taken && other != item.Path:
			return nil, fmt.Errorf("mask: images %s and %s would have the same mask %s: rename one", other, item.Path, place)
		case !taken:
			images[place] = item.Path
			items = append(items, item)
		}
	}
	return items, nil
}

// Place is where [Make] writes an item's mask, below Folder: the image's path with the ending .png, or where else the data set
// has it.
func (f Files) Place(item dataset.Item) string {
	paths := f.paths(item)
	if own := strings.TrimSuffix(item.Path, path.Ext(item.Path)) + ".png"; slices.Contains(paths, own) {
		return own
	}
	if at := slices.IndexFunc(paths, func(p string) bool { return path.Ext(p) == ".png" }); at >= 0 {
		return paths[at]
	}
	return paths[0]
}

// missing returns the items whose mask is not there or no good, and keeps the others.
func (w *writing) missing(ctx context.Context, items []dataset.Item) ([]dataset.Item, error) {
	good := make([]bool, len(items))
	err := parallel.Each(ctx, len(items), func(i int) error {
		if good[i] = w.good(items[i]); good[i] {
			w.count(func() { w.made.Kept++ })
		}
		return nil
	})
	var todo []dataset.Item
	for i, item := range items {
		if !good[i] {
			todo = append(todo, item)
		}
	}
	return todo, err
}

func (w *writing) good(item dataset.Item) bool {
	name, err := w.files.find(item)
	if err != nil || name == "" {
		return false
	}
	got, err := w.files.read(name)
	if err != nil {
		return false
	}
	want, err := transform.Size(w.Data.FS, item.Path)
	return err == nil && got.Rect.Size() == want
}

// count changes made and tells how many items are done.
func (w *writing) count(change func()) {
	w.lock.Lock()
	defer w.lock.Unlock()
	change()
	w.done++
	if w.Done != nil {
		w.Done(w.done)
	}
}

func (w *writing) fail(item dataset.Item, err error) {
	w.count(func() { w.made.Failed = append(w.made.Failed, Failure{item.Path, err}) })
}

// write makes the masks of some items.
func (w *writing) write(ctx context.Context, items []dataset.Item) error {
	source, err := w.Prepare(ctx, items)
	if err != nil && ctx.Err() == nil {
		// One broken image fails the whole chunk: leave out those that cannot be read, and try again if there were any.
		var whole []dataset.Item
		if whole, err = w.readable(ctx, items, err); err != nil || len(whole) == 0 {
			return err
		}
		items = whole
		source, err = w.Prepare(ctx, items)
	}
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return err
	}
	failed := make([]error, len(items))
	err = parallel.Each(ctx, len(items), func(i int) error {
		var data []byte
		var empty bool
		if data, empty, failed[i] = w.encoded(ctx, source, items[i]); failed[i] != nil {
			return ctx.Err()
		}
		if err := w.save(items[i], data); err != nil {
			return err
		}
		if failed[i] = w.first(items[i]); failed[i] == nil {
			w.count(func() {
				w.made.Written++
				if empty {
					w.made.Empty++
				}
			})
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	for i, item := range items {
		if failed[i] != nil {
			w.fail(item, failed[i])
		}
	}
	return nil
}

// readable returns the items whose images can be decoded and fails the others. Where that are none, cause is not theirs, and
// comes back.
func (w *writing) readable(ctx context.Context, items []dataset.Item, cause error) ([]dataset.Item, error) {
	broken := make([]error, len(items))
	if err := parallel.Each(ctx, len(items), func(i int) error {
		_, broken[i] = transform.Open(w.Data.FS, items[i].Path)
		return nil
	}); err != nil {
		return nil, err
	}
	var whole []dataset.Item
	for i, item := range items {
		if broken[i] != nil {
			w.fail(item, broken[i])
			continue
		}
		whole = append(whole, item)
	}
	if len(whole) == len(items) {
		return nil, cause
	}
	return whole, nil
}

// encoded makes an item's mask, and tells whether it has no foreground.
func (w *writing) encoded(ctx context.Context, source Source, item dataset.Item) (data []byte, empty bool, err error) {
	img, err := transform.Open(w.Data.FS, item.Path)
	if err != nil {
		return nil, false, err
	}
	mask, err := source.Mask(ctx, item, img)
	if err != nil {
		return nil, false, err
	}
	data, err = Encode(mask)
	return data, !slices.Contains(mask.Pix, 255), err
}

// save writes a file. What fails here would fail for all others too.
func (w *writing) save(item dataset.Item, data []byte) error {
	file := filepath.Join(w.Folder, filepath.FromSlash(w.files.Place(item)))
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		return fmt.Errorf("mask: making a folder: %w; choose one that can be written to", err)
	}
	if err := renameio.WriteFile(file, data, 0o644); err != nil {
		return fmt.Errorf("mask: writing a mask: %w; choose a folder that can be written to and has room", err)
	}
	return nil
}

// first is an error where another file, which was no good, would be read before the one that was written.
func (w *writing) first(item dataset.Item) error {
	name, err := w.files.find(item)
	if place := w.files.Place(item); err == nil && name != place {
		return fmt.Errorf("mask: %s is no mask of %s but would be read before %s: remove it", name, item.Path, place)
	}
	return err
}

// Encode returns a mask as a PNG file of 8 bits. A value other than 0 and 255 is an error.
func Encode(mask *image.Gray) ([]byte, error) {
	for y := range mask.Rect.Dy() {
		for _, v := range mask.Pix[y*mask.Stride:][:mask.Rect.Dx()] {
			if v != 0 && v != 255 {
				return nil, fmt.Errorf("mask: a mask has the value %d, want 255 for foreground and 0 for background", v)
			}
		}
	}
	var data bytes.Buffer
	if err := png.Encode(&data, mask); err != nil {
		return nil, fmt.Errorf("mask: encoding a mask: %w", err)
	}
	return data.Bytes(), nil
}
