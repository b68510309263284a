package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/tools/session"
	tasks "github.com/dapt-go/dapt-go/tools/sweep"
)

// shareFlag is -share.
type shareFlag struct{ share *experiment.Share }

func (f shareFlag) String() string { return f.share.String() }
func (f shareFlag) Type() string   { return "I/N" }
func (f shareFlag) Set(text string) (err error) {
	*f.share, err = experiment.ParseShare(text)
	return err
}

// dividedCommands run whole experiments.
var dividedCommands = []string{"quickstart", "fewshot", "dataeff", "basetonovel", "crossdata", "domaingen", "learners", "reproduce", "zeroshot", "train"}

// allowShares gives -share to the commands that run whole experiments.
func allowShares(root *cobra.Command, s *session.Setup) {
	for _, c := range root.Commands() {
		if slices.Contains(dividedCommands, c.Name()) {
			c.Flags().Var(shareFlag{&s.Share}, "share", "do only share I of N of the runs, I from 0 to N-1, in OUT/share-I-of-N; see merge and sweep")
		}
	}
}

// typed is the command with its arguments and the flags that were set, but without its share.
func typed(c *cobra.Command) []string {
	command := append([]string{c.Name()}, c.Flags().Args()...)
	c.Flags().Visit(func(f *pflag.Flag) {
		value := f.Value.String()
		if list, ok := f.Value.(pflag.SliceValue); ok {
			value = strings.Join(list.GetSlice(), ",")
		}
		if f.Name != "share" {
			command = append(command, "-"+f.Name+"="+value)
		}
	})
	return command
}

// tellShare says what a share did.
func tellShare(c *cobra.Command, s *session.Setup, lab *experiment.Lab, done int) error {
	next := ""
	if os.Getenv(tasks.Merged) == "" {
		next = fmt.Sprintf("next:    go run ./tools/dapt merge %s\n", tasks.Quote(s.Out))
	}
	_, err := fmt.Fprintf(c.OutOrStdout(), "did %d of %d runs (share %d of %d)\nresults: %s\n%s",
		done, lab.Planned(), s.Share.Index, s.Share.Count, lab.ResultsPath(), next)
	return err
}

func newMerge() *cobra.Command {
	return &cobra.Command{
		Use:   "merge OUT [MORE...]",
		Short: "merge what shares of an experiment, here and in other folders, have found into OUT; tells what is missing",
		Long: "Writes to OUT/results.jsonl what one process would have written that did all runs, and links the runs' folders below\n" +
			"OUT/runs, or copies them where the file system cannot link. Takes nothing away, and may be called again, also while\n" +
			"shares are at work.",
		Example: "  go run ./tools/dapt merge dapt-results\n  go run ./tools/dapt merge dapt-results /mnt/other/dapt-results",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if err := refuseInherited(c, "merge works on the folders that it is given"); err != nil {
				return err
			}
			return merge(c.OutOrStdout(), args[0], args[1:]...)
		},
	}
}

// merge merges folders and says what it found.
func merge(w io.Writer, out string, more ...string) error {
	found, err := experiment.Merge(out, more...)
	if err != nil {
		return err
	}
	fmt.Fprintf(w, "merged %d results of %d folders into %s\n", found.Results, len(found.Folders), filepath.Join(out, "results.jsonl"))
	if len(found.Backends) > 1 {
		fmt.Fprintf(w, "note: they were computed on %s, which stand in tables of their own\n", strings.Join(found.Backends, " and "))
	}
	if len(found.Twice) > 0 {
		fmt.Fprintf(w, "note: there twice, by different backends or cores, which reports keep apart: %s\n", strings.Join(found.Twice, ", "))
	}
	for _, m := range found.Missing {
		fmt.Fprintf(w, "missing of share %d of %d: %d", m.Share.Index, m.Share.Count, len(m.Runs))
		if len(m.Command) > 0 {
			fmt.Fprintf(w, "; do them with: go run ./tools/dapt %s -share %s", tasks.QuoteAll(m.Command), m.Share)
		}
		fmt.Fprintf(w, "\n  %s\n", strings.Join(m.Runs, "\n  "))
	}
	next := "report -out " + tasks.Quote(out)
	if len(found.Missing) > 0 {
		next = "merge " + tasks.QuoteAll(append([]string{out}, more...)) + ", once they are done"
	}
	_, err = fmt.Fprintf(w, "next:    go run ./tools/dapt %s\n", next)
	return err
}

// refuseInherited is an error if one of the common flags is set, which the command would leave aside.
func refuseInherited(c *cobra.Command, why string) error {
	var set []string
	c.InheritedFlags().VisitAll(func(f *pflag.Flag) {
		if f.Changed {
			set = append(set, "-"+f.Name)
		}
	})
	if len(set) == 0 {
		return nil
	}
	return fmt.Errorf("%s, so that %s is of no use here", why, strings.Join(set, " and "))
}
