package report

import (
	"math"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/experiment"
)

func TestCurvesAreMeansOverSeeds(t *testing.T) {
	s, err := newStudy(small())
	if err != nil {
		t.Fatal(err)
	}
	points := s.groups[1].points(terms()[1])
	if len(points) != 3 {
		t.Fatalf("curve has %d points, want 3", len(points))
	}
	// Epoch 1 has total losses 2.1, 2.2 and 2.3.
	if got := points[1]; got.X != 2 || !near(got.Mean, 2.2) || !near(got.Std, 0.081650) {
		t.Errorf("second point = %+v, want 2 epochs done with 2.2 ± 0.08165", got)
	}
}

func TestCurvesOfWhatWasLogged(t *testing.T) {
	figures, err := Curves(append(small(), run("Other", "maple", 1, 60, 50)))
	if err != nil {
		t.Fatal(err)
	}
	var titles []string
	for _, f := range figures {
		titles = append(titles, f.Title)
	}
	want := "Mini, validation accuracy, percent|Mini, loss: total|Mini, loss: cls|Other, validation accuracy, percent|Other, loss: total|Other, loss: cls"
	if got := strings.Join(titles, "|"); got != want {
		t.Errorf("figures = %s, want %s", got, want)
	}
}

func TestZeroShotAloneHasNoCurve(t *testing.T) {
	figures, err := Curves([]experiment.Result{zeroShot("Mini", 60, 60)})
	if err != nil || len(figures) != 0 {
		t.Errorf("Curves = %d figures, %v; want none", len(figures), err)
	}
}

func TestNumbersThatAreNotFiniteAreLeftOut(t *testing.T) {
	r := run("Mini", "maple", 1, 60, 50)
	r.Epochs[0].Losses["cls"], r.Epochs[1].Losses["cls"], r.Epochs[2].Val = math.NaN(), math.Inf(1), -1
	s, err := newStudy([]experiment.Result{r})
	if err != nil {
		t.Fatal(err)
	}
	if got := s.groups[0].points(terms()[0]); len(got) != 2 {
		t.Errorf("validation curve has %d points, want 2", len(got))
	}
	if got := s.groups[0].points(terms()[2]); len(got) != 1 || got[0].X != 3 {
		t.Errorf("cls curve = %+v, want that after 3 epochs alone", got)
	}
	figures, err := Curves([]experiment.Result{r})
	if err != nil || len(figures) != 3 || strings.Contains(figures[2].SVG, "NaN") {
		t.Errorf("Curves = %d figures, %v; want 3 without NaN", len(figures), err)
	}
}

func TestFiguresFollowThePage(t *testing.T) {
	var results []experiment.Result
	for _, method := range []string{"one", "two", "three", "four", "five", "six", "a seventh with a long name"} {
		results = append(results, run("Mini", method, 1, 60, 50))
	}
	figures, err := Curves(results)
	if err != nil {
		t.Fatal(err)
	}
	svg := figures[0].SVG
	for _, want := range []string{
		`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 300 `, `role="img"`, "<title>validation accuracy, percent</title>",
		"stroke:currentColor", "stroke:var(--series-0,#0B62A4)", "fill:var(--series-5,#A0143C)", ">a seventh with a long name</text>",
	} {
		if !strings.Contains(svg, want) {
			t.Errorf("figure lacks %q", want)
		}
	}
	for _, bad := range []string{"#010203", "Liberation", "<?xml", "<!--"} {
		if strings.Contains(svg, bad) {
			t.Errorf("figure has %q", bad)
		}
	}
}
