package report

import (
	"bytes"
	"encoding/xml"
	"errors"
	"image"
	"image/color"
	"io"
	"regexp"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/experiment"
)

const evil = `<script>alert("x")</script>&'`

// photo is a picture with a mask that covers its left half.
func photo(width, height int) (*image.NRGBA, *image.Gray) {
	img, mask := image.NewNRGBA(image.Rect(0, 0, width, height)), image.NewGray(image.Rect(0, 0, width, height))
	for y := range height {
		for x := range width {
			img.SetNRGBA(x, y, color.NRGBA{uint8(x * 3), uint8(y * 3), 200, 255})
			if x < width/2 {
				mask.SetGray(x, y, color.Gray{255})
			}
		}
	}
	return img, mask
}

func overlay(width, height int) Overlay {
	img, mask := photo(width, height)
	return Overlay{
		Title: "penguin", Caption: "held-out image", Image: img, Mask: mask,
		Heats: []Heat{{"zero-shot", []float32{0, 1, 2, 3}, 2}, {"maple", []float32{3, 2, 1, 0}, 2}},
	}
}

func htmlOf(t *testing.T, results []experiment.Result, o Options) string {
	t.Helper()
	html, err := HTML(results, o)
	if err != nil {
		t.Fatal(err)
	}
	return string(html)
}

func TestPageHoldsTablesCurvesOverlaysAndSources(t *testing.T) {
	html := htmlOf(t, small(), Options{Title: "Quickstart", Lead: "Two methods.", Overlays: []Overlay{overlay(64, 48)}, Next: "dapt masks"})
	for _, want := range []string{
		"<!DOCTYPE html>\n<html lang=\"en\">",
		"<title>Quickstart</title>",
		"<caption>Mini, base-to-novel: accuracy, 16 shots</caption>",
		`<tr><th scope="row">maple</th><th scope="row">1 2 3</th><td class="number">70.00 ± 8.16</td><td class="number">50.00 ± 0.00</td><td class="number">58.33 ± 2.86</td>`,
		"<caption>Mini, base-to-novel: share of Grad-CAM energy inside the true mask, 16 shots</caption>",
		`aria-label="loss: cls over 3 epochs: maple from 2 to 1"`,
		`aria-label="validation accuracy, percent over 3 epochs: maple from 68 to 70"`,
		`aria-label="penguin: zero-shot"`,
		`<image id="image-0" width="64" height="48" href="data:image/png;base64,`,
		"<dt>Backbone</dt><dd>mini 1234</dd>",
		"<dd>xla:cpu, plugin wheel 1, PJRT 0.75, 2 cores</dd>",
		`<td>Mini</td><th scope="row">novel</th><td class="number">30</td><td class="number">2</td>`,
		`<td>last step</td><td><code>Mini-2</code></td></tr>`,
		"<summary>Settings of Mini, maple</summary><pre>{\n  &#34;learner&#34;: &#34;maple&#34;,",
		"Try <code>dapt masks</code>",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("page lacks %q", want)
		}
	}
}

func TestPageIsTheSameForTheSameResults(t *testing.T) {
	o := Options{Overlays: []Overlay{overlay(64, 64)}}
	if a, b := htmlOf(t, small(), o), htmlOf(t, small(), o); a != b {
		t.Error("two pages of the same results differ")
	}
}

func TestPageIsWellFormedAndLoadsNothing(t *testing.T) {
	results := append(small(), run("Other", "maple", 1, 60, 50))
	checkPage(t, htmlOf(t, results, Options{Overlays: []Overlay{overlay(64, 64), overlay(300, 200)}}))
	checkPage(t, htmlOf(t, fewShots(), Options{}))
	checkPage(t, htmlOf(t, efficient(), Options{Sheets: []ContactSheet{contactSheet()}}))
}

