package report

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/experiment"
)

// run is a result of base-to-novel with the tests base, novel and base_shift, and a measurement of focus.
func run(dataset, method string, seed int, base, novel float64) experiment.Result {
	classes := func(half string) []string { return []string{half + " one", half + " two"} }
	r := experiment.Result{
		Protocol: "base_to_novel", Dataset: dataset, Method: method, Seed: seed, Shots: 16,
		Config:    json.RawMessage(fmt.Sprintf(`{"train":{"Rate":0.0035,"Seed":%d},"learner":%q}`, seed, method)),
		SplitHash: fmt.Sprintf("%s-%d", dataset, seed), Code: "v0.1.0", Backbone: "mini 1234",
		Backend: experiment.Backend{Name: "xla:cpu", Plugin: "wheel 1", PJRT: "0.75", Cores: 2},
		Tests: []experiment.Test{
			{Name: "base", Images: 40, Accuracy: base, Classes: classes("base")},
			{Name: "novel", Images: 30, Accuracy: novel, Classes: classes("novel")},
			{Name: "base_shift", Images: 40, Accuracy: base / 2, Classes: classes("base")},
		},
		Final: "last step",
		Focus: []experiment.Focus{{Name: "base", Images: 8, Before: 30, After: 30 + float64(seed), Chance: 20}},
	}
	for epoch := range 3 {
		loss := map[string]float64{"total": 3 - float64(epoch) + float64(seed)/10, "cls": 2 - float64(epoch)/2}
		r.Epochs = append(r.Epochs, experiment.Epoch{Epoch: epoch, Losses: loss, Val: base - 2 + float64(epoch)})
	}
	return r
}

// zeroShot is run without anything trained.
func zeroShot(dataset string, base, novel float64) experiment.Result {
	r := run(dataset, "zero-shot", 1, base, novel)
	r.Shots, r.Epochs, r.SplitHash = 0, nil, dataset+"-tests"
	r.Focus[0].After = 30
	return r
}

// small is the results of two methods on one data set.
func small() []experiment.Result {
	return []experiment.Result{
		zeroShot("Mini", 62, 63),
		run("Mini", "maple", 2, 70, 50), run("Mini", "maple", 1, 60, 50), run("Mini", "maple", 3, 80, 50),
	}
}

