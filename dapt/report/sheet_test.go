package report

import (
	"image"
	"image/color"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/experiment"
)

// contactSheet is two rows, of two images and of one.
func contactSheet() ContactSheet {
	wide, _ := photo(200, 100)
	small, _ := photo(10, 20)
	return ContactSheet{Title: "Mini, seed 1", Rows: []SheetRow{
		{"random 10%", []image.Image{wide, small}}, {"craig 10%, with a title that is wider than its image", []image.Image{small}},
	}}
}

func TestContactSheetIsWideEnoughForItsTitles(t *testing.T) {
	sheet := contactSheet().Image()
	if got, want := sheet.Bounds(), image.Rect(0, 0, 8+3*136, 16+2*152+8); got != want { // 52 letters of 7 pixels
		t.Errorf("sheet is %v, want %v", got, want)
	}
	if got := sheet.At(8+64, 16+16+64); got == (color.RGBA{224, 224, 224, 255}) {
		t.Error("the first image is missing")
	}
	dark := func(area image.Rectangle) bool {
		for y := area.Min.Y; y < area.Max.Y; y++ {
			for x := area.Min.X; x < area.Max.X; x++ {
				if sheet.At(x, y) == (color.RGBA{0, 0, 0, 255}) {
					return true
				}
			}
		}
		return false
	}
	for name, area := range map[string]image.Rectangle{
		"the title": image.Rect(8, 0, 90, 16), "the first row's title": image.Rect(8, 16, 80, 32),
		"the end of the second row's title": image.Rect(8+51*7, 168, 8+52*7, 184),
	} {
		if !dark(area) {
			t.Errorf("%s is missing in %v", name, area)
		}
	}
}

func TestAnImageThatIsMissingLeavesAGap(t *testing.T) {
	img, _ := photo(8, 8)
	sheet := Sheet(nil, []SheetRow{{"", []image.Image{nil, img}}})
	if got, want := sheet.RGBAAt(8+64, 32+64), (color.RGBA{224, 224, 224, 255}); got != want {
		t.Errorf("pixel of no image = %v, want an empty sheet, %v", got, want)
	}
	for _, bad := range []image.Image{nil, image.NewGray(image.Rectangle{})} {
		s := ContactSheet{Title: "kept", Rows: []SheetRow{{"craig", []image.Image{img, bad}}}}
		_, err := HTML(efficient(), Options{Sheets: []ContactSheet{s}})
		if err == nil || !strings.Contains(err.Error(), `sheet "kept": row "craig" has no image at place 1`) {
			t.Errorf("HTML = error %v, want one that names the sheet, the row and the place", err)
		}
	}
}

func TestDataEfficientPageSaysWhatIsKept(t *testing.T) {
	o := Options{Sheets: []ContactSheet{contactSheet()}}
	html := htmlOf(t, efficient(), o)
	for _, want := range []string{
		`<li><a href="#kept">What is kept</a></li>`,
		`<tr><th scope="row">craig</th><th scope="row">maple</th><th scope="row">1 2</th><td class="number">–</td><td class="number">67.00 ± 1.00</td>`,
		"<caption>Mini, data-efficient: accuracy on all shift by share of images kept, 16 shots</caption>",
		"<caption>Mini, data-efficient: gain in accuracy on all by share of images kept, 16 shots</caption>",
		"<figcaption>craig, accuracy on all, percent</figcaption><svg",
		"<caption>Mini, data-efficient: picks in common at 10%, 16 shots</caption>",
		"<figcaption>picks in common at 50%, percent</figcaption><svg",
		`<h3>Mini, seed 1</h3>`, `<figcaption>random 10%</figcaption>`,
		`<img width="96" height="48" alt="random 10%: image 1 of 2" src="data:image/png;base64,`,
		`<img width="10" height="20" alt="random 10%: image 2 of 2" src="data:image/png;base64,`,
		`<th scope="row">maple</th><td>craig 10%: 2 of 20 images</td><td class="number">1</td>`,
		"<summary>Settings of Mini, maple, craig 10%</summary>",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("page lacks %q", want)
		}
	}
	if strings.Contains(html, `id="curves"`) {
		t.Error("page has curves by epoch, want none of so many runs")
	}
	if again := htmlOf(t, efficient(), o); again != html {
		t.Error("two pages of the same results differ")
	}
}

func TestNamesOfSelectionsAreEscaped(t *testing.T) {
	results := []experiment.Result{kept(evil, 1, 60, evil, 0.1, 1, 2), kept(evil, 1, 60, "craig", 0.1, 1, 3), kept(evil+"+dapt-s", 1, 60, evil, 0.1, 1, 2)}
	s := contactSheet()
	s.Title, s.Rows[0].Title = evil, evil
	html := htmlOf(t, results, Options{Sheets: []ContactSheet{s}})
	if strings.Contains(html, "<script") || strings.Contains(html, "ZgotmplZ") || strings.Contains(html, `alert("x")`) {
		t.Error("page holds a string that is not escaped")
	}
	if got := strings.Count(html, "&lt;script&gt;"); got < 30 {
		t.Errorf("page shows the string %d times, want it wherever it was put", got)
	}
}
