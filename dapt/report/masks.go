package report

import (
	"cmp"
	"context"
	"fmt"
	"image"
	"slices"
	"strings"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/transform"
)

// offenders is how many masks of each defect a sheet has.
const offenders = 3

// MaskSheet shows masks that a survey looked at: some of each defect, the worst defect first, then up to count of those without
// one, from the smallest share of foreground to the largest. Columns are the image, its mask, and the image with the mask's
// outline; what cannot be read leaves a gap. files are those of the survey, for the data set d.
func MaskSheet(ctx context.Context, d *dataset.Dataset, files mask.Files, r mask.Report, count int) (ContactSheet, error) {
	sheet := ContactSheet{Title: "masks of " + d.Name, Columns: []string{"image", "mask", "outline"}}
	source := mask.For(files, d).(mask.Files)
	for _, f := range samples(r, count) {
		if err := ctx.Err(); err != nil {
			return sheet, err
		}
		sheet.Rows = append(sheet.Rows, maskRow(ctx, d, source, f))
	}
	return sheet, nil
}

// samples are the findings to show.
func samples(r mask.Report, count int) []mask.Finding {
	var chosen []mask.Finding
	for _, defect := range mask.Defects {
		var own []mask.Finding // those whose worst defect it is
		for _, f := range r.Of(defect) {
			if f.Defects[0] == defect {
				own = append(own, f)
			}
		}
		chosen = append(chosen, own[:min(len(own), offenders)]...)
	}
	var good []mask.Finding
	for _, f := range r.Findings {
		if len(f.Defects) == 0 {
			good = append(good, f)
		}
	}
	slices.SortStableFunc(good, func(a, b mask.Finding) int { return cmp.Compare(a.Share, b.Share) })
	count = min(count, len(good))
	for i := range count {
		chosen = append(chosen, good[i*(len(good)-1)/max(count-1, 1)])
	}
	return chosen
}

func maskRow(ctx context.Context, d *dataset.Dataset, files mask.Files, f mask.Finding) SheetRow {
	what := fmt.Sprintf("%.0f %% foreground", 100*f.Share)
	if len(f.Defects) > 0 {
		names := make([]string, len(f.Defects))
		for i, defect := range f.Defects {
			names[i] = string(defect)
		}
		what = strings.Join(names, ", ")
	}
	row := SheetRow{Title: what + ": " + f.Image, Images: make([]image.Image, 3)}
	img, err := transform.Open(d.FS, f.Image)
	if err != nil {
		return row
	}
	row.Images[0] = img
	found, err := files.Mask(ctx, dataset.Item{Path: f.Image, Class: f.Class}, img)
	switch {
	case err == nil:
		row.Images[1], row.Images[2] = found, Over(img, Outline(found))
	case f.Read: // of another size: as it is
		if stored, err := transform.Open(files.FS, f.Mask); err == nil {
			row.Images[1] = stored
		}
	}
	return row
}
