package mini

import (
	"math"
	"math/rand/v2"
)

const textureSide = 80 // pixels

// texture is a background picture: textureSide rows of RGB bytes.
type texture [3 * textureSide * textureSide]uint8

// rgb is a colour with channels from 0 to 1; a little more or less is cut off at the end.
type rgb struct{ r, g, b float64 }

func (c rgb) mix(d rgb, t float64) rgb {
	return rgb{mix(c.r, d.r, t), mix(c.g, d.g, t), mix(c.b, d.b, t)}
}

func (c rgb) times(f float64) rgb { return rgb{c.r * f, c.g * f, c.b * f} }

var (
	black = rgb{}
	white = rgb{1, 1, 1}
)

// canvas is a texture while it is drawn. Coordinates are in pixels, y grows downwards.
type canvas struct {
	*rand.Rand
	pix [textureSide * textureSide]rgb
}

// in draws evenly from [low, high).
func (c *canvas) in(low, high float64) float64 { return between(c.Rand, low, high) }

// near draws a colour around base: lighter or darker, and each channel shifted by up to spread.
func (c *canvas) near(base rgb, spread float64) rgb {
	light := 1 + mul(1.5*spread, c.in(-1, 1))
	return rgb{
		mul(base.r, light) + c.in(-spread, spread),
		mul(base.g, light) + c.in(-spread, spread),
		mul(base.b, light) + c.in(-spread, spread),
	}
}

// fill paints every pixel of the rows from top to bottom.
func (c *canvas) fill(top, bottom int, color func(x, y int) rgb) {
	for y := max(0, top); y < min(bottom, textureSide); y++ {
		for x := range textureSide {
			c.pix[y*textureSide+x] = color(x, y)
		}
	}
}

// blend lays the colour over a pixel; pixels outside the canvas are ignored.
func (c *canvas) blend(x, y int, color rgb, cover float64) {
	if cover > 0 && x >= 0 && x < textureSide && y >= 0 && y < textureSide {
		p := &c.pix[y*textureSide+x]
		*p = p.mix(color, min(1, cover))
	}
}

// box fills the rectangle from (x, y), w wide and h high.
func (c *canvas) box(x, y, w, h float64, color rgb) {
	for row := int(math.Round(y)); row < int(math.Round(y+h)); row++ {
		for column := int(math.Round(x)); column < int(math.Round(x+w)); column++ {
			c.blend(column, row, color, 1)
		}
	}
}

// shape blends the colour wherever depth, in pixels from the edge inwards, is
// positive, with a soft edge, inside the rectangle of the given centre and half sizes.
func (c *canvas) shape(x, y, halfWidth, halfHeight float64, color rgb, depth func(dx, dy float64) float64) {
	for row := int(y - halfHeight - 1); row <= int(y+halfHeight+1); row++ {
		for column := int(x - halfWidth - 1); column <= int(x+halfWidth+1); column++ {
			c.blend(column, row, color, depth(float64(column)-x, float64(row)-y)+0.5)
		}
	}
}

// disc fills an ellipse.
func (c *canvas) disc(x, y, halfWidth, halfHeight float64, color rgb) {
	c.shape(x, y, halfWidth, halfHeight, color, func(dx, dy float64) float64 {
		u, v := dx/halfWidth, dy/halfHeight
		return (1 - mul(u, u) - mul(v, v)) * min(halfWidth, halfHeight) / 2
	})
}

// dome fills the upper half of an ellipse.
func (c *canvas) dome(x, y, halfWidth, height float64, color rgb) {
	c.shape(x, y, halfWidth, height, color, func(dx, dy float64) float64 {
		u, v := dx/halfWidth, dy/height
		return min(-dy, (1-mul(u, u)-mul(v, v))*min(halfWidth, height)/2)
	})
}

