package transform

import (
	"bytes"
	"errors"
	"fmt"
	"image"
	"io"

	"golang.org/x/image/riff"
	"golang.org/x/image/vp8"
	"golang.org/x/image/vp8l"
)

// webpFrame returns the size of a WebP file's picture. x/image/webp (v0.32.0) tells the size of the canvas that an extended
// file (VP8X) declares, but decodes the picture in it whatever its size, so that a canvas of 1 x 1 may hide 16384 x 16384 pixels.
func webpFrame(data []byte) (image.Point, error) {
	_, chunks, err := riff.NewReader(bytes.NewReader(data))
	if err != nil {
		return image.Point{}, err
	}
	for {
		id, length, chunk, err := chunks.Next()
		switch {
		case errors.Is(err, io.EOF):
			return image.Point{}, errors.New("it holds no picture")
		case err != nil:
			return image.Point{}, err
		}
		switch string(id[:]) {
		case "VP8 ":
			d := vp8.NewDecoder()
			d.Init(chunk, int(length))
			header, err := d.DecodeFrameHeader()
			return image.Pt(header.Width, header.Height), err
		case "VP8L":
			config, err := vp8l.DecodeConfig(chunk)
			return image.Pt(config.Width, config.Height), err
		}
	}
}

// wholeWebP returns a file whose picture has the size of its header.
func wholeWebP(r io.Reader, header image.Config) (io.Reader, error) {
	data, err := io.ReadAll(r)
	if err != nil {
		return nil, err
	}
	frame, err := webpFrame(data)
	if err != nil {
		return nil, err
	}
	if want := image.Pt(header.Width, header.Height); frame != want {
		return nil, fmt.Errorf("its picture has %d x %d pixels and its header says %d x %d", frame.X, frame.Y, want.X, want.Y)
	}
	return bytes.NewReader(data), nil
}
