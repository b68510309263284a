package mini

import (
	"math"
	"math/rand/v2"
)

const spriteArea = spriteSide * spriteSide

// restyle draws the cutout as another hand might have: other colours, softer
// or harder edges, an outline, a relief, bent shapes. The small CLIP then
// learns what makes an owl an owl rather than how two artists draw. One in
// five stays as it is.
func restyle(rnd *rand.Rand, c *cutout) {
	if chance(rnd, 0.2) {
		return
	}
	if chance(rnd, 0.4) {
		c.bend(rnd)
	}
	c.recolor(rnd)
	if chance(rnd, 0.15) {
		c.posterise(float64(2 + rnd.IntN(3)))
	}
	if chance(rnd, 0.5) {
		c.relief(rnd)
	}
	if chance(rnd, 0.25) {
		c.outline(rnd)
	}
	if chance(rnd, 0.15) {
		c.roughen(rnd)
	}
	switch v := rnd.Float64(); {
	case v < 0.05:
		c.soften(2)
	case v < 0.25:
		c.soften(1)
	case v < 0.4:
		c.sharpen(between(rnd, 0.3, 1))
	}
}

// each changes the straight colour of every pixel that is not empty.
func (c *cutout) each(change func(i int, color rgb) rgb) {
	for i := range spriteArea {
		p := c.pix[4*i : 4*i+4]
		if alpha := p[3]; alpha > 0 {
			color := change(i, rgb{p[0] / alpha, p[1] / alpha, p[2] / alpha})
			p[0], p[1], p[2] = clamp(color.r)*alpha, clamp(color.g)*alpha, clamp(color.b)*alpha
		}
	}
}

// recolor changes saturation, hue, contrast and brightness; one in fifteen loses all colour.
func (c *cutout) recolor(rnd *rand.Rand) {
	saturation := between(rnd, 0.6, 1.7)
	if chance(rnd, 0.065) {
		saturation = 0
	}
	var turn float64
	if chance(rnd, 0.3) {
		turn = between(rnd, -0.45, 0.45)
	}
	sin, cos := sinCos(turn)
	contrast, brightness := between(rnd, 0.75, 1.3), between(rnd, -0.1, 0.1)
	c.each(func(_ int, p rgb) rgb {
		grey := (p.r + p.g + p.b) / 3
		r, g, b := p.r-grey, p.g-grey, p.b-grey
		across := sin / math.Sqrt(3) // turns the colour about the grey axis
		light := mul(grey-0.5, contrast) + 0.5 + brightness
		chroma := saturation * contrast
		return rgb{
			light + mul(chroma, mul(r, cos)+mul(across, b-g)),
			light + mul(chroma, mul(g, cos)+mul(across, r-b)),
			light + mul(chroma, mul(b, cos)+mul(across, g-r)),
		}
	})
}

// posterise leaves few levels a channel.
func (c *cutout) posterise(steps float64) {
	c.each(func(_ int, p rgb) rgb {
		return rgb{math.Round(p.r*steps) / steps, math.Round(p.g*steps) / steps, math.Round(p.b*steps) / steps}
	})
}

// relief lights the object from one side as if it bulged out of the picture,
// with a highlight where it faces the light.
func (c *cutout) relief(rnd *rand.Rand) {
	height := c.alpha()
	for range 2 + rnd.IntN(3) {
		height = boxBlur(height, 3)
	}
	angleX, strength, gloss := between(rnd, -1, 1), between(rnd, 1.5, 5), between(rnd, 0, 0.5)
	angleY := math.Sqrt(1 - mul(angleX, angleX))
	c.each(func(i int, p rgb) rgb {
		x, y := i%spriteSide, i/spriteSide
		at := func(x, y int) float64 {
			return height[max(0, min(spriteSide-1, y))*spriteSide+max(0, min(spriteSide-1, x))]
		}
		slopeX, slopeY := at(x+1, y)-at(x-1, y), at(x, y+1)-at(x, y-1)
		light := strength * (mul(slopeX, angleX) + mul(slopeY, angleY))
		return p.times(1+max(-0.55, min(0.4, light))).mix(white, gloss*ramp(0.12, 0.5, light))
	})
}

