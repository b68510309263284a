package report

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"image"
	"image/png"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/mask"
)

// masked is a data set of images of 20 x 10 pixels, the first with a broken mask, then five empty ones, a mis-sized one, a missing
// one, and nine whose first columns are foreground, one column to nine.
func masked(t *testing.T) (*dataset.Dataset, mask.Report) {
	t.Helper()
	files := fstest.MapFS{}
	d := &dataset.Dataset{Name: "Pets", FS: files, Images: "images"}
	encoded := func(img image.Image) *fstest.MapFile {
		var data bytes.Buffer
		if err := png.Encode(&data, img); err != nil {
			t.Fatal(err)
		}
		return &fstest.MapFile{Data: data.Bytes()}
	}
	for i := range 17 {
		item := dataset.Item{Path: fmt.Sprintf("images/%02d.png", i), Class: "cat"}
		d.Train = append(d.Train, item)
		files[item.Path] = encoded(image.NewNRGBA(image.Rect(0, 0, 20, 10)))
		m, name := image.NewGray(image.Rect(0, 0, 20, 10)), fmt.Sprintf("mask/%02d.png", i)
		for p := range m.Pix {
			if p%20 < i-7 {
				m.Pix[p] = 255
			}
		}
		switch i {
		case 0:
			files[name] = &fstest.MapFile{Data: []byte("broken")}
		case 6:
			files[name] = encoded(&image.Gray{Pix: bytes.Repeat([]byte{255, 0}, 200), Stride: 20, Rect: image.Rect(0, 0, 20, 20)})
		case 7:
		default:
			files[name] = encoded(m)
		}
	}
	r, err := mask.Survey(t.Context(), mask.Files{}.For(d).(mask.Files), d.Train, nil)
	if err != nil {
		t.Fatal(err)
	}
	return d, r
}

func TestMaskSheetShowsTheWorstAndTheRange(t *testing.T) {
	d, r := masked(t)
	sheet, err := MaskSheet(t.Context(), d, mask.Files{}, r, 3)
	if err != nil {
		t.Fatal(err)
	}
	var titles, shown []string
	for _, row := range sheet.Rows {
		titles = append(titles, row.Title)
		var seen strings.Builder
		for _, img := range row.Images {
			seen.WriteString(map[bool]string{true: "-", false: "x"}[img == nil])
		}
		shown = append(shown, seen.String())
	}
	want := "missing: images/07.png|undecodable: images/00.png|mis-sized: images/06.png|empty: images/01.png|empty: images/02.png|empty: images/03.png|" +
		"5 % foreground: images/08.png|25 % foreground: images/12.png|45 % foreground: images/16.png"
	if got := strings.Join(titles, "|"); got != want {
		t.Errorf("rows are %s, want %s", got, want)
	}
	if got, want := strings.Join(shown, " "), "x-- x-- xx- xxx xxx xxx xxx xxx xxx"; got != want {
		t.Errorf("images are %s, want %s", got, want)
	}
	if sheet.Image().Bounds().Empty() {
		t.Error("the sheet cannot be drawn")
	}
	last := sheet.Rows[len(sheet.Rows)-1].Images[1].(*image.Gray)
	if got := mask.Covered(last); got != 0.45 {
		t.Errorf("the last mask covers %v of its image, want 0.45", got)
	}
}

func TestMaskSheetOfNothingGoodAndOfOne(t *testing.T) {
	d, r := masked(t)
	for _, count := range []int{0, 1, 100} {
		sheet, err := MaskSheet(t.Context(), d, mask.Files{}, r, count)
		if want := 6 + min(count, 9); err != nil || len(sheet.Rows) != want {
			t.Errorf("MaskSheet of %d good masks has %d rows, %v, want %d", count, len(sheet.Rows), err, want)
		}
	}
	stopped, stop := context.WithCancel(t.Context())
	stop()
	if _, err := MaskSheet(stopped, d, mask.Files{}, r, 1); !errors.Is(err, context.Canceled) {
		t.Errorf("MaskSheet that is stopped fails with %v, want context.Canceled", err)
	}
}
