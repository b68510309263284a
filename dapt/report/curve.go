package report

import (
	"bytes"
	"fmt"
	"html"
	"image/color"
	"math"
	"slices"
	"strings"

	"gonum.org/v1/plot"
	"gonum.org/v1/plot/font"
	"gonum.org/v1/plot/plotter"
	"gonum.org/v1/plot/text"
	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgsvg"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/experiment"
)

// Figure is a drawing.
type Figure struct {
	Title string
	// SVG is an <svg> element to put into a page. Its text and axes take the page's text colour, its curves the CSS
	// variables --series-0, --series-1… if the page sets them.
	SVG string
}

// Curves are the losses and the validation accuracy by epoch, one figure for each data set and term that was logged:
// the mean over seeds of each method, in a band of the population standard deviation. It mixes as little as
// [HarmonicTable]. Results without epochs, such as zero-shot's, have no curve.
func Curves(results []experiment.Result) ([]Figure, error) {
	s, err := newStudy(results)
	if err != nil {
		return nil, err
	}
	return s.curves()
}

// term is a number that each epoch may have.
type term struct {
	title string
	of    func(experiment.Epoch) (value float64, ok bool)
}

func terms() []term {
	list := []term{{"validation accuracy, percent", func(e experiment.Epoch) (float64, bool) { return e.Val, e.Val >= 0 }}}
	for _, loss := range dapt.Names() {
		list = append(list, term{"loss: " + loss, func(e experiment.Epoch) (float64, bool) {
			value, ok := e.Losses[loss]
			return value, ok && !math.IsNaN(value) && !math.IsInf(value, 0)
		}})
	}
	return list
}

// curve is one variant's line.
type curve struct {
	method string
	style  int     // the variant's place among all
	points []point // by epoch; at least 1
}

type point struct {
	epoch int // counted from 0
	Stat
}

func (s *study) curves() ([]Figure, error) {
	var figures []Figure
	for _, dataset := range s.datasets {
		for _, term := range terms() {
			var curves []curve
			for _, g := range s.groups {
				if points := g.points(term); g.dataset == dataset && len(points) > 0 {
					curves = append(curves, curve{s.label(g.variant), slices.Index(s.variants, g.variant), points})
				}
			}
			if len(curves) == 0 {
				continue
			}
			title := term.title
			if len(s.datasets) > 1 {
				title = dataset + ", " + title
			}
			svg, err := plotCurves(title, curves)
			if err != nil {
				return nil, fmt.Errorf("report: plotting %s: %w", title, err)
			}
			figures = append(figures, Figure{title, svg})
		}
	}
	return figures, nil
}

