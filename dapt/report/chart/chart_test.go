package chart

import (
	"strings"
	"testing"
)

func TestTicksAreRoundAndLabelled(t *testing.T) {
	for _, test := range []struct {
		low, high float64
		want      string
	}{
		{62, 83, "65 70 75 80"},
		{0, 100, "0 20 40 60 80 100"},
		{70.13, 70.38, "70.15 70.2 70.25 70.3 70.35"},
		{-0.5, 0.7, "-0.4 -0.2 0 0.2 0.4 0.6"},
		{-0.1, 0.9, "0 0.2 0.4 0.6 0.8"},
		{1234, 9876, "2000 4000 6000 8000"},
	} {
		var labels []string
		for _, tick := range roundTicks(test.low, test.high) {
			labels = append(labels, tick.Label)
		}
		if got := strings.Join(labels, " "); got != test.want {
			t.Errorf("roundTicks(%v, %v) = %s, want %s", test.low, test.high, got, test.want)
		}
	}
}

func TestAFlatCurveIsThinAndNeverSolid(t *testing.T) {
	for style := range 2 * len(dashes) {
		flat, other := Curve{Style: style, Flat: true}.line(), Curve{Style: style}.line()
		if len(flat.Dashes) == 0 || flat.Width >= other.Width || flat.Color != other.Color {
			t.Errorf("flat line of style %d = %+v, want thinner than %+v, dashed and of the same colour", style, flat, other)
		}
	}
}

func TestAFileNeedsNoPageAroundIt(t *testing.T) {
	figures, err := Draw([]Chart{{Title: "losses", Axis: "steps", Over: "2 steps", Curves: []Curve{{Name: "total", Points: []Point{{1, 2, 0}, {2, 1, 0}}}}}})
	if err != nil || len(figures) != 1 {
		t.Fatalf("%d figures, %v, want 1", len(figures), err)
	}
	file := string(figures[0].File())
	if strings.Contains(file, "var(") || strings.Contains(file, "currentColor") || !strings.Contains(file, hex(series[0])) {
		t.Errorf("the file takes colours from a page, or has not its own:\n%s", file)
	}
	if want := `viewBox="-6 -6 312 `; !strings.Contains(file, want) {
		t.Errorf("the file has no margin: %.200s", file)
	}
	if want := `aria-label="losses over 2 steps: total from 2 to 1"`; !strings.Contains(file, want) {
		t.Errorf("the file lacks %s", want)
	}
}
