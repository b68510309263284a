package mini

import "math"

// paintBuilding is a facade of many windows.
func paintBuilding(c *canvas) {
	front := c.near(pick(c.Rand, []rgb{{0.62, 0.62, 0.64}, {0.72, 0.64, 0.52}, {0.45, 0.5, 0.58}, {0.6, 0.42, 0.36}}), 0.05)
	c.fill(0, textureSide, func(_, _ int) rgb { return front })
	c.grain(0, textureSide, 0.04)
	stepX, stepY := c.in(9, 17), c.in(10, 18)
	glass := c.near(rgb{0.2, 0.3, 0.42}, 0.06)
	lit := c.in(0, 0.3)
	width, height := mul(stepX, c.in(0.5, 0.75)), mul(stepY, c.in(0.5, 0.75))
	for y := c.in(-stepY, 0); y < 80; y += stepY {
		c.box(0, y+height+1, 80, 1, front.times(0.75))
		for x := -stepX / 2; x < 80; x += stepX {
			pane := c.near(glass, 0.04)
			if chance(c.Rand, lit) {
				pane = c.near(rgb{0.98, 0.88, 0.55}, 0.04)
			}
			c.box(x-1, y-1, width+2, height+2, front.times(1.25))
			c.box(x, y, width, height, pane)
			c.line(x, y+height, x+mul(width, 0.5), y, 1.2, pane.mix(white, 0.35))
			c.box(x+mul(width, 0.5), y, 1, height, front.times(1.1))
		}
	}
}

// paintWall is laid of bricks.
func paintWall(c *canvas) {
	brick := c.near(pick(c.Rand, []rgb{{0.66, 0.3, 0.22}, {0.58, 0.36, 0.26}, {0.74, 0.5, 0.36}, {0.66, 0.62, 0.56}}), 0.05)
	mortar := c.near(rgb{0.8, 0.77, 0.72}, 0.06)
	c.fill(0, textureSide, func(_, _ int) rgb { return mortar })
	height := c.in(6, 12)
	width, gap := mul(height, c.in(1.8, 2.6)), c.in(1, 2)
	spread := c.in(0.02, 0.07)
	odd := false
	for y := c.in(-height, 0); y < 80; y += height {
		start := -width
		if odd = !odd; odd {
			start = -width / 2
		}
		for x := start; x < 80; x += width {
			c.box(x, y, width-gap, height-gap, c.near(brick, spread))
		}
	}
	c.grain(0, textureSide, c.in(0.05, 0.14))
}

// gravel paints the bed of a railway.
func (c *canvas) gravel(top int) {
	stones := c.near(rgb{0.5, 0.46, 0.42}, 0.05)
	c.fill(top, textureSide, func(_, _ int) rgb { return stones })
	c.grain(top, textureSide, 0.4)
}

// paintRailway looks along the track to the vanishing point.
func paintRailway(c *canvas) {
	horizon, middle := c.in(10, 26), c.in(28, 52)
	c.sky(int(horizon))
	field := c.near(rgb{0.4, 0.5, 0.24}, 0.07)
	c.gravel(int(horizon))
	for _, side := range []float64{0, 80} {
		far := mix(middle, side, 0.15)
		c.trapezoid(horizon, min(side, far), max(side, far), 62, side, side, field)
	}
	wood, steel := c.near(rgb{0.3, 0.2, 0.13}, 0.04), c.near(rgb{0.75, 0.77, 0.8}, 0.05)
	half := c.in(20, 30)
	spacing := c.in(1.25, 1.4)
	for near := 0.06; near < 1.3; near *= spacing {
		y := mix(horizon, 80, near)
		width := mul(half*1.35, near)
		c.box(middle-width, y, 2*width, 1+mul(6, near), wood)
	}
	for _, side := range []float64{-1, 1} {
		c.trapezoid(horizon, middle-0.5, middle+0.5, 80, middle+mul(side, half)-2.5, middle+mul(side, half)+2.5, steel)
		c.line(middle, horizon, middle+mul(side, half), 80, 1, steel.times(0.5))
	}
}

