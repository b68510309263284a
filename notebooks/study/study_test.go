package study

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/janpfeifer/gonb/gonbui"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/report/chart"
	"github.com/dapt-go/dapt-go/tools/clone"
)

func TestResultsLieInTheCloneFromAnywhereBelowIt(t *testing.T) {
	gonbui.IsNotebook = true
	defer func() { gonbui.IsNotebook = false }()
	root := filepath.Join(t.TempDir(), "a clone")
	below := filepath.Join(root, "notebooks", "more")
	if err := os.MkdirAll(below, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(root, "go.mod"), []byte("module "+clone.Module+"\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	t.Setenv(outVariable, "")
	t.Setenv("GONB_DIR", below)
	if got, want := out(), filepath.Join(root, resultsFolder); got != want {
		t.Errorf("results go to %s, want %s", got, want)
	}
	if got := shown(filepath.Join(out(), "few_shot.html")); got != "dapt-results/few_shot.html" {
		t.Errorf("the report is said to be at %s, want no path of this machine", got)
	}
	elsewhere := t.TempDir()
	t.Setenv(outVariable, filepath.Join(elsewhere, "mine"))
	if got := shown(filepath.Join(out(), "few_shot.html")); got != "mine/few_shot.html" {
		t.Errorf("the report is said to be at %s, want mine/few_shot.html", got)
	}
	t.Setenv(outVariable, "")
	t.Setenv("GONB_DIR", elsewhere)
	if got, want := out(), filepath.Join(elsewhere, resultsFolder); got != want {
		t.Errorf("outside of a clone results go to %s, want %s", got, want)
	}
}

func TestTheSampleIsADataSetWithMasks(t *testing.T) {
	t.Setenv(outVariable, t.TempDir())
	folder := sampleImages()
	d, err := dataset.OpenFolder("photos", os.DirFS(folder))
	if err != nil {
		t.Fatal(err)
	}
	if len(d.Classes) != sampleClasses || len(d.Train) != sampleClasses*sampleSize/2 {
		t.Errorf("the sample has classes %q and %d training images, want %d and %d", d.Classes, len(d.Train), sampleClasses, sampleClasses*sampleSize/2)
	}
	for _, item := range d.Train {
		if _, err := os.Stat(filepath.Join(folder, "mask", filepath.FromSlash(item.Path))); err != nil {
			t.Errorf("no mask: %v", err)
		}
	}
	unlabelled, err := dataset.Unlabelled("new", os.DirFS(filepath.Join(filepath.Dir(folder), "new")), d.Classes)
	if err != nil || len(unlabelled.Test) != sampleClasses {
		t.Errorf("unlabelled images are %v, %v, want one of each class", unlabelled, err)
	}
	before, err := os.Stat(folder)
	if err != nil {
		t.Fatal(err)
	}
	if after, err := os.Stat(sampleImages()); err != nil || !after.ModTime().Equal(before.ModTime()) {
		t.Errorf("the sample was written again: %v", err)
	}
}

func TestASmallSettingKeepsOneSeedAndTwoNumbersOfShots(t *testing.T) {
	s := Setting{Shots: []int{1, 2, 4}, Seeds: []int{1, 2}, Epochs: 5}.small()
	if !slices.Equal(s.Shots, []int{1, 2}) || !slices.Equal(s.Seeds, []int{1}) || s.Epochs != 1 {
		t.Errorf("small is %+v", s)
	}
	if s := (Setting{Shots: []int{8}}).small(); !slices.Equal(s.Shots, []int{8}) || len(s.Seeds) != 0 {
		t.Errorf("small is %+v", s)
	}
}

func TestALongCurveIsThinnedToMeans(t *testing.T) {
	var points []chart.Point
	for i := range 100 {
		points = append(points, chart.Point{X: float64(i + 1), Mean: float64(i % 2)})
	}
	thinned := thin(points, 50)
	if len(thinned) != 50 || thinned[0] != (chart.Point{X: 2, Mean: 0.5}) || thinned[49].X != 100 {
		t.Errorf("%d points from %+v, want 50 from the mean of the first two", len(thinned), thinned[0])
	}
	if same := thin(points[:7], 50); !slices.Equal(same, points[:7]) {
		t.Errorf("seven points became %+v", same)
	}
}

func TestAPanelShowsTheLastRunOfEachMethod(t *testing.T) {
	p := panel{start: time.Now()}
	step := func(run, method string, step int, loss float64) {
		at := experiment.Progress{Run: run, Method: method, Doing: "tuning", Done: step, Total: 9, Loss: loss, Step: step, Steps: 2 * min(step, 1)}
		p.last = time.Now() // draws nothing
		p.show(at)
	}
	step("Mini maple seed 1", "maple", 1, 3)
	step("Mini maple seed 1", "maple", 2, 2)
	step("Mini maple seed 2", "maple", 1, 5)
	step("Mini maple seed 2", "maple", 0, 0) // testing in between
	step("Mini maple seed 2", "maple", 2, 4)
	step("Mini maple+dapt-s seed 1", "maple+dapt-s", 1, 7)
	p.done(experiment.Result{Method: "maple", Seed: 2, Tests: []experiment.Test{{Name: "base", Accuracy: 68.5}}})
	if got := p.losses["maple"]; len(got) != 2 || got[0].Mean != 5 || got[1].Mean != 4 {
		t.Errorf("losses of maple are %+v, want both of seed 2", got)
	}
	html := p.text("3 images/s") + p.curves()
	for _, want := range []string{"░", " 11 %  3 images/s", "run 0 of 0, Mini maple+dapt-s seed 1: tuning", "last finished: maple seed 2: base 68.50 %", `alt="Loss of each method&#39;s last run over 1 steps: maple from 5 to 4; maple+dapt-s from 7 to 7"`} {
		if !strings.Contains(html, want) {
			t.Errorf("panel lacks %q: %.400s", want, html)
		}
	}
}

func TestBestIsTheTunedRunThatTestsBest(t *testing.T) {
	run := func(method string, accuracy float64, epochs int) experiment.Result {
		return experiment.Result{Method: method, Tests: []experiment.Test{{Accuracy: accuracy}}, Epochs: make([]experiment.Epoch, epochs)}
	}
	if got := Best([]experiment.Result{run("zero-shot", 90, 0), run("a", 60, 1), run("b", 70, 1), run("c", 70, 1)}); got.Method != "b" {
		t.Errorf("best is %s, want b", got.Method)
	}
}

func TestAFolderWithoutMasksIsSeenThroughGradCAM(t *testing.T) {
	t.Setenv(outVariable, t.TempDir())
	t.Setenv(backendVariable, "go")
	folder := sampleImages()
	if err := os.RemoveAll(filepath.Join(folder, "mask")); err != nil {
		t.Fatal(err)
	}
	s := Open(Setting{CLIP: "mini", Data: folder, Shots: []int{1}, Seeds: []int{1}})
	defer s.Close()
	if _, ok := s.given(); ok {
		t.Error("DAPT-S is there without masks")
	}
	sheet := s.Views(s.Images(2))
	if len(sheet.Rows) != 2 || len(sheet.Rows[0].Images) != 4 || !strings.Contains(sheet.Title, "gradcam") {
		t.Errorf("%q has %d rows, want two images with masks by Grad-CAM", sheet.Title, len(sheet.Rows))
	}
	if looks := s.Looks(s.Images(2)); len(looks.Rows[0].Images) != 2 {
		t.Errorf("%q shows %q, want the image and the map", looks.Title, looks.Columns)
	}
	kept, err := filepath.Glob(filepath.Join(s.Folder, "cache", "looks-*.json"))
	if err != nil || len(kept) != 1 {
		t.Errorf("the maps are kept in %q, %v, want one file", kept, err)
	}
}
