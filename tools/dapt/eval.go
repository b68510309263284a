package main

import (
	"cmp"
	"fmt"
	"slices"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/train"
	"github.com/dapt-go/dapt-go/tools/session"
)

func newZeroShot(s *session.Setup) *cobra.Command {
	var list string
	c := &cobra.Command{
		Use:   "zeroshot",
		Short: "test CLIP as it is, with the data set's hand-crafted sentence",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			b, err := s.Benchmark(c.Context())
			if err != nil {
				return err
			}
			config := train.Paper()
			if config.DType, err = s.Compute(); err != nil {
				return err
			}
			var learner prompt.Learner = prompt.ZeroShot{}
			if list != "" {
				if _, err := prompt.Templates(list); err != nil {
					return err
				}
				learner = prompt.Ensemble{List: list}
			}
			return run(c, s, b, experiment.FewShot{
				Benchmarks: []experiment.Benchmark{b}, Methods: []dapt.Method{{Learner: learner}}, Shots: []int{0}, Train: &config,
			}, "go run ./tools/dapt train")
		},
	}
	c.Flags().StringVar(&list, "ensemble", "", "take the mean over several sentences a class: select (7 and the data set's own), imagenet (OpenAI's 80) or promptsrc (60); empty takes the data set's own alone")
	return c
}

func newEval(s *session.Setup) *cobra.Command {
	var half string
	c := &cobra.Command{
		Use:     "eval PROMPTS",
		Short:   "test prompts from a file that train has written, or a checkpoint of the published code, on any data set",
		Example: "  go run ./tools/dapt eval dapt-results/runs/…/prompts.safetensors -half novel\n  go run ./tools/dapt eval model.pth.tar-5 -clip ViT-B/16 -data OxfordPets -root ~/data",
		Args:    cobra.ExactArgs(1),
		RunE:    func(c *cobra.Command, args []string) error { return eval(c, s, args[0], half) },
	}
	c.Flags().StringVar(&half, "half", "all", "all, base or novel classes")
	return c
}

// halves are the parts of a data set's classes.
var halves = map[string]func(*dataset.Dataset) *dataset.Dataset{
	"all": func(d *dataset.Dataset) *dataset.Dataset { return d }, "base": (*dataset.Dataset).Base, "novel": (*dataset.Dataset).Novel,
}

func eval(c *cobra.Command, s *session.Setup, path, name string) error {
	about, err := train.ReadPrompts(path)
	if err != nil {
		return err
	}
	b, err := s.Benchmark(c.Context())
	if err != nil {
		return err
	}
	part, ok := halves[name]
	if !ok {
		return fmt.Errorf("-half is %q, want all, base or novel", name)
	}
	if half := part(b.Dataset); len(half.Test) == 0 {
		return fmt.Errorf("%s has no test images of %s classes: add a list test, or name other data", b.Name, name)
	}
	engine, config, done, err := openEngine(c, s, path)
	if err != nil {
		return err
	}
	defer done()
	return table(c, b, part, about, func(d *dataset.Dataset) (train.Score, error) {
		return engine.Evaluate(c.Context(), d, d.Test, nil, config)
	})
}

// table tests the benchmark and its conditions, a line each.
func table(c *cobra.Command, b experiment.Benchmark, part func(*dataset.Dataset) *dataset.Dataset, about train.Prompts,
	score func(*dataset.Dataset) (train.Score, error),
) error {
	out := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
	if about.Classes == nil {
		fmt.Fprintf(out, "%s (%s), tuned by another program on classes that are not known\n", about.Learner, cmp.Or(about.Final, "of an unknown epoch"))
	} else {
		fmt.Fprintf(out, "%s of %s (%s), tuned on %d classes of %s\n", about.Learner, about.Backbone, about.Final, len(about.Classes), about.Dataset)
	}
	fmt.Fprintln(out, "test\tclasses\timages\taccuracy %\tmacro F1 %\tchance %")
	tests := append([]experiment.Condition{{Name: b.Name, Items: b.Test}}, b.Conditions...)
	for _, test := range tests {
		d := *b.Dataset
		d.Test = test.Items
		half := part(&d)
		got, err := score(half)
		if err != nil {
			return err
		}
		fmt.Fprintf(out, "%s\t%d\t%d\t%.2f\t%.2f\t%.2f\n", test.Name, len(half.Classes), got.Images, got.Accuracy, got.MacroF1, 100/float64(len(half.Classes)))
		if about.Classes != nil && !slices.Equal(half.Classes, about.Classes) && test.Name == b.Name {
			tuned := 0
			for _, class := range half.Classes {
				if slices.Contains(about.Classes, class) {
					tuned++
				}
			}
			fmt.Fprintf(c.ErrOrStderr(), "note: the prompts were tuned on %d of these %d classes, and on %d in all\n", tuned, len(half.Classes), len(about.Classes))
		}
	}
	return out.Flush()
}