// paintRailroad sees tracks from the side: rails across, sleepers upright.
func paintRailroad(c *canvas) {
	c.gravel(0)
	wood, steel := c.near(rgb{0.36, 0.24, 0.15}, 0.04), c.near(rgb{0.5, 0.4, 0.34}, 0.06)
	gauge, step := c.in(18, 26), c.in(7, 12)
	for y := c.in(-12, 6); y < 80; y += mul(gauge, c.in(1.9, 2.2)) {
		for x := c.in(-step, 0); x < 80; x += step {
			c.box(x, y-4, mul(step, 0.5), gauge+10, c.near(wood, 0.03))
		}
		for _, rail := range []float64{y, y + gauge} {
			c.box(0, rail+2, 80, 1.4, black.mix(steel, 0.25))
			c.box(0, rail-1, 80, 2.5, steel)
			c.box(0, rail-1, 80, 1, steel.mix(white, 0.6))
		}
	}
}

// paintKeyboard is rows of keys with signs on them.
func paintKeyboard(c *canvas) {
	key, sign := c.near(rgb{0.16, 0.16, 0.18}, 0.05), rgb{0.9, 0.9, 0.92}
	if chance(c.Rand, 0.5) {
		key, sign = c.near(rgb{0.88, 0.88, 0.86}, 0.05), rgb{0.2, 0.2, 0.22}
	}
	frame := key.times(c.in(0.4, 0.65))
	c.fill(0, textureSide, func(_, _ int) rgb { return frame })
	size := c.in(12, 19)
	row := c.IntN(4)
	for y := c.in(-size, 0); y < 80; y += size {
		row++
		for x := -size + mul(size, 0.3*float64(row%4)); x < 80; x += size {
			wide := size
			if chance(c.Rand, 0.08) {
				wide = 2 * size
			}
			c.box(x, y, wide-2, size-2, key.times(0.72))
			c.box(x+1, y, wide-4, size-4, key)
			c.glyph(x+mul(size, 0.3), y+mul(size, 0.22), mul(size, 0.32), sign)
			x += wide - size
		}
	}
}

// glyph draws three strokes that look like a letter.
func (c *canvas) glyph(x, y, size float64, color rgb) {
	for range 3 {
		x0, y0 := x+mul(size, float64(c.IntN(2))), y+mul(size, float64(c.IntN(3))/2)
		c.line(x0, y0, x+mul(size, float64(c.IntN(2))), y+mul(size, float64(c.IntN(3))/2), 1, color)
	}
}

// paintHelmet is a shelf of hard hats.
func paintHelmet(c *canvas) {
	shelf := c.near(rgb{0.55, 0.5, 0.46}, 0.08)
	c.fill(0, textureSide, func(_, _ int) rgb { return shelf })
	shells := []rgb{{0.95, 0.78, 0.1}, {0.9, 0.25, 0.15}, {0.15, 0.4, 0.8}, {0.93, 0.93, 0.9}, {0.95, 0.5, 0.1}, {0.2, 0.6, 0.3}}
	size := c.in(10, 19)
	same := c.near(pick(c.Rand, shells), 0.04)
	mixed := chance(c.Rand, 0.6)
	for y := mul(size, c.in(0.6, 1.4)); y < 80+size; y += mul(size, 1.65) {
		c.box(0, y+mul(size, 0.3), 80, 2, shelf.times(0.6))
		for x := mul(size, c.in(-0.5, 1)); x < 80+size; x += mul(size, 2.3) {
			shell := same
			if mixed {
				shell = c.near(pick(c.Rand, shells), 0.04)
			}
			c.dome(x, y, size*0.86, size*1.05, shell)
			c.dome(x+mul(size, 0.08), y-1, size*0.2, size*1.02, shell.times(0.72))
			c.disc(x-mul(size, 0.35), y-mul(size, 0.55), size*0.16, size*0.22, shell.mix(white, 0.75))
			c.disc(x+mul(size, 0.1), y+mul(size, 0.05), size*1.08, size*0.17, shell.times(0.82))
		}
	}
}

