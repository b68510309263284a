package mini

import (
	"bytes"
	_ "embed"
	"fmt"
	"image"
	"image/png"
	"sync"
)

const spriteSide = 48 // pixels

var (
	//go:embed data/noto.png
	notoPNG []byte
	//go:embed data/twemoji.png
	twemojiPNG []byte
	//go:embed data/fluent.png
	fluentPNG []byte
)

// cutout is an object without its background: spriteSide rows of red, green,
// blue and alpha from 0 to 1, the colours multiplied by alpha.
type cutout struct {
	pix           [4 * spriteSide * spriteSide]float64
	width, height float64 // of the part that is not empty, which is in the centre
}

// style is one way of drawing, as a column of sprites.
type style struct {
	column *image.NRGBA
	row    map[string]int // by code
}

// Each atlas is decoded when it is first needed.
var (
	noto    = sync.OnceValue(func() style { return loadStyle(notoPNG, func(emoji) bool { return true }) })
	twemoji = sync.OnceValue(func() style { return loadStyle(twemojiPNG, func(emoji) bool { return true }) })
	fluent  = sync.OnceValue(func() style { return loadStyle(fluentPNG, func(e emoji) bool { return e.Fluent }) })
)

func loadStyle(atlas []byte, has func(emoji) bool) style {
	decoded, err := png.Decode(bytes.NewReader(atlas))
	if err != nil {
		panic(fmt.Errorf("mini: embedded sprites: %w", err))
	}
	s := style{decoded.(*image.NRGBA), map[string]int{}}
	for _, e := range loadIndex().Emoji {
		if has(e) {
			s.row[e.Code] = len(s.row)
		}
	}
	return s
}

// cutout returns a copy of the emoji's sprite.
func (s style) cutout(code string) *cutout {
	const size = 4 * spriteSide * spriteSide
	row := s.row[code]
	straight := s.column.Pix[row*size : (row+1)*size]
	var c cutout
	left, right, top, bottom := spriteSide, 0, spriteSide, 0
	for i := 0; i < size; i += 4 {
		if straight[i+3] == 0 {
			continue
		}
		alpha := float64(straight[i+3]) / 255
		for channel := range 3 {
			c.pix[i+channel] = float64(straight[i+channel]) / 255 * alpha
		}
		c.pix[i+3] = alpha
		x, y := i/4%spriteSide, i/4/spriteSide
		left, right, top, bottom = min(left, x), max(right, x+1), min(top, y), max(bottom, y+1)
	}
	c.width, c.height = float64(right-left), float64(bottom-top)
	return &c
}

var stylesByName = map[string]func() style{"noto": noto, "twemoji": twemoji, "fluent": fluent}
