package transform

import (
	"fmt"
	"image"
	"io/fs"
)

// Open reads an image of fsys as [Decode] does. The error names the file and what to do.
func Open(fsys fs.FS, path string) (*image.NRGBA, error) {
	file, err := fsys.Open(path)
	if err != nil {
		return nil, fmt.Errorf("opening image: %w; restore the file or take it out of the split", err)
	}
	defer file.Close()
	img, err := Decode(file)
	if err != nil {
		return nil, fmt.Errorf("image %s: %w", path, err)
	}
	return img, nil
}

// Size reads an image's width and height, and not its pixels.
func Size(fsys fs.FS, path string) (image.Point, error) {
	file, err := fsys.Open(path)
	if err != nil {
		return image.Point{}, fmt.Errorf("transform: opening an image: %w", err)
	}
	defer file.Close()
	config, _, err := image.DecodeConfig(file)
	if err != nil {
		return image.Point{}, fmt.Errorf("transform: image %s: %w", path, err)
	}
	return image.Pt(config.Width, config.Height), nil
}
