package report

import (
	"fmt"
	"image"
	"image/color"
	"strings"
	"testing"
)

func TestHeatIsBrightestAndMostOpaqueAtItsMaximum(t *testing.T) {
	layer, err := Heat{"", []float32{0, 0, 0, 0.5}, 2}.Layer(image.Pt(9, 9))
	if err != nil {
		t.Fatal(err)
	}
	if got := layer.ColorIndexAt(0, 0); got != 0 {
		t.Errorf("step at the coldest pixel = %d, want 0", got)
	}
	if got, want := layer.ColorIndexAt(8, 8), uint8(len(layer.Palette)-1); got != want {
		t.Errorf("step at the hottest pixel = %d, want the last, %d", got, want)
	}
	if got := layer.ColorIndexAt(4, 4); got != 16 { // a quarter of 63
		t.Errorf("step in the middle = %d, want 16", got)
	}
	cold, hot := layer.Palette[0].(color.NRGBA), layer.Palette[63].(color.NRGBA)
	if cold.A >= hot.A || int(cold.R)+int(cold.G) >= int(hot.R)+int(hot.G) {
		t.Errorf("colours run from %v to %v, want brighter and more opaque", cold, hot)
	}
}

func TestHeatOfZerosIsCold(t *testing.T) {
	layer, err := Heat{"", make([]float32, 4), 2}.Layer(image.Pt(3, 3))
	if err != nil {
		t.Fatal(err)
	}
	for i, step := range layer.Pix {
		if step != 0 {
			t.Fatalf("step of pixel %d = %d, want 0", i, step)
		}
	}
}

func TestOutlineIsTheBorderOfTheForeground(t *testing.T) {
	mask := image.NewGray(image.Rect(5, 5, 11, 10))
	for y := 6; y < 9; y++ {
		for x := 6; x < 10; x++ {
			mask.SetGray(x, y, color.Gray{200})
		}
	}
	var got strings.Builder
	outline := Outline(mask)
	for y := range 5 {
		fmt.Fprintln(&got, outline.Pix[y*outline.Stride:][:6])
	}
	want := "[0 0 0 0 0 0]\n[0 1 1 1 1 0]\n[0 1 0 0 1 0]\n[0 1 1 1 1 0]\n[0 0 0 0 0 0]\n"
	if got.String() != want {
		t.Errorf("Outline =\n%s\nwant\n%s", got.String(), want)
	}
}

func TestViewsHideTheOtherPart(t *testing.T) {
	img, mask := photo(4, 2)
	views, err := Views(img, mask)
	if err != nil {
		t.Fatal(err)
	}
	gray := color.NRGBA{123, 117, 104, 255}
	for _, test := range []struct {
		view, x int
		want    color.Color
	}{{2, 0, img.At(0, 1)}, {2, 3, gray}, {3, 0, gray}, {3, 3, img.At(3, 1)}} {
		if got := views[test.view].At(test.x, 1); got != test.want {
			t.Errorf("view %d at (%d, 1) = %v, want %v", test.view, test.x, got, test.want)
		}
	}
	if _, err := Views(img, image.NewGray(image.Rect(0, 0, 2, 4))); err == nil {
		t.Error("Views with a mask of another size = no error, want one")
	}
}

func TestOverBlendsLayers(t *testing.T) {
	img, mask := photo(4, 2)
	got := Over(img.SubImage(image.Rect(1, 0, 4, 2)), Outline(mask))
	if want := (color.NRGBA{0, 255, 255, 255}); got.NRGBAAt(0, 0) != want {
		t.Errorf("outlined pixel = %v, want %v", got.NRGBAAt(0, 0), want)
	}
	if want := img.NRGBAAt(3, 1); got.NRGBAAt(2, 1) != want {
		t.Errorf("clear pixel = %v, want the image's %v", got.NRGBAAt(2, 1), want)
	}
}

func TestSheetPlacesEveryImage(t *testing.T) {
	img, _ := photo(200, 100)
	small := image.NewNRGBA(image.Rect(0, 0, 10, 20))
	sheet := Sheet([]string{"image", "mask"}, []SheetRow{{"first", []image.Image{img, small}}, {strings.Repeat("é", 99), []image.Image{small}}})
	if want := image.Rect(0, 0, 8+2*136, 16+2*152+8); sheet.Rect != want {
		t.Errorf("sheet is %v, want %v", sheet.Rect, want)
	}
	empty := color.RGBA{224, 224, 224, 255}
	if got := sheet.RGBAAt(8+64, 16+16+64); got == empty {
		t.Error("the first image is missing")
	}
	if got := sheet.RGBAAt(8+64, 16+16+10); got != empty { // twice as wide as high: nothing above
		t.Errorf("above the first image = %v, want an empty sheet", got)
	}
	written := false
	for x := range 60 {
		for y := range 16 {
			written = written || sheet.RGBAAt(x, y) != empty
		}
	}
	if !written {
		t.Error("the first column has no name")
	}
}