// paintHouse is one house with roof, door and windows on a lawn.
func paintHouse(c *canvas) {
	c.sky(textureSide)
	lawn := c.near(rgb{0.35, 0.6, 0.25}, 0.06)
	ground := c.in(66, 74)
	c.fill(int(ground), textureSide, func(_, _ int) rgb { return lawn })
	c.grain(int(ground), textureSide, 0.15)
	siding := c.near(pick(c.Rand, []rgb{{0.93, 0.88, 0.75}, {0.9, 0.72, 0.55}, {0.8, 0.87, 0.9}, {0.95, 0.94, 0.9}}), 0.04)
	roof := c.near(pick(c.Rand, []rgb{{0.65, 0.25, 0.18}, {0.35, 0.3, 0.32}, {0.5, 0.32, 0.2}}), 0.04)
	left, right, eaves := c.in(4, 14), c.in(66, 76), c.in(32, 40)
	c.box(left, eaves, right-left, ground-eaves, siding)
	for y := eaves + 3; y < ground; y += 4 {
		c.box(left, y, right-left, 1, siding.times(0.88))
	}
	ridge := c.in(0, mul(right-left, 0.33))
	middle := mul(left+right, 0.5)
	chimney := mix(middle, right, c.in(0.2, 0.6))
	c.box(chimney, c.in(4, 10), 7, 24, roof.times(0.7))
	top := c.in(6, 14)
	c.trapezoid(top, middle-ridge, middle+ridge, eaves+2, left-5, right+5, roof)
	for y := top + 4; y < eaves; y += 4 {
		t := (y - top) / (eaves - top)
		c.line(mix(middle-ridge, left-5, t), y, mix(middle+ridge, right+5, t), y, 1, roof.times(0.8))
	}
	door := c.near(pick(c.Rand, []rgb{{0.4, 0.22, 0.12}, {0.2, 0.35, 0.5}, {0.6, 0.15, 0.15}}), 0.03)
	c.box(middle-5, ground-19, 10, 19, door)
	c.disc(middle+3, ground-9, 1, 1, rgb{0.9, 0.8, 0.3})
	for _, x := range []float64{mix(left, middle, 0.45), mix(right, middle, 0.45)} {
		c.box(x-7, eaves+8, 14, 13, white)
		c.box(x-6, eaves+9, 12, 11, c.near(rgb{0.5, 0.7, 0.85}, 0.05))
		c.box(x-0.5, eaves+9, 1, 11, white)
		c.box(x-6, eaves+14, 12, 1, white)
	}
}

// paintRoad runs straight to the horizon through open country.
func paintRoad(c *canvas) {
	horizon, middle := c.in(14, 32), c.in(30, 50)
	c.sky(int(horizon))
	verge := c.near(pick(c.Rand, []rgb{{0.4, 0.56, 0.25}, {0.72, 0.6, 0.38}}), 0.06)
	bumps := c.noise(14, 4, 2)
	c.fill(int(horizon), textureSide, func(x, y int) rgb { return verge.times(1 + mul(0.15, bumps[y*textureSide+x])) })
	tar := c.near(rgb{0.3, 0.3, 0.32}, 0.05)
	half := c.in(38, 60)
	c.trapezoid(horizon, middle-1, middle+1, 80, middle-half, middle+half, tar)
	paint := pick(c.Rand, []rgb{{0.95, 0.95, 0.92}, {0.95, 0.8, 0.25}})
	for _, side := range []float64{-0.86, 0.86} {
		end := middle + mul(side, half)
		c.trapezoid(horizon, middle, middle+0.5, 80, end-1.6, end+1.6, white.times(0.92))
	}
	for near := c.in(0.05, 0.08); near < 1; near *= 1.75 {
		y, next := mix(horizon, 80, near), mix(horizon, 80, near*1.4)
		upper, lower := mul(2.6, near), mul(3.6, near)
		c.trapezoid(y, middle-upper, middle+upper, next, middle-lower, middle+lower, paint)
	}
	c.grain(int(horizon), textureSide, 0.06)
}