// points takes means over the seeds that have the epoch.
func (g group) points(t term) []point {
	values := map[int][]float64{}
	var epochs []int
	for _, r := range g.runs {
		for _, e := range r.Epochs {
			if value, ok := t.of(e); ok {
				if values[e.Epoch] == nil {
					epochs = append(epochs, e.Epoch)
				}
				values[e.Epoch] = append(values[e.Epoch], value)
			}
		}
	}
	slices.Sort(epochs)
	points := make([]point, len(epochs))
	for i, epoch := range epochs {
		points[i] = point{epoch, newStat(values[epoch])}
	}
	return points
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

func seriesLine(i int) draw.LineStyle {
	return draw.LineStyle{Color: seriesColor(i), Width: 1.6, Dashes: dashes[i%len(dashes)]}
}

// plotCurves draws a figure as an <svg> element with a title for those who cannot see it.
func plotCurves(title string, curves []curve) (string, error) {
	p := newPlot()
	for _, c := range curves {
		if err := c.addTo(p); err != nil {
			return "", err
		}
	}
	entries := placeLegend(curves)
	legend := legendLine*vg.Length(entries[len(entries)-1].line+1) + 4
	height := plotHeight + legend
	canvas := vgsvg.New(figureWidth, height)
	area := draw.New(canvas)
	p.Draw(draw.Crop(area, 0, 0, 0, -legend))
	for _, e := range entries {
		e.draw(area)
	}
	var out bytes.Buffer
	if _, err := canvas.WriteTo(&out); err != nil {
		return "", err
	}
	return adapt(out.String(), height, title, describe(title, curves)), nil
}

func newPlot() *plot.Plot {
	p := plot.New()
	p.BackgroundColor = nil
	p.X.Label.Text = "epochs done"
	for _, axis := range []*plot.Axis{&p.X, &p.Y} {
		axis.Color, axis.Tick.Color = ink, ink
		axis.Label.TextStyle, axis.Tick.Label = withFont(axis.Label.TextStyle), withFont(axis.Tick.Label)
	}
	p.X.Tick.Marker = plot.TickerFunc(wholeTicks)
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

// addTo draws the band, the line and the points.
func (c curve) addTo(p *plot.Plot) error {
	var line, band plotter.XYs
	for _, at := range c.points {
		x := float64(at.epoch + 1)
		line = append(line, plotter.XY{X: x, Y: at.Mean})
		band = append(band, plotter.XY{X: x, Y: at.Mean + at.Std})
	}
	for _, at := range slices.Backward(c.points) {
		band = append(band, plotter.XY{X: float64(at.epoch + 1), Y: at.Mean - at.Std})
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
	shade := seriesColor(c.style)
	shade.A = 36
	area.Color, lines.LineStyle = shade, seriesLine(c.style)
	points.GlyphStyle = draw.GlyphStyle{Color: seriesColor(c.style), Radius: 1.8, Shape: draw.CircleGlyph{}}
	p.Add(area, lines, points)
	return nil
}

// entry is a method's place in the legend.
type entry struct {
	curve
	style draw.TextStyle
	left  vg.Length
	line  int
}

// placeLegend fills lines from left to right.
func placeLegend(curves []curve) []entry {
	style := withFont(plot.New().Legend.TextStyle)
	var entries []entry
	left, line := vg.Length(0), 0
	for _, c := range curves {
		width := legendSample + 4 + style.Width(c.method) + 14
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
	area.StrokeLine2(seriesLine(e.curve.style), x, y, x+legendSample, y)
	e.style.YAlign = draw.YCenter
	area.FillText(e.style, vg.Point{X: x + legendSample + 4, Y: y}, e.method)
}

// describe says in words where the curves begin and end.
func describe(title string, curves []curve) string {
	var parts []string
	for _, c := range curves {
		first, last := c.points[0], c.points[len(c.points)-1]
		parts = append(parts, fmt.Sprintf("%s from %.4g to %.4g", c.method, first.Mean, last.Mean))
	}
	return fmt.Sprintf("%s over %d epochs: %s", title, curves[0].points[len(curves[0].points)-1].epoch+1, strings.Join(parts, "; "))
}

// adapt turns an SVG file into an element that follows the page's colours and font and that can be read aloud.
func adapt(svg string, height vg.Length, title, description string) string {
	_, body, _ := strings.Cut(svg, "<svg") // leaves the XML header out
	_, body, _ = strings.Cut(body, ">")    // and the attributes
	replace := []string{
		hex(ink), "currentColor",
		"font-family:Liberation Sans;font-variant:normal;font-weight:normal;font-style:normal;", "",
	}
	for i, c := range series {
		replace = append(replace, hex(c), fmt.Sprintf("var(--series-%d,%s)", i, hex(c)))
	}
	return fmt.Sprintf(`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 %g %g" role="img" aria-label="%s" font-family="system-ui, sans-serif"><title>%s</title>%s`,
		figureWidth.Points(), height.Points(), html.EscapeString(description), html.EscapeString(title),
		strings.NewReplacer(replace...).Replace(body))
}

func hex(c color.NRGBA) string { return fmt.Sprintf("#%02X%02X%02X", c.R, c.G, c.B) }
