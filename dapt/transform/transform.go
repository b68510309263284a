// Package transform turns pictures into the pixels a network sees: decode, resize, crop and flip, an image and its mask
// by the same draw.
//
// Sizes are in pixels and bytes are equal to those of the reference code, which uses Pillow and torchvision. Only JPEG
// decoding differs: Go and libjpeg round and interpolate colour differently, by a few levels.
package transform

import "image"

// CLIP's channel means and standard deviations, of pixels scaled to [0, 1] (openai/CLIP clip.py).
var (
	Mean = [3]float32{0.48145466, 0.4578275, 0.40821073}
	Std  = [3]float32{0.26862954, 0.26130258, 0.27577711}
)

// normalized holds the value of every byte in every channel.
var normalized = func() (table [3][256]float32) {
	for c := range table {
		for v := range table[c] {
			table[c][v] = (float32(v)/255 - Mean[c]) / Std[c]
		}
	}
	return table
}()

// Normalize writes the pixels of img to dst, scaled to [0, 1], less [Mean], over [Std]. The layout is
// [height, width, 3]; dst must hold that many. Alpha is not looked at.
func Normalize(dst []float32, img *image.NRGBA) {
	size := img.Bounds().Size()
	for y := range size.Y {
		for x := range size.X {
			pixel := img.Pix[y*img.Stride+4*x:][:3]
			for c, v := range pixel {
				dst[(y*size.X+x)*3+c] = normalized[c][v]
			}
		}
	}
}

// Foreground writes mask to dst, 1 where it is 255 and 0 elsewhere. The layout is [height, width, 1].
func Foreground(dst []float32, mask *image.Gray) {
	size := mask.Bounds().Size()
	for y := range size.Y {
		for x, v := range mask.Pix[y*mask.Stride:][:size.X] {
			dst[y*size.X+x] = 0
			if v == 255 {
				dst[y*size.X+x] = 1
			}
		}
	}
}

// Eval is the test transform: the shorter side becomes side by bicubic resampling, then the centre is cut out.
func Eval(img *image.NRGBA, side int) *image.NRGBA {
	return resizeRGB(img, centre(img.Bounds().Size(), side), Bicubic)
}

// EvalMask is [Eval] for a mask, by nearest neighbour.
func EvalMask(mask *image.Gray, side int) *image.Gray {
	return resizeGray(mask, centre(mask.Bounds().Size(), side), Nearest)
}
