package report

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/experiment"
)

//go:embed published.json
var publishedJSON []byte

// published are accuracies that others have published, by protocol, with ViT-B/16, means of seeds 1 to 3.
type published map[string][]system

// system is one row of a published table.
type system struct {
	Method  string // ours; "" where we have none
	System  string // as published
	Source  string
	Note    string
	Percent map[string]float64 // by what [key] makes of a cell; "average" is over eleven data sets, or over the targets
}

func readPublished() published {
	var p published
	if err := json.Unmarshal(publishedJSON, &p); err != nil {
		panic(err) // never: the file is part of the program
	}
	return p
}

// of returns the row of one of our methods.
func (p published) of(protocol, method string) (system, bool) {
	at := slices.IndexFunc(p[protocol], func(s system) bool { return s.Method == method })
	if at < 0 {
		return system{}, false
	}
	return p[protocol][at], true
}

// key names a cell of a table in published.json.
func key(protocol string, row Row, column string) string {
	switch protocol {
	case baseToNovel:
		return row.Dataset + " " + column
	case fewShot:
		return fmt.Sprintf("%s %d %s", row.Dataset, row.Shots, column)
	}
	return column
}

// PublishedTable sets results beside the published ones of the same data set and method, in percent, with the difference.
// An average is compared where it is over the same data sets. Where nothing published is of these data sets, as with the
// mini benchmark, it has the published averages alone. Errors are those of [MainTable].
func PublishedTable(results []experiment.Result) (List, error) {
	table, err := MainTable(results)
	if err != nil {
		return List{}, err
	}
	p, protocol := readPublished(), protocolOf(results)
	if protocol == dataEfficient {
		return List{Caption: "Published numbers", Labels: 1, Lines: [][]string{{"method", "all"}}, Notes: []string{"The paper shows data-efficient learning in figures only."}}, nil
	}
	l := p.beside(protocol, table)
	if len(l.Lines) < 2 {
		return p.averages(protocol, table), nil
	}
	l.mind(results)
	return l, nil
}

// mind notes that published numbers are of another backbone, or of data sets of other classes.
func (l *List) mind(results []experiment.Result) {
	backbone := results[0].Backbone
	if !strings.HasPrefix(backbone, "ViT-B/16") && !strings.HasPrefix(backbone, "ViT-B-16") { // the latter is OpenAI's file
		l.Notes = appendNew(l.Notes, "The published numbers are of ViT-B/16; these are of "+backbone+", and need not agree.")
	}
	var others []string
	for _, r := range results {
		classes := 0
		for _, test := range testsOf[kind(r)] {
			at := slices.IndexFunc(r.Tests, func(t experiment.Test) bool { return t.Name == test })
			classes += len(r.Tests[at].Classes)
		}
		if spec, err := dataset.Find(r.Dataset); err == nil && classes != spec.Labels {
			others = appendNew(others, fmt.Sprintf("%s %d for %d", r.Dataset, classes, spec.Labels))
		}
	}
	if others != nil {
		l.Notes = append(l.Notes, "These have other numbers of classes than the published: "+strings.Join(others, ", ")+".")
	}
}

// compared is a number and its published counterpart.
type compared struct {
	row    Row
	column string
	cell   Stat
	number float64
}

// beside has a line for each row of a base-to-novel table that has published numbers, for each number of other tables.
func (p published) beside(protocol string, t Table) List {
	l := List{Caption: "Beside published numbers, percent", Labels: 3, Lines: [][]string{{"data set", "method", "test", "here", "published", "difference"}}}
	var found []compared
	for _, row := range t.Rows {
		s, ok := p.of(protocol, row.Method)
		if !ok {
			continue
		}
		before := len(found)
		for i, column := range t.Columns {
			number, ok := s.Percent[key(protocol, row, column.Name)]
			if ok && row.Cells[i].Values != nil && t.comparable(protocol, row, column.Name) {
				found = append(found, compared{row, column.Name, row.Cells[i], number})
			}
		}
		if len(found) > before {
			l.Notes = appendNew(l.Notes, s.sourceNote())
		}
	}
	if protocol == baseToNovel {
		l.Caption, l.Labels = "Base-to-novel, beside published numbers", 2
		l.Lines = halves(found)
		return l
	}
	for _, c := range found {
		test := c.column
		if protocol == fewShot {
			test = fmt.Sprintf("%d shots", c.row.Shots)
		}
		l.Lines = append(l.Lines, append([]string{c.row.Dataset, c.row.Method, test}, c.texts()...))
	}
	return l
}

