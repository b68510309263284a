package report

import (
	"fmt"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"github.com/dapt-go/dapt-go/dapt/experiment"
)

// Table is means over seeds, in percent: a row for each method, or for each data set and method.
type Table struct {
	Caption string   `json:"caption"`
	Columns []Column `json:"columns"`
	Rows    []Row    `json:"rows"`
	Notes   []string `json:"notes"` // how to read it, and what to mind
}

// Column is what one column of a table shows.
type Column struct {
	Name    string `json:"name"`    // such as "novel shift"
	Meaning string `json:"meaning"` // one sentence
}

// Row is one method on one data set.
type Row struct {
	Dataset   string `json:"dataset"`             // "average" for the mean over all data sets
	Selection string `json:"selection,omitempty"` // which images were kept, such as "craig 10%"
	Method    string `json:"method"`
	Shots     int    `json:"shots"`
	Seeds     []int  `json:"seeds"` // ascending
	Cells     []Stat `json:"cells"` // one for each column
}

// Stat is a mean over seeds. One without Values was not measured.
type Stat struct {
	Mean   float64   `json:"mean"`
	Std    float64   `json:"std"`    // population standard deviation
	Values []float64 `json:"values"` // one for each seed of the row
}

// column is a column and where its numbers come from.
type column struct {
	Column
	of func(experiment.Result) (value float64, ok bool)
}

const average = "average"

// HarmonicTable is the table of base-to-novel results: base and novel accuracy, their harmonic mean, further tests, and
// the share of Grad-CAM energy inside the true mask. With several data sets it ends with the average over them of each
// method that ran on all, with both harmonic means in use: of the mean accuracies, and the mean of the data sets' own.
//
// It is an error to mix results of different backbones or backends; on one data set, of different shots, class lists or
// test images, or of different images for the same seed; and for one method, of different settings. The error names two
// runs and what differs. Other plugins, core counts and versions of the code only earn a note.
func HarmonicTable(results []experiment.Result) (Table, error) {
	return tableOf(results, baseToNovel, (*study).accuracyTable)
}

// tableOf makes a table of results that must be of one protocol.
func tableOf(results []experiment.Result, protocol string, table func(*study) Table) (Table, error) {
	s, err := studyOf(results, protocol)
	if err != nil {
		return Table{}, err
	}
	return table(s), nil
}

// Places of the columns that are computed from others. A few-shot table has neither.
const (
	baseColumn = iota
	novelColumn
	harmonicColumn
	meanHarmonicColumn // with several data sets only
)

func (s *study) accuracyTable() Table {
	harmonics := s.protocol() == baseToNovel
	columns := append(s.accuracyColumns(), s.focusColumns()...)
	t := Table{Caption: s.caption("accuracy"), Notes: []string{"Percent; mean ± population standard deviation over seeds."}}
	for _, g := range s.groups {
		row := g.row(columns)
		if harmonics {
			row.Cells[harmonicColumn].Mean = harmonic(row.Cells[baseColumn].Mean, row.Cells[novelColumn].Mean)
		}
		t.Rows = append(t.Rows, row)
	}
	own := len(t.Rows)
	s.addAverages(&t, s.variants)
	for i := own; harmonics && i < len(t.Rows); i++ {
		t.Rows[i].combine(t.Rows[:own])
	}
	t.addColumns(columns)
	t.Notes = append(t.Notes, s.notes...)
	return t
}

// caption says what the results are of.
func (s *study) caption(what string) string {
	var shots []string
	for _, v := range s.variants {
		if v.shots > 0 {
			shots = appendNew(shots, fmt.Sprint(v.shots))
		}
	}
	protocol := strings.ReplaceAll(s.protocol(), "_", "-")
	of := strings.Join(s.datasets, ", ")
	if len(s.datasets) > 3 {
		of = fmt.Sprintf("%d data sets", len(s.datasets))
	}
	text := fmt.Sprintf("%s, %s: %s", of, protocol, what)
	if len(shots) > 0 {
		text += ", " + strings.Join(shots, ", ") + " shots"
	}
	return text
}

// addColumns describes the columns, and explains in notes those whose name does not.
func (t *Table) addColumns(columns []column) {
	for _, c := range columns {
		t.Columns = append(t.Columns, c.Column)
		if c.Meaning != "" && !slices.Contains([]string{"base", "novel", "all"}, c.Name) {
			t.Notes = append(t.Notes, c.Name+": "+c.Meaning)
		}
	}
}

