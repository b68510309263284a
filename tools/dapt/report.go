package main

import (
	"cmp"
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/report"
	"github.com/dapt-go/dapt-go/dapt/train"
	"github.com/dapt-go/dapt-go/tools/session"
	tasks "github.com/dapt-go/dapt-go/tools/sweep"
)

// run runs an experiment with a progress bar, prints its table, and writes its report.
func run(c *cobra.Command, s *session.Setup, b experiment.Benchmark, p experiment.Protocol, next string) error {
	_, err := results(c, s, b, p, next)
	return err
}

// results runs an experiment as run does, and returns its results.
func results(c *cobra.Command, s *session.Setup, b experiment.Benchmark, p experiment.Protocol, next string) ([]experiment.Result, error) {
	for _, note := range s.Notes(b) {
		fmt.Fprintln(c.ErrOrStderr(), "note:", note)
	}
	lab, done, err := openLab(c, s)
	if err != nil {
		return nil, err
	}
	defer done()
	return perform(c, s, lab, b, p, next)
}

// perform runs an experiment in an open lab, and returns its results, none where they are a share. b is the first of its data
// sets, from which the report has images.
func perform(c *cobra.Command, s *session.Setup, lab *experiment.Lab, b experiment.Benchmark, p experiment.Protocol, next string) ([]experiment.Result, error) {
	results, err := compute(c, s, lab, p)
	if err != nil || results == nil {
		return nil, err
	}
	o, err := session.Page(c.Context(), lab, b, results)
	if err != nil {
		return nil, err
	}
	o.Next = again(s, next)
	for _, sheet := range o.Sheets {
		if err := session.WritePicture(filepath.Join(s.Out, "selections.png"), sheet.Image()); err != nil {
			return nil, err
		}
	}
	if err := present(c, results, filepath.Join(s.Out, session.PageName(results)), o); err != nil {
		return nil, err
	}
	tellPrompts(c, lab, results)
	fmt.Fprintf(c.OutOrStdout(), "results: %s\nnext:    %s\n", lab.ResultsPath(), o.Next)
	return results, nil
}

// compute runs an experiment in an open lab with a progress bar, and returns its results, none where they are a share.
func compute(c *cobra.Command, s *session.Setup, lab *experiment.Lab, p experiment.Protocol) ([]experiment.Result, error) {
	for _, way := range experiment.Tuning(p) {
		fmt.Fprintf(c.ErrOrStderr(), "tuning: %s on %s, shots %s: %s\n", strings.Join(way.Methods, ", "), strings.Join(way.Datasets, ", "), way.Images(), rates(way))
	}
	bar := session.NewBar()
	lab.Report, lab.Command = bar.Show, typed(c)
	results, err := p.Run(c.Context(), lab)
	bar.Finish()
	if err != nil {
		return nil, err
	}
	if feed := lab.Feed(); feed.Seconds > 0 {
		fmt.Fprintf(c.ErrOrStderr(), "worked on images for %.0f s, in %.1f %% of which the device waited for them\n", feed.Seconds, 100*feed.Share())
	}
	if s.Share != (experiment.Share{}) { // a part of a table would mislead
		return nil, tellShare(c, s, lab, len(results))
	}
	return results, nil
}

// tellPrompts says where the prompts of the last run are, which eval, predict, words and export take.
func tellPrompts(c *cobra.Command, lab *experiment.Lab, results []experiment.Result) {
	for _, r := range slices.Backward(results) {
		if len(r.Epochs) > 0 {
			fmt.Fprintf(c.OutOrStdout(), "prompts: %s, of the last run; those of others lie beside it\n", filepath.Join(lab.RunFolder(r), train.PromptsFile))
			return
		}
	}
}

// again is a command to try next, on the same CLIP and data.
func again(s *session.Setup, command string) string {
	for _, flag := range []struct{ name, value, unset string }{{"clip", s.CLIP, session.Mini}, {"data", s.Data, session.Mini}, {"root", s.Root, "data"}, {"out", s.Out, "dapt-results"}} {
		if flag.value != flag.unset {
			command += fmt.Sprintf(" -%s %s", flag.name, tasks.Quote(flag.value))
		}
	}
	if s.Template != "" {
		command += " -template " + tasks.Quote(s.Template)
	}
	return command
}

// present prints the main tables, and writes the page to path and all tables and figures beside it.
func present(c *cobra.Command, results []experiment.Result, path string, o report.Options) error {
	tables, main, err := report.Tables(results)
	if err != nil {
		return err
	}
	out := c.OutOrStdout()
	for _, table := range tables[:main] {
		fmt.Fprintln(out, table.Text(session.Width()))
	}
	for _, note := range tables[0].Notes {
		fmt.Fprintln(out, "note:", note)
	}
	o.Title = cmp.Or(o.Title, "DAPT on "+results[0].Dataset)
	beside := strings.TrimSuffix(path, ".html")
	fmt.Fprintf(out, "report:  %s\ntables:  %s.md\nfigures: %s\n", path, beside, beside)
	return session.WriteReport(path, results, tables, o)
}

func newReport(s *session.Setup) *cobra.Command {
	return &cobra.Command{
		Use:   "report",
		Short: "print the tables of all results on file, and write a page for each set that may stand in one table",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			path := filepath.Join(s.Out, "results.jsonl")
			results, err := experiment.ReadResults(path)
			if err != nil {
				return err
			}
			if len(results) == 0 {
				return fmt.Errorf("no results in %s; run an experiment first: go run ./tools/dapt quickstart", path)
			}
			for i, group := range report.Studies(results) {
				page := filepath.Join(s.Out, fmt.Sprintf("report-%d-%s.html", i+1, group[0].Protocol))
				if err := present(c, group, page, report.Options{}); err != nil {
					return err
				}
				fmt.Fprintln(c.OutOrStdout())
			}
			return nil
		},
	}
}
