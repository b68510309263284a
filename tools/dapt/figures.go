package main

import (
	"bytes"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/renameio/v2"

	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/report"
)

// figuresOf are the figures that stand beside the tables of results.
func figuresOf(results []experiment.Result) ([]report.Figure, error) {
	switch results[0].Protocol {
	case "few_shot":
		return report.ShotCurves(results)
	case "data_efficient":
		curves, err := report.RatioCurves(results)
		if err != nil {
			return nil, err
		}
		maps, err := report.OverlapMaps(results)
		return slices.Concat(curves, maps), err
	}
	return report.Curves(results)
}

// unfit are what file names do without.
var unfit = regexp.MustCompile(`[^a-z0-9.]+`)

// writeFigures writes a file for each figure of results into folder.
func writeFigures(results []experiment.Result, folder string) error {
	figures, err := figuresOf(results)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(folder, 0o755); err != nil {
		return err
	}
	for _, f := range figures {
		name := strings.Trim(unfit.ReplaceAllString(strings.ToLower(f.Title), "-"), "-") + ".svg"
		if err := renameio.WriteFile(filepath.Join(folder, name), f.File(), 0o644); err != nil {
			return fmt.Errorf("writing a figure: %w", err)
		}
	}
	return nil
}

// writePicture writes a PNG, and makes its folder.
func writePicture(path string, picture image.Image) error {
	var data bytes.Buffer
	if err := png.Encode(&data, picture); err != nil {
		return fmt.Errorf("drawing %s: %w", path, err)
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	if err := renameio.WriteFile(path, data.Bytes(), 0o644); err != nil {
		return fmt.Errorf("writing a picture: %w", err)
	}
	return nil
}
