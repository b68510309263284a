package report

import (
	"slices"
	"strings"

	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/report/chart"
)

// DataEfficientTable is the accuracy on all classes of data-efficient results: a row for each selection and tuning method,
// a column for each ratio, where 0% is without tuning and 100% with all images of the draw. Averages and errors are as in
// [HarmonicTable]; for a seed, all must have selected from the same draw, and methods over the same learner with and
// without DAPT be tuned on the same images.
func DataEfficientTable(results []experiment.Result) (Table, error) {
	return tableOf(results, dataEfficient, func(s *study) Table { return s.ratioTables()[0] })
}

// DataEfficientTables are a [DataEfficientTable] for each test, that of all classes first, then for each list of images
// with Grad-CAM.
func DataEfficientTables(results []experiment.Result) ([]Table, error) {
	s, err := studyOf(results, dataEfficient)
	if err != nil {
		return nil, err
	}
	return s.ratioTables(), nil
}

// GainTables are [DataEfficientTables] of what DAPT adds to its plain learner, such as maple+dapt-s to maple: the mean over
// seeds of the difference of two runs on the same images. Without such pairs there are none.
func GainTables(results []experiment.Result) ([]Table, error) {
	s, err := studyOf(results, dataEfficient)
	if err != nil {
		return nil, err
	}
	return s.gainTables(), nil
}

func (s *study) ratioTables() []Table {
	ratios := s.ratios(func(variant) bool { return true })
	var tables []Table
	for _, m := range s.measures() {
		tables = append(tables, s.ratioTable(m, ratios))
	}
	return tables
}

func (s *study) gainTables() []Table {
	ratios := s.ratios(func(v variant) bool { return v.ratio > 0 })
	var tables []Table
	for _, m := range s.measures() {
		if t := s.ratioTable(s.gain(m), ratios); len(t.Rows) > 0 {
			t.Notes = slices.Insert(t.Notes, 0, "What DAPT adds to its plain learner, tuned on the same images with the same seed.")
			tables = append(tables, t)
		}
	}
	return tables
}

// ratioTable has a column for each ratio, and a row where any is measured.
func (s *study) ratioTable(m column, ratios []float64) Table {
	t := Table{Caption: s.caption(m.Name + " by share of images kept"), Notes: []string{
		"Percent; mean ± population standard deviation over seeds.",
		"–: not run, or not with all seeds of the row.",
	}}
	for _, ratio := range ratios {
		t.Columns = append(t.Columns, Column{percent(ratio), "With this share of each class's images of the draw; 0% is without tuning."})
	}
	shown := func(cell Stat) bool { return cell.Values != nil }
	for _, dataset := range s.datasets {
		for _, v := range s.rowVariants() {
			if row := s.ratioRow(dataset, v, ratios, m); slices.ContainsFunc(row.Cells, shown) {
				t.Rows = append(t.Rows, row)
			}
		}
	}
	s.addAverages(&t, s.rowVariants())
	t.Notes = append(t.Notes, s.notes...)
	return t
}

// ratioRow leaves out the cells of ratios that lack some seed of the row.
func (s *study) ratioRow(dataset string, v variant, ratios []float64, m column) Row {
	row := v.emptyRow(dataset)
	row.Cells = make([]Stat, len(ratios))
	groups := s.atRatios(dataset, v)
	for _, g := range groups {
		for _, r := range g.runs {
			row.Seeds = appendNew(row.Seeds, r.Seed)
		}
	}
	slices.Sort(row.Seeds)
	for i, ratio := range ratios {
		at := slices.IndexFunc(groups, func(g group) bool { return g.ratio == ratio })
		if at >= 0 && len(groups[at].runs) == len(row.Seeds) {
			row.Cells[i] = groups[at].stat(m)
		}
	}
	return row
}

