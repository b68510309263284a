package mini

import "math"

// sky paints a clear sky, paler towards its lower end, over the rows down to bottom.
func (c *canvas) sky(bottom int) {
	high, low := c.near(rgb{0.3, 0.55, 0.88}, 0.07), c.near(rgb{0.74, 0.87, 0.96}, 0.05)
	if chance(c.Rand, 0.15) {
		high, low = c.near(rgb{0.42, 0.42, 0.68}, 0.06), c.near(rgb{0.98, 0.74, 0.5}, 0.06)
	}
	c.fill(0, bottom, func(_, y int) rgb { return high.mix(low, float64(y)/float64(bottom)) })
}

// paintSky is empty but for faint streaks, and sometimes the sun.
func paintSky(c *canvas) {
	c.sky(textureSide)
	streaks := c.noise(c.in(25, 45), c.in(5, 12), 3)
	thin := c.in(0, 0.45)
	for i, n := range streaks {
		c.pix[i] = c.pix[i].mix(white, thin*ramp(0, 1.2, n))
	}
	if chance(c.Rand, 0.4) {
		x, y, size := c.in(8, 72), c.in(8, 40), c.in(4, 8)
		for ring := range 5 {
			grown := mul(size, 2-mul(float64(ring), 0.25))
			c.shape(x, y, grown, grown, rgb{1, 0.96, 0.75}, func(dx, dy float64) float64 {
				return mul(0.5, ramp(0, grown, grown-math.Sqrt(mul(dx, dx)+mul(dy, dy)))) - 0.5
			})
		}
		c.disc(x, y, size, size, rgb{1, 0.97, 0.8})
	}
}

// paintCloud is a sky full of round white heaps.
func paintCloud(c *canvas) {
	c.sky(textureSide)
	gloom := c.in(0.72, 1)
	for i := range c.pix {
		c.pix[i] = c.pix[i].times(mix(gloom, 1, 0.5))
	}
	for range 4 + c.IntN(4) {
		x, y, size := c.in(0, 80), c.in(5, 80), c.in(6, 13)
		for puff := range 22 {
			depth := float64(puff) / 22
			px, py := x+mul(size, c.in(-1.9, 1.9)), y+mul(size, c.in(-0.7, 0.7))-mul(depth, size/2)
			r := mul(size, c.in(0.35, 0.8))
			c.disc(px, py, r, r*0.85, white.times(mul(gloom, mix(0.76, 1, depth))))
		}
	}
}

// paintLake is still water with a far shore and its mirror image.
func paintLake(c *canvas) {
	shore := c.in(24, 40)
	c.sky(int(shore))
	hills := c.noise(c.in(10, 22), 80, 3)
	trees := c.near(rgb{0.2, 0.36, 0.2}, 0.05)
	height := c.in(5, 10)
	c.fill(int(shore)-20, int(shore), func(x, y int) rgb {
		top := shore - height - mul(5, hills[x])
		return c.pix[y*textureSide+x].mix(trees, clamp(float64(y)-top))
	})
	water := c.near(rgb{0.32, 0.52, 0.66}, 0.05)
	ripple := c.noise(30, 2.5, 2)
	c.fill(int(shore), textureSide, func(x, y int) rgb {
		drop := float64(y) - shore
		mirror := max(0, int(shore-mul(drop, 0.9)+mul(1.5, ripple[y*textureSide+x])))
		fade := mix(0.25, 0.75, clamp(drop/40))
		return c.pix[mirror*textureSide+x].mix(water, fade).times(0.93 + mul(0.07, ripple[y*textureSide+x]))
	})
	c.line(0, shore, 80, shore, 1.2, c.near(rgb{0.75, 0.7, 0.5}, 0.06))
}

// paintWater looks down through clear water: a net of light.
func paintWater(c *canvas) {
	deep, bright := c.near(rgb{0.1, 0.58, 0.7}, 0.07), c.near(rgb{0.75, 0.97, 0.98}, 0.04)
	size := c.in(12, 22)
	a, b, shade := c.noise(size, size, 2), c.noise(size, size, 2), c.noise(40, 40, 1)
	sharp := c.in(0.18, 0.35)
	for i := range c.pix {
		net := max(1-math.Abs(a[i])/sharp, 1-math.Abs(b[i])/sharp)
		c.pix[i] = deep.times(1+mul(0.2, shade[i])).mix(bright, 0.75*ramp(0, 1, net))
	}
}

