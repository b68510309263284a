package experiment

import (
	"context"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/train"
)

// do runs an experiment in folder, and returns the results and the names of the runs that were computed.
func do(t *testing.T, folder string, b Protocol) (results []Result, computed []string) {
	t.Helper()
	lab := newLab(t, folder)
	lab.Report = func(p Progress) { computed = append(computed, p.Run) }
	results, err := b.Run(context.Background(), lab)
	if err != nil {
		t.Fatal(err)
	}
	return results, slices.Compact(computed)
}

func TestBaseToNovelTestsBothHalvesUnderEveryCondition(t *testing.T) {
	results, _ := do(t, t.TempDir(), small())
	var runs []string
	for _, r := range results {
		runs = append(runs, r.Method+" "+string(rune('0'+r.Seed)))
		var tests []string
		for _, test := range r.Tests {
			tests = append(tests, test.Name)
			if test.Images != map[string]int{"base": 6, "novel": 6, "base_shift": 4, "novel_shift": 4}[test.Name] || len(test.PerClass) != 2 {
				t.Errorf("%s: test %+v has the wrong images or classes", r.Method, test)
			}
			half := classes[:2]
			if strings.HasPrefix(test.Name, "novel") {
				half = classes[2:]
			}
			if !slices.Equal(test.Classes, half) || test.Accuracy < 0 || test.Accuracy > 100 {
				t.Errorf("%s: test %+v, want classes %q and a percentage", r.Method, test, half)
			}
		}
		if !slices.Equal(tests, []string{"base", "novel", "base_shift", "novel_shift"}) {
			t.Errorf("%s has tests %q", r.Method, tests)
		}
		if trained := r.Method != "zero-shot"; trained != (len(r.Epochs) == 2) || trained != (r.Shots == 4) {
			t.Errorf("%s has %d epochs and %d shots", r.Method, len(r.Epochs), r.Shots)
		}
	}
	want := []string{"zero-shot 1", "maple 1", "maple 2", "maple+dapt-s 1", "maple+dapt-s 2", "maple+dapt-g 1", "maple+dapt-g 2"}
	if !slices.Equal(runs, want) {
		t.Errorf("runs %q, want %q: zero-shot once", runs, want)
	}
}

func TestFocusIsMeasuredAgainstTheTrueMask(t *testing.T) {
	results, _ := do(t, t.TempDir(), small())
	for _, r := range results {
		if len(r.Focus) != 2 || r.Focus[0].Name != "base" || r.Focus[1].Name != "novel" {
			t.Fatalf("%s: focus %+v, want that of base and of novel", r.Method, r.Focus)
		}
		for _, f := range r.Focus {
			if f.Images < 1 || f.Images > 4 || math.Abs(f.Chance-covered) > 1e-9 {
				t.Errorf("%s: %+v, want up to 4 images whose masks cover %d%%", r.Method, f, covered)
			}
			if f.Before < 0 || f.Before > 100 || f.After < 0 || f.After > 100 || (r.Method == "zero-shot") != (f.Before == f.After) {
				t.Errorf("%s: %+v, want percentages that differ unless nothing was tuned", r.Method, f)
			}
		}
	}
	without := small()
	without.Methods, without.Focus = without.Methods[:1], 0
	if results, _ := do(t, t.TempDir(), without); results[0].Focus != nil {
		t.Errorf("focus on 0 images is %+v, want none", results[0].Focus)
	}
}

func TestTwoRunsGiveTheSameResults(t *testing.T) {
	first, _ := do(t, t.TempDir(), small())
	second, _ := do(t, t.TempDir(), small())
	if !reflect.DeepEqual(first, second) {
		t.Errorf("two runs differ:\n%+v\n%+v", first, second)
	}
}

