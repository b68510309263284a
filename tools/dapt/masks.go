package main

import (
	"fmt"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/report"
	"github.com/dapt-go/dapt-go/dapt/train"
	"github.com/dapt-go/dapt-go/dapt/transform"
)

func newMasks(s *setup) *cobra.Command {
	var source, prompts string
	var count int
	c := &cobra.Command{
		Use:   "masks",
		Short: "draw a contact sheet: image, mask, foreground view, background view",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			b, err := s.benchmark(c.Context())
			if err != nil {
				return err
			}
			items := spread(b.Train, count)
			masks, err := s.sheetMasks(c, b, items, source, prompts)
			if err != nil {
				return err
			}
			return s.sheet(c, b, items, masks)
		},
	}
	c.Flags().StringVar(&source, "masks", "true", "true, files, gradcam or grid")
	c.Flags().StringVar(&prompts, "prompts", "", "with gradcam: the tuned prompts to look through; empty means zero-shot CLIP")
	c.Flags().IntVar(&count, "images", 12, "training images on the sheet")
	return c
}

// sheetMasks returns the source of the masks to draw; Grad-CAM's are mapped now.
func (s *setup) sheetMasks(c *cobra.Command, b experiment.Benchmark, items []dataset.Item, name, prompts string) (mask.Source, error) {
	source, err := s.masks(name, b)
	if err != nil {
		return nil, err
	}
	refresher, follows := source.(mask.Refresher)
	if !follows {
		return mask.For(source, b.Dataset), nil
	}
	lab, done, err := s.lab(c.Context(), c)
	if err != nil {
		return nil, err
	}
	defer done()
	config := train.Paper()
	if config.DType, err = s.compute(); err != nil {
		return nil, err
	}
	engine, err := engineOf(lab, prompts, config)
	if err != nil {
		return nil, err
	}
	heat, err := engine.Heat(c.Context(), b.Dataset, items, nil, config)
	if err != nil {
		return nil, err
	}
	return refresher.Refresh(items, heat, lab.Model.Config.Grid()), nil
}

// engineOf returns the engine that holds the prompts of a file, or zero-shot CLIP's without one.
func engineOf(lab *experiment.Lab, prompts string, config train.Config) (*train.Engine, error) {
	if prompts == "" {
		return lab.Engine(prompt.ZeroShot{}, config.DType)
	}
	about, err := train.ReadPrompts(prompts)
	if err != nil {
		return nil, err
	}
	learner, err := prompt.Find(about.Learner, about.Settings)
	if err != nil {
		return nil, err
	}
	engine, err := lab.Engine(learner, config.DType)
	if err != nil {
		return nil, err
	}
	_, err = engine.Load(prompts)
	return engine, err
}

// sheet draws the rows and writes masks.png.
func (s *setup) sheet(c *cobra.Command, b experiment.Benchmark, items []dataset.Item, masks mask.Source) error {
	columns := []string{"image", "mask", "foreground", "background"}
	var rows []report.SheetRow
	for _, item := range items {
		img, err := transform.Open(b.FS, item.Path)
		if err != nil {
			return err
		}
		found, err := masks.Mask(c.Context(), item, img)
		if err != nil {
			return err
		}
		views, err := report.Views(img, found)
		if err != nil {
			return err
		}
		rows = append(rows, report.SheetRow{Title: item.Class, Images: views})
	}
	path := filepath.Join(s.out, "masks.png")
	if err := writePicture(path, report.Sheet(columns, rows)); err != nil {
		return err
	}
	fmt.Fprintln(c.OutOrStdout(), path)
	return nil
}

// spread picks count items at even distances.
func spread(items []dataset.Item, count int) []dataset.Item {
	count = min(count, len(items))
	picked := make([]dataset.Item, count)
	for i := range picked {
		picked[i] = items[i*len(items)/count]
	}
	return picked
}
