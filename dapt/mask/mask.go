// Package mask is where foreground masks come from: files, Grad-CAM, a random grid.
//
// A mask says which pixels of an image show its object. Training crops and flips it like its image ([Crop]).
//
// It differs from the published code (Ferenas/DAPT datasets/data_manager.py, new_da.py) where that goes wrong, as
// [Official] still does: files that are black and white are read as such, resampling adds no values, paths do not depend
// on where the data are kept, and a missing or empty file is reported before training.
package mask

import (
	"context"
	"image"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/transform"
)

// Source finds the foreground of one image. It is called by several goroutines.
type Source interface {
	// Name is the short name used in tables, such as "files".
	Name() string
	// Mask returns a mask with img's bounds: 255 is foreground, 0 background.
	Mask(ctx context.Context, item dataset.Item, img image.Image) (*image.Gray, error)
}

// Checker is a Source that can find out before training what would fail in it.
type Checker interface {
	Source
	// Check reports what is wrong with the masks of these items, and what to do.
	Check(ctx context.Context, items []dataset.Item) error
}

// Binder is a Source that works better when it knows the data set. Call [For] before the first Mask or Check.
type Binder interface {
	Source
	// For returns the source of the data set's masks.
	For(d *dataset.Dataset) Source
}

// For returns source for a data set: what a [Binder] says, any other source as it is, nil too.
func For(source Source, d *dataset.Dataset) Source {
	if binder, ok := source.(Binder); ok {
		return binder.For(d)
	}
	return source
}

// Cropper is a Source whose masks are cropped in a way of its own.
type Cropper interface {
	Source
	// Crop does to a mask of this source what crop does to its image: 255 is foreground, 0 background.
	Crop(mask *image.Gray, crop transform.Crop, side int) *image.Gray
}

// Crop cuts the window out of a mask that source made, resizes it to side times side and flips it: by nearest
// neighbour, unless source is a [Cropper].
func Crop(source Source, mask *image.Gray, crop transform.Crop, side int) *image.Gray {
	if cropper, ok := source.(Cropper); ok {
		return cropper.Crop(mask, crop, side)
	}
	return crop.Mask(mask, side)
}

// Whole makes the whole image foreground: the foreground view is the image, and the background view is blank.
type Whole struct{}

// Name returns "whole".
func (Whole) Name() string { return "whole" }

// Mask returns a full mask.
func (Whole) Mask(_ context.Context, _ dataset.Item, img image.Image) (*image.Gray, error) {
	return full(img.Bounds(), 255), nil
}

func full(bounds image.Rectangle, value uint8) *image.Gray {
	mask := image.NewGray(bounds)
	for i := range mask.Pix {
		mask.Pix[i] = value
	}
	return mask
}
