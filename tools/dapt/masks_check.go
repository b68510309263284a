package main

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/report"
	"github.com/dapt-go/dapt-go/tools/session"
)

// checking is what masks check looks at.
type checking struct {
	lists
	decode, layout string
	file           string
	images         int
}

func newCheckMasks(s *session.Setup) *cobra.Command {
	x := checking{}
	c := &cobra.Command{
		Use:   "check",
		Short: "look for masks that are missing, broken, empty, full, of another size or wrongly coded",
		Long: "look for masks that are missing, broken, empty, full, of another size or wrongly coded, say how much of each class is\n" +
			"foreground, and draw some. It fails if there are masks that training refuses.",
		Example: "  go run ./tools/dapt masks check -data OxfordPets -root ~/data -masks-root ~/seem -json findings.json",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return x.run(s, c) },
	}
	x.flags(c)
	f := c.Flags()
	f.StringVar(&x.decode, "decode", string(mask.Auto), "how values become foreground: binary, labels or official; empty tells by each file")
	f.StringVar(&x.layout, "layout", string(mask.AnyLayout), "where masks lie in their folder: dapt or fvg-pt; empty tries both")
	f.StringVar(&x.file, "json", "", "file for all findings, .json or .csv")
	f.IntVar(&x.images, "images", 12, "good masks to draw beside the bad ones")
	return c
}

func (x *checking) run(s *session.Setup, c *cobra.Command) error {
	if kind := filepath.Ext(x.file); x.file != "" && kind != ".json" && kind != ".csv" {
		return fmt.Errorf("-json is %q, want a file whose name ends in .json or .csv", x.file)
	}
	if x.images < 0 {
		return fmt.Errorf("-images is %d, want at least 0", x.images)
	}
	b, err := s.Benchmark(c.Context())
	if err != nil {
		return err
	}
	items, err := x.items(b)
	if err != nil {
		return err
	}
	source, err := s.Masks("files", b)
	if err != nil {
		return err
	}
	files := source.(mask.Files)
	files.Decode, files.Layout = mask.Decoding(x.decode), mask.Layout(x.layout)
	files = files.For(b.Dataset).(mask.Files)
	show, finish := session.CountBar("masks of "+b.Name, len(items))
	found, err := mask.Survey(c.Context(), files, items, show)
	finish()
	if err != nil {
		return err
	}
	sheet, err := report.MaskSheet(c.Context(), b.Dataset, files, found, x.images)
	if err != nil {
		return err
	}
	picture := filepath.Join(s.Out, "masks-check.png")
	if err := session.WritePicture(picture, sheet.Image()); err != nil {
		return err
	}
	if err := x.write(found); err != nil {
		return err
	}
	fmt.Fprintf(c.OutOrStdout(), "%s, %s: %d images\n\n", b.Name, x.split, len(found.Findings))
	if err := tellSurvey(c.OutOrStdout(), found); err != nil {
		return err
	}
	fmt.Fprintln(c.OutOrStdout(), picture)
	if found.Refused > 0 {
		return fmt.Errorf("training refuses %d of %d masks", found.Refused, len(found.Findings))
	}
	return nil
}

// write keeps all findings, if they are wanted.
func (x *checking) write(r mask.Report) error {
	if x.file == "" {
		return nil
	}
	if filepath.Ext(x.file) == ".json" {
		text, err := json.MarshalIndent(r, "", " ")
		if err != nil {
			return err
		}
		return session.WriteFile(x.file, append(text, '\n'))
	}
	rows := [][]string{{"image", "class", "mask", "share", "defects", "detail"}}
	for _, f := range r.Findings {
		share := ""
		if f.Read {
			share = strconv.FormatFloat(f.Share, 'g', 6, 64)
		}
		rows = append(rows, []string{f.Image, f.Class, f.Mask, share, named(f.Defects), f.Detail})
	}
	var text bytes.Buffer
	if err := csv.NewWriter(&text).WriteAll(rows); err != nil {
		return err
	}
	return session.WriteFile(x.file, text.Bytes())
}

func named(defects []mask.Defect) string {
	names := make([]string, len(defects))
	for i, d := range defects {
		names[i] = string(d)
	}
	return strings.Join(names, " ")
}

// shownClasses is how many classes are listed at either end of a long list.
const shownClasses = 15

// tellSurvey prints the counts, the values and the classes.
func tellSurvey(w io.Writer, r mask.Report) error {
	table := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	for _, d := range mask.Defects {
		bad := r.Of(d)
		fmt.Fprintf(table, "%s\t%d", d, len(bad))
		for i, f := range bad[:min(len(bad), 3)] {
			fmt.Fprint(table, []string{"\t", ", ", ", "}[i], f.Image)
		}
		fmt.Fprintln(table)
	}
	var all int64
	for _, n := range r.Values {
		all += n
	}
	percent := func(n int64) float64 { return 100 * float64(n) / float64(max(all, 1)) }
	fmt.Fprintf(table, "\npixels of value\t0\t%.1f %%\n\t255\t%.1f %%\n\t1 to 254\t%.1f %%\n", percent(r.Values[0]), percent(r.Values[255]),
		percent(all-r.Values[0]-r.Values[255]))
	fmt.Fprint(table, "\nforeground, %\tmasks\tmean\tmin\tmax\n")
	classes := slices.SortedStableFunc(slices.Values(r.Classes), func(a, b mask.ClassShare) int { return cmp.Compare(a.Mean, b.Mean) })
	for i, c := range classes {
		if len(classes) > 2*shownClasses && i >= shownClasses && i < len(classes)-shownClasses {
			if i == shownClasses {
				fmt.Fprintf(table, "… %d classes more; -json has all\n", len(classes)-2*shownClasses)
			}
			continue
		}
		fmt.Fprintf(table, "%s\t%d\t%.1f\t%.1f\t%.1f\n", c.Class, c.Masks, 100*c.Mean, 100*c.Min, 100*c.Max)
	}
	fmt.Fprintln(table)
	return table.Flush()
}
