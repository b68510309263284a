package sam2

import (
	"image"
	"reflect"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/mask"
)

var _ mask.Source = Source{}

// heat is a map of 5 x 5 cells: a hill on the left, with its top at row 1, and a lower one on the right.
var heat = Map{[]float32{
	0, 0, 0, 0, 0,
	1, 0, 0, 0, 0.8,
	0.6, 0, 0, 0, 0,
	0, 0, 0, 0, 0,
	0, 0, 0, 0, 0,
}, 5}

func TestThePromptIsWhereTheMapIsLargest(t *testing.T) {
	size := image.Pt(41, 81) // a cell every 10 and 20 pixels, corner to corner
	peak, box := []image.Point{{0, 20}}, image.Rect(0, 10, 6, 44)
	maps := map[string]Map{"a": heat, "dark": {make([]float32, 25), 5}}
	middle := Prompt{Box: image.Rect(5, 10, 36, 71)}
	for name, c := range map[string]struct {
		hint Hint
		maps map[string]Map
		item string
		want Prompt
	}{
		"by default":              {"", maps, "a", Prompt{box, peak}},
		"both":                    {Both, maps, "a", Prompt{box, peak}},
		"the peak":                {Peak, maps, "a", Prompt{Points: peak}},
		"the box":                 {Box, maps, "a", Prompt{Box: box}},
		"the middle":              {Middle, maps, "a", middle},
		"the middle of any image": {Middle, maps, "b", middle},
		"without maps":            {"", nil, "a", middle},
		"with a map of zeros":     {Both, maps, "dark", middle},
	} {
		got, err := Source{Hint: c.hint, Maps: c.maps}.prompt(dataset.Item{Path: c.item}, size)
		if err != nil || !reflect.DeepEqual(got, c.want) {
			t.Errorf("prompt %s = %v, %v, want %v", name, got, err, c.want)
		}
	}
}

func TestThePromptIsInsideSmallImages(t *testing.T) {
	for _, size := range []image.Point{{1, 1}, {2, 3}, {1, 50}} {
		for _, hint := range []Hint{Both, Middle} {
			got, err := Source{Hint: hint, Maps: map[string]Map{"a": heat}}.prompt(dataset.Item{Path: "a"}, size)
			if err != nil || got.Box.Empty() || !got.Box.In(image.Rectangle{Max: size}) {
				t.Errorf("prompt %q of an image of %v = %v, %v, want a box inside it", hint, size, got, err)
			}
		}
	}
}

func TestPromptsSayWhatIsWrong(t *testing.T) {
	for want, s := range map[string]Source{
		"no Grad-CAM map of b": {Maps: map[string]Map{"a": heat}}, `Hint is "corner", want "both", "peak", "box" or "middle"`: {Hint: "corner"},
	} {
		if _, err := s.Mask(t.Context(), dataset.Item{Path: "b"}, picture(9, 9)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Mask fails with %v, want a message with %q", err, want)
		}
	}
}

func TestMapsAreByItem(t *testing.T) {
	got := Maps([]dataset.Item{{Path: "a"}, {Path: "b"}}, [][]float32{{1}, {2}}, 1)
	if want := map[string]Map{"a": {[]float32{1}, 1}, "b": {[]float32{2}, 1}}; !reflect.DeepEqual(got, want) {
		t.Errorf("Maps = %v, want %v", got, want)
	}
}
