package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/report"
	"github.com/dapt-go/dapt-go/dapt/train"
	"github.com/dapt-go/dapt-go/tools/session"
)

func newPredict(s *session.Setup) *cobra.Command {
	var top int
	c := &cobra.Command{
		Use:     "predict PROMPTS FOLDER",
		Short:   "tell what the images of a folder, or one image, are taken for, by prompts from a file that train has written",
		Example: "  go run ./tools/dapt predict dapt-results/runs/…/prompts.safetensors ./new-photos",
		Args:    cobra.ExactArgs(2),
		RunE:    func(c *cobra.Command, args []string) error { return predict(c, s, args[0], args[1], top) },
	}
	c.Flags().IntVar(&top, "top", 3, "classes to name for each image")
	return c
}

func predict(c *cobra.Command, s *session.Setup, prompts, folder string, top int) error {
	if top < 1 {
		return fmt.Errorf("-top is %d, want at least 1", top)
	}
	about, err := train.ReadPrompts(prompts)
	if err != nil {
		return err
	}
	if len(about.Classes) == 0 {
		return fmt.Errorf("%s does not tell the classes that its prompts were tuned on, among which to choose: use eval, which takes those of a data set", prompts)
	}
	data, err := unlabelled(folder, about.Classes)
	if err != nil {
		return err
	}
	engine, config, done, err := openEngine(c, s, prompts)
	if err != nil {
		return err
	}
	defer done()
	items, broken, err := engine.Readable(c.Context(), data, data.Test)
	if err != nil {
		return err
	}
	if len(items) > 0 {
		guesses, err := engine.Predict(c.Context(), data, items, top, config)
		if err != nil {
			return err
		}
		fmt.Fprintln(c.OutOrStdout(), report.GuessList(items, guesses).Plain(session.Width()))
	}
	if len(broken) > 0 {
		return fmt.Errorf("%d of %d images cannot be classified:\n%w", len(broken), len(data.Test), errors.Join(broken...))
	}
	return nil
}

// unlabelled lists the images of a folder, or one that is named itself.
func unlabelled(folder string, classes []string) (*dataset.Dataset, error) {
	info, err := os.Stat(folder)
	if err != nil {
		return nil, fmt.Errorf("there is no %s to classify: name a folder of images, or an image", folder)
	}
	if info.IsDir() {
		return dataset.Unlabelled(folder, os.DirFS(folder), classes)
	}
	return dataset.Unlabelled(folder, os.DirFS(filepath.Dir(folder)), classes, filepath.Base(folder))
}