// texts are the number, its counterpart and the difference.
func (c compared) texts() []string {
	return []string{c.cell.String(), fmt.Sprintf("%.2f", c.number), fmt.Sprintf("%+.2f", c.cell.Mean-c.number)}
}

// halves has a line for a data set and method, with base, novel and harmonic mean.
func halves(found []compared) [][]string {
	lines := [][]string{{"data set", "method"}}
	for _, name := range []string{"base", "novel", "HM"} {
		lines[0] = append(lines[0], name, "published", "difference")
	}
	for three := range slices.Chunk(found, 3) {
		line := []string{three[0].row.Dataset, three[0].row.Method}
		for _, c := range three {
			line = append(line, c.texts()...)
		}
		lines = append(lines, line)
	}
	return lines
}

// comparable tells whether an average is over the data sets, or the targets, that published ones are over.
func (t Table) comparable(protocol string, row Row, column string) bool {
	switch {
	case row.Dataset == average:
		return slices.Equal(t.datasets(), elevenNames(0))
	case column == average && protocol == crossDataset:
		return row.Dataset == "ImageNet" && slices.Equal(t.targets(), elevenNames(1))
	case column == average && protocol == generalizes:
		return row.Dataset == "ImageNet" && slices.Equal(t.targets(), []string{"ImageNetA", "ImageNetR", "ImageNetSketch", "ImageNetV2"})
	case protocol == crossDataset || protocol == generalizes:
		return row.Dataset == "ImageNet"
	}
	return true
}

// datasets are those of the rows, sorted.
func (t Table) datasets() []string {
	names := map[string]bool{}
	for _, row := range t.Rows {
		names[row.Dataset] = true
	}
	delete(names, average)
	return slices.Sorted(maps.Keys(names))
}

// targets are the columns between source and average, sorted.
func (t Table) targets() []string {
	var names []string
	for _, c := range t.Columns[1:] {
		if c.Name == average {
			break
		}
		names = append(names, c.Name)
	}
	return slices.Sorted(slices.Values(names))
}

// elevenNames are the benchmarks that averages are published over, from one on, sorted.
func elevenNames(first int) []string {
	var names []string
	for _, spec := range dataset.Eleven()[first:] {
		names = append(names, spec.Name)
	}
	slices.Sort(names)
	return names
}

// order is that of the methods that published averages are shown of.
var order = []string{"zero-shot", "maple", "maple+dapt-g", "maple+dapt-s"}

// averages are the published means over eleven data sets or over the targets, of the usual methods and of the table's.
func (p published) averages(protocol string, t Table) List {
	text := map[string]string{baseToNovel: "base-to-novel", fewShot: "few-shot", crossDataset: "cross-dataset", generalizes: "domain generalisation"}[protocol]
	l := List{
		Caption: "Published " + text + " accuracy, percent: averages over eleven data sets", Labels: 1,
		Lines: [][]string{{"method", "shots", "all"}}, Notes: []string{"CLIP ViT-B/16, means of three seeds. Not measured here."},
	}
	switch protocol {
	case baseToNovel:
		l.Lines[0] = []string{"method", "base", "novel", "HM"}
		l.Notes[0] = "CLIP ViT-B/16, 16 shots, means of three seeds. Not measured here."
	case fewShot:
		l.Notes[0] += " The paper shows DAPT's few-shot accuracy in figures only."
	default:
		l.Caption = "Published " + text + " accuracy, percent: averages over the targets"
		l.Lines[0] = []string{"method", "source", average}
	}
	methods := slices.Clone(order)
	for _, row := range t.Rows {
		methods = appendNew(methods, row.Method)
	}
	for _, method := range methods {
		if s, ok := p.of(protocol, method); ok {
			l.Lines = append(l.Lines, s.averages(protocol)...)
			l.Notes = append(l.Notes, s.sourceNote())
		}
	}
	return l
}

// averages are the lines of a system.
func (s system) averages(protocol string) [][]string {
	if protocol == fewShot {
		var lines [][]string
		for _, shots := range []string{"0", "1", "2", "4", "8", "16"} {
			if number, ok := s.Percent[average+" "+shots+" all"]; ok {
				lines = append(lines, []string{s.System, shots, fmt.Sprintf("%.2f", number)})
			}
		}
		return lines
	}
	keys := []string{"source", average}
	if protocol == baseToNovel {
		keys = []string{"average base", "average novel", "average HM"}
	}
	line := []string{s.System}
	for _, key := range keys {
		line = append(line, fmt.Sprintf("%.2f", s.Percent[key]))
	}
	return [][]string{line}
}

func (s system) sourceNote() string {
	note := s.System + ": " + s.Source + "."
	if s.Note != "" {
		note += " Note: " + s.Note + "."
	}
	return note
}
