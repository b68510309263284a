package report

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"maps"
	"slices"

	"github.com/dapt-go/dapt-go/dapt/experiment"
)

//go:embed published.json
var publishedJSON []byte

// published are accuracies that others have published, in percent, by our names of methods and data sets.
type published struct {
	BaseToNovel map[string]struct {
		System, Source string
		Datasets       map[string][3]float64 // base, novel and harmonic mean; "average" is over eleven data sets
	} `json:"base_to_novel"`
	FewShot map[string]struct {
		System, Source string
		Average        map[int]float64 // over eleven data sets, by shots
	} `json:"few_shot"`
}

func readPublished() published {
	var p published
	if err := json.Unmarshal(publishedJSON, &p); err != nil {
		panic(err) // never: the file is part of the program
	}
	return p
}

// order is that of methods in published tables.
var order = []string{"zero-shot", "linear-probe", "maple", "maple+dapt-g", "maple+dapt-s"}

// PublishedTable sets base-to-novel results beside the published ones of the same data set and method, in percent, with
// the difference. Where nothing published is of these data sets, as with the mini benchmark, and for few-shot results, of
// which only averages over eleven data sets are published, it has the published averages alone, or beside those measured if
// they are over the same eleven. Errors are those of [MainTable].
func PublishedTable(results []experiment.Result) (List, error) {
	table, err := MainTable(results)
	if err != nil {
		return List{}, err
	}
	p := readPublished()
	switch protocolOf(results) {
	case dataEfficient:
		return List{Caption: "Published numbers", Labels: 1, Lines: [][]string{{"method", "all"}}, Notes: []string{"The paper shows data-efficient learning in figures only."}}, nil
	case fewShot:
		return p.shotAverages().besideShots(p, table), nil
	}
	if l := p.beside(table); len(l.Lines) > 1 {
		return l, nil
	}
	return p.averages(), nil
}

// beside has a line for each row of a base-to-novel table that has published numbers.
func (p published) beside(t Table) List {
	l := List{Caption: "Base-to-novel, beside published numbers", Labels: 2, Lines: [][]string{{"data set", "method"}}}
	for _, column := range t.Columns[:harmonicColumn+1] {
		l.Lines[0] = append(l.Lines[0], column.Name, "published", "difference")
	}
	for _, row := range t.Rows {
		system := p.BaseToNovel[row.Method]
		numbers, ok := system.Datasets[row.Dataset]
		if !ok {
			continue
		}
		line := []string{row.Dataset, row.Method}
		for i, number := range numbers {
			line = append(line, row.Cells[i].String(), fmt.Sprintf("%.2f", number), fmt.Sprintf("%+.2f", row.Cells[i].Mean-number))
		}
		l.Lines = append(l.Lines, line)
		l.Notes = appendNew(l.Notes, sourceNote(system.System, system.Source))
	}
	return l
}

// averages are the published means over eleven data sets.
func (p published) averages() List {
	l := List{
		Caption: "Published base-to-novel accuracy, percent: averages over eleven data sets", Labels: 1,
		Lines: [][]string{{"method", "base", "novel", "HM"}}, Notes: []string{"CLIP ViT-B/16, 16 shots, means of three seeds. Not measured here."},
	}
	for _, method := range order {
		system, ok := p.BaseToNovel[method]
		if !ok {
			continue
		}
		line := []string{system.System}
		for _, number := range system.Datasets[average] {
			line = append(line, fmt.Sprintf("%.2f", number))
		}
		l.Lines = append(l.Lines, line)
		l.Notes = append(l.Notes, sourceNote(system.System, system.Source))
	}
	return l
}

// shotAverages are the published few-shot means over eleven data sets.
func (p published) shotAverages() List {
	l := List{
		Caption: "Published few-shot accuracy, percent: averages over eleven data sets", Labels: 1,
		Lines: [][]string{{"method", "shots", "all"}}, Notes: []string{"CLIP ViT-B/16, means of three seeds. Not measured here. The paper shows DAPT's few-shot accuracy in figures only."},
	}
	for _, method := range order {
		system, ok := p.FewShot[method]
		if !ok {
			continue
		}
		for _, shots := range slices.Sorted(maps.Keys(system.Average)) {
			l.Lines = append(l.Lines, []string{system.System, fmt.Sprint(shots), fmt.Sprintf("%.2f", system.Average[shots])})
		}
		l.Notes = append(l.Notes, sourceNote(system.System, system.Source))
	}
	return l
}

func sourceNote(system, source string) string { return system + ": " + source + "." }