// accuracyColumns are the protocol's own tests, then the others.
func (s *study) accuracyColumns() []column {
	columns := []column{testColumn("all", "Test images of all classes.")}
	switch s.protocol() {
	case crossDataset, generalizes:
		columns = s.transferColumns()
	case baseToNovel:
		columns = []column{
			testColumn("base", "Base test images, among the base classes."),
			testColumn("novel", "Novel test images, among the novel classes."),
			{Column{"HM", "Harmonic mean of the mean base and the mean novel accuracy; its deviation is that of each seed's own."}, seedHarmonic},
		}
		if len(s.datasets) > 1 {
			columns = append(columns, column{
				Column{"mean of HMs", "Mean of the data sets' HM, where HM in the same row is that of the average accuracies, as in published tables."},
				func(experiment.Result) (float64, bool) { return 0, false },
			})
		}
	}
	own := columns
	for _, test := range s.names(func(r experiment.Result) []string { return measured(r)[:len(r.Tests)] }) {
		title := strings.ReplaceAll(test, "_", " ")
		meaning := "Accuracy on the test " + title + "."
		if classes, condition, ok := strings.Cut(test, "_"); ok {
			meaning = fmt.Sprintf("Test images of %s classes, condition %q.", classes, condition)
		}
		if !slices.ContainsFunc(own, func(c column) bool { return c.Name == title }) {
			columns = append(columns, testColumn(test, meaning))
		}
	}
	return columns
}

func (s *study) focusColumns() []column {
	var columns []column
	for _, list := range s.focusLists() {
		columns = append(columns, focusColumn(list, "focus "+list, "Share of Grad-CAM energy inside the true mask after tuning, test images of "+list+" classes.",
			func(f experiment.Focus) float64 { return f.After }))
	}
	return columns
}

// names collects names from all runs, in the order of their first use.
func (s *study) names(of func(experiment.Result) []string) []string {
	var names []string
	for _, g := range s.groups {
		for _, n := range of(g.runs[0]) {
			names = appendNew(names, n)
		}
	}
	return names
}

func (s *study) focusLists() []string {
	return s.names(func(r experiment.Result) []string {
		var lists []string
		for _, f := range r.Focus {
			lists = append(lists, f.Name)
		}
		return lists
	})
}

func testColumn(test, meaning string) column {
	return column{
		Column{strings.ReplaceAll(test, "_", " "), meaning},
		func(r experiment.Result) (float64, bool) { return accuracy(r, test) },
	}
}

func focusColumn(list, title, meaning string, of func(experiment.Focus) float64) column {
	return column{Column{title, meaning}, func(r experiment.Result) (float64, bool) {
		at := slices.IndexFunc(r.Focus, func(f experiment.Focus) bool { return f.Name == list && f.Images > 0 })
		if at < 0 {
			return 0, false
		}
		return of(r.Focus[at]), true
	}}
}

// accuracy returns the accuracy of a test, in percent, and whether the run has it.
func accuracy(r experiment.Result, test string) (float64, bool) {
	at := slices.IndexFunc(r.Tests, func(t experiment.Test) bool { return t.Name == test })
	if at < 0 {
		return 0, false
	}
	return r.Tests[at].Accuracy, true
}

func seedHarmonic(r experiment.Result) (float64, bool) {
	base, _ := accuracy(r, "base")
	novel, _ := accuracy(r, "novel")
	return harmonic(base, novel), true
}

// harmonic is the harmonic mean, 0 if either is.
func harmonic(base, novel float64) float64 { return stat.HarmonicMean([]float64{base, novel}, nil) }

func newStat(values []float64) Stat {
	mean, std := stat.PopMeanStdDev(values, nil)
	return Stat{mean, std, values}
}

// row takes means over the group's seeds.
func (g group) row(columns []column) Row {
	row := g.emptyRow(g.dataset)
	for _, r := range g.runs {
		row.Seeds = append(row.Seeds, r.Seed)
	}
	for _, c := range columns {
		row.Cells = append(row.Cells, g.stat(c))
	}
	return row
}

