package mask

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"image"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/internal/parallel"
	"github.com/dapt-go/dapt-go/dapt/transform"
)

// Files are masks in image files, as SEEM or another segmenter left them. The zero value reads the folder mask of each
// data set, in either public layout, black and white or label maps.
//
// A mask must have its image's size; only [Official] resizes it. A mask without foreground is legal in the method, but
// most often the trace of a failed segmentation or of a wrong Decode: Check reports it, and Mask returns it.
type Files struct {
	FS     fs.FS  `json:"-"`          // holds Folder; nil means the data set's own, see [Files.For]
	Folder string `json:",omitempty"` // of all masks, below FS; "" means "mask", or what Root says
	// Root is the name of FS where it is a collection of several data sets' masks, as DAPT's archive or FVG-PT's is; "" where
	// FS is one data set's folder. [Files.For] finds the data set's folder in it. Results tell collections apart by it.
	Root   string   `json:",omitempty"`
	Layout Layout   `json:",omitempty"`
	Decode Decoding `json:",omitempty"`
	// Fallback makes the masks of images that have no file, such as [Whole]; nil makes those images an error. See
	// [FilesOrGradCAM] for Grad-CAM.
	Fallback   Source `json:",omitempty"`
	AllowEmpty bool   `json:",omitempty"` // lets Check pass masks without foreground

	data *dataset.Dataset // nil before For
	lost error            // that Root lacks the data set
}

// Name returns "files", with the fallback's name if there is one.
func (f Files) Name() string {
	if f.Fallback != nil {
		return "files or " + f.Fallback.Name()
	}
	return "files"
}

// For returns the masks of a data set: its name chooses the rule of layout [DAPT] and the folder in Root, and its FS holds the
// masks if FS is nil. Where Root has no folder for it, Check and Mask say so.
func (f Files) For(d *dataset.Dataset) Source { return f.bind(d) }

func (f Files) bind(d *dataset.Dataset) Files {
	f.data = d
	if f.FS == nil {
		f.FS = d.FS
	}
	return f.settle()
}

// Mask reads the mask of an item. Under [Official] its values are labels, which only Crop turns into 255 and 0.
func (f Files) Mask(ctx context.Context, item dataset.Item, img image.Image) (*image.Gray, error) {
	if err := f.validate(); err != nil {
		return nil, err
	}
	name, err := f.find(item)
	switch {
	case err != nil:
		return nil, err
	case name == "" && f.Fallback != nil:
		return f.fallback(ctx, item, img)
	case name == "":
		return nil, missing([]dataset.Item{item}, 1, f)
	}
	mask, err := f.read(name)
	if err != nil {
		return nil, err
	}
	want, got := img.Bounds().Size(), mask.Rect.Size()
	switch {
	case got == want:
	case f.Decode == Official:
		mask = transform.ResizeGray(mask, want.X, want.Y, transform.Bicubic)
	default:
		return nil, unlike(got, want, pair{item.Path, name})
	}
	mask.Rect = img.Bounds()
	return mask, nil
}

// sized reports a mask of another size than its image; the image itself, if it is broken, is others' to report.
func (f Files) sized(mask *image.Gray, p pair) error {
	if f.data == nil || f.Decode == Official {
		return nil
	}
	want, err := transform.Size(f.data.FS, p.image)
	if got := mask.Rect.Size(); err == nil && got != want {
		return unlike(got, want, p)
	}
	return nil
}

func unlike(got, want image.Point, p pair) error {
	return fmt.Errorf("mask: %s has %d x %d pixels but its image %s has %d x %d: make the mask anew from this image, or set Decode to %q, which resizes",
		p.mask, got.X, got.Y, p.image, want.X, want.Y, Official)
}

// fallback makes foreground a label if labels are what Mask returns.
func (f Files) fallback(ctx context.Context, item dataset.Item, img image.Image) (*image.Gray, error) {
	mask, err := f.Fallback.Mask(ctx, item, img)
	if err != nil || f.Decode != Official {
		return mask, err
	}
	out := full(mask.Rect, 0)
	for y := range mask.Rect.Dy() {
		for x, v := range mask.Pix[y*mask.Stride:][:mask.Rect.Dx()] {
			out.Pix[y*out.Stride+x] = v / 255
		}
	}
	return out, nil
}

// Crop crops by nearest neighbour, or for [Official] as the published code does.
func (f Files) Crop(mask *image.Gray, crop transform.Crop, side int) *image.Gray {
	if f.Decode == Official {
		return crop.OfficialMask(mask, side)
	}
	return crop.Mask(mask, side)
}

func (f Files) validate() error {
	switch {
	case f.FS == nil:
		return errors.New("mask: Files has no FS: set it, or call For with the data set")
	case f.lost != nil:
		return f.lost
	case f.Root != "" && f.data == nil:
		return fmt.Errorf("mask: %s is a collection of several data sets' masks: call For with the data set", f.Root)
	case f.Layout != AnyLayout && f.Layout != DAPT && f.Layout != FVGPT:
		return fmt.Errorf("mask: Layout is %q, want %q, %q or %q", f.Layout, AnyLayout, DAPT, FVGPT)
	}
	return nil
}

func (f Files) folder() string { return cmp.Or(f.Folder, "mask") }

