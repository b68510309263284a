package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/dapt-go/dapt-go/dapt/experiment"
)

func newQuickstart(s *setup) *cobra.Command {
	return &cobra.Command{
		Use:   "quickstart",
		Short: "base-to-novel on the mini benchmark: zero-shot, MaPLe, DAPT-S and DAPT-G, three seeds, a few minutes",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if s.data != "mini" {
				return fmt.Errorf("quickstart is for the mini benchmark; for %s use: go run ./tools/dapt train -data %s -protocol base-to-novel", s.data, s.data)
			}
			b, err := s.benchmark(c.Context())
			if err != nil {
				return err
			}
			return s.run(c, b, experiment.Quickstart(b), "go run ./tools/dapt train -masks true -mode joint -shots 4 -seeds 1")
		},
	}
}
