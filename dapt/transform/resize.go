package transform

import (
	"image"
	"math"
)

// Filter is a way to resample.
type Filter int

// The filters of training and evaluation.
const (
	// Bicubic has a = -0.5 and is widened when shrinking.
	Bicubic Filter = iota
	// Nearest makes no new values.
	Nearest
)

// Resize scales img to width times height, each at least 1; the result is opaque and starts at the origin.
//
// Its bytes are those of Pillow 13 (src/libImaging/Resample.c and Geometry.c): two passes, each with 22-bit
// fixed-point weights and rounded to 8 bits. No Go library is bit-equal to it: x/image/draw, for one, has other weights
// and keeps more bits between the passes.
func Resize(img *image.NRGBA, width, height int, filter Filter) *image.NRGBA {
	return resizeRGB(img, whole(width, height), filter)
}

// ResizeGray is [Resize] for one channel.
func ResizeGray(img *image.Gray, width, height int, filter Filter) *image.Gray {
	return resizeGray(img, whole(width, height), filter)
}

// target is a window of a resized image: only what will be seen is computed.
type target struct {
	width, height int // of the whole resized image
	window        image.Rectangle
}

func whole(width, height int) target {
	return target{width, height, image.Rect(0, 0, width, height)}
}

// centre is the middle square of an image resized until its shorter side is side. The longer side is truncated and
// the offsets round half to even, as in torchvision's Resize and CenterCrop.
func centre(size image.Point, side int) target {
	short := max(min(size.X, size.Y), 1)
	t := target{width: side * size.X / short, height: side * size.Y / short}
	left := int(math.RoundToEven(float64(t.width-side) / 2))
	top := int(math.RoundToEven(float64(t.height-side) / 2))
	t.window = image.Rect(left, top, left+side, top+side)
	return t
}

// plane is packed bytes, channels to a pixel.
type plane struct {
	pix                     []uint8
	width, height, channels int
}

func newPlane(width, height, channels int) plane {
	return plane{make([]uint8, width*height*channels), width, height, channels}
}

func (p plane) row(y int) []uint8 {
	stride := p.width * p.channels
	return p.pix[y*stride:][:stride]
}

func resizeRGB(img *image.NRGBA, t target, filter Filter) *image.NRGBA {
	src := newPlane(img.Bounds().Dx(), img.Bounds().Dy(), 3)
	for y := range src.height {
		row := src.row(y)
		for x := range src.width {
			copy(row[3*x:], img.Pix[y*img.Stride+4*x:][:3])
		}
	}
	packed := resample(src, t, filter)
	out := image.NewNRGBA(image.Rect(0, 0, packed.width, packed.height))
	for i := range packed.width * packed.height {
		copy(out.Pix[4*i:], packed.pix[3*i:][:3])
		out.Pix[4*i+3] = 255
	}
	return out
}

func resizeGray(img *image.Gray, t target, filter Filter) *image.Gray {
	src := newPlane(img.Bounds().Dx(), img.Bounds().Dy(), 1)
	for y := range src.height {
		copy(src.row(y), img.Pix[y*img.Stride:])
	}
	out := resample(src, t, filter)
	return &image.Gray{Pix: out.pix, Stride: out.width, Rect: image.Rect(0, 0, out.width, out.height)}
}

// resample makes the vertical pass first where the height loses over twice as many pixels as the width. Each pass
// rounds, so the order shows: Pillow before version 13 always began with the horizontal one.
func resample(src plane, t target, filter Filter) plane {
	columns := filter.taps(axis{src.width, t.width, t.window.Min.X, t.window.Max.X})
	rows := filter.taps(axis{src.height, t.height, t.window.Min.Y, t.window.Max.Y})
	lost := src.height - t.height
	if lost > 0 && lost > 2*(src.width-t.width) {
		return horizontal(vertical(src, rows), columns)
	}
	return vertical(horizontal(src, columns), rows)
}

// precision is the number of fractional bits of a weight: 32, less 8 of the byte and 2 for negative lobes.
const precision = 22

// tap says how one output pixel is made: which input pixel comes first, and the weights from there on.
type tap struct {
	first   int
	weights []int32
}

func horizontal(src plane, columns []tap) plane {
	dst := newPlane(len(columns), src.height, src.channels)
	for y := range src.height {
		in, out := src.row(y), dst.row(y)
		for x, tap := range columns {
			for c := range src.channels {
				sum := int32(1 << (precision - 1))
				at := tap.first*src.channels + c
				for _, w := range tap.weights {
					sum += int32(in[at]) * w
					at += src.channels
				}
				out[x*src.channels+c] = clip(sum)
			}
		}
	}
	return dst
}

func vertical(src plane, rows []tap) plane {
	dst := newPlane(src.width, len(rows), src.channels)
	sums := make([]int32, src.width*src.channels)
	for y, tap := range rows {
		for i := range sums {
			sums[i] = 1 << (precision - 1)
		}
		for k, w := range tap.weights {
			for i, v := range src.row(tap.first + k) {
				sums[i] += int32(v) * w
			}
		}
		out := dst.row(y)
		for i, sum := range sums {
			out[i] = clip(sum)
		}
	}
	return dst
}

func clip(sum int32) uint8 { return uint8(min(max(sum>>precision, 0), 255)) }

// axis is one direction of a resize: in pixels become out, of which those from first to before end are wanted.
type axis struct{ in, out, first, end int }

func (a axis) scale() float64 { return float64(a.in) / float64(a.out) }

func (f Filter) taps(a axis) []tap {
	if f == Nearest {
		return nearestTaps(a)
	}
	return bicubicTaps(a)
}

// nearestTaps adds up positions instead of multiplying them, which rounds as Pillow does.
func nearestTaps(a axis) []tap {
	taps := make([]tap, 0, a.end-a.first)
	position := a.scale() / 2
	for i := range a.end {
		if i >= a.first {
			taps = append(taps, tap{min(int(position), a.in-1), []int32{1 << precision}})
		}
		position += a.scale()
	}
	return taps
}

// bicubicTaps widens the filter by the scale when shrinking, so that every input pixel counts.
func bicubicTaps(a axis) []tap {
	taps := make([]tap, a.end-a.first)
	widen := max(a.scale(), 1)
	for i := range taps {
		center := float64((float64(a.first+i) + 0.5) * a.scale()) // not fused with what follows
		first := max(int(center-2*widen+0.5), 0)
		end := min(int(center+2*widen+0.5), a.in)
		weights, sum := make([]float64, max(end-first, 0)), 0.0
		for k := range weights {
			weights[k] = cubic((float64(k+first) - center + 0.5) * (1 / widen))
			sum += weights[k]
		}
		taps[i] = tap{first, fixed(weights, sum)}
	}
	return taps
}

// fixed divides weights by their sum and rounds them, halves away from zero.
func fixed(weights []float64, sum float64) []int32 {
	out := make([]int32, len(weights))
	for i, w := range weights {
		if sum != 0 {
			w /= sum
		}
		out[i] = int32(w*(1<<precision) + math.Copysign(0.5, w))
	}
	return out
}

// cubic is the bicubic kernel. The conversions forbid fused multiply-add, which would round differently.
func cubic(x float64) float64 {
	x = math.Abs(x)
	switch {
	case x < 1:
		return float64(float64((float64(1.5*x)-2.5)*x)*x) + 1
	case x < 2:
		return (float64((float64((x-5)*x)+8)*x) - 4) * -0.5
	}
	return 0
}