// paintStreet is a row of shop fronts behind a pavement, a kerb and a lane.
func paintStreet(c *canvas) {
	pavement, lane := c.in(36, 52), c.in(54, 66)
	c.sky(textureSide)
	fronts := []rgb{{0.75, 0.4, 0.3}, {0.85, 0.75, 0.5}, {0.5, 0.6, 0.7}, {0.6, 0.7, 0.5}, {0.8, 0.6, 0.65}}
	for x := c.in(-16, 0); x < 80; {
		width := c.in(16, 28)
		front := c.near(pick(c.Rand, fronts), 0.05)
		roof, shop := c.in(-14, 12), pavement-c.in(13, 17)
		c.box(x, roof, width, 80, front)
		for wx := x + 3; wx < x+width-5; wx += 7 {
			for wy := roof + 4; wy < shop-8; wy += 9 {
				c.box(wx, wy, 4, 6, c.near(rgb{0.3, 0.38, 0.46}, 0.05))
			}
		}
		awning := c.near(pick(c.Rand, []rgb{{0.8, 0.2, 0.2}, {0.2, 0.5, 0.35}, {0.2, 0.35, 0.65}}), 0.05)
		c.box(x+2, shop+5, width-4, pavement-shop-5, c.near(rgb{0.25, 0.28, 0.32}, 0.04))
		for stripe := 0.0; stripe < width-2; stripe += 4 {
			c.box(x+1+stripe, shop, 2, 5, awning)
			c.box(x+3+stripe, shop, 2, 5, white)
		}
		x += width
	}
	slab, tar := c.near(rgb{0.74, 0.72, 0.7}, 0.04), c.near(rgb{0.33, 0.33, 0.36}, 0.04)
	c.box(0, pavement, 80, 80, slab)
	for x := c.in(0, 8); x < 80; x += 8 {
		c.line(x, pavement, x-3, lane, 1, slab.times(0.8))
	}
	c.box(0, lane, 80, 80, tar)
	c.box(0, lane, 80, 1.5, slab.times(1.15))
	c.grain(int(pavement), textureSide, 0.05)
	c.marking(lane)
}

// marking paints a zebra crossing or a dashed line on the lane of a street.
func (c *canvas) marking(lane float64) {
	if x := c.in(5, 45); chance(c.Rand, 0.5) {
		for range 4 {
			c.trapezoid(lane+4, x, x+4, 80, x-3, x+2, rgb{0.92, 0.92, 0.9})
			x += 8
		}
		return
	}
	for x := c.in(-10, 0); x < 80; x += 18 {
		c.box(x, lane+10, 10, 2, rgb{0.95, 0.9, 0.7})
	}
}

// paintBridge spans water on arches or hangs from two towers.
func paintBridge(c *canvas) {
	surface := c.in(58, 66)
	c.sky(int(surface))
	water := c.near(rgb{0.25, 0.45, 0.58}, 0.05)
	ripple := c.noise(16, 2.5, 2)
	c.fill(int(surface), textureSide, func(x, y int) rgb { return water.times(1 + mul(0.15, ripple[y*textureSide+x])) })
	if chance(c.Rand, 0.5) {
		c.arches(surface)
	} else {
		c.suspension(surface)
	}
}

func (c *canvas) arches(surface float64) {
	stone := c.near(rgb{0.62, 0.56, 0.48}, 0.06)
	deck, span, pier := c.in(26, 36), c.in(22, 34), c.in(4, 7)
	start := c.in(-span, 0)
	c.fill(int(deck), int(surface)+3, func(x, y int) rgb {
		offset := math.Mod(float64(x)-start, span)/span*2 - 1
		under := float64(y) - deck - 6 - mul(mul(offset, offset), surface-deck-10)
		if math.Abs(offset) < 1-2*pier/span && under > 0 {
			return c.pix[y*textureSide+x]
		}
		return stone.times(mix(1.1, 0.8, clamp(mul(under, 0.125)+0.5)))
	})
	c.box(0, deck-2, 80, 2, stone.times(1.2))
	for y := deck + 4; y < surface; y += 5 {
		for x := math.Mod(y, 8); x < 80; x += 8 {
			if at := int(y)*textureSide + int(x); c.pix[at] == stone.times(1.1) {
				c.box(x, y, 4, 1, stone.times(0.85))
			}
		}
	}
}