// find returns where an item's mask is, "" if it is nowhere.
func (f Files) find(item dataset.Item) (string, error) {
	for _, candidate := range f.paths(item) {
		name := path.Join(f.folder(), candidate)
		info, err := fs.Stat(f.FS, name)
		switch {
		case errors.Is(err, fs.ErrNotExist):
		case err != nil:
			return "", fmt.Errorf("mask: looking for the mask of %s: %w", item.Path, err)
		case !info.IsDir():
			return name, nil
		}
	}
	return "", nil
}

// Check finds images without a mask, two images with one mask, and masks that are broken, empty or, after [Files.For], of
// another size than their image; the error has the count and the first five of those that are missing or empty.
func (f Files) Check(ctx context.Context, items []dataset.Item) error {
	if err := f.validate(); err != nil {
		return err
	}
	if _, follows := f.Fallback.(Refresher); follows {
		return fmt.Errorf("mask: Fallback is %s, whose masks need the model: use FilesOrGradCAM", f.Fallback.Name())
	}
	names, err := f.findAll(ctx, items)
	if err != nil {
		return err
	}
	return f.readAll(ctx, names)
}

// pair is an image and its mask's file.
type pair struct{ image, mask string }

// findAll returns the items that have mask files, without those that a fallback stands in for.
func (f Files) findAll(ctx context.Context, items []dataset.Item) ([]pair, error) {
	var names []pair
	var lost []dataset.Item
	images := map[string]string{} // by mask
	for _, item := range items {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		name, err := f.find(item)
		if err != nil {
			return nil, err
		}
		if name == "" {
			lost = append(lost, item)
			continue
		}
		if other, ok := images[name]; ok && other != item.Path {
			return nil, fmt.Errorf("mask: images %s and %s have the same mask %s: set Layout, or keep masks in folders like the images'",
				other, item.Path, name)
		}
		images[name] = item.Path
		names = append(names, pair{item.Path, name})
	}
	if len(lost) > 0 && f.Fallback == nil {
		return nil, missing(lost, len(items), f)
	}
	return names, nil
}

// missing is the error for items without a mask; it wraps [fs.ErrNotExist].
func missing(lost []dataset.Item, count int, f Files) error {
	paths := make([]string, len(lost))
	for i, item := range lost {
		paths[i] = item.Path
	}
	first := f.paths(lost[0])
	for i, name := range first {
		first[i] = path.Join(f.folder(), name)
	}
	return fmt.Errorf("mask: %d of %d images have no mask: %s: looked for the first as %s: put masks there, set Folder or Layout, or set a Fallback such as Whole: %w",
		len(lost), count, some(paths), strings.Join(first, ", "), fs.ErrNotExist)
}

// readAll decodes the masks on all processors.
func (f Files) readAll(ctx context.Context, names []pair) error {
	failed, blank := make([]error, len(names)), make([]bool, len(names))
	err := parallel.Each(ctx, len(names), func(i int) error {
		mask, err := f.read(names[i].mask)
		if err == nil {
			blank[i] = !slices.ContainsFunc(mask.Pix, func(v uint8) bool { return v != 0 })
			err = f.sized(mask, names[i])
		}
		failed[i] = err
		return nil
	})
	if err != nil {
		return err
	}
	var empty []string
	for i, name := range names {
		if failed[i] != nil {
			return failed[i]
		}
		if blank[i] {
			empty = append(empty, name.mask)
		}
	}
	if len(empty) == 0 || f.AllowEmpty {
		return nil
	}
	return fmt.Errorf("mask: %d of %d masks have no foreground: %s: make them anew, set Decode if they are read wrongly, or set AllowEmpty",
		len(empty), len(names), some(empty))
}

// some names the first five.
func some(names []string) string {
	if len(names) > 5 {
		names = append(slices.Clone(names[:5]), "…")
	}
	return strings.Join(names, ", ")
}

// FilesOrGradCAM are masks in files, and Grad-CAM's for images that have no file. Its [Files.Fallback] is not read.
type FilesOrGradCAM struct {
	Files   Files
	GradCAM GradCAM
}

// Name returns "files or gradcam".
func (s FilesOrGradCAM) Name() string { return "files or gradcam" }

// Mask reads the mask of an item that has a file; for any other see [Refresher].
func (s FilesOrGradCAM) Mask(ctx context.Context, item dataset.Item, img image.Image) (*image.Gray, error) {
	return s.with(s.GradCAM).Mask(ctx, item, img)
}

// Refresh returns the files' masks and, where there is none, those of these maps.
func (s FilesOrGradCAM) Refresh(items []dataset.Item, heat [][]float32, grid int) Source {
	return s.with(s.GradCAM.Refresh(items, heat, grid))
}

// For returns the masks of a data set.
func (s FilesOrGradCAM) For(d *dataset.Dataset) Source {
	s.Files = s.Files.bind(d)
	return s
}

// Check checks the files that are there.
func (s FilesOrGradCAM) Check(ctx context.Context, items []dataset.Item) error {
	return s.with(Whole{}).Check(ctx, items)
}

func (s FilesOrGradCAM) with(fallback Source) Files {
	s.Files.Fallback = fallback
	return s.Files
}
