package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/dapt-go/dapt-go/tools/backend"
	"github.com/dapt-go/dapt-go/tools/session"
)

func newBackends(*session.Setup) *cobra.Command {
	return &cobra.Command{
		Use:   "backends",
		Short: "list what can compute here, and how fast it multiplies matrices",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			out := tabwriter.NewWriter(c.OutOrStdout(), 0, 0, 2, ' ', 0)
			fmt.Fprintln(out, "backend\tplugin\tPJRT\tcores\tGFLOP/s (f32)")
			for _, want := range []string{"xla:cuda", "xla:cpu", "go"} {
				device, info, err := backend.Open(c.Context(), backend.Options{Want: want})
				if err != nil {
					fmt.Fprintf(out, "%s\tnot here: %v\n", want, err)
					continue
				}
				rate, err := backend.Rate(device)
				device.Finalize()
				if err != nil {
					return err
				}
				fmt.Fprintf(out, "%s\t%s\t%s\t%d\t%.0f\n", info.Backend, info.Plugin, info.PJRT, info.Cores, rate)
			}
			return out.Flush()
		},
	}
}
