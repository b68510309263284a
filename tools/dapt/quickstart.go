package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/train"
	"github.com/dapt-go/dapt-go/tools/session"
)

func newQuickstart(s *session.Setup) *cobra.Command {
	x := sweep{}
	c := &cobra.Command{
		Use:   "quickstart",
		Short: "base-to-novel on the mini benchmark: zero-shot, MaPLe, DAPT-S and DAPT-G, three seeds, a few minutes",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if s.Data != session.Mini {
				return fmt.Errorf("quickstart is for the mini benchmark; for %s use: go run ./tools/dapt train -data %s -protocol base-to-novel", s.Data, s.Data)
			}
			b, err := s.Benchmark(c.Context())
			if err != nil {
				return err
			}
			protocol, err := x.quickstart(b)
			if err != nil {
				return err
			}
			return run(c, s, b, protocol, "go run ./tools/dapt train -masks true -mode joint -shots 4 -seeds 1")
		},
	}
	f := c.Flags()
	x.set = f
	x.methodsFlag(f)
	f.IntVar(&x.seeds, "seeds", 3, "runs with seeds 1 to this")
	f.IntVar(&x.Epochs, "epochs", 0, "epochs; 0 takes 5, and of other learners than maple the published number")
	return c
}

// quickstart is [experiment.Quickstart] with what the flags change.
func (x *sweep) quickstart(b experiment.Benchmark) (experiment.Protocol, error) {
	p := experiment.Quickstart(b)
	own, others, err := x.chosen(p.Methods)
	if err != nil {
		return nil, err
	}
	if x.seeds < 1 {
		return nil, fmt.Errorf("-seeds is %d, want at least 1", x.seeds)
	}
	x.others, p.Seeds = others, seedsTo(x.seeds)
	x.change(p.Train)
	if err := p.Train.Validate(); err != nil {
		return nil, err
	}
	return x.together(experiment.Preset{Methods: own, Train: *p.Train}, func(m []dapt.Method, t *train.Config, change func(*train.Config)) experiment.Protocol {
		p.Methods, p.Train, p.Change = m, t, change
		return p
	}), nil
}
