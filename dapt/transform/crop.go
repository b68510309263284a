package transform

import (
	"cmp"
	"image"
	"math"
	"math/rand/v2"
)

// Crop is a window of an image, in pixels, and whether what it shows is mirrored. It must lie within the image.
type Crop struct {
	Top, Left, Height, Width int
	Flip                     bool
}

// The window's share of the image's area and its width over its height, as in torchvision's RandomResizedCrop.
const (
	minArea, maxArea     = 0.08, 1.0
	minAspect, maxAspect = 3.0 / 4, 4.0 / 3
)

// Augment draws the crop and flip of an image in an epoch, each from its own [Stream].
func Augment(seed, epoch, item uint64, size image.Point, least float64) Crop {
	crop := RandomCrop(Stream(seed, "crop", epoch, item), size.X, size.Y, least)
	crop.Flip = Stream(seed, "flip", epoch, item).Float64() < 0.5
	return crop
}

// RandomCrop draws a window of at least a part of the image's area, 0 to 1, where 0 means 0.08, and of aspect 3/4 to 4/3,
// without a flip. After ten windows that do not fit it is the largest central one of an allowed aspect.
func RandomCrop(rng *rand.Rand, width, height int, least float64) Crop {
	least = cmp.Or(least, minArea)
	logMin, logMax := math.Log(minAspect), math.Log(maxAspect)
	for range 10 {
		area := float64(width*height) * (least + (maxArea-least)*rng.Float64())
		aspect := math.Exp(logMin + (logMax-logMin)*rng.Float64())
		w := int(math.RoundToEven(math.Sqrt(area * aspect)))
		h := int(math.RoundToEven(math.Sqrt(area / aspect)))
		if 0 < w && w <= width && 0 < h && h <= height {
			return Crop{Top: rng.IntN(height - h + 1), Left: rng.IntN(width - w + 1), Height: h, Width: w}
		}
	}
	return centralCrop(width, height)
}

func centralCrop(width, height int) Crop {
	w, h := width, height
	switch aspect := float64(width) / float64(height); {
	case aspect < minAspect:
		h = min(int(math.RoundToEven(float64(w)/minAspect)), height)
	case aspect > maxAspect:
		w = min(int(math.RoundToEven(float64(h)*maxAspect)), width)
	}
	return Crop{Top: (height - h) / 2, Left: (width - w) / 2, Height: h, Width: w}
}

// Image cuts the window out of img, resizes it to side times side by bicubic resampling and flips it.
func (c Crop) Image(img *image.NRGBA, side int) *image.NRGBA {
	part := img.SubImage(c.within(img.Bounds())).(*image.NRGBA)
	out := Resize(part, side, side, Bicubic)
	if c.Flip {
		mirror(out.Pix, out.Stride, 4)
	}
	return out
}

// Mask does to a mask what Image does to its image, by nearest neighbour: no value is new.
func (c Crop) Mask(mask *image.Gray, side int) *image.Gray {
	return c.gray(mask, side, Nearest)
}

// OfficialMask is Mask as the published code does it (Ferenas/DAPT datasets/new_da.py, ComposePair): labels, resized to
// the image's size with [ResizeGray] and [Bicubic], are resampled as bytes too, whatever they mean; then 255 is
// background and every other value above 0 foreground. A 255 thus becomes background with a rim of foreground.
// The result is 0 or 255 like any mask.
func (c Crop) OfficialMask(labels *image.Gray, side int) *image.Gray {
	mask := c.gray(labels, side, Bicubic)
	for i, v := range mask.Pix {
		mask.Pix[i] = 0
		if v != 0 && v != 255 {
			mask.Pix[i] = 255
		}
	}
	return mask
}

func (c Crop) gray(mask *image.Gray, side int, filter Filter) *image.Gray {
	part := mask.SubImage(c.within(mask.Bounds())).(*image.Gray)
	out := ResizeGray(part, side, side, filter)
	if c.Flip {
		mirror(out.Pix, out.Stride, 1)
	}
	return out
}

func (c Crop) within(bounds image.Rectangle) image.Rectangle {
	return image.Rect(c.Left, c.Top, c.Left+c.Width, c.Top+c.Height).Add(bounds.Min)
}

// mirror reverses the pixels, of step bytes each, of every row.
func mirror(pix []uint8, stride, step int) {
	for ; len(pix) >= stride && stride > 0; pix = pix[stride:] {
		for i, j := 0, stride-step; i < j; i, j = i+step, j-step {
			for c := range step {
				pix[i+c], pix[j+c] = pix[j+c], pix[i+c]
			}
		}
	}
}