func TestResultsThatDoNotBelongTogetherAreRefused(t *testing.T) {
	tests := map[string]struct {
		change func(*experiment.Result) // the last maple run
		want   string
	}{
		"other images for a seed": {
			func(r *experiment.Result) { r.Seed, r.SplitHash, r.Method = 2, "other", "maple+dapt-s" },
			"Mini maple with 16 shots and seed 2 and Mini maple+dapt-s with 16 shots and seed 2 differ in the hash of their images (Mini-2 and other)",
		},
		"class counts": {
			func(r *experiment.Result) { r.Tests[1].Classes = []string{"a", "b", "c"} }, `differ in test "novel": classes (2 and 3)`,
		},
		"class names": {
			func(r *experiment.Result) { r.Tests[1].Classes = []string{"a", "b"} }, `differ in test "novel": class names`,
		},
		"test images": {func(r *experiment.Result) { r.Tests[0].Images = 41 }, `differ in test "base": images (40 and 41)`},
		"backend":     {func(r *experiment.Result) { r.Backend.Name = "go" }, "differ in backend (xla:cpu and go)"},
		"backbone":    {func(r *experiment.Result) { r.Backbone = "mini 5678" }, "differ in backbone (mini 1234 and mini 5678)"},
		"protocol":    {func(r *experiment.Result) { r.Protocol = "few_shot" }, "differ in protocol (base_to_novel and few_shot)"},
		"settings": {
			func(r *experiment.Result) {
				r.Config = json.RawMessage(`{"train":{"Rate":0.02,"Seed":3},"learner":"maple"}`)
			},
			`differ in settings ("Rate": 0.0035 and "Rate": 0.02)`,
		},
		"the same seed twice": {func(r *experiment.Result) { r.Seed, r.SplitHash = 2, "Mini-2" }, "Mini maple with 16 shots and seed 2 is there twice"},
		"a test left out":     {func(r *experiment.Result) { r.Tests = r.Tests[:2] }, "differ in what was measured"},
		"no novel test":       {func(r *experiment.Result) { r.Tests = r.Tests[:1] }, `has no test "novel"`},
		"accuracy":            {func(r *experiment.Result) { r.Tests[0].Accuracy = 101 }, `test "base": accuracy is 101, want percent`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			results := small()
			test.change(&results[3])
			_, err := HarmonicTable(results)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("HarmonicTable = error %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestAnUnknownProtocolIsRefused(t *testing.T) {
	results := small()[:1]
	results[0].Protocol = "voodoo"
	if _, err := HarmonicTable(results); err == nil || !strings.Contains(err.Error(), `protocol "voodoo"`) {
		t.Errorf("HarmonicTable = error %v, want one that names the protocol", err)
	}
	if _, err := FewShotTable(small()); err == nil || !strings.Contains(err.Error(), `"base_to_novel", want few_shot`) {
		t.Errorf("FewShotTable of base-to-novel = error %v, want one that names both protocols", err)
	}
}

func TestNoResultsAreAnError(t *testing.T) {
	_, harmonic := HarmonicTable(nil)
	_, fewShot := FewShotTable(nil)
	_, focus := FocusTable(nil)
	_, curves := Curves(nil)
	_, page := HTML(nil, Options{})
	_, shots := ShotCurves(nil)
	_, efficient := DataEfficientTable(nil)
	_, tables := DataEfficientTables(nil)
	_, gains := GainTables(nil)
	_, ratios := RatioCurves(nil)
	_, overlaps := OverlapTables(nil)
	_, maps := OverlapMaps(nil)
	for i, err := range []error{harmonic, fewShot, focus, curves, page, shots, efficient, tables, gains, ratios, overlaps, maps} {
		if err == nil || !strings.Contains(err.Error(), "no results") {
			t.Errorf("function %d: error %v, want one of no results", i, err)
		}
	}
}

func TestAnotherPluginIsOnlyNoted(t *testing.T) {
	results := small()
	results[3].Backend.Plugin, results[3].Backend.Cores, results[2].Code = "wheel 2", 8, "v0.2.0"
	table, err := HarmonicTable(results)
	if err != nil {
		t.Fatal(err)
	}
	notes := strings.Join(table.Notes, "\n")
	for _, want := range []string{"xla:cpu, plugin wheel 1, PJRT 0.75, 2 cores; xla:cpu, plugin wheel 2, PJRT 0.75, 8 cores", "v0.1.0; v0.2.0"} {
		if !strings.Contains(notes, want) {
			t.Errorf("notes = %q, want %q in them", notes, want)
		}
	}
}

func TestWhatAStudentHasSeenIsNoted(t *testing.T) {
	results := small()
	student := run("Mini", "promptkd", 1, 60, 70)
	student.Config = json.RawMessage(`{"learner":"promptkd","teacher":{"learner":"promptsrc","backbone":"ViT-L/14 1234"}}`)
	table, err := HarmonicTable(append(results, student))
	if err != nil {
		t.Fatal(err)
	}
	notes := strings.Join(table.Notes, "\n")
	if !strings.Contains(notes, "promptkd has seen all training images, without labels, of all classes; its teacher, promptsrc in ViT-L/14 1234,") {
		t.Errorf("notes are %q, want what the student has seen", notes)
	}
	if table, err = HarmonicTable(results); err != nil || strings.Contains(strings.Join(table.Notes, "\n"), "teacher") {
		t.Errorf("without a student notes are %q, %v", table.Notes, err)
	}
}
