package mask

import (
	"fmt"
	"image"

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

// read decodes a mask file: 255 is foreground, 0 background. For Official it returns the values as they are.
func (f Files) read(name string) (*image.Gray, error) {
	img, format, err := f.stored(name)
	if err != nil {
		return nil, err
	}
	mask, err := f.rule(img, format).apply(img)
	if err != nil {
		return nil, fmt.Errorf("mask: reading %s: %w", name, err)
	}
	return mask, nil
}

// stored is what a file holds, and its format.
func (f Files) stored(name string) (image.Image, string, error) {
	file, err := f.FS.Open(name)
	if err != nil {
		return nil, "", fmt.Errorf("mask: opening a mask: %w", err)
	}
	defer file.Close()
	img, format, err := transform.DecodeRaw(file)
	if err != nil {
		return nil, "", fmt.Errorf("mask: reading %s: %w", name, err)
	}
	return img, format, nil
}

// rule is what Decode comes to for a file.
func (f Files) rule(img image.Image, format string) Decoding {
	switch {
	case f.Decode != Auto:
		return f.Decode
	case f.Layout == FVGPT || blackAndWhite(img, format):
		return Binary
	}
	return Labels
}

// apply makes foreground 255 and background 0; Official leaves the values as they are.
func (d Decoding) apply(img image.Image) (*image.Gray, error) {
	switch d {
	case Official:
		return brightness(img), nil
	case Binary:
		return mapped(brightness(img), func(v uint8) bool { return v > 127 }), nil
	case Labels:
		return mapped(labels(img), labelled), nil
	}
	return nil, fmt.Errorf("mask: Decode is %q, want %q, %q, %q or %q", d, Auto, Binary, Labels, Official)
}

// labelled says whether a label is that of a segment.
func labelled(v uint8) bool { return v != 0 && v != 255 }

// brightness is the first channel in RGB.
func brightness(img image.Image) *image.Gray {
	if g, ok := img.(*image.Gray); ok {
		return packed(g.Pix, g.Stride, g.Rect.Size())
	}
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
	return packed(p.Pix, p.Stride, p.Rect.Size())
}

// packed copies rows that are stride bytes apart.
func packed(pix []uint8, stride int, size image.Point) *image.Gray {
	gray := image.NewGray(image.Rectangle{Max: size})
	for y := range size.Y {
		copy(gray.Pix[y*gray.Stride:][:size.X], pix[y*stride:])
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
