package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/dapt-go/dapt-go/dapt/experiment"
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
	f.StringSliceVar(&x.methods, "methods", nil, "which of zero-shot, maple, maple+dapt-s (by given masks) and maple+dapt-g (by Grad-CAM)")
	f.IntVar(&x.seeds, "seeds", 3, "runs with seeds 1 to this")
	f.IntVar(&x.epochs, "epochs", 0, "epochs; 0 takes 5")
	return c
}

// quickstart is [experiment.Quickstart] with what the flags change.
func (x *sweep) quickstart(b experiment.Benchmark) (experiment.BaseToNovel, error) {
	p := experiment.Quickstart(b)
	var err error
	if p.Methods, err = x.chosen(p.Methods); err != nil {
		return p, err
	}
	if x.seeds < 1 {
		return p, fmt.Errorf("-seeds is %d, want at least 1", x.seeds)
	}
	if x.epochs != 0 {
		p.Train.Epochs = x.epochs
	}
	p.Seeds = seedsTo(x.seeds)
	return p, p.Train.Validate()
}
