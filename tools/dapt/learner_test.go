package main

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/mini"
	"github.com/dapt-go/dapt-go/dapt/train"
	"github.com/dapt-go/dapt-go/dapt/transform"
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
		"coop": `{"Context": 4}`, "cocoop": "", "vpt": `{"Depth": 2}`, "ivlp": `{"TextDepth": 2, "VisionDepth": 2}`, "maple": `{"Depth": 2}`, "promptsrc": `{"TextDepth": 2, "VisionDepth": 2}`, "clip-adapter": "", "mmrl": `{"Depth": 2}`,
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

// TestTrainStartsFromWhatIsPublishedOfTheLearner: and says so.
func TestTrainStartsFromWhatIsPublishedOfTheLearner(t *testing.T) {
	out := t.TempDir()
	args := append([]string{"train", "-learner", "kgcoop", "-protocol", "base-to-novel", "-shots", "1", "-seeds", "1", "-epochs", "1", "-focus", "0", "-out", out}, satellite(t)...)
	printed, err := execute(t, args...)
	const want = "tuning: kgcoop on EuroSAT, shots 1: 1 epochs, batch 128, rate 0.002 after an epoch at 1e-05, SGD of momentum 0.9, decay 0.0005, keeps the last step"
	if err != nil || !strings.Contains(printed, want+"\n") {
		t.Errorf("train prints %s, %v, want %q in it", printed, err, want)
	}
	results, err := experiment.ReadResults(filepath.Join(out, "results.jsonl"))
	if err != nil || len(results) != 1 || !strings.Contains(string(results[0].Config), `"Batch":128,`) {
		t.Errorf("results are %+v, %v, want the published batch", results, err)
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

// TestWhatOthersTunedOnIsToldOnImport: checkpoints do not tell it.
func TestWhatOthersTunedOnIsToldOnImport(t *testing.T) {
	data, out := satellite(t), filepath.Join(t.TempDir(), "prompts")
	if printed, err := runDapt(t, append([]string{"import", "testdata/coop.pth.tar", "-tuned", "base", "-out", out}, data...)...); err != nil {
		t.Fatalf("import prints %q, %v", printed, err)
	}
	if about, err := train.ReadPrompts(out); err != nil || about.Dataset != "EuroSAT" || len(about.Classes) != 3 {
		t.Errorf("the prompts are %+v, %v, want those of 3 classes of EuroSAT", about, err)
	}
	if _, err := runDapt(t, append([]string{"import", "testdata/coop.pth.tar", "-tuned", "novel"}, data...)...); err == nil || !strings.Contains(err.Error(), `-tuned is "novel", want all or base`) {
		t.Errorf("import of prompts tuned on the novel half: %v, want an error", err)
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

// TestATeacherMayHaveAnotherCLIP of the same image size.
func TestATeacherMayHaveAnotherCLIP(t *testing.T) {
	m, err := mini.CLIP()
	if err != nil {
		t.Fatal(err)
	}
	folder := t.TempDir()
	config := m.Config
	config.Embed, config.Vocabulary = 24, clip.NewTokenizer().Vocabulary()
	path, out := filepath.Join(folder, "other.safetensors"), filepath.Join(folder, "out")
	if err := clip.Random(config, transform.Stream(1, "test")).WriteFile(path, true, nil); err != nil {
		t.Fatal(err)
	}
	data := satellite(t)
	train := func(teacher string) (string, error) {
		return runDapt(t, append([]string{
			"train", "-learner", "promptkd", "-learner-settings", `{"Depth": 1, "Teacher": "zero-shot"}`, "-shots", "1", "-seeds", "1", "-epochs", "1",
			"-focus", "0", "-out", out, "-teacher-clip", teacher,
		}, data...)...)
	}
	if printed, err := train(tiny(t, folder)); err == nil || !strings.Contains(err.Error(), "take a teacher of one image size") {
		t.Errorf("a teacher of another image size: %v after %s", err, printed)
	}
	if printed, err := train(path); err != nil {
		t.Fatalf("%v after %s", err, printed)
	}
	results, err := experiment.ReadResults(filepath.Join(out, "results.jsonl"))
	if err != nil || len(results) != 1 || !strings.Contains(string(results[0].Config), `"Embed":24`) {
		t.Errorf("results are %+v, %v, want one in the teacher's embedding", results, err)
	}
}
