package main

import (
	"bytes"
	"cmp"
	"fmt"
	"image"
	"image/png"
	"math"

	"golang.org/x/image/draw"
	_ "golang.org/x/image/webp" // Fluent 3D comes as WebP
)

const (
	spriteSide  = 48 // pixels
	faintest    = 8  // alpha up to this, of 255, counts as empty
	spriteBytes = 4 * spriteSide * spriteSide
)

// atlas stacks the sprites in one column, so that no row filter of PNG sees two sprites.
func atlas(pictures [][]byte) ([]byte, error) {
	column := image.NewNRGBA(image.Rect(0, 0, spriteSide, spriteSide*len(pictures)))
	for i, encoded := range pictures {
		picture, _, err := image.Decode(bytes.NewReader(encoded))
		if err != nil {
			return nil, fmt.Errorf("decoding sprite %d: %w", i, err)
		}
		copy(column.Pix[i*spriteBytes:], sprite(picture).Pix)
	}
	var out bytes.Buffer
	encoder := png.Encoder{CompressionLevel: png.BestCompression}
	err := encoder.Encode(&out, column)
	return out.Bytes(), err
}

// sprite crops the picture to its alpha box and fits it, centred, into a square.
// The resize works on premultiplied colours, so that no fringe of the
// invisible ones appears.
func sprite(picture image.Image) *image.NRGBA {
	premultiplied := image.NewRGBA(picture.Bounds())
	draw.Draw(premultiplied, picture.Bounds(), picture, picture.Bounds().Min, draw.Src)
	box := alphaBox(premultiplied)
	scale := spriteSide / float64(max(box.Dx(), box.Dy()))
	width := max(1, int(math.Round(scale*float64(box.Dx()))))
	height := max(1, int(math.Round(scale*float64(box.Dy()))))
	corner := image.Pt((spriteSide-width)/2, (spriteSide-height)/2)
	fitted := image.NewRGBA(image.Rect(0, 0, spriteSide, spriteSide))
	draw.CatmullRom.Scale(fitted, image.Rectangle{Min: corner, Max: corner.Add(image.Pt(width, height))},
		premultiplied, box, draw.Src, nil)
	straight := image.NewNRGBA(fitted.Bounds())
	draw.Draw(straight, straight.Bounds(), fitted, image.Point{}, draw.Src)
	for i := 0; i < len(straight.Pix); i += 4 {
		if straight.Pix[i+3] <= faintest {
			clear(straight.Pix[i : i+4])
		}
	}
	return straight
}

// alphaBox is the smallest rectangle around all pixels that can be seen; an
// empty picture keeps its bounds.
func alphaBox(picture *image.RGBA) image.Rectangle {
	var box image.Rectangle
	bounds := picture.Bounds()
	for y := bounds.Min.Y; y < bounds.Max.Y; y++ {
		for x := bounds.Min.X; x < bounds.Max.X; x++ {
			if picture.RGBAAt(x, y).A > faintest {
				box = box.Union(image.Rect(x, y, x+1, y+1))
			}
		}
	}
	return cmp.Or(box, bounds)
}
