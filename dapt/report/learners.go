package report

import (
	"cmp"
	"fmt"
	"html/template"
	"math"
	"slices"
	"strings"

	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/report/chart"
	"github.com/dapt-go/dapt-go/dapt/report/paired"
)

// Learners is a study of learners, each alone and with DAPT, on one data set: by base-to-novel, by few-shot learning with one
// number of shots, or by both.
type Learners struct {
	Tuning      List     // how they were tuned, shown last; no lines are not shown
	studies     []*study // of each protocol
	comparisons []comparison
}

// comparison is of one learner with DAPT and alone, by one test.
type comparison struct {
	group
	measure column
	paired.Comparison
	corrected float64 // P for the number of comparisons
}

// real tells whether the difference is called real.
func (c comparison) real() bool { return c.corrected < 0.05 && c.Excludes() }

// additions are what stands behind a learner's name with DAPT, with short names for headings.
var additions = []struct{ suffix, short, long string }{{"+dapt-s", "+S", "DAPT-S"}, {"+dapt-g", "+G", "DAPT-G"}}

// NewLearners compares each learner with DAPT with the learner alone, by the accuracies of classes in runs of the same seed: see
// [paired.Compare]. Errors are those of [HarmonicTable] and [FewShotTable]; results of several data sets or numbers of shots,
// and tests without accuracies by class, are errors too.
func NewLearners(results []experiment.Result) (*Learners, error) {
	byProtocol := map[string][]experiment.Result{}
	for _, r := range results {
		byProtocol[kind(r)] = append(byProtocol[kind(r)], r)
	}
	l := new(Learners)
	for _, protocol := range []string{baseToNovel, fewShot} {
		if len(byProtocol[protocol]) == 0 {
			continue
		}
		s, err := newStudy(byProtocol[protocol])
		if err != nil {
			return nil, err
		}
		if len(s.datasets) > 1 || len(s.shots()) > 1 {
			return nil, fmt.Errorf("report: learners are compared on one data set with one number of shots, but %s is on %q with %d shots: report them apart", protocol, s.datasets, s.shots())
		}
		l.studies = append(l.studies, s)
		delete(byProtocol, protocol)
	}
	for protocol := range byProtocol {
		return nil, fmt.Errorf("report: a result is of protocol %q, want %s or %s", protocol, baseToNovel, fewShot)
	}
	if len(l.studies) == 0 {
		return nil, fmt.Errorf("report: no results; run go run ./tools/dapt learners first")
	}
	if first, last := l.studies[0], l.studies[len(l.studies)-1]; first.datasets[0] != last.datasets[0] || first.runs()[0].Backbone != last.runs()[0].Backbone {
		return nil, mismatch(first.runs()[0], last.runs()[0], "data set or backbone", first.runs()[0].Backbone, last.runs()[0].Backbone)
	}
	return l, l.compare()
}

// compare fills in the comparisons, and corrects for their number.
func (l *Learners) compare() error {
	var p []float64
	for _, s := range l.studies {
		for _, g := range s.groups {
			for _, m := range s.compared() {
				differences, err := s.differences(g, m)
				if err != nil {
					return err
				}
				if len(differences) == 0 {
					continue
				}
				c := comparison{group: g, measure: m, Comparison: paired.Compare(differences)}
				l.comparisons, p = append(l.comparisons, c), append(p, c.P)
			}
		}
	}
	for i, corrected := range paired.Holm(p) {
		l.comparisons[i].corrected = corrected
	}
	return nil
}

// compared are the tests that are compared: of base-to-novel its own, of few-shot learning the further conditions too.
func (s *study) compared() []column {
	columns := s.accuracyColumns()
	if s.protocol() == baseToNovel {
		return columns[:harmonicColumn]
	}
	return columns
}

// shown are the columns of the table: those that are compared, and the harmonic mean.
func (s *study) shown() []column {
	columns := s.accuracyColumns()
	if s.protocol() == baseToNovel {
		return columns[:harmonicColumn+1]
	}
	return columns
}

// heading is a column's name among those of both protocols.
func (s *study) heading(c column) string {
	if s.protocol() == baseToNovel {
		return c.Name
	}
	condition := cmp.Or(strings.TrimPrefix(strings.TrimPrefix(c.Name, "all"), " "), "natural")
	return strings.TrimSpace(fmt.Sprintf("%s %s", s.shotText(), condition))
}

// shotText is the number of shots, such as "4-shot"; "few-shot" if nothing is tuned.
func (s *study) shotText() string {
	if shots := s.shots(); len(shots) > 0 {
		return fmt.Sprintf("%d-shot", shots[0])
	}
	return "few-shot"
}

