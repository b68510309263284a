package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/train"
	"github.com/dapt-go/dapt-go/tools/miniature/layout"
	"github.com/dapt-go/dapt-go/tools/session"
)

// satellite writes a miniature of EuroSAT, and returns the flags that name it.
func satellite(t *testing.T) []string {
	t.Helper()
	root := t.TempDir()
	spec, err := dataset.Find("EuroSAT")
	if err != nil {
		t.Fatal(err)
	}
	files, err := layout.Draw(spec, layout.Options{Images: 2})
	if err != nil {
		t.Fatal(err)
	}
	for path, data := range files {
		if err := session.WriteFile(filepath.Join(root, spec.Folder, filepath.FromSlash(path)), data.Data); err != nil {
			t.Fatal(err)
		}
	}
	return []string{"-data", "EuroSAT", "-root", root}
}

// TestEveryLearnerIsTunedAndTestedOnBothHalves: with DAPT's losses. What is kept is what eval reads.
func TestEveryLearnerIsTunedAndTestedOnBothHalves(t *testing.T) {
	data := satellite(t)
	for name, settings := range map[string]string{
		"coop": `{"Context": 4}`, "cocoop": "", "vpt": `{"Depth": 2}`, "ivlp": `{"TextDepth": 2, "VisionDepth": 2}`, "maple": `{"Depth": 2}`, "promptsrc": `{"TextDepth": 2, "VisionDepth": 2}`,
		"promptkd": `{"Depth": 2, "Teacher": "maple", "TeacherSettings": "{\"Depth\": 2}"}`,
	} {
		out := t.TempDir()
		args := append([]string{
			"train", "-learner", name, "-learner-settings", settings, "-masks", "files", "-mode", "joint", "-protocol", "base-to-novel", "-shots", "1",
			"-seeds", "1", "-epochs", "1", "-focus", "0", "-out", out,
		}, data...)
		if printed, err := runDapt(t, args...); err != nil {
			t.Errorf("%s: %v after %s", name, err, printed)
			continue
		}
		results, err := experiment.ReadResults(filepath.Join(out, "results.jsonl"))
		if err != nil || len(results) != 1 || !strings.HasPrefix(results[0].Method, name) {
			t.Errorf("%s: results are %+v, %v, want one of it", name, results, err)
		}
		kept, _ := filepath.Glob(filepath.Join(out, "runs", "base_to_novel", "EuroSAT", "*", "*", "*", train.PromptsFile))
		if len(kept) != 1 {
			t.Errorf("%s: prompts are in %q, want one file", name, kept)
			continue
		}
		if printed, err := runDapt(t, append([]string{"eval", kept[0], "-half", "novel"}, data...)...); err != nil || !strings.Contains(printed, name) {
			t.Errorf("%s: eval prints %q, %v", name, printed, err)
		}
	}
}

func TestCheckpointsOfOthersAreTestedOnBothHalves(t *testing.T) {
	data := satellite(t)
	for _, half := range []string{"base", "novel"} {
		printed, err := runDapt(t, append([]string{"eval", "testdata/coop.pth.tar", "-half", half}, data...)...)
		if err != nil || !strings.Contains(printed, "coop (after 5 epochs), tuned by another program") || !strings.Contains(printed, "\nEuroSAT  3 ") {
			t.Errorf("eval of the %s half prints %q, %v, want a line of 3 classes", half, printed, err)
		}
	}
}

func TestLearnersRefuseTheFlagsOfOthers(t *testing.T) {
	for want, args := range map[string][]string{
		`-learner is "coca", want one of coop, cocoop,`: {"-learner", "coca"},
		`-learner is "zero-shot", want`:                 {"-learner", "zero-shot"},
		"-depth is of maple, not of coop":               {"-learner", "coop", "-depth", "3"},
		`unknown field "Depth"; want some of`:           {"-learner", "coop", "-learner-settings", `{"Depth": 3}`},
	} {
		if _, err := execute(t, append([]string{"train"}, args...)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("train %q: error is %v, want one with %q", args, err, want)
		}
	}
}
