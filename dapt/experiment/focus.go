package experiment

import (
	"context"
	"fmt"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/transform"
)

// measureFocus compares where zero-shot CLIP and the engine's present prompts look.
func (r *run) measureFocus(ctx context.Context, lab *Lab) ([]Focus, error) {
	before, err := lab.Engine(prompt.ZeroShot{}, r.config.DType)
	if err != nil {
		return nil, err
	}
	after, err := lab.Engine(r.method.Learner, r.config.DType)
	if err != nil {
		return nil, err
	}
	truth := mask.For(r.truth, r.data)
	var list []Focus
	for _, t := range r.tests[:r.clean] {
		items := dataset.Spread(t.data.Test, r.focus)
		old, err := before.Heat(ctx, t.data, items, nil, r.config)
		if err != nil {
			return nil, err
		}
		new, err := after.Heat(ctx, t.data, items, t.words, r.config)
		if err != nil {
			return nil, err
		}
		f := Focus{Name: t.name}
		if err := f.measure(ctx, t.data, items, truth, [2][][]float32{old, new}, lab.Model.Config.Grid()); err != nil {
			return nil, err
		}
		list = append(list, f)
	}
	return list, nil
}

// measure takes the means over the images in which both maps have any energy.
func (f *Focus) measure(ctx context.Context, d *dataset.Dataset, items []dataset.Item, truth mask.Source, heat [2][][]float32, grid int) error {
	for i, item := range items {
		img, err := transform.Open(d.FS, item.Path)
		if err != nil {
			return fmt.Errorf("experiment: %w", err)
		}
		object, err := truth.Mask(ctx, item, img)
		if err != nil {
			return err
		}
		before, energyBefore := mask.Inside(heat[0][i], grid, object)
		after, energyAfter := mask.Inside(heat[1][i], grid, object)
		if !energyBefore || !energyAfter {
			continue
		}
		f.Images++
		f.Before += before
		f.After += after
		f.Chance += mask.Covered(object)
	}
	if f.Images > 0 {
		n := float64(f.Images) / 100
		f.Before, f.After, f.Chance = f.Before/n, f.After/n, f.Chance/n
	}
	return nil
}
