package mini

import (
	"math"
	"math/rand/v2"
)

// picture is one finished item: Side rows of RGB bytes and of mask bytes, 255 on the object.
type picture struct {
	pix  [3 * Side * Side]uint8
	mask [Side * Side]uint8
}

// compose puts the object, nil for none, somewhere on the background.
// It draws the same random numbers with and without an object, so that the two
// pictures differ by the object alone.
func compose(rnd *rand.Rand, background *texture, object *cutout) *picture {
	var colors [3 * Side * Side]float64
	crop(rnd, background, &colors)
	var p picture
	if at := place(rnd, object); object != nil {
		at.paste(object, &colors, &p.mask)
	}
	develop(rnd, &colors, &p.pix)
	return &p
}

// crop cuts the picture's background out of the texture, mirrored half the time.
func crop(rnd *rand.Rand, from *texture, into *[3 * Side * Side]float64) {
	left, top, flip := rnd.IntN(textureSide-Side+1), rnd.IntN(textureSide-Side+1), chance(rnd, 0.5)
	for y := range Side {
		for x := range Side {
			column := left + x
			if flip {
				column = left + Side - 1 - x
			}
			source, target := 3*((top+y)*textureSide+column), 3*(y*Side+x)
			for channel := range 3 {
				into[target+channel] = float64(from[source+channel]) / 255
			}
		}
	}
}

// placement is where and how large the object stands.
type placement struct {
	x, y           float64 // centre, in pixels of the picture
	halfX, halfY   float64 // half sizes of the upright box around it
	xx, xy, yx, yy float64 // from picture to sprite: turn, stretch, mirror
	gain           rgb
}

// place draws a placement: 0.38 to 0.8 of the picture's side, turned by up to
// 0.45 radians, anywhere it fits.
func place(rnd *rand.Rand, object *cutout) placement {
	scale := between(rnd, 0.38, 0.8) * Side / spriteSide
	sin, cos := sinCos(between(rnd, -0.45, 0.45))
	stretch := math.Sqrt(between(rnd, 0.85, 1.18))
	scaleX, scaleY := scale*stretch, scale/stretch
	mirror := 1.0
	if chance(rnd, 0.5) {
		mirror = -1
	}
	u, v := rnd.Float64(), rnd.Float64()
	gain := rgb{between(rnd, 0.8, 1.15), between(rnd, 0.8, 1.15), between(rnd, 0.8, 1.15)}
	if object == nil {
		return placement{}
	}
	halfWidth, halfHeight := scaleX*object.width/2, scaleY*object.height/2
	halfX := mul(halfWidth, cos) + math.Abs(mul(halfHeight, sin))
	halfY := math.Abs(mul(halfWidth, sin)) + mul(halfHeight, cos)
	slackX, slackY := max(0, Side/2-halfX), max(0, Side/2-halfY)
	return placement{
		x: mix(Side/2-slackX, Side/2+slackX, u), y: mix(Side/2-slackY, Side/2+slackY, v),
		halfX: halfX, halfY: halfY,
		xx: mirror * cos / scaleX, xy: mirror * sin / scaleX,
		yx: -sin / scaleY, yy: cos / scaleY,
		gain: gain,
	}
}

// paste blends the object over the colours and marks where it covers more than half.
func (at placement) paste(object *cutout, colors *[3 * Side * Side]float64, mask *[Side * Side]uint8) {
	for y := max(0, int(at.y-at.halfY-1)); y < min(Side, int(at.y+at.halfY+2)); y++ {
		for x := max(0, int(at.x-at.halfX-1)); x < min(Side, int(at.x+at.halfX+2)); x++ {
			dx, dy := float64(x)+0.5-at.x, float64(y)+0.5-at.y
			color, alpha := object.sample(
				mul(at.xx, dx)+mul(at.xy, dy)+spriteSide/2-0.5,
				mul(at.yx, dx)+mul(at.yy, dy)+spriteSide/2-0.5)
			if alpha == 0 {
				continue
			}
			i := y*Side + x
			c := colors[3*i : 3*i+3]
			c[0] = mul(c[0], 1-alpha) + min(alpha, mul(color.r, at.gain.r))
			c[1] = mul(c[1], 1-alpha) + min(alpha, mul(color.g, at.gain.g))
			c[2] = mul(c[2], 1-alpha) + min(alpha, mul(color.b, at.gain.b))
			if alpha > 0.5 {
				mask[i] = 255
			}
		}
	}
}

// sample reads between the pixels, bilinearly; outside the cutout all is empty.
func (c *cutout) sample(x, y float64) (color rgb, alpha float64) {
	left, top := math.Floor(x), math.Floor(y)
	column, row := int(left), int(top)
	if column < -1 || row < -1 || column >= spriteSide || row >= spriteSide {
		return rgb{}, 0
	}
	tx, ty := x-left, y-top
	for _, corner := range [4]struct {
		x, y   int
		weight float64
	}{
		{column, row, (1 - tx) * (1 - ty)},
		{column + 1, row, tx * (1 - ty)},
		{column, row + 1, (1 - tx) * ty},
		{column + 1, row + 1, tx * ty},
	} {
		if corner.x < 0 || corner.y < 0 || corner.x >= spriteSide || corner.y >= spriteSide {
			continue
		}
		p := c.pix[4*(corner.y*spriteSide+corner.x):][:4]
		color.r += mul(p[0], corner.weight)
		color.g += mul(p[1], corner.weight)
		color.b += mul(p[2], corner.weight)
		alpha += mul(p[3], corner.weight)
	}
	return color, alpha
}

// develop varies brightness and contrast, adds noise, and rounds to 8 bits.
func develop(rnd *rand.Rand, colors *[3 * Side * Side]float64, pix *[3 * Side * Side]uint8) {
	contrast, brightness := between(rnd, 0.85, 1.15), between(rnd, -0.08, 0.08)
	deviation := between(rnd, 0, 0.05)
	for i := 0; i < len(colors); i += 2 {
		bits := rnd.Uint64()
		for j := range 2 {
			v := mul(colors[i+j]-0.5, contrast) + 0.5 + brightness
			pix[i+j] = level(v + mul(deviation, gauss(uint32(bits>>(32*j)))))
		}
	}
}

// gauss turns 32 random bits into a nearly normal number: the sum of four
// bytes, shifted and scaled to mean 0 and variance 1.
func gauss(bits uint32) float64 {
	sum := bits&255 + bits>>8&255 + bits>>16&255 + bits>>24
	return (float64(sum) - 510) / 147.8
}
