package main

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/report"
	"github.com/dapt-go/dapt-go/dapt/transform"
)

// shownClasses are how many classes a contact sheet has images of, shownImages how many of a method.
const (
	shownClasses = 3
	shownImages  = 18
)

// sheets show what each selection method keeps of some classes: of the first seed, at the largest ratio that still leaves
// something out. It writes the sheet to selections.png in the folder of results, too.
func (s *setup) sheets(b experiment.Benchmark, results []experiment.Result) ([]report.ContactSheet, error) {
	shown := keeping(results)
	if len(shown) == 0 {
		return nil, nil
	}
	first, step := shown[0], max(len(b.Classes)/shownClasses, 1)
	sheet := report.ContactSheet{Title: fmt.Sprintf("%s, %g %% kept of %d images, seed %d", first.Dataset, 100*first.Selection.Ratio, first.Selection.Images, first.Seed)}
	for _, r := range shown {
		items, err := r.Kept(b)
		if err != nil {
			return nil, err
		}
		row := report.SheetRow{Title: r.Selection.Method}
		for _, item := range items {
			if len(row.Images) == shownImages || item.Label%step != 0 || item.Label/step >= shownClasses {
				continue
			}
			img, err := transform.Open(b.FS, item.Path)
			if err != nil {
				return nil, err
			}
			row.Images = append(row.Images, img)
		}
		sheet.Rows = append(sheet.Rows, row)
	}
	return []report.ContactSheet{sheet}, writePicture(filepath.Join(s.out, "selections.png"), sheet.Image())
}

// keeping are the runs of the first learner and seed that left images out, at their largest ratio.
func keeping(results []experiment.Result) []experiment.Result {
	var list []experiment.Result
	largest := 0.0
	for _, r := range results {
		if r.Selection == nil || r.Selection.Ratio == 1 || len(list) > 0 && (r.Method != list[0].Method || r.Seed != list[0].Seed) {
			continue
		}
		list = append(list, r)
		largest = max(largest, r.Selection.Ratio)
	}
	return slices.DeleteFunc(list, func(r experiment.Result) bool { return r.Selection.Ratio != largest })
}
