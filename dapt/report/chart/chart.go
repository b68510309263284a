// Package chart draws curves as SVG that follows the page's colours and font, and that can be read aloud.
package chart

import (
	"bytes"
	"fmt"
	"html"
	"image/color"
	"math"
	"regexp"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"
)

// Figure is a drawing.
type Figure struct {
	Title string
	Alt   string // for those who cannot see it
	// SVG is an <svg> element to put into a page. Its text and axes take the page's text colour, its curves the CSS
	// variables --series-0, --series-1… if the page sets them.
	SVG string
}

// variable is a colour that a page may set.
var variable = regexp.MustCompile(`var\(--[a-z0-9-]+,(#[0-9A-Fa-f]+)\)`)

// box is the size of a drawing; margin is what a file has around it.
var box = regexp.MustCompile(`viewBox="0 0 [0-9.]+ [0-9.]+"`)

const margin = 6

// File is the figure as a file of its own, black and coloured on white.
func (f Figure) File() []byte {
	svg := strings.ReplaceAll(variable.ReplaceAllString(f.SVG, "$1"), "currentColor", "#000")
	svg = box.ReplaceAllStringFunc(svg, func(found string) string {
		var width, height float64
		_, _ = fmt.Sscanf(found, `viewBox="0 0 %g %g"`, &width, &height) // it is ours
		return fmt.Sprintf(`viewBox="%d %d %g %g"`, -margin, -margin, width+2*margin, height+2*margin)
	})
	return []byte(strings.Replace(svg, "<svg ", `<svg style="background:#fff" `, 1))
}

// Chart is a figure of curves before it is drawn.
type Chart struct {
	Title     string
	Axis      string // name of the horizontal axis
	Over      string // what that covers, such as "3 epochs"
	Curves    []Curve
	Low, High float64     // of the vertical axis; both 0 to fit the curves
	marks     []plot.Tick // of the horizontal axis, ascending; nil marks whole numbers
}

// Curve is one line.
type Curve struct {
	Name   string
	Style  int     // its colour and dashes
	Points []Point // ascending; at least 1
	Flat   bool    // it does not depend on the horizontal axis, and goes all along it
}

// Point is a value at a place on the horizontal axis, in a band of Std above and below.
type Point struct{ X, Mean, Std float64 }

// Mark adds a mark to the horizontal axis.
func (c *Chart) Mark(x float64, label string) {
	c.marks = append(c.marks, plot.Tick{Value: x, Label: label})
}

// Labels are those of all marks.
func (c *Chart) Labels() string {
	var labels []string
	for _, m := range c.marks {
		labels = append(labels, m.Label)
	}
	return strings.Join(labels, ", ")
}

// ends are the first and the last mark; a single one gets some room.
func (c *Chart) ends() (first, last float64) {
	first, last = c.marks[0].Value, c.marks[len(c.marks)-1].Value
	if first == last {
		return first - 1, last + 1
	}
	return first, last
}

// Level adds a flat curve; the chart must have its marks.
func (c *Chart) Level(name string, style int, mean, std float64) {
	first, last := c.ends()
	c.Curves = append(c.Curves, Curve{name, style, []Point{{first, mean, std}, {last, mean, std}}, true})
}

// Align gives all charts the same vertical axis.
func Align(charts []Chart) {
	low, high := math.Inf(1), math.Inf(-1)
	for _, c := range charts {
		for _, line := range c.Curves {
			for _, p := range line.Points {
				low, high = min(low, p.Mean-p.Std), max(high, p.Mean+p.Std)
			}
		}
	}
	for i := range charts {
		charts[i].Low, charts[i].High = low, high
	}
}

// Draw draws the charts that have curves.
func Draw(charts []Chart) ([]Figure, error) {
	var list []Figure
	for _, c := range charts {
		if len(c.Curves) == 0 {
			continue
		}
		svg, err := c.draw()
		if err != nil {
			return nil, fmt.Errorf("chart: plotting %s: %w", c.Title, err)
		}
		list = append(list, Figure{c.Title, c.describe(), svg})
	}
	return list, nil
}

