package mask

import (
	"context"
	"image"
	"math/rand/v2"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/transform"
)

// RandomGrid cuts a square into 7 x 7 or 14 x 14 cells, with equal chance, and makes each background with a probability
// of one half: 255 is foreground. At 224 pixels that are the published cells of 32 or 16 (Ferenas/DAPT
// trainers/util.py).
func RandomGrid(rng *rand.Rand, width, height int) *image.Gray {
	cells := 7
	if rng.IntN(2) == 1 {
		cells = 14
	}
	on := make([]bool, cells*cells)
	for i := range on {
		on[i] = rng.IntN(2) == 1
	}
	mask := image.NewGray(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			if on[y*cells/height*cells+x*cells/width] {
				mask.Pix[y*mask.Stride+x] = 255
			}
		}
	}
	return mask
}

// Grid is a random grid for each image, the same in every epoch: a control that decouples nothing.
type Grid struct{ Seed uint64 }

// Name returns "grid".
func (Grid) Name() string { return "grid" }

// Mask draws the grid of an item from its path.
func (g Grid) Mask(_ context.Context, item dataset.Item, img image.Image) (*image.Gray, error) {
	size := img.Bounds().Size()
	return RandomGrid(transform.Stream(g.Seed, "grid "+item.Path), size.X, size.Y), nil
}
