package transform

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"image/color"
	"image/draw"
	_ "image/gif"
	_ "image/jpeg"
	_ "image/png"
	"io"
	"slices"

	_ "golang.org/x/image/bmp"
	_ "golang.org/x/image/webp"
)

// MaxPixels is the largest width times height that is decoded, a quarter of a gigabyte in three channels. It is
// Pillow's guard against small files that unpack to huge images: a larger size is refused by the header, before anything is
// allocated for it. At most 24 bytes a pixel are allocated otherwise, by a progressive JPEG in four colours; 8 by most files.
const MaxPixels = 89478485

// Decode reads a PNG, JPEG, WebP, GIF or BMP image as opaque RGB, in the way of [RGB]. An orientation in its EXIF data
// is ignored, as in the reference code. The error says whether the data is no image, broken or too large.
func Decode(r io.Reader) (*image.NRGBA, error) {
	img, _, err := DecodeRaw(r)
	if err != nil {
		return nil, err
	}
	return RGB(img), nil
}

// DecodeRaw is Decode without the conversion to RGB, for images whose bytes are labels. It also returns the format:
// "png", "jpeg", "webp", "gif" or "bmp".
func DecodeRaw(r io.Reader) (image.Image, string, error) {
	var head bytes.Buffer
	config, format, err := image.DecodeConfig(io.TeeReader(r, &head))
	if errors.Is(err, image.ErrFormat) {
		return nil, "", fmt.Errorf("transform: %w: want PNG, JPEG, WebP, GIF or BMP", err)
	}
	if err != nil {
		return nil, "", fmt.Errorf("transform: corrupt or truncated image header, replace the file: %w", err)
	}
	if config.Width <= 0 || config.Height <= 0 || config.Width > MaxPixels/config.Height {
		return nil, "", fmt.Errorf("transform: %s image of %d x %d pixels, want 1 to %d: resize the file",
			format, config.Width, config.Height, MaxPixels)
	}
	whole := io.MultiReader(&head, r)
	if format == "webp" {
		whole, err = wholeWebP(whole, config)
	}
	var img image.Image
	if err == nil {
		img, _, err = image.Decode(whole)
	}
	if err != nil {
		return nil, "", fmt.Errorf("transform: corrupt or truncated %s image, replace the file: %w", format, err)
	}
	if img.Bounds().Empty() { // the frame of a GIF may be
		return nil, "", fmt.Errorf("transform: %s image without pixels, replace the file", format)
	}
	if p, ok := img.(*image.Paletted); ok && int(slices.Max(p.Pix)) >= len(p.Palette) { // x/image/bmp lets that pass
		return nil, "", fmt.Errorf("transform: corrupt %s image, replace the file: a pixel has colour %d of a palette of %d",
			format, slices.Max(p.Pix), len(p.Palette))
	}
	return img, format, nil
}

// RGB converts to opaque RGB at the origin as Pillow's convert("RGB") does: alpha is dropped and the colour below it
// kept, 16-bit colours lose their low byte, and 16-bit grays above 255 become 255.
func RGB(img image.Image) *image.NRGBA {
	switch img := img.(type) {
	case *image.NYCbCrA:
		return RGB(&img.YCbCr)
	case *image.NRGBA:
		return convert(img, img.NRGBAAt)
	case *image.NRGBA64:
		return convert(img, func(x, y int) color.NRGBA {
			c := img.NRGBA64At(x, y)
			return color.NRGBA{R: uint8(c.R >> 8), G: uint8(c.G >> 8), B: uint8(c.B >> 8)}
		})
	case *image.Gray16:
		return convert(img, func(x, y int) color.NRGBA {
			v := uint8(min(img.Gray16At(x, y).Y, 255))
			return color.NRGBA{R: v, G: v, B: v}
		})
	case *image.CMYK:
		return convert(img, func(x, y int) color.NRGBA { return inked(img.CMYKAt(x, y)) })
	case interface{ Opaque() bool }:
		if img.Opaque() {
			return drawn(img.(image.Image))
		}
	}
	return convert(img, func(x, y int) color.NRGBA { return color.NRGBAModel.Convert(img.At(x, y)).(color.NRGBA) })
}

func convert(img image.Image, at func(x, y int) color.NRGBA) *image.NRGBA {
	b := img.Bounds()
	out := image.NewNRGBA(image.Rect(0, 0, b.Dx(), b.Dy()))
	for y := range b.Dy() {
		for x := range b.Dx() {
			c := at(b.Min.X+x, b.Min.Y+y)
			c.A = 255
			out.SetNRGBA(x, y, c)
		}
	}
	return out
}

// drawn converts an opaque image by the fast paths of image/draw; opaque pixels are the same bytes with and without
// premultiplied alpha.
func drawn(img image.Image) *image.NRGBA {
	out := image.NewRGBA(image.Rect(0, 0, img.Bounds().Dx(), img.Bounds().Dy()))
	draw.Draw(out, out.Rect, img, img.Bounds().Min, draw.Src)
	return &image.NRGBA{Pix: out.Pix, Stride: out.Stride, Rect: out.Rect}
}

// inked is Pillow's cmyk2rgb, whose rounding is not that of image/color.
func inked(c color.CMYK) color.NRGBA {
	light := 255 - int(c.K)
	mix := func(ink uint8) uint8 {
		t := int(ink)*light + 128
		return uint8(light - (t>>8+t)>>8)
	}
	return color.NRGBA{R: mix(c.C), G: mix(c.M), B: mix(c.Y)}
}