// checkPage looks for what is not well formed, is there twice, or comes from elsewhere.
func checkPage(t *testing.T, html string) {
	t.Helper()
	d := xml.NewDecoder(strings.NewReader(html))
	d.Entity = xml.HTMLEntity
	ids := map[string]bool{}
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatalf("page is not well formed: %v", err)
		}
		element, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		for _, a := range element.Attr {
			switch a.Name.Local {
			case "id":
				if ids[a.Value] {
					t.Errorf("id %q is there twice", a.Value)
				}
				ids[a.Value] = true
			case "href", "src":
				if !strings.HasPrefix(a.Value, "#") && !strings.HasPrefix(a.Value, "data:image/png;base64,") {
					t.Errorf("page loads %q", a.Value)
				}
			}
		}
	}
	if bad := regexp.MustCompile(`url\(|@import|ZgotmplZ|<script`).FindString(html); bad != "" {
		t.Errorf("page has %q", bad)
	}
}

func TestEveryStringIsEscaped(t *testing.T) {
	r := run(evil, evil, 1, 60, 50)
	r.Code, r.Backbone, r.Backend.Plugin, r.SplitHash, r.Final = evil, evil, evil, evil, evil
	r.Config = []byte(`"` + strings.ReplaceAll(evil, `"`, `\"`) + `"`)
	r.Tests[2].Name, r.Focus[0].Name = evil, evil
	again := r
	again.Shots = 4 // so that curves name methods and shots
	o := overlay(8, 8)
	o.Title, o.Caption, o.Heats[0].Label = evil, evil, evil
	html := htmlOf(t, []experiment.Result{r, again}, Options{Title: evil, Lead: evil, Next: evil, Overlays: []Overlay{o}})
	if strings.Contains(html, "<script") || strings.Contains(html, "ZgotmplZ") || strings.Contains(html, `alert("x")`) {
		t.Error("page holds a string that is not escaped")
	}
	if got := strings.Count(html, "&lt;script&gt;"); got < 30 {
		t.Errorf("page shows the string %d times, want it wherever it was put", got)
	}
}

func TestBadOverlaysAreErrors(t *testing.T) {
	for want, change := range map[string]func(*Overlay){
		"no image":                     func(o *Overlay) { o.Image = nil },
		"mask is (8,8), the image":     func(o *Overlay) { _, o.Mask = photo(8, 8) },
		"has 4 values, want 3 x 3":     func(o *Overlay) { o.Heats[1].Grid = 3 },
		`"maple" has a value of -1`:    func(o *Overlay) { o.Heats[1].Values = []float32{0, -1, 0, 0} },
		`"zero-shot" has 0 values, wa`: func(o *Overlay) { o.Heats[0] = Heat{Label: "zero-shot"} },
	} {
		o := overlay(16, 16)
		change(&o)
		_, err := HTML(small(), Options{Overlays: []Overlay{o}})
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), `overlay "penguin"`) {
			t.Errorf("HTML = error %v, want one with %q", err, want)
		}
	}
}

func TestQuickstartPageIsSmall(t *testing.T) {
	var results []experiment.Result
	for _, method := range []string{"maple", "maple+dapt-s", "maple+dapt-g"} {
		for seed := 1; seed <= 3; seed++ {
			results = append(results, run("Mini", method, seed, 60, 50))
		}
	}
	overlays := make([]Overlay, 6)
	for i := range overlays {
		overlays[i] = overlay(64, 64)
		noise := uint32(i)
		img := overlays[i].Image.(*image.NRGBA)
		for j := range img.Pix {
			noise = noise*1664525 + 1013904223
			img.Pix[j] += uint8(noise>>24) % 16
		}
	}
	if size := len(htmlOf(t, results, Options{Overlays: overlays})); size > 300_000 {
		t.Errorf("page has %d bytes, want at most 300000", size)
	}
}

func TestTableAsFragment(t *testing.T) {
	table, err := HarmonicTable(small())
	if err != nil {
		t.Fatal(err)
	}
	if html := table.HTML(); !strings.HasPrefix(html, "<table>\n<caption>Mini") || bytes.Contains([]byte(html), []byte("<html")) {
		t.Errorf("HTML() = %q, want a table alone", html)
	}
}