// Sizes of a figure, in points.
const (
	figureWidth  = vg.Length(300)
	plotHeight   = vg.Length(190)
	legendLine   = vg.Length(15)
	legendSample = vg.Length(22)
	fontSize     = vg.Length(10)
)

// ink stands for the page's text colour until the SVG is written.
var ink = color.NRGBA{1, 2, 3, 255}

// series are the methods' colours on a white page; --series-0… override them. Dashes tell them apart without colours.
var (
	series = []color.NRGBA{
		{0x0b, 0x62, 0xa4, 255}, {0xb8, 0x48, 0x0a, 255}, {0x12, 0x79, 0x5a, 255}, {0x8a, 0x3b, 0x8f, 255}, {0x6b, 0x59, 0x00, 255}, {0xa0, 0x14, 0x3c, 255},
	}
	dashes = [][]vg.Length{nil, {6, 3}, {2, 2}, {8, 3, 2, 3}, {10, 4}}
)

func seriesColor(i int) color.NRGBA { return series[i%len(series)] }

// line is dashed as its series is; a flat one is thin, and never solid.
func (c Curve) line() draw.LineStyle {
	line := draw.LineStyle{Color: seriesColor(c.Style), Width: 1.6, Dashes: dashes[c.Style%len(dashes)]}
	if c.Flat {
		line.Width = 1
		if line.Dashes == nil {
			line.Dashes = []vg.Length{1, 2}
		}
	}
	return line
}

// draw returns an <svg> element with a title for those who cannot see it.
func (c *Chart) draw() (string, error) {
	p := c.plot()
	for _, line := range c.Curves {
		if err := line.addTo(p); err != nil {
			return "", err
		}
	}
	entries := placeLegend(c.Curves)
	legend := legendLine*vg.Length(entries[len(entries)-1].line+1) + 4
	height := plotHeight + legend
	canvas := vgsvg.New(figureWidth, height)
	area := draw.New(canvas)
	p.Draw(draw.Crop(area, 4, -8, 0, -legend)) // room for what is written at the ends of the axes
	for _, e := range entries {
		e.draw(area)
	}
	var out bytes.Buffer
	if _, err := canvas.WriteTo(&out); err != nil {
		return "", err
	}
	return Element(figureWidth, height, c.Title, c.describe(), adapt(out.String())), nil
}

// plot is an empty plot with the chart's axes.
func (c *Chart) plot() *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	p.X.Label.Text = c.Axis
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Color, axis.Tick.Color = ink, ink
		axis.Label.TextStyle, axis.Tick.Label = withFont(axis.Label.TextStyle), withFont(axis.Tick.Label)
	}
	p.X.Tick.Marker, p.Y.Tick.Marker = plot.TickerFunc(wholeTicks), plot.TickerFunc(roundTicks)
	if c.marks != nil {
		p.X.Tick.Marker = plot.ConstantTicks(c.marks)
		p.X.Min, p.X.Max = c.ends()
	}
	if c.Low != 0 || c.High != 0 {
		p.Y.Min, p.Y.Max = c.Low, c.High
	}
	return p
}

func withFont(style text.Style) text.Style {
	style.Font = font.From(font.Font{Typeface: "Liberation", Variant: "Sans"}, fontSize)
	style.Color = ink
	return style
}

// wholeTicks marks about six whole numbers.
func wholeTicks(low, high float64) []plot.Tick {
	step := max(1, math.Ceil((high-low)/6))
	var ticks []plot.Tick
	for x := math.Ceil(low); x <= high; x += step {
		ticks = append(ticks, plot.Tick{Value: x, Label: fmt.Sprint(x)})
	}
	return ticks
}

// roundTicks marks at most seven multiples of 1, 2 or 5 times a power of ten.
func roundTicks(low, high float64) []plot.Tick {
	step := math.Pow(10, math.Floor(math.Log10((high-low)/6)))
	for _, times := range []float64{2, 2.5, 2} { // 2, 5 and 10 steps
		if (high-low)/step > 6 {
			step *= times
		}
	}
	var ticks []plot.Tick
	for i := int(math.Ceil(low / step)); float64(i)*step <= high; i++ {
		ticks = append(ticks, plot.Tick{Value: float64(i) * step, Label: fmt.Sprintf("%.6g", float64(i)*step)})
	}
	return ticks
}

