package report

import (
	"reflect"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/experiment"
)

// shots is a few-shot run.
func shots(method string, count, seed int, accuracy float64) experiment.Result {
	r := all("few_shot", method, seed, accuracy)
	r.Shots = count
	return r
}

// fewShots are two seeds at 1, 4 and 16 shots, and zero-shot.
func fewShots() []experiment.Result {
	results := []experiment.Result{shots("zero-shot", 0, 1, 62)}
	for _, count := range []int{16, 1, 4} {
		results = append(results, shots("maple", count, 1, 60+float64(count)), shots("maple", count, 2, 62+float64(count)))
	}
	return append(results, shots("maple+dapt-s", 1, 1, 64))
}

func TestShotCurvesHaveAFigureForEachTestAndList(t *testing.T) {
	figures := must(t, ShotCurves, fewShots())
	var titles []string
	for _, f := range figures {
		titles = append(titles, f.Title)
	}
	want := "accuracy on all, percent|accuracy on all shift, percent|Grad-CAM energy inside the true mask, all, percent"
	if got := strings.Join(titles, "|"); got != want {
		t.Errorf("figures = %s, want %s", got, want)
	}
	for _, want := range []string{
		`aria-label="accuracy on all, percent over 1, 4, 16 shots: zero-shot at 62; maple from 62 to 77; maple+dapt-s from 64 to 64"`,
		">1</text>", ">4</text>", ">16</text>", ">shots</text>", ">zero-shot</text>",
	} {
		if !strings.Contains(figures[0].SVG, want) {
			t.Errorf("figure lacks %s", want)
		}
	}
	if again := must(t, ShotCurves, fewShots()); !reflect.DeepEqual(figures, again) {
		t.Error("two figures of the same results differ")
	}
}

func TestDoublingsOfShotsAreEquallyFarApart(t *testing.T) {
	s, err := newStudy(fewShots())
	if err != nil {
		t.Fatal(err)
	}
	c := s.shotChart("Mini", s.measures()[0])
	if !c.Curves[0].Flat || c.Curves[0].Points[1].X != 4 {
		t.Errorf("zero-shot = %+v, want a flat line as far as 16 shots", c.Curves[0])
	}
	var xs, means, deviations []float64
	for _, p := range c.Curves[1].Points {
		xs, means, deviations = append(xs, p.X), append(means, p.Mean), append(deviations, p.Std)
	}
	if !reflect.DeepEqual(xs, []float64{0, 2, 4}) || !reflect.DeepEqual(means, []float64{62, 65, 77}) || !reflect.DeepEqual(deviations, []float64{1, 1, 1}) {
		t.Errorf("maple at %v = %v ± %v, want at 0, 2, 4 = 62, 65, 77 ± 1", xs, means, deviations)
	}
}

func TestOneNumberOfShotsHasNoCurve(t *testing.T) {
	if got := must(t, ShotCurves, []experiment.Result{shots("zero-shot", 0, 1, 62), shots("maple", 4, 1, 64)}); len(got) != 0 {
		t.Errorf("ShotCurves of 4 shots = %d figures, want none", len(got))
	}
	if _, err := ShotCurves(small()); err == nil || !strings.Contains(err.Error(), `"base_to_novel", want few_shot`) {
		t.Errorf("ShotCurves of base-to-novel = error %v, want one that names both protocols", err)
	}
}

func TestFewShotPageHasCurvesAgainstShots(t *testing.T) {
	html := htmlOf(t, fewShots(), Options{})
	for _, want := range []string{
		"<figcaption>accuracy on all shift, percent</figcaption><svg", "<caption>Mini, few-shot: accuracy, 1, 4, 16 shots</caption>",
		"<figcaption>loss: total</figcaption>",
	} {
		if !strings.Contains(html, want) {
			t.Errorf("page lacks %q", want)
		}
	}
	if strings.Contains(html, `id="kept"`) {
		t.Error("page has a section on what is kept, want none")
	}
}
