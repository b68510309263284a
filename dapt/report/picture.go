package report

import (
	"fmt"
	"image"
	"image/color"
	"math"
	"slices"

	"golang.org/x/image/draw"
	"gonum.org/v1/plot/palette/moreland"

	"github.com/dapt-go/dapt-go/dapt/mask"
)

// Heat is a Grad-CAM map of one image.
type Heat struct {
	Label  string    // what was looked with, such as "zero-shot" or "maple+dapt-s"
	Values []float32 // [Grid, Grid], row-major, at least 0; covers the whole image
	Grid   int
}

// Layer paints the map, scaled by its own maximum, from clear and black for 0 to opaque and yellow for the maximum. It is
// smooth between the cells. Put it over the image with [Over].
func (h Heat) Layer(size image.Point) (*image.Paletted, error) {
	if h.Grid < 1 || len(h.Values) != h.Grid*h.Grid {
		return nil, fmt.Errorf("report: heat map %q has %d values, want %d x %d", h.Label, len(h.Values), h.Grid, h.Grid)
	}
	for _, value := range h.Values {
		if !(value >= 0) || math.IsInf(float64(value), 1) {
			return nil, fmt.Errorf("report: heat map %q has a value of %g, want finite ones of at least 0", h.Label, value)
		}
	}
	layer := image.NewPaletted(image.Rectangle{Max: size}, heatColors())
	steps := float64(len(layer.Palette) - 1)
	if top := slices.Max(h.Values); top > 0 {
		for i, value := range mask.Enlarge(h.Values, h.Grid, size) {
			layer.Pix[i] = uint8(math.Round(value / float64(top) * steps))
		}
	}
	return layer, nil
}

// heatColors are dark and clear for 0, bright and nearly opaque for the maximum; 64 steps keep the PNG small.
func heatColors() color.Palette {
	scale := moreland.BlackBody()
	scale.SetMin(0)
	scale.SetMax(1)
	colors := make(color.Palette, 64)
	for i := range colors {
		share := float64(i) / float64(len(colors)-1)
		c, err := scale.At(0.15 + 0.8*share)
		if err != nil {
			c = color.Black // never: the share is in range
		}
		r, g, b, _ := c.RGBA()
		colors[i] = color.NRGBA{uint8(r >> 8), uint8(g >> 8), uint8(b >> 8), uint8(70 + 130*share)}
	}
	return colors
}

// Outline paints the border of the mask's foreground (over 127), on the outermost pixels inside it. Put it over the image
// with [Over].
func Outline(m *image.Gray) *image.Paletted {
	bounds := m.Bounds()
	layer := image.NewPaletted(image.Rectangle{Max: bounds.Size()}, color.Palette{color.Transparent, color.NRGBA{0, 255, 255, 255}})
	thick := max(1, bounds.Dx()/96)
	foreground := func(x, y int) bool { return image.Pt(x, y).In(bounds) && m.GrayAt(x, y).Y > 127 }
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			inner := foreground(x-thick, y) && foreground(x+thick, y) && foreground(x, y-thick) && foreground(x, y+thick)
			if foreground(x, y) && !inner {
				layer.SetColorIndex(x-bounds.Min.X, y-bounds.Min.Y, 1)
			}
		}
	}
	return layer
}

// Over paints layers over an image, in their order; their upper left corners meet.
func Over(img image.Image, layers ...image.Image) *image.NRGBA {
	out := image.NewNRGBA(image.Rectangle{Max: img.Bounds().Size()})
	draw.Draw(out, out.Rect, img, img.Bounds().Min, draw.Src)
	for _, layer := range layers {
		draw.Draw(out, out.Rect, layer, layer.Bounds().Min, draw.Over)
	}
	return out
}

// hidden is the colour of what a view hides: CLIP's mean, which normalisation makes 0.
var hidden = image.NewUniform(color.NRGBA{123, 117, 104, 255})

// Views are the image, its mask, its foreground and its background, as DAPT sees them.
func Views(img image.Image, m *image.Gray) ([]image.Image, error) {
	size := img.Bounds().Size()
	if m.Bounds().Size() != size {
		return nil, fmt.Errorf("report: mask is %v, the image %v; want the same size", m.Bounds().Size(), size)
	}
	cut := image.NewAlpha(image.Rectangle{Max: size}) // the mask as 0 or 255
	for i := range cut.Pix {
		if m.GrayAt(m.Rect.Min.X+i%size.X, m.Rect.Min.Y+i/size.X).Y > 127 {
			cut.Pix[i] = 255
		}
	}
	foreground, background := Over(blank(size)), Over(img)
	draw.DrawMask(foreground, foreground.Rect, img, img.Bounds().Min, cut, image.Point{}, draw.Over)
	draw.DrawMask(background, background.Rect, hidden, image.Point{}, cut, image.Point{}, draw.Over)
	return []image.Image{img, m, foreground, background}, nil
}

// blank is a picture of nothing.
func blank(size image.Point) image.Image {
	out := image.NewNRGBA(image.Rectangle{Max: size})
	draw.Draw(out, out.Rect, hidden, image.Point{}, draw.Src)
	return out
}