// paintRiver winds from the horizon between two banks.
func paintRiver(c *canvas) {
	horizon := c.in(8, 22)
	c.sky(int(horizon))
	bank := c.near(rgb{0.34, 0.52, 0.2}, 0.07)
	water, shine := c.near(rgb{0.25, 0.48, 0.68}, 0.06), rgb{0.8, 0.9, 0.96}
	bumps, ripple := c.noise(9, 5, 3), c.noise(10, 3, 2)
	middle, sway, turns, phase := c.in(25, 55), c.in(9, 18), c.in(0.9, 1.6), c.Float64()
	c.fill(int(horizon), textureSide, func(x, y int) rgb {
		near := max(0, float64(y)-horizon) / (80 - horizon)
		bend := mul(mul(sway, math.Sqrt(near)), wave(phase+mul(turns, math.Sqrt(near))))
		half := mix(2, 24, near) + mul(1.5, bumps[y*textureSide])
		inside := half - math.Abs(float64(x)-middle-bend)
		i := y*textureSide + x
		color := bank.times(1 + mul(0.22, bumps[i]))
		color = color.mix(rgb{0.7, 0.6, 0.42}, ramp(-3, 0, inside))
		return color.mix(water.mix(shine, 0.6*ramp(0.3, 1.2, ripple[i])), ramp(0, 1.5, inside))
	})
	for range 6 + c.IntN(10) {
		x := c.in(0, 80)
		c.disc(x, horizon-1, c.in(2, 6), c.in(2, 5), c.near(bank.times(0.6), 0.04))
	}
}

// paintSea is seen from the beach: sky, water, surf and sand.
func paintSea(c *canvas) {
	horizon, beach := c.in(16, 30), c.in(58, 76)
	c.sky(int(horizon))
	far, near := c.near(rgb{0.1, 0.36, 0.6}, 0.05), c.near(rgb{0.22, 0.68, 0.7}, 0.06)
	sand := c.near(rgb{0.9, 0.8, 0.56}, 0.04)
	chop, surf := c.noise(12, 2, 3), c.noise(16, 16, 2)
	c.fill(int(horizon), textureSide, func(x, y int) rgb {
		i := y*textureSide + x
		t := (float64(y) - horizon) / (beach - horizon)
		water := far.mix(near, clamp(t)).mix(white, 0.4*ramp(0.5, 1.2, chop[i]))
		edge := float64(y) - beach - mul(3.5, surf[x])
		foam := max(ramp(3, 0, math.Abs(edge)), 0.6*ramp(1.5, 0, math.Abs(edge+9)))
		return water.mix(sand, ramp(-0.5, 0.5, edge)).mix(white, foam)
	})
	c.grain(int(beach), textureSide, 0.05)
}

// paintOcean is nothing but high, dark waves with crests of foam.
func paintOcean(c *canvas) {
	trough, back := c.near(rgb{0.02, 0.14, 0.34}, 0.03), c.near(rgb{0.12, 0.38, 0.62}, 0.05)
	warp, spray := c.noise(22, 14, 2), c.noise(5, 3, 3)
	count, slant := c.in(3, 6), c.in(-0.25, 0.25)
	c.fill(0, textureSide, func(x, y int) rgb {
		i := y*textureSide + x
		depth := (float64(y) + mul(slant, float64(x)) + mul(7, warp[i])) / 80
		phase := mul(count, mul(depth, 0.6+mul(0.5, depth)))
		phase -= math.Floor(phase)
		color := back.mix(trough, ramp(0, 0.85, phase))
		foam := ramp(0.82, 1, phase+mul(0.12, spray[i]))
		return color.times(1+mul(0.12, spray[i])).mix(rgb{0.9, 0.96, 1}, 0.85*foam)
	})
}
