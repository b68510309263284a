package layout

import (
	"image"
	"image/color"
	"image/draw"
)

// box is where an object lies, in pixels of its picture.
type box = image.Rectangle

// picture is a shape on a texture.
type picture struct {
	image  image.Image
	box    box
	inside func(x, y int) bool
}

// shapes tell whether a point is in an object, from its place in the object's box, in per cent of the half sides from the
// centre on.
var shapes = []func(x, y int) bool{
	func(_, _ int) bool { return true },
	func(x, y int) bool { return x*x+y*y < 100*100 },
	func(x, y int) bool { return abs(x)+abs(y) < 100 },
	func(x, y int) bool { return 2*abs(x) < 100+y },
	func(x, y int) bool { return abs(x) < 40 || abs(y) < 40 },
	func(x, y int) bool { r := x*x + y*y; return r < 100*100 && r > 50*50 },
}

// picture draws an object of a class. Some pictures of each class are upright, some have no colours.
func (w *writer) picture(label, number int) picture {
	size := image.Pt(40+w.IntN(8), 32+w.IntN(8))
	if number%3 == 2 {
		size = image.Pt(size.Y, size.X)
	}
	low := image.Pt(4+w.IntN(6), 4+w.IntN(6))
	at := image.Rectangle{Min: low, Max: low.Add(image.Pt(18+w.IntN(6), 18+w.IntN(6)))}.Intersect(image.Rectangle{Max: size})
	middle, half := at.Min.Add(at.Max).Div(2), at.Size().Div(2)
	p := picture{box: at}
	p.inside = func(x, y int) bool {
		return image.Pt(x, y).In(at) && shapes[label%len(shapes)]((x-middle.X)*100/half.X, (y-middle.Y)*100/half.Y)
	}
	paint, ground := hue(3*label), hue(3*w.IntN(8)+1)
	colored := image.NewRGBA(image.Rectangle{Max: size})
	for y := range size.Y {
		for x := range size.X {
			c := ground
			if p.inside(x, y) {
				c = paint
			}
			c.R, c.G, c.B = w.shade(c.R), w.shade(c.G), w.shade(c.B)
			colored.SetRGBA(x, y, c)
		}
	}
	p.image = colored
	if number%4 == 1 {
		gray := image.NewGray(colored.Rect)
		draw.Draw(gray, gray.Rect, colored, image.Point{}, draw.Src)
		p.image = gray
	}
	return p
}

// hue is one of many colours.
func hue(i int) color.RGBA {
	return color.RGBA{R: uint8(40 + 80*i%180), G: uint8(60 + 56*i%180), B: uint8(50 + 104*i%180), A: 255}
}

// shade changes a channel a little.
func (w *writer) shade(v uint8) uint8 { return v + uint8(w.IntN(24)) - 12 }

// mask is the picture's, with this value for the object and 0 elsewhere.
func (p picture) mask(object uint8) *image.Gray {
	m := image.NewGray(p.image.Bounds())
	for y := range m.Rect.Dy() {
		for x := range m.Rect.Dx() {
			if p.inside(x, y) {
				m.SetGray(x, y, color.Gray{Y: object})
			}
		}
	}
	return m
}

func abs(x int) int { return max(x, -x) }