// line draws a straight stroke.
func (c *canvas) line(x0, y0, x1, y1, width float64, color rgb) {
	halfX, halfY := mul(x1-x0, 0.5), mul(y1-y0, 0.5)
	square := mul(halfX, halfX) + mul(halfY, halfY)
	c.shape(x0+halfX, y0+halfY, math.Abs(halfX)+width, math.Abs(halfY)+width, color,
		func(dx, dy float64) float64 {
			along := max(-1, min(1, (mul(dx, halfX)+mul(dy, halfY))/max(square, 1e-9)))
			px, py := dx-mul(along, halfX), dy-mul(along, halfY)
			return mul(width, 0.5) - math.Sqrt(mul(px, px)+mul(py, py))
		})
}

// trapezoid fills the area between two level edges: the upper one at y0 from
// l0 to r0, the lower one at y1 from l1 to r1.
func (c *canvas) trapezoid(y0, l0, r0, y1, l1, r1 float64, color rgb) {
	for row := int(math.Round(y0)); row < int(math.Round(y1)); row++ {
		t := (float64(row) - y0) / (y1 - y0)
		left := math.Round(mix(l0, l1, t))
		c.box(left, float64(row), math.Round(mix(r0, r1, t))-left, 1, color)
	}
}

// noise is a smooth random field between about -1 and 1 whose bumps are
// cellX by cellY pixels; each octave adds half as much at half the size.
func (c *canvas) noise(cellX, cellY float64, octaves int) []float64 {
	field := make([]float64, textureSide*textureSide)
	for strength := 1.0; octaves > 0; octaves-- {
		c.addNoise(field, cellX, cellY, strength)
		strength, cellX, cellY = strength/2, max(1, cellX/2), max(1, cellY/2)
	}
	return field
}

func (c *canvas) addNoise(field []float64, cellX, cellY, strength float64) {
	columns, rows := int(textureSide/cellX)+3, int(textureSide/cellY)+3
	knots := make([]float64, columns*rows)
	for i := range knots {
		knots[i] = c.in(-strength, strength)
	}
	var left [textureSide]int
	var weight [textureSide]float64
	shift := c.Float64()
	for x := range textureSide {
		whole, part := math.Modf(float64(float64(x)/cellX) + shift)
		left[x], weight[x] = int(whole), ramp(0, 1, part)
	}
	shift = c.Float64()
	for y := range textureSide {
		whole, part := math.Modf(float64(float64(y)/cellY) + shift)
		upper, lower := knots[int(whole)*columns:], knots[int(whole+1)*columns:]
		t := ramp(0, 1, part)
		for x, i := range left {
			above, below := mix(upper[i], upper[i+1], weight[x]), mix(lower[i], lower[i+1], weight[x])
			field[y*textureSide+x] += mix(above, below, t)
		}
	}
}

// grain makes neighbouring pixels differ, over the rows from top to bottom.
func (c *canvas) grain(top, bottom int, strength float64) {
	for i := max(0, top) * textureSide; i < min(bottom, textureSide)*textureSide; i++ {
		c.pix[i] = c.pix[i].times(1 + c.in(-strength, strength))
	}
}

// light brightens one side of the picture and gives all of it a cast.
func (c *canvas) light() {
	cast := c.near(white, 0.06)
	slopeX, slopeY := c.in(-0.12, 0.12), c.in(-0.12, 0.12)
	for y := range textureSide {
		for x := range textureSide {
			p := &c.pix[y*textureSide+x]
			level := 1 + mul(slopeX, float64(x)/40-1) + mul(slopeY, float64(y)/40-1)
			*p = rgb{p.r * cast.r * level, p.g * cast.g * level, p.b * cast.b * level}
		}
	}
}

// bytes rounds the finished canvas to 8 bits.
func (c *canvas) bytes() *texture {
	var t texture
	for i, p := range c.pix {
		t[3*i], t[3*i+1], t[3*i+2] = level(p.r), level(p.g), level(p.b)
	}
	return &t
}

// level rounds a channel from [0, 1] to 8 bits.
func level(v float64) uint8 { return uint8(mul(clamp(v), 255) + 0.5) }
