package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/report/chart"
)

// FewShotTable is the table of few-shot results: a row for each method and number of shots, with the accuracy on all
// classes, further tests, and the share of Grad-CAM energy inside the true mask. Averages and errors are as in
// [HarmonicTable].
func FewShotTable(results []experiment.Result) (Table, error) {
	return tableOf(results, fewShot, (*study).accuracyTable)
}

// ShotCurves are few-shot results against the number of shots, whose doublings are equally far apart: one figure for each
// data set and test, then for each list of images with Grad-CAM, with the mean over seeds of each method in a band of the
// population standard deviation. What has no shots, such as zero-shot, is a flat line. Errors are those of [FewShotTable].
// Results of a single number of shots have no curve.
func ShotCurves(results []experiment.Result) ([]Figure, error) {
	s, err := studyOf(results, fewShot)
	if err != nil {
		return nil, err
	}
	return s.shotCurves()
}

func (s *study) shotCurves() ([]Figure, error) {
	if len(s.shots()) < 2 {
		return nil, nil
	}
	var charts []chart.Chart
	for _, dataset := range s.datasets {
		for _, m := range s.measures() {
			charts = append(charts, s.shotChart(dataset, m))
		}
	}
	return chart.Draw(charts)
}

// shots are the numbers of shots of what was tuned, ascending.
func (s *study) shots() []int {
	var shots []int
	for _, v := range s.variants {
		if v.shots > 0 {
			shots = appendNew(shots, v.shots)
		}
	}
	slices.Sort(shots)
	return shots
}

// measures are what can be set against shots or ratios: accuracies, then shares of Grad-CAM energy.
func (s *study) measures() []column {
	measures := s.accuracyColumns()
	for i := range measures {
		measures[i].Name = "accuracy on " + measures[i].Name
	}
	for _, c := range s.focusColumns() {
		c.Name = "Grad-CAM energy inside the true mask, " + strings.TrimPrefix(c.Name, "focus ")
		measures = append(measures, c)
	}
	return measures
}

// shotChart has a curve for each method that was measured on the data set.
func (s *study) shotChart(dataset string, m column) chart.Chart {
	c := chart.Chart{Title: s.title(dataset, m.Name+", percent"), Axis: "shots"}
	for _, shots := range s.shots() {
		c.Mark(math.Log2(float64(shots)), fmt.Sprint(shots))
	}
	c.Over = c.Labels() + " shots"
	for i, method := range s.methods() {
		var points []chart.Point
		for _, g := range s.groups {
			switch value := g.stat(m); {
			case g.dataset != dataset || g.method != method || value.Values == nil:
			case g.shots == 0:
				c.Level(method, i, value.Mean, value.Std)
			default:
				points = append(points, at(math.Log2(float64(g.shots)), value))
			}
		}
		if len(points) > 0 {
			c.Curves = append(c.Curves, chart.Curve{Name: method, Style: i, Points: points})
		}
	}
	return c
}

// methods are in the order of their first results.
func (s *study) methods() []string {
	var methods []string
	for _, v := range s.variants {
		methods = appendNew(methods, v.method)
	}
	return methods
}
