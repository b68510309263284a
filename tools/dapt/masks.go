package main

import (
	"fmt"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/report"
	"github.com/dapt-go/dapt-go/dapt/train"
	"github.com/dapt-go/dapt-go/tools/session"
)

// newMasks groups what is done with masks; alone, it is masks show.
func newMasks(s *session.Setup) *cobra.Command {
	c := newShowMasks(s)
	c.Use, c.Short = "masks", "show, make or check masks; alone, show"
	c.AddCommand(newShowMasks(s), newMakeMasks(s), newCheckMasks(s))
	return c
}

// lists are the images that a command works on.
type lists struct {
	split string
	shots int
	seed  uint64
}

func (l *lists) flags(c *cobra.Command) {
	c.Flags().StringVar(&l.split, "split", "train", "train: the training images; all: the validation and test images too")
	c.Flags().IntVar(&l.shots, "shots", 0, "training images a class, drawn by -seed; 0 takes all")
	c.Flags().Uint64Var(&l.seed, "seed", 1, "of the draw")
}

func (l lists) items(b experiment.Benchmark) ([]dataset.Item, error) {
	if l.shots < 0 {
		return nil, fmt.Errorf("-shots is %d, want at least 0, which takes all", l.shots)
	}
	drawn := b.FewShot(l.shots, l.seed)
	items := drawn.Train
	switch l.split {
	case "train":
	case "all":
		items = slices.Concat(drawn.Train, drawn.Val, drawn.Test)
	default:
		return nil, fmt.Errorf("-split is %q, want train or all", l.split)
	}
	if len(items) == 0 {
		return nil, fmt.Errorf("%s has no training images: give -split all", b.Name)
	}
	return items, nil
}

func newShowMasks(s *session.Setup) *cobra.Command {
	var source, prompts string
	var count int
	c := &cobra.Command{
		Use:   "show",
		Short: "draw a contact sheet: image, mask, foreground view, background view",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			b, err := s.Benchmark(c.Context())
			if err != nil {
				return err
			}
			items := dataset.Spread(b.Train, count)
			if len(items) == 0 {
				return fmt.Errorf("there are no training images to draw of %s: -images is %d, of %d", b.Name, count, len(b.Train))
			}
			masks, err := sheetMasks(c, s, b, items, source, prompts)
			if err != nil {
				return err
			}
			sheet, err := report.ViewSheet(c.Context(), b.Dataset, items, masks)
			if err != nil {
				return err
			}
			path := filepath.Join(s.Out, "masks.png")
			fmt.Fprintln(c.OutOrStdout(), path)
			return session.WritePicture(path, sheet.Image())
		},
	}
	c.Flags().StringVar(&source, "masks", "true", "true, files, gradcam or grid")
	c.Flags().StringVar(&prompts, "prompts", "", "with gradcam: the tuned prompts to look through; empty means zero-shot CLIP")
	c.Flags().IntVar(&count, "images", 12, "training images on the sheet")
	return c
}

// sheetMasks returns the source of the masks to draw; Grad-CAM's are mapped now.
func sheetMasks(c *cobra.Command, s *session.Setup, b experiment.Benchmark, items []dataset.Item, name, prompts string) (mask.Source, error) {
	source, err := s.Masks(name, b)
	if err != nil {
		return nil, err
	}
	refresher, follows := source.(mask.Refresher)
	if !follows {
		return mask.For(source, b.Dataset), nil
	}
	engine, config, done, err := openEngine(c, s, prompts)
	if err != nil {
		return nil, err
	}
	defer done()
	heat, err := engine.Heat(c.Context(), b.Dataset, items, nil, config)
	if err != nil {
		return nil, err
	}
	return refresher.Refresh(items, heat, engine.Model.Config.Grid()), nil
}

// openEngine opens the engine that holds the prompts of a file, or zero-shot CLIP's without one. The caller calls done.
func openEngine(c *cobra.Command, s *session.Setup, prompts string) (engine *train.Engine, config train.Config, done func(), err error) {
	config = train.Paper()
	if config.DType, err = s.Compute(); err != nil {
		return nil, config, nil, err
	}
	lab, done, err := openLab(c, s)
	if err != nil {
		return nil, config, nil, err
	}
	engine, about, err := engineOf(lab, prompts, config)
	if err != nil {
		done()
	}
	warn(c, about)
	return engine, config, done, err
}

// engineOf returns the engine that holds the prompts of a file, and what they are, or zero-shot CLIP's without one.
func engineOf(lab *experiment.Lab, prompts string, config train.Config) (engine *train.Engine, about train.Prompts, err error) {
	if prompts == "" {
		engine, err = lab.Engine(prompt.ZeroShot{}, config.DType)
		return engine, about, err
	}
	if about, err = train.ReadPrompts(prompts); err != nil {
		return nil, about, err
	}
	if about.Weights == "" { // of another program: before an engine is made of these sizes
		if _, err := train.Import(prompts, lab.Model, train.As{}); err != nil {
			return nil, about, err
		}
	}
	learner, err := prompt.Find(about.Learner, about.Settings)
	if err != nil {
		return nil, about, err
	}
	if engine, err = lab.Engine(learner, config.DType); err != nil {
		return nil, about, err
	}
	about, err = engine.Load(prompts)
	return engine, about, err
}
