package session

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"github.com/google/renameio/v2"
	"golang.org/x/term"

	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/report"
)

// Width is that of the terminal that standard output is, 120 if it is none.
func Width() int {
	width, _, err := term.GetSize(int(os.Stdout.Fd()))
	if err != nil {
		return 120
	}
	return width
}

// Page is what a report of results shows beside them, from one of their data sets: where the first run of each method looks,
// and, where images were selected, what was kept.
func Page(ctx context.Context, lab *experiment.Lab, b experiment.Benchmark, results []experiment.Result) (report.Options, error) {
	o := report.Options{Title: "DAPT on " + b.Name}
	results = slices.DeleteFunc(slices.Clone(results), func(r experiment.Result) bool {
		if r.Dataset != b.Name {
			o.Title = "DAPT on " + b.Name + " and others"
		}
		return r.Dataset != b.Name
	})
	var err error
	if o.Overlays, err = report.Overlays(ctx, lab, b, results, 6); err != nil {
		return o, err
	}
	kept, err := report.KeptSheet(b, results)
	if len(kept.Rows) > 0 {
		o.Sheets = []report.ContactSheet{kept}
	}
	return o, err
}

// PageName is the file of a report's page: each protocol and data set has its own.
func PageName(results []experiment.Result) string {
	of := results[0].Dataset
	names := map[string]bool{}
	for _, r := range results {
		names[r.Dataset] = true
	}
	if len(names) > 1 {
		of = fmt.Sprintf("%d data sets", len(names))
	}
	return FileName(results[0].Protocol+" "+of, ".html")
}

// WriteReport writes the page to path, and beside it all tables as Markdown, to a file of the same name, and all figures,
// to a folder of the same name without ending. Tables and page must be of results.
func WriteReport(path string, results []experiment.Result, tables []report.Table, o report.Options) error {
	page, err := report.HTML(results, o)
	if err != nil {
		return err
	}
	var markdown strings.Builder
	for _, table := range tables {
		fmt.Fprintln(&markdown, table.Markdown())
	}
	beside := strings.TrimSuffix(path, filepath.Ext(path))
	if err := errors.Join(WriteFile(path, page), WriteFile(beside+".md", []byte(markdown.String()))); err != nil {
		return err
	}
	figures, err := report.Figures(results)
	if err != nil {
		return err
	}
	for _, f := range figures {
		if err := WriteFile(filepath.Join(beside, FileName(f.Title, ".svg")), f.File()); err != nil {
			return err
		}
	}
	return nil
}

// unfit are what file names do without.
var unfit = regexp.MustCompile(`[^a-z0-9.]+`)

// FileName makes a file's name of a title.
func FileName(title, ending string) string {
	return strings.Trim(unfit.ReplaceAllString(strings.ToLower(title), "-"), "-") + ending
}

// WritePicture writes a PNG, and makes its folder.
func WritePicture(path string, picture image.Image) error {
	var data bytes.Buffer
	if err := png.Encode(&data, picture); err != nil {
		return fmt.Errorf("drawing %s: %w", path, err)
	}
	return WriteFile(path, data.Bytes())
}

// WriteFile writes a whole file or none, and makes its folder.
func WriteFile(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return fmt.Errorf("making a folder: %w; choose one that can be written to", err)
	}
	if err := renameio.WriteFile(path, data, 0o644); err != nil {
		return fmt.Errorf("writing %s: %w; choose a folder that can be written to", path, err)
	}
	return nil
}
