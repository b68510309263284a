package mask

import (
	"fmt"
	"image"
	"io"

	"github.com/dapt-go/dapt-go/dapt/transform"
)

// Decoding is the rule by which a mask file's values become foreground and background.
type Decoding string

const (
	// Auto is Binary for files in black and white, and Labels for all others. Black and white are values 0 and 255 alone;
	// in JPEG, which blurs, values near them; and smooth edges between them, of over 32 grays. Files of layout FVGPT are
	// always Binary.
	Auto Decoding = ""
	// Binary makes values above 127 foreground.
	Binary Decoding = "binary"
	// Labels makes 0 and 255 (void) background, and every other value foreground. Palettes count by index.
	Labels Decoding = "labels"
	// Official is the published code's (Ferenas/DAPT datasets/new_da.py, ComposePair): Labels, but resampled as if they
	// were brightness, first to the image's size and then with the crop, and only then 255 is background and any value
	// between foreground. A black and white file becomes background with a rim of foreground.
	Official Decoding = "official"
)

// decode reads a mask file: 255 is foreground, 0 background. For Official it returns the values as they are.
func (f Files) decode(r io.Reader) (*image.Gray, error) {
	img, format, err := transform.DecodeRaw(r)
	if err != nil {
		return nil, err
	}
	switch rule := f.rule(); {
	case rule == Official:
		return brightness(img), nil
	case rule == Binary || rule == Auto && blackAndWhite(img, format):
		return mapped(brightness(img), func(v uint8) bool { return v > 127 }), nil
	case rule == Labels || rule == Auto:
		return mapped(labels(img), func(v uint8) bool { return v != 0 && v != 255 }), nil
	default:
		return nil, fmt.Errorf("mask: Decode is %q, want %q, %q, %q or %q", rule, Auto, Binary, Labels, Official)
	}
}

func (f Files) rule() Decoding {
	if f.Layout == FVGPT && f.Decode == Auto {
		return Binary
	}
	return f.Decode
}

// brightness is the first channel in RGB.
func brightness(img image.Image) *image.Gray {
	rgb := transform.RGB(img)
	gray := image.NewGray(rgb.Rect)
	for i := range gray.Pix {
		gray.Pix[i] = rgb.Pix[4*i]
	}
	return gray
}

// labels are the indices of an image with a palette, and the brightness of any other.
func labels(img image.Image) *image.Gray {
	p, ok := img.(*image.Paletted)
	if !ok {
		return brightness(img)
	}
	size := p.Rect.Size()
	gray := image.NewGray(image.Rectangle{Max: size})
	for y := range size.Y {
		copy(gray.Pix[y*gray.Stride:][:size.X], p.Pix[y*p.Stride:])
	}
	return gray
}

// mapped turns values into 255 where they are foreground and 0 elsewhere, in place.
func mapped(mask *image.Gray, foreground func(uint8) bool) *image.Gray {
	var table [256]uint8
	for v := range table {
		if foreground(uint8(v)) {
			table[v] = 255
		}
	}
	for i, v := range mask.Pix {
		mask.Pix[i] = table[v]
	}
	return mask
}

func blackAndWhite(img image.Image, format string) bool {
	if p, ok := img.(*image.Paletted); ok && coloured(p) {
		return false
	}
	var counts [256]int
	pixels := brightness(img).Pix
	for _, v := range pixels {
		counts[v]++
	}
	grays, middle, bright := 0, 0, 0
	for v, n := range counts {
		if n > 0 && 0 < v && v < 255 {
			grays++
		}
		switch {
		case v >= 192:
			bright += n
		case v >= 64:
			middle += n
		}
	}
	return grays == 0 || bright > 0 && (grays > 32 || format == "jpeg" && 20*middle < len(pixels))
}

// coloured says whether the image uses a colour of its palette that is no gray: then the palette stands for labels.
func coloured(p *image.Paletted) bool {
	var used [256]bool
	for _, index := range p.Pix {
		used[index] = true
	}
	for index, c := range p.Palette {
		if r, g, b, _ := c.RGBA(); used[index] && (r != g || g != b) {
			return true
		}
	}
	return false
}