func TestFinishedRunsAreNotComputedAgain(t *testing.T) {
	folder, b := t.TempDir(), small()
	b.Methods, b.Seeds = b.Methods[:2], []int{1}
	first, computed := do(t, folder, b)
	if !slices.Equal(computed, []string{"Tiny zero-shot seed 1", "Tiny maple 4 shots seed 1"}) {
		t.Errorf("computed %q", computed)
	}
	again, computed := do(t, folder, b)
	if len(computed) != 0 || !reflect.DeepEqual(again, first) {
		t.Errorf("the second time %q are computed, and the results are %+v, want %+v", computed, again, first)
	}
	b.Seeds = []int{1, 2}
	more, computed := do(t, folder, b)
	if !slices.Equal(computed, []string{"Tiny maple 4 shots seed 2"}) || !reflect.DeepEqual(more[:2], first) || len(more) != 3 {
		t.Errorf("with a second seed %q are computed, want that seed alone", computed)
	}
	b.Train.Rate = 0.01
	if _, computed = do(t, folder, b); len(computed) != 3 {
		t.Errorf("with another rate %q are computed, want all", computed)
	}
}

func TestACancelledExperimentGoesOn(t *testing.T) {
	b := small()
	b.Methods = b.Methods[1:2]
	want, _ := do(t, t.TempDir(), b)
	folder := t.TempDir()
	ctx, stop := context.WithCancel(context.Background())
	lab := newLab(t, folder)
	lab.Report = func(p Progress) {
		if p.Run == "Tiny maple 4 shots seed 2" && p.Doing == "tuning, epoch 2 of 2" {
			stop()
		}
	}
	done, err := b.Run(ctx, lab)
	if !errors.Is(err, context.Canceled) || len(done) != 1 || !strings.Contains(err.Error(), "Tiny, maple, seed 2") {
		t.Fatalf("cancelled: %d results, %v, want the first seed's and an error that names the second", len(done), err)
	}
	if got, computed := do(t, folder, b); !reflect.DeepEqual(got, want) || len(computed) != 1 {
		t.Errorf("after going on with %q: %+v, want %+v", computed, got, want)
	}
}

func TestProgressEndsAtItsTotal(t *testing.T) {
	lab := newLab(t, t.TempDir())
	var last Progress
	lab.Report = func(p Progress) {
		if p.Done < last.Done || p.Total < p.Done {
			t.Errorf("progress went from %+v to %+v", last, p)
		}
		last = p
	}
	b := small()
	b.Focus = 0
	if _, err := b.Run(context.Background(), lab); err != nil {
		t.Fatal(err)
	}
	if last.Done < last.Total*9/10 || last.Total == 0 {
		t.Errorf("progress ends at %d of %d", last.Done, last.Total)
	}
}

