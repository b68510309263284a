package study

import (
	"context"
	"errors"
	"fmt"
	"html"
	"strings"
	"time"

	"github.com/janpfeifer/gonb/gonbui"
	"github.com/janpfeifer/gonb/gonbui/protocol"

	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/report"
	"github.com/dapt-go/dapt-go/dapt/report/chart"
	"github.com/dapt-go/dapt-go/tools/session"
)

// progress returns what shows how far an experiment is, and what to call at its end. In a notebook that is one output that
// is drawn anew; what it shows last stays in the saved notebook.
func progress(lab *experiment.Lab) (show func(experiment.Progress), finish func(error)) {
	if !gonbui.IsNotebook {
		bar := session.NewBar()
		return bar.Show, func(error) { bar.Finish() }
	}
	p := panel{id: "progress_" + gonbui.UniqueId(), start: time.Now()}
	lab.Done = p.done
	return p.show, p.finish
}

// panel is a progress bar, the losses of the last run of each method, and the runs that are finished.
type panel struct {
	id          string
	start, last time.Time
	at          experiment.Progress
	runs        int
	methods     []string // in the order of their first runs
	losses      map[string][]chart.Point
	line        string // of the last finished run
}

// redraw is how long a panel stays as it is.
const redraw = time.Second

func (p *panel) show(at experiment.Progress) {
	if at.Steps > 0 {
		p.add(at)
	}
	p.at = at
	if time.Since(p.last) >= redraw {
		p.draw(session.Pace(at, p.start))
	}
}

// add notes the loss of a step; a step that was there before drops those of the method's run before.
func (p *panel) add(at experiment.Progress) {
	points, known := p.losses[at.Method]
	if !known {
		p.methods = append(p.methods, at.Method)
	}
	if len(points) > 0 && points[len(points)-1].X > float64(at.Step) {
		points = nil
	}
	if p.losses == nil {
		p.losses = map[string][]chart.Point{}
	}
	p.losses[at.Method] = append(points, chart.Point{X: float64(at.Step), Mean: at.Loss})
}

func (p *panel) done(r experiment.Result) {
	p.runs++
	p.line = fmt.Sprintf("%s seed %d: %s %.2f %%", r.Method, r.Seed, r.Tests[0].Name, r.Tests[0].Accuracy)
}

// finish leaves out what was on file already: there was nothing to show.
func (p *panel) finish(err error) {
	switch {
	case p.at.Total == 0:
	case errors.Is(err, context.Canceled):
		p.draw("stopped")
	case err != nil:
		p.draw("failed")
	default:
		p.at.Done, p.at.Doing = p.at.Total, "done"
		p.draw(fmt.Sprintf("%d runs", p.runs)) // without the time, so that an executed notebook is the same each time
	}
}

// barWidth is in letters.
const barWidth = 30

func (p *panel) draw(pace string) {
	text := p.text(pace)
	gonbui.SendData(&protocol.DisplayData{DisplayID: p.id, Data: map[protocol.MIMEType]any{
		protocol.MIMETextHTML: "<pre>" + html.EscapeString(text) + "</pre>" + p.curves(), protocol.MIMETextPlain: text,
	}})
	p.last = time.Now()
}

func (p *panel) text(pace string) string {
	full := barWidth * p.at.Done / max(p.at.Total, 1)
	text := fmt.Sprintf("%s%s %3d %%  %s\n", strings.Repeat("█", full), strings.Repeat("░", barWidth-full), 100*p.at.Done/max(p.at.Total, 1), pace)
	text += session.Where(p.at)
	if p.line != "" {
		text += "\nlast finished: " + p.line
	}
	return text
}

// drawn is how many points of a curve are drawn, each a mean.
const drawn = 50

// curves are the losses of the last run of each method.
func (p *panel) curves() string {
	c := chart.Chart{Title: "Loss of each method's last run", Axis: "step"}
	for i, method := range p.methods {
		line := chart.Curve{Name: method, Style: i, Points: thin(p.losses[method], drawn)}
		c.Curves = append(c.Curves, line)
		c.Over = fmt.Sprintf("%g steps", line.Points[len(line.Points)-1].X)
	}
	figures, err := chart.Draw([]chart.Chart{c})
	if err != nil || len(figures) == 0 {
		return "" // there is nothing to draw yet
	}
	return picture(report.Figure(figures[0]))
}

// thin returns at most so many points, each the mean of its neighbours.
func thin(points []chart.Point, most int) []chart.Point {
	size := (len(points) + most - 1) / most
	var thinned []chart.Point
	for from := 0; from < len(points); from += size {
		part := points[from:min(from+size, len(points))]
		mean := chart.Point{X: part[len(part)-1].X}
		for _, p := range part {
			mean.Mean += p.Mean / float64(len(part))
		}
		thinned = append(thinned, mean)
	}
	return thinned
}
