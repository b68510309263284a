package report

import (
	"fmt"
	"html"
	"maps"
	"slices"
	"strings"
	"unicode/utf8"

	"gonum.org/v1/gonum/stat"
	"gonum.org/v1/plot/vg"

	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/report/chart"
)

// OverlapTables tell how alike selection methods choose: a table for each ratio below 1 at which there are several, with
// the picks that two methods have in common, in percent of the smaller selection. It is the mean over seeds of selections
// from the same draw, by the same learner's scores. Errors are those of [DataEfficientTable].
func OverlapTables(results []experiment.Result) ([]Table, error) {
	s, err := studyOf(results, dataEfficient)
	if err != nil {
		return nil, err
	}
	return s.overlapTables(), nil
}

// OverlapMaps are [OverlapTables] as matrices, darker where more is in common: a figure for each ratio and data set.
func OverlapMaps(results []experiment.Result) ([]Figure, error) {
	s, err := studyOf(results, dataEfficient)
	if err != nil {
		return nil, err
	}
	return s.overlapMaps(), nil
}

// keeping is what a selection method kept at one ratio of each seed's draw; the method of its variant is the learner.
type keeping struct {
	dataset string
	variant
	bySeed map[int]*experiment.Selection
}

// keepings are those at a ratio. Runs of a learner with and without DAPT have the same, see sameImages.
func (s *study) keepings(ratio float64) []keeping {
	var list []keeping
	for _, g := range s.groups {
		if !g.selects() || g.ratio != ratio {
			continue
		}
		k := keeping{g.dataset, g.variant, map[int]*experiment.Selection{}}
		k.method = g.learner()
		at := slices.IndexFunc(list, func(other keeping) bool { return other.dataset == k.dataset && other.variant == k.variant })
		if at < 0 {
			at, list = len(list), append(list, k)
		}
		for _, r := range g.runs {
			list[at].bySeed[r.Seed] = r.Selection
		}
	}
	return list
}

func (k keeping) seeds() []int { return slices.Sorted(maps.Keys(k.bySeed)) }

// meets tells whether two methods selected from the same draws.
func (k keeping) meets(other keeping) bool {
	return k.dataset == other.dataset && k.method == other.method && k.shots == other.shots && slices.Equal(k.seeds(), other.seeds())
}

// overlap is the share of picks in common, by seed, and what it would be of uniform draws of the same sizes.
func (k keeping) overlap(other keeping) (shares, chances []float64) {
	for _, seed := range k.seeds() {
		a, b := k.bySeed[seed], other.bySeed[seed]
		common := 0
		for _, index := range a.Kept {
			if slices.Contains(b.Kept, index) {
				common++
			}
		}
		shares = append(shares, 100*float64(common)/float64(min(len(a.Kept), len(b.Kept))))
		chances = append(chances, 100*float64(max(len(a.Kept), len(b.Kept)))/float64(a.Images))
	}
	return shares, chances
}

func (s *study) overlapTables() []Table {
	var tables []Table
	for _, ratio := range s.overlapRatios() {
		if t := s.overlapTable(ratio); len(t.Columns) > 1 {
			tables = append(tables, t)
		}
	}
	return tables
}

// overlapRatios are those at which methods differ.
func (s *study) overlapRatios() []float64 {
	return s.ratios(func(v variant) bool { return v.selects() && v.ratio < 1 })
}

func (s *study) overlapTable(ratio float64) Table {
	t := Table{Caption: s.caption("picks in common at " + percent(ratio))}
	list := s.keepings(ratio)
	var selections, learners []string
	for _, k := range list {
		selections, learners = appendNew(selections, k.selection), appendNew(learners, k.method)
	}
	for _, selection := range selections {
		t.Columns = append(t.Columns, Column{selection, "Picks in common with " + selection + "."})
	}
	var chances []float64
	for _, k := range list {
		row := k.allRatios().emptyRow(k.dataset)
		if len(learners) == 1 {
			row.Method = "" // said by the other tables
		}
		row.Seeds, row.Cells = k.seeds(), make([]Stat, len(selections))
		for _, other := range list {
			if !k.meets(other) {
				continue
			}
			shares, chance := k.overlap(other)
			row.Cells[slices.Index(selections, other.selection)] = newStat(shares)
			if other.selection != k.selection {
				chances = append(chances, chance...)
			}
		}
		t.Rows = append(t.Rows, row)
	}
	t.Notes = []string{"Percent of the smaller of both selections; mean ± population standard deviation over seeds. –: not run with the same seeds."}
	if len(chances) > 0 {
		t.Notes = append(t.Notes, fmt.Sprintf("Two uniform draws of these sizes would have %.1f percent in common on average.", stat.Mean(chances, nil)))
	}
	t.Notes = append(t.Notes, s.notes...)
	return t
}