// differences are [classes][seeds] of a group with DAPT less the learner alone, in points; none without such runs of all seeds.
// Classes without an image are left out.
func (s *study) differences(g group, m column) ([][]float64, error) {
	var differences [][]float64
	for i, r := range g.runs {
		alone := s.plain(r)
		with, ok := m.test(r)
		without, paired := m.test(alone)
		if !ok || !paired {
			return nil, nil
		}
		for _, t := range []struct {
			experiment.Result
			experiment.Test
		}{{r, with}, {alone, without}} {
			if len(t.PerClass) != len(t.Classes) {
				return nil, fmt.Errorf("report: %s, test %q, has accuracies of %d classes, want %d; run it again", name(t.Result), t.Test.Name, len(t.PerClass), len(t.Classes))
			}
		}
		row := 0
		for class := range with.PerClass {
			if with.PerClass[class] < 0 {
				continue
			}
			if i == 0 {
				differences = append(differences, nil)
			}
			differences[row] = append(differences[row], with.PerClass[class]-without.PerClass[class])
			row++
		}
	}
	return differences, nil
}

// test is the one that a column is the accuracy of.
func (c column) test(r experiment.Result) (experiment.Test, bool) {
	at := slices.IndexFunc(r.Tests, func(t experiment.Test) bool { return strings.ReplaceAll(t.Name, "_", " ") == c.Name })
	if at < 0 {
		return experiment.Test{}, false
	}
	return r.Tests[at], true
}

// learners are the methods without DAPT, in the order of their first results.
func (l *Learners) learners() []string {
	var names []string
	for _, s := range l.studies {
		for _, v := range s.variants {
			names = appendNew(names, v.learner())
		}
	}
	return names
}

// Table has a row for each learner: its accuracies alone, and what DAPT adds to each in points, in the mean over seeds. A star
// marks differences that are called real: see [Learners.Comparisons].
func (l *Learners) Table() List {
	header := []string{"learner"}
	for _, s := range l.studies {
		for _, c := range s.shown() {
			header = append(header, s.heading(c))
			for _, a := range additions {
				header = append(header, s.heading(c)+" "+a.short)
			}
		}
	}
	t := List{Caption: l.caption("every learner, alone and with DAPT"), Labels: 1, Lines: [][]string{header}, Notes: []string{
		"Percent; mean ± population standard deviation over seeds of the learner alone.",
		"+S, +G: what DAPT with given masks and with those of Grad-CAM adds, in points, in the mean over images and seeds; * where the difference by classes is called real. HM is not tested, its two parts are.",
		"–: not run, or not with the seeds of the learner alone.",
	}}
	for _, learner := range l.learners() {
		line := []string{learner}
		for _, s := range l.studies {
			for _, c := range s.shown() {
				line = append(line, s.alone(learner, c).String())
				for _, a := range additions {
					line = append(line, l.added(s, learner+a.suffix, c))
				}
			}
		}
		t.Lines = append(t.Lines, line)
	}
	for _, s := range l.studies {
		for _, note := range s.notes {
			t.Notes = appendNew(t.Notes, note)
		}
	}
	return t
}

// alone is the accuracy of a method; that of the mean accuracies for harmonic means.
func (s *study) alone(method string, c column) Stat {
	g := s.group(method)
	value := g.stat(c)
	if c.Name == "HM" && value.Values != nil {
		columns := s.accuracyColumns()
		value.Mean = harmonic(g.stat(columns[baseColumn]).Mean, g.stat(columns[novelColumn]).Mean)
	}
	return value
}

// group is that of a method; it has no runs if there is none.
func (s *study) group(method string) group {
	at := slices.IndexFunc(s.groups, func(g group) bool { return g.method == method })
	if at < 0 {
		return group{}
	}
	return s.groups[at]
}

// points is a difference with its sign, of which 0 is always +.
func points(v float64) string { return fmt.Sprintf("%+.2f", math.Round(100*v)/100+0) }

// added is what a method adds to its learner alone.
func (l *Learners) added(s *study, method string, c column) string {
	g := s.group(method)
	gain := g.stat(s.gain(c))
	if gain.Values == nil {
		return "–"
	}
	text := points(gain.Mean)
	if slices.ContainsFunc(l.comparisons, func(other comparison) bool {
		return other.variant == g.variant && kind(other.runs[0]) == s.protocol() && other.measure.Name == c.Name && other.real()
	}) {
		text += " *"
	}
	return text
}

// caption says what the results are of.
func (l *Learners) caption(what string) string {
	var protocols []string
	for _, s := range l.studies {
		text := s.shotText()
		if s.protocol() == baseToNovel {
			text = "base-to-novel"
			if shots := s.shots(); len(shots) > 0 {
				text += fmt.Sprintf(" with %d shots", shots[0])
			}
		}
		protocols = append(protocols, text)
	}
	return fmt.Sprintf("%s, %s: %s", l.studies[0].datasets[0], strings.Join(protocols, " and "), what)
}

