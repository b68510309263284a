package report

import (
	"context"
	"fmt"
	"image"
	"slices"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/transform"
)

// Overlays show where the first run of each method looks, on so many test images of b, and what their true masks cover if
// there are any. The lab must be the one that the results are of. Linear probes, which have no prompts, look nowhere.
func Overlays(ctx context.Context, lab *experiment.Lab, b experiment.Benchmark, results []experiment.Result, images int) ([]Overlay, error) {
	if results = withPrompts(results); len(results) == 0 {
		return nil, nil
	}
	data := b.Dataset
	if protocolOf(results) == baseToNovel {
		data = b.Base()
	}
	items := dataset.Spread(data.Test, images)
	list := make([]Overlay, len(items))
	truth := mask.For(b.Truth, b.Dataset)
	for i, item := range items {
		img, err := transform.Open(b.FS, item.Path)
		if err != nil {
			return nil, err
		}
		list[i] = Overlay{Title: item.Class, Image: img}
		if truth == nil {
			continue
		}
		if list[i].Mask, err = truth.Mask(ctx, item, img); err != nil {
			return nil, err
		}
	}
	return list, addHeat(ctx, lab, data, items, results, list)
}

// addHeat adds the maps of the first run of each method.
func addHeat(ctx context.Context, lab *experiment.Lab, d *dataset.Dataset, items []dataset.Item, results []experiment.Result, list []Overlay) error {
	seen := map[string]bool{}
	for _, r := range results {
		if seen[r.Method] {
			continue
		}
		seen[r.Method] = true
		heat, err := lab.Heat(ctx, r, d, items)
		if err != nil {
			return err
		}
		for i := range list {
			list[i].Heats = append(list[i].Heats, Heat{Label: r.Method, Values: heat[i], Grid: lab.Model.Config.Grid()})
		}
	}
	return nil
}

// OverlaySheet has a row for each overlay: the image, its true mask's outline if it has one, then each map over the image.
// All must have maps of the same labels.
func OverlaySheet(title string, overlays []Overlay) (ContactSheet, error) {
	sheet := ContactSheet{Title: title}
	for i, o := range overlays {
		columns, row, err := o.row()
		if err == nil && i > 0 && !slices.Equal(columns, sheet.Columns) {
			err = fmt.Errorf("it shows %q, the first %q; want the same", columns, sheet.Columns)
		}
		if err != nil {
			return sheet, fmt.Errorf("report: overlay %q: %w", o.Title, err)
		}
		sheet.Columns, sheet.Rows = columns, append(sheet.Rows, row)
	}
	return sheet, nil
}

// row is the overlay as pictures with what each is.
func (o Overlay) row() (columns []string, row SheetRow, err error) {
	columns, row = []string{"image"}, SheetRow{Title: o.Title, Images: []image.Image{o.Image}}
	var outline []image.Image
	if o.Mask != nil {
		outline = []image.Image{Outline(o.Mask)}
		columns, row.Images = append(columns, "true mask"), append(row.Images, Over(o.Image, outline...))
	}
	for _, heat := range o.Heats {
		layer, err := heat.Layer(o.Image.Bounds().Size())
		if err != nil {
			return nil, row, err
		}
		columns, row.Images = append(columns, heat.Label), append(row.Images, Over(o.Image, append([]image.Image{layer}, outline...)...))
	}
	return columns, row, nil
}

// ViewSheet shows each item's image, mask, foreground view and background view.
func ViewSheet(ctx context.Context, d *dataset.Dataset, items []dataset.Item, masks mask.Source) (ContactSheet, error) {
	sheet := ContactSheet{Title: d.Name + ", masks by " + masks.Name(), Columns: []string{"image", "mask", "foreground", "background"}}
	for _, item := range items {
		img, err := transform.Open(d.FS, item.Path)
		if err != nil {
			return sheet, err
		}
		found, err := masks.Mask(ctx, item, img)
		if err != nil {
			return sheet, err
		}
		views, err := Views(img, found)
		if err != nil {
			return sheet, err
		}
		sheet.Rows = append(sheet.Rows, SheetRow{Title: item.Class, Images: views})
	}
	return sheet, nil
}

// shownClasses are how many classes a [KeptSheet] has images of, shownImages how many of a method.
const (
	shownClasses = 3
	shownImages  = 18
)

// KeptSheet shows what each selection method keeps of some classes: of the first seed, at the largest ratio that still
// leaves something out. Without selections it has no rows.
func KeptSheet(b experiment.Benchmark, results []experiment.Result) (ContactSheet, error) {
	shown := keepers(results)
	if len(shown) == 0 {
		return ContactSheet{}, nil
	}
	first, step := shown[0], max(len(b.Classes)/shownClasses, 1)
	sheet := ContactSheet{Title: fmt.Sprintf("%s, %g %% kept of %d images, seed %d", first.Dataset, 100*first.Selection.Ratio, first.Selection.Images, first.Seed)}
	for _, r := range shown {
		items, err := r.Kept(b)
		if err != nil {
			return sheet, err
		}
		row := SheetRow{Title: r.Selection.Method}
		for _, item := range items {
			if len(row.Images) == shownImages || item.Label%step != 0 || item.Label/step >= shownClasses {
				continue
			}
			img, err := transform.Open(b.FS, item.Path)
			if err != nil {
				return sheet, err
			}
			row.Images = append(row.Images, img)
		}
		sheet.Rows = append(sheet.Rows, row)
	}
	return sheet, nil
}

// keepers are the runs of the first learner and seed that left images out, at their largest ratio.
func keepers(results []experiment.Result) []experiment.Result {
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
