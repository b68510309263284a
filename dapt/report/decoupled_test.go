package report

import (
	"reflect"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/train"
)

func twoDecoupled() []train.Decoupled {
	return []train.Decoupled{
		{Item: dataset.Item{Class: "cat"}, Share: [3]float64{0.5, 0.75, 0.25}, Near: 0.4, Far: 0.6, Word: "grass", Losses: []float64{9, 1, 2, 3, 4, 0}},
		{Item: dataset.Item{Class: "owl"}, Share: [3]float64{0.25, 0.25, 0.25}, Near: 0.2, Far: 0.4, Word: "tree", Losses: []float64{9, 3, 4, 5, 6, 0}},
	}
}

func TestImagesAndLossesEndWithTheirMeans(t *testing.T) {
	l := DecoupledList(twoDecoupled())
	want := [][]string{
		{"cat", "50.0", "75.0", "25.0", "0.400", "0.600", "grass", "1.000", "2.000", "3.000", "4.000"},
		{"owl", "25.0", "25.0", "25.0", "0.200", "0.400", "tree", "3.000", "4.000", "5.000", "6.000"},
		{"mean", "37.5", "50.0", "25.0", "0.300", "0.500", "", "2.000", "3.000", "4.000", "5.000"},
	}
	if !reflect.DeepEqual(l.Lines[1:], want) || len(l.Lines[0]) != len(want[0]) {
		t.Errorf("lines = %q, want %q", l.Lines[1:], want)
	}
	losses := LossList(twoDecoupled(), dapt.Paper()) // 0.8 L_v, 0.1 L_f, 0.5 L_b
	want = [][]string{
		{"1", "L_cls + λ_v L_v", "2.000", "2.400", "0.000", "0.000", "4.400"},
		{"2", "L_cls + λ_f L_f + λ_b L_b", "2.000", "0.000", "0.400", "2.500", "4.900"},
		{"joint", "all four", "2.000", "2.400", "0.400", "2.500", "7.300"},
	}
	if !reflect.DeepEqual(losses.Lines[1:], want) {
		t.Errorf("lines = %q, want %q", losses.Lines[1:], want)
	}
}

func TestStepsHaveACurveForEachTermThatWasComputed(t *testing.T) {
	figures, err := StepCurves("one batch", [][]float32{{3, 2, 1, 0, 0, 0}, {2, 1, 1, 0, 0, 0}})
	if err != nil || len(figures) != 1 {
		t.Fatalf("%d figures, %v, want 1", len(figures), err)
	}
	if want := "one batch over 2 steps: total from 3 to 2; cls from 2 to 1; v from 1 to 1"; figures[0].Alt != want {
		t.Errorf("figure shows %q, want %q", figures[0].Alt, want)
	}
}

func TestGuessesAreListedByImage(t *testing.T) {
	l := GuessList([]dataset.Item{{Path: "a.jpg"}, {Path: "b.jpg"}}, [][]train.Guess{{{Class: "cat", Share: 0.75}, {Class: "dog", Share: 0.25}}, {{Class: "dog", Share: 1}, {Class: "cat"}}})
	if want := "| a.jpg | cat 75.0 % | dog 25.0 % |"; !strings.Contains(l.Markdown(), want) {
		t.Errorf("%s\nwant %s in it", l.Markdown(), want)
	}
}

func TestOverlaysOfOneSheetShowTheSame(t *testing.T) {
	img, m := photo(40, 30)
	heat := Heat{Label: "zero-shot", Values: []float32{0, 1, 2, 3}, Grid: 2}
	o := Overlay{Title: "cat", Image: img, Mask: m, Heats: []Heat{heat}}
	sheet, err := OverlaySheet("looks", []Overlay{o, o})
	if err != nil {
		t.Fatal(err)
	}
	html, err := sheet.HTML()
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`<th scope="col">zero-shot</th>`, `alt="cat: true mask"`, "<caption>looks</caption>", `src="data:image/png;base64,`} {
		if !strings.Contains(html, want) {
			t.Errorf("sheet lacks %s", want)
		}
	}
	if len(sheet.Rows) != 2 || len(sheet.Rows[0].Images) != 3 || strings.Count(html, "<img ") != 6 {
		t.Errorf("%d rows of %d pictures and %d in HTML, want 2 of 3", len(sheet.Rows), len(sheet.Rows[0].Images), strings.Count(html, "<img "))
	}
	other := o
	other.Mask = nil
	if _, err := OverlaySheet("looks", []Overlay{o, other}); err == nil || !strings.Contains(err.Error(), `overlay "cat"`) {
		t.Errorf("overlays with and without a mask: error is %v", err)
	}
	other = o
	other.Heats = []Heat{{Label: "zero-shot", Values: []float32{1}, Grid: 2}}
	if _, err := OverlaySheet("looks", []Overlay{other}); err == nil || !strings.Contains(err.Error(), "1 values") {
		t.Errorf("a map of another size: error is %v", err)
	}
}
