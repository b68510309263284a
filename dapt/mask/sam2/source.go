package sam2

import (
	"context"
	"fmt"
	"image"
	"slices"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/mask"
)

// Hint is what shows SAM2 the object.
type Hint string

// Hints. Those that want a map are [Middle] where there is none, or where it is 0 everywhere.
const (
	Both   Hint = "both"   // Peak and Box
	Peak   Hint = "peak"   // where the map is largest
	Box    Hint = "box"    // around the part of the map, at least half as large as there, that holds it
	Middle Hint = "middle" // a box in the middle, of three quarters of the width and of the height
)

// Source is SAM2 as a source of masks. It computes a mask each time it is asked for one: write masks with [mask.Make], and train
// with [mask.Files].
type Source struct {
	Model *Model
	Hint  Hint           // "" means Both
	Maps  map[string]Map // of the images' own classes, by item path; nil means that there are none
}

// Map is a Grad-CAM map of the whole image.
type Map struct {
	Heat []float32 // [grid, grid], row-major, at least 0
	Grid int
}

// Maps are the maps of items, as train.Engine.Heat returns them.
func Maps(items []dataset.Item, heat [][]float32, grid int) map[string]Map {
	maps := make(map[string]Map, len(items))
	for i, item := range items {
		maps[item.Path] = Map{heat[i], grid}
	}
	return maps
}

// Name returns "sam2".
func (Source) Name() string { return "sam2" }

// Mask returns the proposal with the largest predicted IoU. It may have no foreground.
func (s Source) Mask(ctx context.Context, item dataset.Item, img image.Image) (*image.Gray, error) {
	prompt, err := s.prompt(item, img.Bounds().Size())
	if err != nil {
		return nil, err
	}
	proposals, err := s.Model.Segment(ctx, img, prompt)
	if err != nil {
		return nil, fmt.Errorf("%w (image %s)", err, item.Path)
	}
	return proposals[0].Mask, nil
}

// Validate says what is wrong with Hint.
func (h Hint) Validate() error {
	if !slices.Contains([]Hint{"", Both, Peak, Box, Middle}, h) {
		return fmt.Errorf("sam2: Hint is %q, want %q, %q, %q or %q", h, Both, Peak, Box, Middle)
	}
	return nil
}

// prompt shows the object in an image of this size.
func (s Source) prompt(item dataset.Item, size image.Point) (Prompt, error) {
	if err := s.Hint.Validate(); err != nil {
		return Prompt{}, err
	}
	m, ok := s.Maps[item.Path]
	if s.Hint == Middle || s.Maps == nil {
		return middle(size), nil
	}
	if !ok {
		return Prompt{}, fmt.Errorf("sam2: no Grad-CAM map of %s", item.Path)
	}
	if slices.Max(m.Heat) <= 0 {
		return middle(size), nil
	}
	peak, box := m.look(size)
	switch s.Hint {
	case Peak:
		return Prompt{Points: []image.Point{peak}}, nil
	case Box:
		return Prompt{Box: box}, nil
	}
	return Prompt{box, []image.Point{peak}}, nil
}

func middle(size image.Point) Prompt {
	return Prompt{Box: image.Rect(size.X/8, size.Y/8, size.X-size.X/8, size.Y-size.Y/8)}
}

// look returns the pixel of the map's largest value, the first of equals, and the box around the part that holds it: pixels of at
// least half that value that touch by their sides.
func (m Map) look(size image.Point) (peak image.Point, box image.Rectangle) {
	values := mask.Enlarge(m.Heat, m.Grid, size)
	first := 0
	for i, v := range values {
		if v > values[first] {
			first = i
		}
	}
	limit := values[first] / 2
	peak = image.Pt(first%size.X, first/size.X)
	box = image.Rectangle{peak, peak.Add(image.Pt(1, 1))}
	seen, todo := make([]bool, len(values)), []image.Point{peak}
	seen[first] = true
	for len(todo) > 0 {
		at := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		box = box.Union(image.Rectangle{at, at.Add(image.Pt(1, 1))})
		for _, step := range []image.Point{{X: 1}, {X: -1}, {Y: 1}, {Y: -1}} {
			next := at.Add(step)
			i := next.Y*size.X + next.X
			if next.In(image.Rectangle{Max: size}) && !seen[i] && values[i] >= limit {
				seen[i] = true
				todo = append(todo, next)
			}
		}
	}
	return peak, box
}