// addTo draws the band, the line and the points.
func (c Curve) addTo(p *plot.Plot) error {
	var line, band plotter.XYs
	for _, at := range c.Points {
		line = append(line, plotter.XY{X: at.X, Y: at.Mean})
		band = append(band, plotter.XY{X: at.X, Y: at.Mean + at.Std})
	}
	for _, at := range slices.Backward(c.Points) {
		band = append(band, plotter.XY{X: at.X, Y: at.Mean - at.Std})
	}
	area, err := plotter.NewPolygon(band)
	if err != nil {
		return err
	}
	lines, points, err := plotter.NewLinePoints(line)
	if err != nil {
		return err
	}
	area.LineStyle.Width = 0
	shade := seriesColor(c.Style)
	shade.A = 36
	area.Color, lines.LineStyle = shade, c.line()
	points.GlyphStyle = draw.GlyphStyle{Color: seriesColor(c.Style), Radius: 1.8, Shape: draw.CircleGlyph{}}
	p.Add(area, lines)
	if !c.Flat {
		p.Add(points)
	}
	return nil
}

// entry is a curve's place in the legend.
type entry struct {
	Curve
	style draw.TextStyle
	left  vg.Length
	line  int
}

// placeLegend fills lines from left to right.
func placeLegend(curves []Curve) []entry {
	style := withFont(plot.New().Legend.TextStyle)
	var entries []entry
	left, line := vg.Length(0), 0
	for _, c := range curves {
		width := legendSample + 4 + 1.1*style.Width(c.Name) + 14 // the page's font may be wider
		if left > 0 && left+width > figureWidth {
			left, line = 0, line+1
		}
		entries = append(entries, entry{c, style, left, line})
		left += width
	}
	return entries
}

func (e entry) draw(area draw.Canvas) {
	y := area.Max.Y - legendLine*(vg.Length(e.line)+0.5)
	x := area.Min.X + e.left
	area.StrokeLine2(e.Curve.line(), x, y, x+legendSample, y)
	e.style.YAlign = draw.YCenter
	area.FillText(e.style, vg.Point{X: x + legendSample + 4, Y: y}, e.Name)
}

// describe says in words where the curves begin and end.
func (c *Chart) describe() string {
	var parts []string
	for _, line := range c.Curves {
		first, last := line.Points[0], line.Points[len(line.Points)-1]
		text := fmt.Sprintf("%s from %.4g to %.4g", line.Name, first.Mean, last.Mean)
		if line.Flat {
			text = fmt.Sprintf("%s at %.4g", line.Name, first.Mean)
		}
		parts = append(parts, text)
	}
	return fmt.Sprintf("%s over %s: %s", c.Title, c.Over, strings.Join(parts, "; "))
}

// adapt returns the content of an SVG file with the page's colours and font.
func adapt(svg string) string {
	_, body, _ := strings.Cut(svg, "<svg") // leaves the XML header out
	_, body, _ = strings.Cut(body, ">")    // and the attributes
	body, _, _ = strings.Cut(body, "</svg>")
	replace := []string{
		hex(ink), "currentColor",
		"font-family:Liberation Sans;font-variant:normal;font-weight:normal;font-style:normal;", "",
	}
	for i, c := range series {
		replace = append(replace, hex(c), SeriesVariable(i))
	}
	return strings.NewReplacer(replace...).Replace(body)
}

// SeriesVariable is a series' colour in a page.
func SeriesVariable(i int) string { return fmt.Sprintf("var(--series-%d,%s)", i, hex(series[i])) }

// Element is an <svg> element that follows the page's font and that can be read aloud.
func Element(width, height vg.Length, title, description, body string) string {
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" role="img" aria-label="%s" font-family="system-ui, sans-serif"><title>%s</title>%s</svg>`,
		width.Points(), height.Points(), html.EscapeString(description), html.EscapeString(title), body)
}

func hex(c color.NRGBA) string { return fmt.Sprintf("#%02X%02X%02X", c.R, c.G, c.B) }