func TestFewShotRunsEachNumberOfShots(t *testing.T) {
	b := small()
	f := FewShot{Benchmarks: b.Benchmarks, Methods: b.Methods[:2], Shots: []int{1, 4}, Seeds: []int{1}, Train: b.Train}
	results, err := f.Run(context.Background(), newLab(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	var got []int
	for _, r := range results {
		got = append(got, r.Shots)
		if r.Tests[0].Name != "all" || r.Tests[0].Images != 12 || len(r.Tests[0].Classes) != 4 || r.Tests[1].Name != "all_shift" {
			t.Errorf("%s: tests %+v", r.Method, r.Tests)
		}
	}
	if !slices.Equal(got, []int{0, 1, 4}) {
		t.Errorf("shots %v, want 0 for zero-shot, then 1 and 4", got)
	}
}

// TestTheOfficialColumnsCostAccuracy: base classes compete with 7 words and novel ones with 32, so no score can rise.
func TestTheOfficialColumnsCostAccuracy(t *testing.T) {
	b := small()
	plain := dapt.Method{Learner: prompt.ZeroShot{}}
	official := dapt.Over(prompt.ZeroShot{}, mask.Files{})
	official.Loss = dapt.Official()
	official.Label = "official"
	b.Methods = []dapt.Method{plain, official}
	results, _ := do(t, t.TempDir(), b)
	lower := false
	for i, test := range results[0].Tests {
		other := results[1].Tests[i]
		if other.Accuracy > test.Accuracy {
			t.Errorf("%s is %g%% with background columns and %g%% without", test.Name, other.Accuracy, test.Accuracy)
		}
		lower = lower || other.Accuracy < test.Accuracy
	}
	if !lower {
		t.Error("32 more columns took no image: the test shows nothing")
	}
}

func TestHeatReadsThePromptsOfAFinishedRun(t *testing.T) {
	folder, b := t.TempDir(), small()
	b.Methods, b.Seeds = b.Methods[:2], []int{1}
	do(t, folder, b)
	results, err := ReadResults(filepath.Join(folder, "results.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	lab, d := newLab(t, folder), b.Benchmarks[0].Base()
	var maps [2][][]float32
	for i, r := range results {
		if maps[i], err = lab.Heat(context.Background(), r, d, d.Test[:2]); err != nil {
			t.Fatal(err)
		}
	}
	if len(maps[0]) != 2 || len(maps[0][0]) != 4 || reflect.DeepEqual(maps[0], maps[1]) {
		t.Errorf("maps before %v and after %v, want 2 of 4 cells that differ", maps[0], maps[1])
	}
	if err := os.Remove(filepath.Join(lab.RunFolder(results[1]), train.PromptsFile)); err != nil {
		t.Fatal(err)
	}
	if kept, err := lab.Heat(context.Background(), results[1], d, d.Test[:2]); err != nil || !reflect.DeepEqual(kept, maps[1]) {
		t.Errorf("maps that were computed before are %v, %v, want %v", kept, err, maps[1])
	}
	if _, err := lab.Heat(context.Background(), results[1], d, d.Test[:1]); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Heat without prompts: %v", err)
	}
}

func TestPlansThatCannotBeAreErrors(t *testing.T) {
	for want, change := range map[string]func(*BaseToNovel){
		"0 benchmarks":    func(b *BaseToNovel) { b.Benchmarks = nil },
		"0 methods":       func(b *BaseToNovel) { b.Methods = nil },
		"0 seeds":         func(b *BaseToNovel) { b.Seeds = []int{} },
		"seed -1":         func(b *BaseToNovel) { b.Seeds = []int{-1} },
		"-4 shots":        func(b *BaseToNovel) { b.Shots = -4 },
		"Epochs is 0":     func(b *BaseToNovel) { b.Train.Epochs = 0 },
		"label 9":         func(b *BaseToNovel) { b.Benchmarks[0].Conditions[0].Items[0].Label = 9 },
		"have no mask":    func(b *BaseToNovel) { b.Methods[2].Masks = mask.Files{Folder: "elsewhere"} },
		"phrase \"\u00e9": func(b *BaseToNovel) { b.Methods = []dapt.Method{{Learner: prompt.MaPLe{Phrase: "\u00e9", Context: 4}}} },
	} {
		b := small()
		change(&b)
		if _, err := b.Run(context.Background(), newLab(t, t.TempDir())); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Run = %v, want an error with %q", err, want)
		}
	}
}

// TestDuplicateClassNamesAreErrors: two classes with one sentence cannot be told apart.
func TestDuplicateClassNamesAreErrors(t *testing.T) {
	split := fstest.MapFS{"split.json": &fstest.MapFile{Data: []byte(`{"train": [["a.png", 0, "lake_boat"], ["b.png", 1, "Lake boat"]]}`)}}
	_, err := dataset.Open(dataset.Spec{Name: "Twice", Split: "split.json"}, split)
	if err == nil || !strings.Contains(err.Error(), `"lake_boat" and "Lake boat"`) || !strings.Contains(err.Error(), "rename one") {
		t.Errorf("Open = %v, want an error with both names", err)
	}
}