// Comparisons has a line for each learner, kind of masks and test.
func (l *Learners) Comparisons() List {
	list := List{
		Caption: l.caption("DAPT against the learner alone"), Labels: 3,
		Lines: [][]string{{"learner", "with", "test", "difference", "95 % interval", "p", "corrected p", "wins / ties / losses", "real"}},
		Notes: []string{
			"difference: points, mean over classes and seeds, of runs with the same seed; 95 % interval: of samples of classes and of seeds.",
			fmt.Sprintf("p: share of sign flips with a mean as far from 0, all seeds of a class flipped together; corrected: by Holm, for %d comparisons.", len(l.comparisons)),
			"wins / ties / losses: pairs of class and seed.",
			"real: the corrected p is below 0.05 and the interval leaves out 0. It holds for these seeds: what few seeds have in common by chance, no test of so few can tell from a difference of the methods.",
		},
	}
	if least := l.least(); least >= 0.05 {
		list.Notes = append(list.Notes, fmt.Sprintf("Nothing can be called real here: with so few classes for so many comparisons the least corrected p is %.2f. Compare fewer learners, or on a data set of more classes.", least))
	}
	for _, c := range l.comparisons {
		real := ""
		if c.real() {
			real = "real"
		}
		list.Lines = append(list.Lines, []string{
			c.learner(), c.with(), l.of(c).heading(c.measure), points(c.Mean), fmt.Sprintf("%+.2f to %+.2f", c.Low, c.High),
			fmt.Sprintf("%.4f", c.P), fmt.Sprintf("%.4f", c.corrected), fmt.Sprintf("%d / %d / %d", c.Wins, c.Ties, c.Losses), real,
		})
	}
	return list
}

// least is the least corrected p that any comparison can have, by the classes that it is of.
func (l *Learners) least() float64 {
	least := 1.0
	for _, c := range l.comparisons {
		least = min(least, paired.Least(c.Classes)*float64(len(l.comparisons)))
	}
	return least
}

// with is what is put over the learner.
func (c comparison) with() string {
	for _, a := range additions {
		if strings.HasSuffix(c.method, a.suffix) {
			return a.long
		}
	}
	return strings.TrimPrefix(c.method, c.learner()+"+")
}

// of is the study of a comparison.
func (l *Learners) of(c comparison) *study {
	return l.studies[slices.IndexFunc(l.studies, func(s *study) bool { return s.protocol() == kind(c.runs[0]) })]
}

// Figures has one for each test: the difference that DAPT makes to each learner, with its interval; filled where it is called
// real.
func (l *Learners) Figures() []Figure {
	var figures []Figure
	for _, s := range l.studies {
		for _, m := range s.compared() {
			f := chart.Forest{Title: s.heading(m) + ": what DAPT adds", Axis: "points of accuracy; filled: real"}
			for _, a := range additions {
				f.Series = append(f.Series, a.long)
			}
			for _, learner := range l.learners() {
				row := chart.ForestRow{Name: learner}
				for _, c := range l.comparisons {
					series := slices.Index(f.Series, c.with())
					if series >= 0 && c.learner() == learner && l.of(c) == s && c.measure.Name == m.Name {
						row.Intervals = append(row.Intervals, chart.Interval{Series: series, Mean: c.Mean, Low: c.Low, High: c.High, Real: c.real()})
					}
				}
				if len(row.Intervals) > 0 {
					f.Rows = append(f.Rows, row)
				}
			}
			if len(f.Rows) > 0 {
				figures = append(figures, f.Draw())
			}
		}
	}
	return figures
}

// Tables are those of each protocol, with all conditions and deviations.
func (l *Learners) Tables() []Table {
	var tables []Table
	for _, s := range l.studies {
		tables = append(tables, s.accuracyTable())
	}
	return tables
}

// HTML is one page as [HTML] makes of the results of one protocol, with the comparisons first.
func (l *Learners) HTML(o Options) []byte {
	p := page{Options: o, Compared: append([]List{l.Table(), l.Comparisons()}, l.tuning()...), Differences: drawings(l.Figures()), Tables: l.Tables()}
	both := new(study)
	for _, s := range l.studies {
		both.groups = append(both.groups, s.groups...)
		both.variants = append(both.variants, s.variants...)
	}
	p.Title, p.Sources = cmp.Or(p.Title, "Learners with and without DAPT"), both.sources()
	return []byte(render("page", p))
}

// Markdown is the whole study: the table, the figures, which lie in files of these names, and all comparisons.
func (l *Learners) Markdown(files []string) string {
	var out strings.Builder
	fmt.Fprintln(&out, l.Table().Markdown())
	for i, f := range l.Figures() {
		fmt.Fprintf(&out, "![%s](%s)\n\n", template.HTMLEscapeString(f.Title), files[i])
	}
	fmt.Fprintln(&out, l.Comparisons().Markdown())
	for _, t := range l.Tables() {
		fmt.Fprintln(&out, t.Markdown())
	}
	for _, list := range l.tuning() {
		fmt.Fprintln(&out, list.Markdown())
	}
	return out.String()
}
