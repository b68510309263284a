package mini

import "math"

// paintGround looks down on soil with pebbles.
func paintGround(c *canvas) {
	soil, dark := c.near(rgb{0.48, 0.34, 0.22}, 0.06), c.near(rgb{0.26, 0.17, 0.1}, 0.04)
	bumps := c.noise(c.in(8, 20), c.in(8, 20), 4)
	c.fill(0, textureSide, func(x, y int) rgb { return soil.mix(dark, 0.5+mul(0.5, bumps[y*textureSide+x])) })
	c.grain(0, textureSide, c.in(0.1, 0.25))
	for range 10 + c.IntN(40) {
		x, y, size := c.in(0, 80), c.in(0, 80), c.in(0.8, 3)
		stone := c.near(rgb{0.55, 0.48, 0.4}, 0.1)
		c.disc(x+0.6, y+0.8, size*1.2, size, dark.times(0.7))
		c.disc(x, y, size*1.2, size, stone)
	}
}

// paintLand is a dry plain under a strip of sky.
func paintLand(c *canvas) {
	horizon := c.in(12, 30)
	c.sky(int(horizon))
	sand, far := c.near(rgb{0.82, 0.66, 0.38}, 0.06), c.near(rgb{0.68, 0.5, 0.3}, 0.06)
	dunes := c.noise(c.in(25, 50), c.in(4, 9), 3)
	c.fill(int(horizon), textureSide, func(x, y int) rgb {
		return far.mix(sand, clamp((float64(y)-horizon)/40)).times(1 + mul(0.16, dunes[y*textureSide+x]))
	})
	for range 4 + c.IntN(9) {
		y := c.in(horizon+2, 80)
		size := 0.6 + (y-horizon)/14
		c.disc(c.in(0, 80), y, size*1.7, size, c.near(rgb{0.5, 0.48, 0.22}, 0.07))
	}
	c.grain(int(horizon), textureSide, 0.06)
}

// paintGrass is a meadow of blades.
func paintGrass(c *canvas) {
	green := c.near(rgb{0.24, 0.52, 0.14}, 0.07)
	patches := c.noise(c.in(15, 40), c.in(15, 40), 2)
	c.fill(0, textureSide, func(x, y int) rgb { return green.times(0.75 + mul(0.25, patches[y*textureSide+x])) })
	length, lean := c.in(5, 12), c.in(-2, 2)
	for i := range 420 {
		x, y := c.in(0, 80), mul(float64(i)/420, 92)
		tip := c.near(green.mix(rgb{0.72, 0.85, 0.3}, c.in(0, 0.5)), 0.04)
		c.line(x, y, x+lean+c.in(-3, 3), y-length, 1, tip.times(c.in(0.6, 1.1)))
	}
	if chance(c.Rand, 0.3) {
		for range 14 {
			c.disc(c.in(0, 80), c.in(0, 80), 1.1, 1.1, c.near(rgb{0.95, 0.9, 0.5}, 0.08))
		}
	}
}

// paintTree is a crown of leaves over one to three trunks.
func paintTree(c *canvas) {
	c.sky(textureSide)
	if chance(c.Rand, 0.5) {
		shade := c.near(rgb{0.1, 0.24, 0.1}, 0.04)
		c.fill(0, textureSide, func(_, _ int) rgb { return shade })
	}
	bark := c.near(rgb{0.36, 0.24, 0.14}, 0.05)
	trunks := 1 + c.IntN(3)
	for i := range trunks {
		x, width := mul(80/float64(trunks), float64(i)+c.in(0.25, 0.75)), c.in(5, 10)
		c.trapezoid(15, x-mul(width, 0.35), x+mul(width, 0.35), 80, x-mul(width, 0.5), x+mul(width, 0.5), bark)
		for range 14 {
			line, top := x+c.in(-width/2, width/2), c.in(15, 75)
			c.line(line, top, line, top+c.in(4, 10), 1, bark.times(c.in(0.5, 1.4)))
		}
	}
	crown := c.in(45, 68)
	leaf := c.near(rgb{0.18, 0.42, 0.12}, 0.06)
	for i := range 340 {
		depth := float64(i) / 340
		y := mul(math.Sqrt(c.Float64()), crown) - 2
		size := c.in(1.5, 4)
		c.disc(c.in(-2, 82), y, size*1.2, size, c.near(leaf.times(mix(0.45, 1.35, depth)), 0.04))
	}
}

