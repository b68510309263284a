package main

import (
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"reflect"

	"github.com/spf13/cobra"

	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/train"
)

func newPresets() *cobra.Command {
	var names bool
	c := &cobra.Command{
		Use:   "presets [NAME...]",
		Short: "list the published settings, where each is from, and which row of which table it is to give",
		RunE: func(c *cobra.Command, args []string) error {
			wanted := experiment.Settings()
			if len(args) > 0 {
				wanted = nil
			}
			for _, name := range args {
				s, err := experiment.FindSetting(name)
				if err != nil {
					return err
				}
				wanted = append(wanted, s)
			}
			printSettings(c.OutOrStdout(), wanted, names)
			return nil
		},
	}
	c.Flags().BoolVar(&names, "names", false, "print names only")
	return c
}

func printSettings(out io.Writer, settings []experiment.Setting, names bool) {
	for _, s := range settings {
		fmt.Fprintln(out, s.Name())
		if names {
			continue
		}
		for _, way := range s.Tuned() {
			fmt.Fprintf(out, "  shots %s: %s\n", way.Images(), rates(way))
		}
		fmt.Fprintf(out, "  after:  %s\n  target: %s\n", s.Source, s.Target)
	}
	if !names {
		fmt.Fprintln(out, "Targets are of ViT-B/16. The published runs computed in half precision: -dtype float16. Where settings depend on the data set, these are of any other.")
	}
}

// rates says how prompts are tuned.
func rates(way experiment.Tuned) string {
	t := way.Config
	text := fmt.Sprintf("%d epochs, batch %d, rate %g", t.Epochs, t.Batch, t.Rate)
	if !t.NoWarmup {
		text += fmt.Sprintf(" after an epoch at %g", t.Warmup)
	}
	if t.Optimizer == train.AdamW {
		text += ", AdamW"
	} else {
		text += fmt.Sprintf(", SGD of momentum %g", t.Momentum)
	}
	text += fmt.Sprintf(", decay %g", t.Decay)
	if t.Crop != 0 {
		text += fmt.Sprintf(", crops of at least %g of an image", t.Crop)
	}
	text += fmt.Sprintf(", keeps the %s", t.Final)
	if t.Final == train.MeanOfEpochs {
		text += fmt.Sprintf(" (normal around epoch %g with deviation %g)", t.Average.Mean, t.Average.Deviation)
	}
	if own := settingsOf(way.Learner); own != "" {
		text += ", with " + own
	}
	return text
}

// settingsOf are those of a learner that are not the usual ones, as -learner-settings takes them.
func settingsOf(l prompt.Learner) string {
	var fields map[string]any
	text, err := json.Marshal(l)
	if err != nil || json.Unmarshal(text, &fields) != nil {
		return ""
	}
	maps.DeleteFunc(fields, func(_ string, v any) bool { return v == nil || reflect.ValueOf(v).IsZero() })
	if len(fields) == 0 {
		return ""
	}
	text, _ = json.Marshal(fields) // they were JSON before
	return string(text)
}
