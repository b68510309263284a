package main

import (
	"fmt"
	"os"

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
		Short:   "tell what the images of a folder are taken for, by prompts from a file that train has written",
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
	data, err := dataset.Unlabelled(folder, os.DirFS(folder), about.Classes)
	if err != nil {
		return err
	}
	engine, config, done, err := openEngine(c, s, prompts)
	if err != nil {
		return err
	}
	defer done()
	guesses, err := engine.Predict(c.Context(), data, data.Test, top, config)
	if err != nil {
		return err
	}
	fmt.Fprintln(c.OutOrStdout(), report.GuessList(data.Test, guesses).Plain(session.Width()))
	return nil
}
