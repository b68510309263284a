package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/report"
	"github.com/dapt-go/dapt-go/tools/session"
)

func newProbe(s *session.Setup) *cobra.Command {
	p := experiment.LinearProbe{}
	var seeds int
	var search bool
	c := &cobra.Command{
		Use:   "probe",
		Short: "the few-shot experiment with linear probes, the baseline without texts; resumes what was interrupted",
		Long: `Fits logistic regressions to the features of CLIP's frozen image tower, of 1, 2, 4, 8 and 16 images a class, with the draws,
the solver and the search of C of CoOp's lpclip. Features are kept in the results folder, so that each image is encoded once.

Published numbers: the plots in CoOp's paper are of ResNet-50, which this program refuses to load. The averages over eleven data
sets that stand in tables beside prompt learners, 45.77 % with 1 shot to 78.39 % with 16, are of ViT-B/16.`,
		Example: "  go run ./tools/dapt probe -data mini\n" +
			"  go run ./tools/dapt probe -data OxfordPets -root ~/data -clip ViT-B/16 -seeds 10",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return probe(c, s, p, seeds, search) },
	}
	f := c.Flags()
	f.IntSliceVar(&p.Shots, "shots", []int{1, 2, 4, 8, 16}, "training images a class")
	f.IntVar(&seeds, "seeds", 3, "runs with seeds 1 to this")
	f.BoolVar(&p.ValFromTest, "val-from-test", false, "choose C on test images where there is no validation list, as CoOp's code does on ImageNet")
	f.BoolVar(&search, "search", false, "tell how each run chose C, too")
	return c
}

func probe(c *cobra.Command, s *session.Setup, p experiment.LinearProbe, seeds int, search bool) error {
	if seeds < 1 {
		return fmt.Errorf("-seeds is %d, want at least 1", seeds)
	}
	b, err := s.Benchmark(c.Context())
	if err != nil {
		return err
	}
	b = s.Preset(b).Benchmark // with the tests of fewshot
	if p.DType, err = s.Compute(); err != nil {
		return err
	}
	p.Benchmarks, p.Seeds = []experiment.Benchmark{b}, seedsTo(seeds)
	found, err := results(c, s, b, p, "go run ./tools/dapt fewshot")
	if err != nil || !search {
		return err
	}
	list, err := report.SearchList(found)
	if err == nil {
		fmt.Fprint(c.OutOrStdout(), "\n", list.Plain(session.Width()))
	}
	return err
}
