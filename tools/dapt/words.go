package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/dapt-go/dapt-go/dapt/report"
	"github.com/dapt-go/dapt-go/dapt/train"
	"github.com/dapt-go/dapt-go/tools/session"
)

func newWords(s *session.Setup) *cobra.Command {
	var top int
	var format string
	c := &cobra.Command{
		Use:   "words PROMPTS",
		Short: "tell the words that tuned text prompts are nearest to, block by block",
		Example: "  go run ./tools/dapt words dapt-results/runs/…/prompts.safetensors -top 5\n" +
			"  go run ./tools/dapt words prompts.safetensors -clip ViT-B/16 -format csv > words.csv",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error { return words(c, s, args[0], top, format) },
	}
	c.Flags().IntVar(&top, "top", 10, "words to name for each vector")
	c.Flags().StringVar(&format, "format", "text", "text, markdown, html, csv or json")
	return c
}

// formats are how words can be printed.
var formats = map[string]func([]train.Words) (string, error){
	"text":     func(w []train.Words) (string, error) { return report.WordList(w).Plain(session.Width()), nil },
	"markdown": func(w []train.Words) (string, error) { return report.WordList(w).Markdown(), nil },
	"html":     func(w []train.Words) (string, error) { return report.WordList(w).HTML(), nil },
	"csv":      func(w []train.Words) (string, error) { return report.WordsCSV(w), nil },
	"json":     report.WordsJSON,
}

func words(c *cobra.Command, s *session.Setup, path string, top int, format string) error {
	if top < 1 {
		return fmt.Errorf("-top is %d, want at least 1", top)
	}
	print := formats[format]
	if print == nil {
		return fmt.Errorf("-format is %q, want text, markdown, html, csv or json", format)
	}
	about, err := train.ReadPrompts(path)
	if err != nil {
		return err
	}
	engine, _, done, err := openEngine(c, s, path)
	if err != nil {
		return err
	}
	defer done()
	found, err := engine.Words(about.Classes, top)
	if err != nil {
		return err
	}
	text, err := print(found)
	if err == nil {
		fmt.Fprint(c.OutOrStdout(), text)
	}
	return err
}