// ratios are those of the variants that fit, ascending; without tuning it is 0.
func (s *study) ratios(fits func(variant) bool) []float64 {
	var ratios []float64
	for _, v := range s.variants {
		if fits(v) {
			ratios = appendNew(ratios, v.ratio)
		}
	}
	slices.Sort(ratios)
	return ratios
}

// rowVariants are the variants, whatever their ratio.
func (s *study) rowVariants() []variant {
	var list []variant
	for _, v := range s.variants {
		list = appendNew(list, v.allRatios())
	}
	return list
}

// atRatios are the groups of a variant at all its ratios, ascending.
func (s *study) atRatios(dataset string, v variant) []group {
	var groups []group
	for _, g := range s.groups {
		if g.dataset == dataset && g.allRatios() == v {
			groups = append(groups, g)
		}
	}
	return groups
}

// gain is what m is more than in the plain learner's run on the same images. It is not measured without such a run.
func (s *study) gain(m column) column {
	of := m.of
	m.Name = "gain in " + m.Name
	m.of = func(r experiment.Result) (float64, bool) {
		plain, paired := of(s.plain(r))
		value, measured := of(r)
		return value - plain, paired && measured
	}
	return m
}

// plain is the run of r's learner without DAPT; it has no tests if there is none.
func (s *study) plain(r experiment.Result) experiment.Result {
	v := variantOf(r)
	if v.method = v.learner(); v.method == r.Method {
		return experiment.Result{}
	}
	for _, g := range s.groups {
		at := slices.IndexFunc(g.runs, func(plain experiment.Result) bool { return plain.Seed == r.Seed })
		if g.dataset == r.Dataset && g.variant == v && at >= 0 {
			return g.runs[at]
		}
	}
	return experiment.Result{}
}

// RatioCurves are data-efficient results against the share of images kept: small figures that share their vertical axis,
// one for each selection method, for each data set and test, then for each list of images with Grad-CAM. The curves are
// the mean over seeds of each tuning method in a band of the population standard deviation; its flat line is with all
// images of the draw. What is not tuned is not shown. Errors are those of [DataEfficientTable].
func RatioCurves(results []experiment.Result) ([]Figure, error) {
	s, err := studyOf(results, dataEfficient)
	if err != nil {
		return nil, err
	}
	return s.ratioCurves()
}

func (s *study) ratioCurves() ([]Figure, error) {
	var selections []string
	for _, v := range s.variants {
		if v.selects() {
			selections = appendNew(selections, v.selection)
		}
	}
	var charts []chart.Chart
	for _, dataset := range s.datasets {
		for _, m := range s.measures() {
			var row []chart.Chart
			for _, selection := range selections {
				row = append(row, s.ratioChart(dataset, selection, m))
			}
			chart.Align(row)
			charts = append(charts, row...)
		}
	}
	return chart.Draw(charts)
}

// ratioChart has two curves for each tuning method, one of them flat.
func (s *study) ratioChart(dataset, selection string, m column) chart.Chart {
	c := chart.Chart{Title: s.title(dataset, selection, m.Name+", percent"), Axis: "images kept, percent"}
	for _, ratio := range s.ratios(variant.selects) {
		c.Mark(100*ratio, strings.TrimSuffix(percent(ratio), "%"))
	}
	c.Over = c.Labels() + " percent of the images"
	for _, v := range s.rowVariants() {
		if v.selection != selection {
			continue
		}
		line := chart.Curve{Name: s.label(v.tuning()), Style: s.style(v)}
		for _, g := range s.atRatios(dataset, v) {
			if value := g.stat(m); value.Values != nil {
				line.Points = append(line.Points, at(100*g.ratio, value))
			}
		}
		if len(line.Points) == 0 {
			continue
		}
		c.Curves = append(c.Curves, line)
		v.selection = everything
		for _, g := range s.atRatios(dataset, v) {
			if value := g.stat(m); value.Values != nil {
				c.Level(line.Name+", all images", line.Style, value.Mean, value.Std)
			}
		}
	}
	return c
}