// paintRock is a cliff of cracked, shaded blocks.
func paintRock(c *canvas) {
	base := c.near(rgb{0.5, 0.48, 0.46}, 0.08)
	type block struct{ x, y, shade, slope float64 }
	blocks := make([]block, 9+c.IntN(18))
	for i := range blocks {
		blocks[i] = block{c.in(-5, 85), c.in(-5, 85), c.in(0.6, 1.25), c.in(-0.02, 0.02)}
	}
	rough, squeeze := c.noise(9, 9, 4), c.in(1, 2)
	c.fill(0, textureSide, func(x, y int) rgb {
		first, second, nearest := math.Inf(1), math.Inf(1), block{}
		wobble := mul(3, rough[y*textureSide+x])
		for _, b := range blocks {
			dx, dy := float64(x)-b.x+wobble, (float64(y)-b.y+wobble)*squeeze
			switch d := mul(dx, dx) + mul(dy, dy); {
			case d < first:
				first, second, nearest = d, first, b
			case d < second:
				second = d
			}
		}
		edge := math.Sqrt(second) - math.Sqrt(first)
		light := nearest.shade + mul(nearest.slope, float64(y)-nearest.y) + mul(0.14, rough[y*textureSide+x])
		return base.times(light * mix(0.35, 1, ramp(0, 3, edge)))
	})
	c.grain(0, textureSide, 0.1)
}

// paintMountain is one to three ranges of peaks with snow, under the sky.
func paintMountain(c *canvas) {
	c.sky(textureSide)
	ranges := 1 + c.IntN(3)
	snow, rough := c.in(0.2, 0.5), c.noise(6, 6, 3)
	for i := range ranges {
		t := float64(i+1) / float64(ranges)
		stone := c.near(rgb{0.58, 0.62, 0.72}.mix(rgb{0.34, 0.32, 0.34}, t), 0.04)
		for range 2 + c.IntN(2) {
			c.peak(peak{c.in(5, 75), mix(2, 34, t) + c.in(-2, 10), c.in(0.75, 1.3), stone, mul(snow, mix(1.25, 0.75, t)), rough})
		}
	}
	forest := c.near(rgb{0.16, 0.3, 0.2}, 0.05)
	line := c.noise(7, 7, 2)
	c.fill(60, textureSide, func(x, y int) rgb {
		return c.pix[y*textureSide+x].mix(forest, ramp(66, 70, float64(y)+mul(5, line[x])))
	})
}

// peak is a mountain with a lit and a dark side.
type peak struct {
	x, top, steep float64 // steep is the run per rise
	stone         rgb
	snow          float64   // 0 for none, 1 down to the foot
	rough         []float64 // a field of noise
}

func (c *canvas) peak(p peak) {
	for y := int(p.top); y < textureSide; y++ {
		drop := float64(y) - p.top
		for column := range textureSide {
			n := p.rough[y*textureSide+(column+int(p.x))%textureSide]
			side := float64(column) - p.x
			cover := mul(drop, p.steep) - math.Abs(side) + mul(2.5, n)
			if cover <= 0 {
				continue
			}
			sunny := ramp(-3, 3, mul(4, n)-side)
			color := p.stone.times(mul(mix(0.65, 1.15, sunny), 1+mul(0.12, n)))
			if drop+mul(9, n) < p.snow*60 {
				color = white.times(mix(0.74, 0.98, sunny))
			}
			c.blend(column, y, color, cover)
		}
	}
}

// paintValley is two green slopes that meet in the middle, with a path or a stream.
func paintValley(c *canvas) {
	c.sky(textureSide)
	c.peak(peak{c.in(25, 55), c.in(12, 22), c.in(1.6, 2.4), c.near(rgb{0.55, 0.62, 0.72}, 0.04), 0, c.noise(6, 6, 3)})
	middle, bottom := c.in(30, 50), c.in(38, 48)
	hue := c.near(rgb{0.38, 0.58, 0.22}, 0.07)
	bumps := c.noise(10, 5, 3)
	for i := range 3 {
		drop := mul(float64(i), c.in(6, 10))
		curve := c.in(0.012, 0.022)
		green := hue.times(mix(0.7, 1.15, float64(i)/2))
		c.fill(0, textureSide, func(x, y int) rgb {
			side := float64(x) - middle
			edge := bottom + drop - mul(curve, mul(side, side)) + mul(1.5, bumps[x])
			shade := green.times((1 - mul(0.004, side)) * (1 + mul(0.13, bumps[y*textureSide+x])))
			return c.pix[y*textureSide+x].mix(shade, clamp(float64(y)-edge))
		})
	}
	stream := c.near(rgb{0.55, 0.75, 0.88}, 0.06)
	c.trapezoid(bottom+6, middle-0.5, middle+0.5, 80, middle-c.in(6, 16), middle+c.in(2, 10), stream)
}