// outline draws the contour darker, or lighter one time in four.
func (c *cutout) outline(rnd *rand.Rand) {
	ink := rgb{rnd.Float64() * 0.3, rnd.Float64() * 0.3, rnd.Float64() * 0.3}
	if chance(rnd, 0.25) {
		ink = white
	}
	inside := boxBlur(c.alpha(), 1+rnd.IntN(2))
	strength := between(rnd, 0.5, 1)
	c.each(func(i int, p rgb) rgb { return p.mix(ink, strength*ramp(0.98, 0.7, inside[i])) })
}

// roughen gives the surface a grain, as of felt or clay.
func (c *cutout) roughen(rnd *rand.Rand) {
	strength := between(rnd, 0.05, 0.25)
	grain := make([]float64, spriteArea)
	for i := range grain {
		grain[i] = gauss(rnd.Uint32())
	}
	grain = boxBlur(grain, rnd.IntN(3))
	c.each(func(i int, p rgb) rgb { return p.times(1 + mul(strength, grain[i])) })
}

// bend moves every pixel by up to about three places along smooth random curves.
func (c *cutout) bend(rnd *rand.Rand) {
	reach := between(rnd, 0.5, 3)
	phases := [4]float64{rnd.Float64(), rnd.Float64(), rnd.Float64(), rnd.Float64()}
	wavesX, wavesY := between(rnd, 0.4, 1.3), between(rnd, 0.4, 1.3)
	before := *c
	for i := range spriteArea {
		u, v := float64(i%spriteSide)/spriteSide, float64(i/spriteSide)/spriteSide
		dx := wave(mul(wavesX, v)+phases[0]) + wave(mul(wavesY, u)+phases[1])
		dy := wave(mul(wavesY, u)+phases[2]) + wave(mul(wavesX, v)+phases[3])
		color, alpha := before.sample(mul(u, spriteSide)+mul(reach/2, dx), mul(v, spriteSide)+mul(reach/2, dy))
		c.pix[4*i], c.pix[4*i+1], c.pix[4*i+2], c.pix[4*i+3] = color.r, color.g, color.b, alpha
	}
}

// soften blurs colours and contour.
func (c *cutout) soften(passes int) {
	for channel := range 4 {
		plane := c.channel(channel)
		for range passes {
			plane = boxBlur(plane, 1)
		}
		c.setChannel(channel, plane)
	}
}

// sharpen exaggerates the differences between neighbours; the contour stays.
func (c *cutout) sharpen(amount float64) {
	for channel := range 3 {
		plane := c.channel(channel)
		soft := boxBlur(plane, 1)
		for i, v := range plane {
			plane[i] = max(0, min(c.pix[4*i+3], v+mul(amount, v-soft[i])))
		}
		c.setChannel(channel, plane)
	}
}

func (c *cutout) alpha() []float64 { return c.channel(3) }

func (c *cutout) channel(n int) []float64 {
	plane := make([]float64, spriteArea)
	for i := range plane {
		plane[i] = c.pix[4*i+n]
	}
	return plane
}

func (c *cutout) setChannel(n int, plane []float64) {
	for i, v := range plane {
		c.pix[4*i+n] = v
	}
}

// boxBlur averages a spriteSide-wide plane over squares of 2*radius+1 pixels; outside it is 0.
func boxBlur(plane []float64, radius int) []float64 {
	across, out := make([]float64, spriteArea), make([]float64, spriteArea)
	for i := range spriteSide {
		blurLine(plane[i*spriteSide:], across[i*spriteSide:], 1, radius)
	}
	for i := range spriteSide {
		blurLine(across[i:], out[i:], spriteSide, radius)
	}
	return out
}

func blurLine(from, into []float64, step, radius int) {
	var sum float64
	for i := range min(radius, spriteSide) {
		sum += from[i*step]
	}
	for i := range spriteSide {
		if i+radius < spriteSide {
			sum += from[(i+radius)*step]
		}
		if i-radius-1 >= 0 {
			sum -= from[(i-radius-1)*step]
		}
		into[i*step] = sum / float64(2*radius+1)
	}
}