// stat is the mean over the group's seeds. A column that a run lacks is not measured.
func (g group) stat(c column) Stat {
	var values []float64
	for _, r := range g.runs {
		if value, ok := c.of(r); ok {
			values = append(values, value)
		}
	}
	if len(values) < len(g.runs) {
		return Stat{}
	}
	return newStat(values)
}

// addAverages adds the means over data sets where there are several, and a note on what has none.
func (s *study) addAverages(t *Table, variants []variant) {
	if len(s.datasets) < 2 {
		return
	}
	var averages []Row
	var left []string
	for _, v := range variants {
		own := v.rows(t.Rows)
		if len(own) == 0 {
			continue
		}
		if len(own) < len(s.datasets) || slices.ContainsFunc(own, func(r Row) bool { return !slices.Equal(r.Seeds, own[0].Seeds) }) {
			left = append(left, s.label(v))
			continue
		}
		row := v.emptyRow(average)
		row.Seeds = own[0].Seeds
		for i := range own[0].Cells {
			row.Cells = append(row.Cells, meanOver(own, i))
		}
		averages = append(averages, row)
	}
	t.Rows = append(t.Rows, averages...)
	if len(left) > 0 {
		t.Notes = append(t.Notes, "No average, for want of some data set or seed: "+strings.Join(left, "; ")+".")
	}
}

// meanOver takes the mean over data sets for each seed, then over seeds.
func meanOver(rows []Row, column int) Stat {
	values := make([]float64, len(rows[0].Seeds))
	for _, row := range rows {
		cell := row.Cells[column]
		if cell.Values == nil {
			return Stat{}
		}
		for seed, value := range cell.Values {
			values[seed] += value / float64(len(rows))
		}
	}
	return newStat(values)
}

// combine fills in an average's two harmonic means.
func (r *Row) combine(rows []Row) {
	own := variant{method: r.Method, shots: r.Shots}.rows(rows)
	base, novel := r.Cells[baseColumn], r.Cells[novelColumn]
	ofMeans := make([]float64, len(base.Values))
	for i := range ofMeans {
		ofMeans[i] = harmonic(base.Values[i], novel.Values[i])
	}
	meanOfOwn := 0.0
	for _, row := range own {
		meanOfOwn += row.Cells[harmonicColumn].Mean / float64(len(own))
	}
	r.Cells[meanHarmonicColumn] = r.Cells[harmonicColumn]
	r.Cells[meanHarmonicColumn].Mean = meanOfOwn
	r.Cells[harmonicColumn] = newStat(ofMeans)
	r.Cells[harmonicColumn].Mean = harmonic(base.Mean, novel.Mean)
}

// FocusTable is the share of Grad-CAM energy that falls inside the true mask, before tuning (zero-shot CLIP) and after.
// It mixes as little as [HarmonicTable], and is an error if no run measured it.
func FocusTable(results []experiment.Result) (Table, error) {
	s, err := newStudy(results)
	if err != nil {
		return Table{}, err
	}
	if len(s.focusLists()) == 0 {
		return Table{}, fmt.Errorf("report: none of %d results measured Grad-CAM; run with Focus above 0 and true masks", len(results))
	}
	return s.focusTable(), nil
}

func (s *study) focusTable() Table {
	var columns []column
	for _, list := range s.focusLists() {
		columns = append(columns,
			focusColumn(list, list+" before", "With zero-shot CLIP.", func(f experiment.Focus) float64 { return f.Before }),
			focusColumn(list, list+" after", "With the tuned prompts.", func(f experiment.Focus) float64 { return f.After }),
			focusColumn(list, list+" gain", "After less before.", func(f experiment.Focus) float64 { return f.After - f.Before }),
			focusColumn(list, list+" chance", "The share of the image that the mask covers.", func(f experiment.Focus) float64 { return f.Chance }))
	}
	t := Table{Caption: s.caption("share of Grad-CAM energy inside the true mask"), Notes: []string{
		"Percent of the energy, mean over held-out test images; mean ± population standard deviation over seeds.",
		"before: with zero-shot CLIP; after: with the tuned prompts; chance: the share of the image that the mask covers.",
	}}
	for _, c := range columns {
		t.Columns = append(t.Columns, c.Column)
	}
	for _, g := range s.groups {
		if len(g.runs[0].Focus) > 0 {
			t.Rows = append(t.Rows, g.row(columns))
		}
	}
	t.Notes = append(t.Notes, s.notes...)
	return t
}
