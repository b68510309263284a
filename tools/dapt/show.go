package main

import (
	"fmt"
	"image"
	"math"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/report"
	"github.com/dapt-go/dapt-go/dapt/train"
	"github.com/dapt-go/dapt-go/dapt/transform"
	"github.com/dapt-go/dapt-go/tools/session"
)

func newDataShow(s *session.Setup) *cobra.Command {
	var rows, images int
	c := &cobra.Command{
		Use:   "show NAME",
		Short: "draw a contact sheet of a data set, print its classes, counts and prompts, and test zero-shot CLIP on some images",
		Long:  "show works on mini, a benchmark, or a folder of your own images.",
		Example: "  go run ./tools/dapt data show OxfordPets -root ~/data -clip ViT-B/16\n" +
			"  go run ./tools/dapt data show ./photos -clip ViT-B/16",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if rows < 1 || images < 1 {
				return fmt.Errorf("-rows is %d and -images is %d, want at least 1", rows, images)
			}
			named := *s
			named.Data = args[0]
			return show(c, &named, rows, images)
		},
	}
	c.Flags().IntVar(&rows, "rows", 12, "images on the contact sheet")
	c.Flags().IntVar(&images, "images", 200, "test images to test zero-shot CLIP on")
	return c
}

func show(c *cobra.Command, s *session.Setup, rows, images int) error {
	b, err := s.Benchmark(c.Context())
	if err != nil {
		return err
	}
	out := c.OutOrStdout()
	fmt.Fprintf(out, "%s: %d classes, %d training, %d validation and %d test images\n", b.Name, len(b.Classes), len(b.Train), len(b.Val), len(b.Test))
	items := b.Train
	if len(items) == 0 {
		items = b.Test
	}
	items = dataset.Spread(items, rows)
	shown := min(5, len(b.Classes))
	for i := range shown {
		fmt.Fprintf(out, "prompt: %s\n", sentence(b.Dataset, b.Classes[i*len(b.Classes)/shown]))
	}
	if more := len(b.Classes) - shown; more > 0 {
		fmt.Fprintf(out, "        … and %d more\n", more)
	}
	sheet, masked, err := sheetOf(c, s.Files(), b, items)
	if err != nil {
		return err
	}
	path := filepath.Join(s.Out, session.FileName("show "+b.Name, ".png"))
	if err := session.WritePicture(path, sheet.Image()); err != nil {
		return err
	}
	fmt.Fprintf(out, "sheet:  %s (%d images, %d with masks)\n", path, len(items), masked)
	return showZeroShot(c, s, b.Dataset, images)
}

// sentence is what zero-shot CLIP reads for a class.
func sentence(d *dataset.Dataset, class string) string {
	return dapt.Sentences(d.Template, []string{class})[0]
}

// sheetOf is a row for each item: with its mask and views if it has a mask, else the image alone.
func sheetOf(c *cobra.Command, files mask.Files, b experiment.Benchmark, items []dataset.Item) (sheet report.ContactSheet, masked int, err error) {
	sheet.Title = b.Name
	for _, item := range items {
		row, err := rowOf(c, files, b, item)
		if err != nil {
			return sheet, masked, err
		}
		if len(row.Images) > 1 {
			masked++
			sheet.Columns = []string{"image", "mask", "foreground", "background"}
		}
		row.Title = fmt.Sprintf("%d: %s", item.Label, sentence(b.Dataset, item.Class))
		sheet.Rows = append(sheet.Rows, row)
	}
	return sheet, masked, nil
}

func rowOf(c *cobra.Command, files mask.Files, b experiment.Benchmark, item dataset.Item) (report.SheetRow, error) {
	masks := mask.For(b.Truth, b.Dataset)
	if masks == nil {
		files = mask.For(files, b.Dataset).(mask.Files)
		name, err := files.Find(item)
		if err != nil {
			return report.SheetRow{}, err
		}
		if name != "" {
			masks = files
		}
	}
	if masks == nil {
		img, err := transform.Open(b.FS, item.Path)
		return report.SheetRow{Images: []image.Image{img}}, err
	}
	sheet, err := report.ViewSheet(c.Context(), b.Dataset, []dataset.Item{item}, masks)
	if err != nil {
		return report.SheetRow{}, err
	}
	return sheet.Rows[0], nil
}

// showZeroShot tests CLIP as it is on test images spread over the list.
func showZeroShot(c *cobra.Command, s *session.Setup, d *dataset.Dataset, images int) error {
	if len(d.Test) == 0 {
		fmt.Fprintln(c.OutOrStdout(), "zero-shot: there are no test images")
		return nil
	}
	engine, config, done, err := openEngine(c, s, "")
	if err != nil {
		return err
	}
	defer done()
	items := dataset.Spread(d.Test, images)
	score, err := engine.Evaluate(c.Context(), d, items, nil, config)
	if err != nil {
		return err
	}
	fmt.Fprintln(c.OutOrStdout(), zeroShotLine(score, len(d.Classes), len(d.Test)))
	if !aboveChance(score, len(d.Classes)) {
		fmt.Fprintf(c.ErrOrStderr(), "warning: zero-shot is not clearly above chance: see on the sheet whether the labels fit the images, and whether the prompts say what is seen; "+
			"a weak CLIP (this is %s) may not know the classes\n", s.CLIP)
	}
	return nil
}

func zeroShotLine(score train.Score, classes, all int) string {
	line := fmt.Sprintf("zero-shot %.1f %%, chance %.1f %%", score.Accuracy, 100/float64(classes))
	if score.Images < all {
		return line + fmt.Sprintf(" (on %d of %d test images, spread over the list)", score.Images, all)
	}
	return line + fmt.Sprintf(" (on all %d test images)", all)
}

// aboveChance tells whether an accuracy is three standard deviations above that of guessing.
func aboveChance(score train.Score, classes int) bool {
	chance, n := 1/float64(classes), float64(score.Images)
	return score.Accuracy/100*n > n*chance+3*math.Sqrt(n*chance*(1-chance))
}
