package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/train"
	"github.com/dapt-go/dapt-go/tools/session"
)

// transfer are the flags of an experiment whose prompts are tested on other data sets.
type transfer struct {
	sweep
	protocol string
	targets  []string
	draw     int
}

func newCrossDataset(s *session.Setup) *cobra.Command {
	return newTransfer(s, "cross_dataset", &cobra.Command{
		Use:     "crossdata",
		Short:   "cross-dataset transfer: tune on one data set, test on others; resumes what was interrupted",
		Example: "  go run ./tools/dapt crossdata -data ImageNet -root ~/data -clip ViT-B/16",
	})
}

func newDomainGeneralization(s *session.Setup) *cobra.Command {
	return newTransfer(s, "domain_generalization", &cobra.Command{
		Use:   "domaingen",
		Short: "domain generalisation: tune on one data set, test on others of the same classes; resumes what was interrupted",
		Example: "  go run ./tools/dapt domaingen -shots 4 -seeds 1 -epochs 2\n" +
			"  go run ./tools/dapt domaingen -data ImageNet -root ~/data -clip ViT-B/16",
	})
}

func newTransfer(s *session.Setup, protocol string, c *cobra.Command) *cobra.Command {
	x := transfer{protocol: protocol}
	c.Args = cobra.NoArgs
	c.RunE = func(c *cobra.Command, _ []string) error { return x.run(s, c) }
	x.flags(c.Flags())
	c.Flags().StringSliceVar(&x.targets, "targets", nil, "data sets to test on; those of the paper where the data are ImageNet, the changed backgrounds of mini")
	c.Flags().IntVar(&x.draw, "shots", 16, "training images a class")
	return c
}

func (x *transfer) run(s *session.Setup, c *cobra.Command) error {
	x.shots = []int{x.draw}
	p, err := x.preset(s, c)
	if err != nil {
		return err
	}
	published := train.PaperCrossDataset()
	p.Train.Epochs, p.Train.Final = published.Epochs, published.Final
	if s.CLIP != session.Mini {
		p.Train.Rate = published.Rate
	}
	x.change(&p.Train)
	targets, err := x.open(s, c, p.Benchmark)
	if err != nil {
		return err
	}
	source := p.Benchmark
	source.Conditions = nil // of mini: they are the targets
	one := experiment.CrossDataset{Source: source, Targets: targets, Shots: x.draw, Seeds: seedsTo(x.seeds)}
	all := x.together(p, func(m []dapt.Method, t *train.Config, change func(*train.Config)) experiment.Protocol {
		one.Methods, one.Train, one.Change = m, t, change
		if x.protocol == "domain_generalization" {
			return experiment.DomainGeneralization(one)
		}
		return one
	})
	return run(c, s, source, all, "go run ./tools/dapt report")
}

// open opens the targets.
func (x *transfer) open(s *session.Setup, c *cobra.Command, source experiment.Benchmark) ([]experiment.Benchmark, error) {
	switch {
	case x.targets != nil:
		return openAll(c, s, x.targets)
	case source.Name == "ImageNet":
		return openAll(c, s, targetsOf[x.protocol]())
	case s.Data == session.Mini && x.protocol == "domain_generalization":
		return experiment.MiniTargets()
	}
	return nil, fmt.Errorf("the targets of %s are not known: name data sets or folders with -targets", source.Name)
}