func (s *study) overlapMaps() []Figure {
	var figures []Figure
	for _, ratio := range s.overlapRatios() {
		t := s.overlapTable(ratio)
		if len(t.Columns) < 2 {
			continue
		}
		var titles []string
		rows := map[string][]Row{}
		for _, row := range t.Rows {
			parts := []string{row.Method, "picks in common at " + percent(ratio) + ", percent"}
			if len(s.shots()) > 1 {
				parts = append(parts, fmt.Sprintf("%d shots", row.Shots))
			}
			title := s.title(row.Dataset, parts...)
			titles = appendNew(titles, title)
			rows[title] = append(rows[title], row)
		}
		for _, title := range titles {
			figures = append(figures, matrix(title, t.Columns, rows[title]))
		}
	}
	return figures
}

// Sizes of a matrix, in points.
const (
	matrixCell   = 28
	matrixLetter = 6 // no letter of the labels is wider on average
)

// matrix draws a square for each cell, in percent. Half the colour is left away, so that the page's text stands out.
func matrix(title string, columns []Column, rows []Row) Figure {
	label := 0
	for _, c := range columns {
		label = max(label, matrixLetter*utf8.RuneCountInString(c.Name))
	}
	left, top := label+8, label*7/10+12 // the columns' labels rise to the right
	var out strings.Builder
	out.WriteString(`<g fill="currentColor" font-size="10">`)
	for j, c := range columns {
		fmt.Fprintf(&out, `<text transform="translate(%d,%d) rotate(-45)">%s</text>`, left+j*matrixCell+matrixCell/2, top-6, html.EscapeString(c.Name))
	}
	for i, row := range rows {
		y := top + i*matrixCell
		fmt.Fprintf(&out, `<text x="%d" y="%d" text-anchor="end">%s</text>`, left-6, y+matrixCell/2+4, html.EscapeString(row.Selection))
		for j, cell := range row.Cells {
			text := "–"
			if cell.Values != nil {
				text = fmt.Sprintf("%.0f", cell.Mean)
			}
			x := left + j*matrixCell
			fmt.Fprintf(&out, `<rect x="%d" y="%d" width="%d" height="%d" fill="%s" fill-opacity="%.3f" stroke="currentColor" stroke-opacity="0.15"/><text x="%d" y="%d" text-anchor="middle">%s</text>`,
				x, y, matrixCell-1, matrixCell-1, chart.SeriesVariable(0), cell.Mean/200, x+matrixCell/2, y+matrixCell/2+4, text)
		}
	}
	out.WriteString("</g>")
	width, height := vg.Length(left+len(columns)*matrixCell+label*7/10), vg.Length(top+len(rows)*matrixCell)
	alt := extremes(title, columns, rows)
	return Figure{Title: title, Alt: alt, SVG: chart.Element(width, height, title, alt, out.String())}
}

// extremes says in words which methods have the least and the most in common.
func extremes(title string, columns []Column, rows []Row) string {
	var least, most Stat
	var leastOf, mostOf string
	for _, row := range rows {
		for j, cell := range row.Cells {
			pair := row.Selection + " and " + columns[j].Name
			if cell.Values == nil || row.Selection == columns[j].Name {
				continue
			}
			if leastOf == "" || cell.Mean < least.Mean {
				least, leastOf = cell, pair
			}
			if mostOf == "" || cell.Mean > most.Mean {
				most, mostOf = cell, pair
			}
		}
	}
	if leastOf == "" {
		return title
	}
	return fmt.Sprintf("%s: least %.4g of %s, most %.4g of %s", title, least.Mean, leastOf, most.Mean, mostOf)
}
