// Package train tunes prompts: batches, step programs, the optimiser, checkpoints and evaluation.
//
// Every random draw comes from a stream of its own (package transform), named by what it is for and where in the run it
// falls: the same seed, machine and backend give the same bits, in one go or resumed.
package train

import (
	"context"
	"fmt"
	"image"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/internal/parallel"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/transform"
)

// loader turns items into pixels. It is safe for several goroutines.
type loader struct {
	data   *dataset.Dataset
	items  []dataset.Item
	side   int
	images *Images
	crop   float64 // least part of an image's area that an augmentation keeps; 0 means the usual one
	View           // that plain makes; without masks, the whole image
}

func (e *Engine) newLoader(data *dataset.Dataset, items []dataset.Item) *loader {
	return &loader{data: data, items: items, side: e.Model.Config.Side, images: e.Images}
}

// image decodes item i, or returns it from memory.
func (l *loader) image(i int) (*image.NRGBA, error) {
	img, err := l.images.open(l.data, l.items[i].Path)
	switch class := l.items[i].Class; {
	case err == nil:
		return img, nil
	case class == "": // of an unlabelled image
		return nil, fmt.Errorf("train: %w", err)
	default:
		return nil, fmt.Errorf("train: class %q: %w", class, err)
	}
}

// labelled reports the first item whose label is outside the class list.
func (l *loader) labelled() error {
	for _, item := range l.items {
		if item.Label < 0 || item.Label >= len(l.data.Classes) {
			return fmt.Errorf("train: image %s has label %d, but %s has %d classes, counted from 0: correct the label or the class list",
				item.Path, item.Label, l.data.Name, len(l.data.Classes))
		}
	}
	return nil
}

// check decodes every image once, and reads every mask where masks is not nil, before anything slow starts.
func (l *loader) check(ctx context.Context, masks mask.Source) error {
	return parallel.Each(ctx, len(l.items), func(i int) error {
		img, err := l.image(i)
		if err != nil || masks == nil {
			return err
		}
		_, err = masks.Mask(ctx, l.items[i], img)
		return err
	})
}

// pixels are a batch's images and masks as the step reads them.
type pixels struct {
	items  []int     // indices into the loader's list; where they are fewer than the batch, the rest is blank, of label 0
	labels []int32   // [batch]
	images []float32 // [batch, side, side, 3], normalised
	masks  []float32 // [batch, side, side, 1], 1 is foreground; nil without masks
}

// room makes space for a batch of so many images, of which items are the first.
func (l *loader) room(items []int, batch int) *pixels {
	p := &pixels{items: items, labels: make([]int32, batch), images: make([]float32, 3*l.side*l.side*batch)}
	for i, item := range items {
		p.labels[i] = int32(l.items[item].Label)
	}
	return p
}

// augmented crops and flips images and their masks by the same draw of seed, epoch and item.
func (l *loader) augmented(ctx context.Context, items []int, masks mask.Source, seed, epoch uint64) (*pixels, error) {
	p, area := l.room(items, len(items)), l.side*l.side
	if masks != nil {
		p.masks = make([]float32, area*len(items))
	}
	return p, parallel.Each(ctx, len(items), func(i int) error {
		img, err := l.image(items[i])
		if err != nil {
			return err
		}
		crop := transform.Augment(seed, epoch, uint64(items[i]), img.Bounds().Size(), l.crop)
		transform.Normalize(p.images[i*3*area:], crop.Image(img, l.side))
		if masks == nil {
			return nil
		}
		found, err := masks.Mask(ctx, l.items[items[i]], img)
		if err != nil {
			return err
		}
		transform.Foreground(p.masks[i*area:], mask.Crop(masks, found, crop, l.side))
		return nil
	})
}

// plain maps images by view, such as [transform.Eval], without augmentation, into a batch that may be larger. With masks,
// it makes a view of each.
func (l *loader) plain(ctx context.Context, items []int, batch int, view func(*image.NRGBA, int) *image.NRGBA) (*pixels, error) {
	p, area := l.room(items, batch), l.side*l.side
	return p, parallel.Each(ctx, len(items), func(i int) error {
		img, err := l.image(items[i])
		if err != nil {
			return err
		}
		pix := p.images[i*3*area:][:3*area]
		transform.Normalize(pix, view(img, l.side))
		if l.Masks == nil {
			return nil
		}
		keep := make([]float32, area)
		if err := l.foreground(ctx, keep, items[i], l.Masks, img); err != nil {
			return err
		}
		for j := range pix {
			if (keep[j/3] == 1) == l.Background {
				pix[j] = 0
			}
		}
		return nil
	})
}

// foreground writes the mask of an item by the test transform, [side, side, 1], 1 is foreground.
func (l *loader) foreground(ctx context.Context, to []float32, item int, masks mask.Source, img *image.NRGBA) error {
	found, err := masks.Mask(ctx, l.items[item], img)
	if err != nil {
		return err
	}
	transform.Foreground(to, transform.EvalMask(found, l.side))
	return nil
}

// squash resizes the whole image to a square, so that a map of it covers all of it.
func squash(img *image.NRGBA, side int) *image.NRGBA {
	return transform.Resize(img, side, side, transform.Bicubic)
}

// order is an epoch's permutation of so many items.
func order(seed, epoch uint64, items int) []int {
	return transform.Stream(seed, "order", epoch).Perm(items)
}

// batches cuts a permutation; the last partial batch is dropped unless it is the only one.
func batches(order []int, size int) [][]int {
	var cut [][]int
	for len(order) >= size {
		cut, order = append(cut, order[:size]), order[size:]
	}
	if len(cut) == 0 {
		cut = append(cut, order)
	}
	return cut
}
