package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/google/renameio/v2"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/report"
	"github.com/dapt-go/dapt-go/dapt/transform"
)

// protocol is an experiment.
type protocol interface {
	Run(ctx context.Context, lab *experiment.Lab) ([]experiment.Result, error)
}

// run runs an experiment with a progress bar, prints its table, and writes its report.
func (s *setup) run(c *cobra.Command, b experiment.Benchmark, p protocol, next string) error {
	lab, done, err := s.lab(c.Context(), c)
	if err != nil {
		return err
	}
	defer done()
	bar := newBar()
	lab.Report = bar.show
	results, err := p.Run(c.Context(), lab)
	bar.finish()
	if err != nil {
		return err
	}
	if feed := lab.Feed(); feed.Seconds > 0 {
		fmt.Fprintf(c.ErrOrStderr(), "worked on images for %.0f s, in %.1f %% of which the device waited for them\n", feed.Seconds, 100*feed.Share())
	}
	overlays, err := overlays(c.Context(), lab, b, results)
	if err != nil {
		return err
	}
	sheets, err := s.sheets(b, results)
	if err != nil {
		return err
	}
	path := filepath.Join(s.out, results[0].Protocol+".html")
	if err := present(c, results, path, report.Options{Overlays: overlays, Sheets: sheets, Next: next}); err != nil {
		return err
	}
	fmt.Fprintf(c.OutOrStdout(), "results: %s\nnext:    %s\n", lab.ResultsPath(), next)
	return nil
}

// present prints the main tables, writes the page to path, and all tables as Markdown and all figures beside it.
func present(c *cobra.Command, results []experiment.Result, path string, o report.Options) error {
	tables, main, err := tablesOf(results)
	if err != nil {
		return err
	}
	width, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil {
		width = 120
	}
	out := c.OutOrStdout()
	var markdown strings.Builder
	for i, table := range tables {
		if i < main {
			fmt.Fprintln(out, table.Text(width))
		}
		fmt.Fprintln(&markdown, table.Markdown())
	}
	for _, note := range tables[0].Notes {
		fmt.Fprintln(out, "note:", note)
	}
	o.Title = "DAPT on " + results[0].Dataset
	page, err := report.HTML(results, o)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	beside := strings.TrimSuffix(path, ".html")
	if err := errors.Join(renameio.WriteFile(path, page, 0o644), renameio.WriteFile(beside+".md", []byte(markdown.String()), 0o644)); err != nil {
		return fmt.Errorf("writing the report: %w", err)
	}
	fmt.Fprintf(out, "report:  %s\ntables:  %s.md\nfigures: %s\n", path, beside, beside)
	return writeFigures(results, beside)
}

// tableOf is a table that takes results only if they may stand in one.
func tableOf(results []experiment.Result) (report.Table, error) {
	switch results[0].Protocol {
	case "few_shot":
		return report.FewShotTable(results)
	case "data_efficient":
		return report.DataEfficientTable(results)
	}
	return report.HarmonicTable(results)
}

// tablesOf are all tables of results, of which so many are worth a terminal.
func tablesOf(results []experiment.Result) (tables []report.Table, main int, err error) {
	if results[0].Protocol == "data_efficient" {
		return ratioTables(results)
	}
	table, err := tableOf(results)
	if err != nil {
		return nil, 0, err
	}
	tables = []report.Table{table}
	if slices.ContainsFunc(results, func(r experiment.Result) bool { return len(r.Focus) > 0 }) {
		focus, err := report.FocusTable(results)
		if err != nil {
			return nil, 0, err
		}
		tables = append(tables, focus)
	}
	return tables, len(tables), nil
}

// ratioTables are accuracy and gain on all classes, then all others.
func ratioTables(results []experiment.Result) (tables []report.Table, main int, err error) {
	accuracy, err := report.DataEfficientTables(results)
	if err != nil {
		return nil, 0, err
	}
	gains, err := report.GainTables(results)
	if err != nil {
		return nil, 0, err
	}
	overlaps, err := report.OverlapTables(results)
	if err != nil {
		return nil, 0, err
	}
	main = 1 + min(1, len(gains))
	return slices.Concat(accuracy[:1], gains, accuracy[1:], overlaps), main, nil
}

// overlays show where zero-shot CLIP and the first run of each method look, on six test images.
func overlays(ctx context.Context, lab *experiment.Lab, b experiment.Benchmark, results []experiment.Result) ([]report.Overlay, error) {
	data := b.Dataset
	if results[0].Protocol == "base_to_novel" {
		data = b.Base()
	}
	items := spread(data.Test, 6)
	list := make([]report.Overlay, len(items))
	truth := mask.For(b.Truth, b.Dataset)
	for i, item := range items {
		img, err := transform.Open(b.FS, item.Path)
		if err != nil {
			return nil, err
		}
		list[i] = report.Overlay{Title: item.Class, Image: img}
		if truth == nil {
			continue
		}
		if list[i].Mask, err = truth.Mask(ctx, item, img); err != nil {
			return nil, err
		}
	}
	return list, addHeat(ctx, lab, data, items, results, list)
}

// addHeat adds the maps of the first run of each method.
func addHeat(ctx context.Context, lab *experiment.Lab, d *dataset.Dataset, items []dataset.Item, results []experiment.Result, list []report.Overlay) error {
	seen := map[string]bool{}
	for _, r := range results {
		if seen[r.Method] {
			continue
		}
		seen[r.Method] = true
		heat, err := lab.Heat(ctx, r, d, items)
		if err != nil {
			return err
		}
		for i := range list {
			list[i].Heats = append(list[i].Heats, report.Heat{Label: r.Method, Values: heat[i], Grid: lab.Model.Config.Grid()})
		}
	}
	return nil
}

func newReport(s *setup) *cobra.Command {
	return &cobra.Command{
		Use:   "report",
		Short: "print the tables of all results on file, and write a page for each set that may stand in one table",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			path := filepath.Join(s.out, "results.jsonl")
			results, err := experiment.ReadResults(path)
			if err != nil {
				return err
			}
			if len(results) == 0 {
				return fmt.Errorf("no results in %s; run an experiment first: go run ./tools/dapt quickstart", path)
			}
			for i, group := range studies(results) {
				page := filepath.Join(s.out, fmt.Sprintf("report-%d-%s.html", i+1, group[0].Protocol))
				if err := present(c, group, page, report.Options{}); err != nil {
					return err
				}
				fmt.Fprintln(c.OutOrStdout())
			}
			return nil
		},
	}
}

// studies puts each result into the first set whose table takes it.
func studies(results []experiment.Result) [][]experiment.Result {
	var sets [][]experiment.Result
	for _, r := range results {
		at := slices.IndexFunc(sets, func(set []experiment.Result) bool {
			_, err := tableOf(append(slices.Clip(set), r))
			return err == nil
		})
		if at < 0 {
			sets = append(sets, []experiment.Result{r})
			continue
		}
		sets[at] = append(sets[at], r)
	}
	return sets
}
