package report

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/dapt-go/dapt-go/dapt/experiment"
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
	var charts []chart
	for _, dataset := range s.datasets {
		for _, m := range s.measures() {
			charts = append(charts, s.shotChart(dataset, m))
		}
	}
	return figures(charts)
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
func (s *study) shotChart(dataset string, m column) chart {
	c := chart{title: s.title(dataset, m.Name+", percent"), axis: "shots"}
	for _, shots := range s.shots() {
		c.mark(math.Log2(float64(shots)), fmt.Sprint(shots))
	}
	c.over = c.labels() + " shots"
	for i, method := range s.methods() {
		var points []point
		for _, g := range s.groups {
			switch value := g.stat(m); {
			case g.dataset != dataset || g.method != method || value.Values == nil:
			case g.shots == 0:
				c.level(method, i, value)
			default:
				points = append(points, point{math.Log2(float64(g.shots)), value})
			}
		}
		if len(points) > 0 {
			c.curves = append(c.curves, curve{name: method, style: i, points: points})
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
