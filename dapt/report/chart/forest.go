package chart

import (
	"fmt"
	"html"
	"math"
	"strings"
	"unicode/utf8"

	"gonum.org/v1/plot/vg"
)

// Forest is a figure of differences with their intervals, a row for each thing, before it is drawn.
type Forest struct {
	Title  string
	Axis   string   // name of the horizontal axis
	Series []string // names of the series, of which each row has at most one interval
	Rows   []ForestRow
}

// ForestRow is one thing.
type ForestRow struct {
	Name      string
	Intervals []Interval
}

// Interval is a difference of one series.
type Interval struct {
	Series          int // its place in [Forest.Series]
	Mean, Low, High float64
	Real            bool // drawn filled; others are hollow
}

// Sizes of a forest, in points.
const (
	forestPlot   = 230
	forestSeries = 13 // height of one series of a row
	forestGap    = 7  // between rows
	forestTop    = 24 // the legend
	forestBottom = 34 // the axis
	forestLetter = 6  // no letter of the labels is wider on average
)

// span is what the horizontal axis covers, 0 always.
func (f Forest) span() (low, high float64) {
	for _, row := range f.Rows {
		for _, i := range row.Intervals {
			low, high = min(low, i.Low, i.Mean), max(high, i.High, i.Mean)
		}
	}
	if low == high {
		return -1, 1
	}
	room := (high - low) / 25
	return low - room, high + room
}

// Draw draws it. A forest without rows is an empty figure.
func (f Forest) Draw() Figure {
	label := 0
	for _, row := range f.Rows {
		label = max(label, forestLetter*utf8.RuneCountInString(row.Name))
	}
	left := label + 10
	low, high := f.span()
	at := func(x float64) float64 { return float64(left) + (x-low)/(high-low)*forestPlot }
	step := len(f.Series)*forestSeries + forestGap
	bottom := forestTop + len(f.Rows)*step
	var out strings.Builder
	out.WriteString(`<g fill="currentColor" font-size="10">`)
	f.legend(&out, left)
	for _, tick := range roundTicks(low, high) {
		x := at(tick.Value)
		opacity := 0.12
		if math.Abs(tick.Value) < 1e-9 {
			opacity = 0.7
		}
		fmt.Fprintf(&out, `<path d="M%.1f %d V%d" stroke="currentColor" stroke-opacity="%g"/><text x="%.1f" y="%d" text-anchor="middle">%s</text>`,
			x, forestTop, bottom, opacity, x, bottom+13, tick.Label)
	}
	fmt.Fprintf(&out, `<text x="%d" y="%d" text-anchor="middle">%s</text>`, left+forestPlot/2, bottom+27, html.EscapeString(f.Axis))
	for i, row := range f.Rows {
		top := forestTop + i*step + forestGap/2
		fmt.Fprintf(&out, `<text x="%d" y="%d" text-anchor="end">%s</text>`, left-8, top+(len(f.Series)*forestSeries)/2+4, html.EscapeString(row.Name))
		for _, interval := range row.Intervals {
			interval.draw(&out, at, top+interval.Series*forestSeries+forestSeries/2)
		}
	}
	out.WriteString("</g>")
	alt := f.describe()
	width, height := vg.Length(left+forestPlot+8), vg.Length(bottom+forestBottom)
	return Figure{Title: f.Title, Alt: alt, SVG: Element(width, height, f.Title, alt, out.String())}
}

// legend names the series, left to right.
func (f Forest) legend(out *strings.Builder, left int) {
	x := float64(left)
	for s, name := range f.Series {
		mark(out, s, x+4, forestTop/2-2, true)
		fmt.Fprintf(out, `<text x="%.1f" y="%d">%s</text>`, x+12, forestTop/2+2, html.EscapeString(name))
		x += 26 + forestLetter*float64(utf8.RuneCountInString(name))
	}
}

func (i Interval) draw(out *strings.Builder, at func(float64) float64, y int) {
	fmt.Fprintf(out, `<path d="M%.1f %d H%.1f" stroke="%s" stroke-width="1.6"/>`, at(i.Low), y, at(i.High), SeriesVariable(i.Series))
	mark(out, i.Series, at(i.Mean), y, i.Real)
}

// mark is a circle, or a square of every second series; hollow ones show the page.
func mark(out *strings.Builder, series int, x float64, y int, filled bool) {
	color := SeriesVariable(series)
	fill := color
	if !filled {
		fill = "var(--page,#fff)"
	}
	if series%2 == 1 {
		fmt.Fprintf(out, `<rect x="%.1f" y="%d" width="7" height="7" fill="%s" stroke="%s" stroke-width="1.5"/>`, x-3.5, y-3, fill, color)
		return
	}
	fmt.Fprintf(out, `<circle cx="%.1f" cy="%d" r="3.8" fill="%s" stroke="%s" stroke-width="1.5"/>`, x, y, fill, color)
}

// describe says the numbers in words.
func (f Forest) describe() string {
	var parts []string
	for _, row := range f.Rows {
		for _, i := range row.Intervals {
			parts = append(parts, fmt.Sprintf("%s %s %+.4g, %.4g to %.4g", row.Name, f.Series[i.Series], i.Mean, i.Low, i.High))
		}
	}
	return fmt.Sprintf("%s: %s", f.Title, strings.Join(parts, "; "))
}
