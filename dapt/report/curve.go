package report

import (
	"fmt"
	"maps"
	"math"
	"slices"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/report/chart"
)

// Figure is a drawing.
type Figure = chart.Figure

// at is a mean over seeds at a place on the horizontal axis.
func at(x float64, s Stat) chart.Point { return chart.Point{X: x, Mean: s.Mean, Std: s.Std} }

// Curves are the losses and the validation accuracy by epoch, one figure for each data set and term that was logged:
// the mean over seeds of each method, in a band of the population standard deviation. Where images were selected, each
// selection and ratio has figures of its own. It mixes as little as [HarmonicTable]. Results without epochs, such as
// zero-shot's, have no curve.
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

// terms are the validation accuracy and the losses: DAPT's, then more that only some learners have.
func terms(more ...string) []term {
	list := []term{{"validation accuracy, percent", func(e experiment.Epoch) (float64, bool) { return e.Val, e.Val >= 0 }}}
	for _, loss := range append(dapt.Names(), more...) {
		list = append(list, term{"loss: " + loss, func(e experiment.Epoch) (float64, bool) {
			value, ok := e.Losses[loss]
			return value, ok && !math.IsNaN(value) && !math.IsInf(value, 0)
		}})
	}
	return list
}

// own are the losses of runs that most learners do not have.
func (s *study) own() []string {
	var own []string
	for _, g := range s.groups {
		for _, r := range g.runs {
			for _, e := range r.Epochs {
				for _, name := range slices.Sorted(maps.Keys(e.Losses)) {
					if !slices.Contains(dapt.Names(), name) {
						own = appendNew(own, name)
					}
				}
			}
		}
	}
	return own
}

func (s *study) curves() ([]Figure, error) {
	var picks []string
	for _, v := range s.variants {
		picks = appendNew(picks, v.picks())
	}
	var charts []chart.Chart
	terms := terms(s.own()...)
	for _, dataset := range s.datasets {
		for _, kept := range picks {
			for _, term := range terms {
				charts = append(charts, s.epochChart(dataset, kept, term))
			}
		}
	}
	return chart.Draw(charts)
}

// epochChart has the curves of one term, of the runs that were tuned on the same images.
func (s *study) epochChart(dataset, kept string, t term) chart.Chart {
	c := chart.Chart{Title: s.title(dataset, kept, t.title), Axis: "epochs done"}
	for _, g := range s.groups {
		if points := g.points(t); g.dataset == dataset && g.picks() == kept && len(points) > 0 {
			c.Curves = append(c.Curves, chart.Curve{Name: s.label(g.tuning()), Style: s.style(g.variant), Points: points})
		}
	}
	if len(c.Curves) > 0 {
		points := c.Curves[0].Points
		c.Over = fmt.Sprintf("%g epochs", points[len(points)-1].X)
	}
	return c
}

// points takes means over the seeds that have the epoch.
func (g group) points(t term) []chart.Point {
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
	points := make([]chart.Point, len(epochs))
	for i, epoch := range epochs {
		points[i] = at(float64(epoch+1), newStat(values[epoch]))
	}
	return points
}