func (c *canvas) suspension(surface float64) {
	steel := c.near(pick(c.Rand, []rgb{{0.75, 0.25, 0.15}, {0.4, 0.45, 0.5}, {0.3, 0.45, 0.42}}), 0.04)
	left, right := c.in(10, 22), c.in(58, 70)
	deck, top := surface-c.in(8, 14), c.in(4, 14)
	middle, half := mul(left+right, 0.5), mul(right-left, 0.5)
	cable := func(x float64) float64 {
		beyond := math.Abs(x-middle)/half - 1 // 0 at the towers, -1 between them
		if beyond > 0 {
			return mix(top, deck, clamp(beyond*1.4))
		}
		return mix(deck-2, top, mul(1+beyond, 1+beyond))
	}
	for x := -10.0; x < 90; x += 4 {
		c.line(x, cable(x), x, deck, 1, steel.times(0.9))
		c.line(x, cable(x), x+4, cable(x+4), 2, steel)
	}
	for _, x := range []float64{left, right} {
		c.box(x-2.5, top-2, 5, surface-top+5, steel)
		c.box(x-2.5, top-2, 1.5, surface-top+5, steel.mix(white, 0.3))
	}
	c.box(0, deck, 80, 4, steel.times(0.7))
}

// paintSign is a board with a border and lettering, on a post.
func paintSign(c *canvas) {
	c.sky(textureSide)
	if chance(c.Rand, 0.5) {
		paintGrass(c)
	}
	c.box(c.in(34, 42), 40, 4, 40, c.near(rgb{0.5, 0.5, 0.52}, 0.06))
	boards := []rgb{{0.05, 0.45, 0.25}, {0.1, 0.3, 0.65}, {0.85, 0.12, 0.12}, {0.97, 0.78, 0.1}, {0.95, 0.95, 0.93}}
	board := c.near(pick(c.Rand, boards), 0.03)
	ink := white
	if board.r+board.g > 1.5 {
		ink = rgb{0.1, 0.1, 0.1}
	}
	x, y, size := c.in(38, 42), c.in(34, 42), c.in(28, 34)
	switch c.IntN(3) {
	case 0:
		width, height := mul(size, 1.1), mul(size, 0.8)
		c.box(x-width, y-height, 2*width, 2*height, ink)
		c.box(x-width+2, y-height+2, mul(2, width)-4, mul(2, height)-4, board)
	case 1:
		c.disc(x, y, size, size, ink)
		c.disc(x, y, size-3, size-3, board)
	default:
		half := mul(size, 1.15)
		c.diamond(x, y, half, ink)
		c.diamond(x, y, half-4, board)
	}
	c.lettering(x, y, size*c.in(0.5, 0.62), ink)
}

func (c *canvas) diamond(x, y, half float64, color rgb) {
	c.shape(x, y, half, half, color, func(dx, dy float64) float64 { return half - math.Abs(dx) - math.Abs(dy) })
}

// lettering writes one to three lines of made-up letters or an arrow.
func (c *canvas) lettering(x, y, half float64, ink rgb) {
	if chance(c.Rand, 0.35) {
		c.line(x, y+half, x, y-half, 5, ink)
		side, barb := mul(half, 0.6), y-mul(half, 0.3)
		c.line(x-side, barb, x, y-half, 5, ink)
		c.line(x+side, barb, x, y-half, 5, ink)
		return
	}
	lines := 1 + c.IntN(3)
	size := 2 * half / float64(lines) * 0.6
	for i := range lines {
		top := y + mul(2*half, (float64(i)+0.2)/float64(lines)-0.5)
		for left := x - mul(half, 1.2); left < x+mul(half, 1.1); left += mul(size, 0.6) + 3 {
			for range 2 {
				c.glyph(left, top, min(size, 8), ink)
			}
		}
	}
}
