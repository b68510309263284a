package parity

import (
	"context"
	"errors"
	"maps"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/internal/golden"
	"github.com/dapt-go/dapt-go/dapt/internal/safetensors"
)

// groups must be whole: nothing in them may be left to do.
var groups = []string{
	"tokenizer/", "zeroshot/", "zeroshot_ensemble/", "maple/", "maple_depth1/", "dapt/", "traj/", "gradcam/", "fewshot/", "subsample/", "numpy/",
	"python_rng/", "schedule/lr", "preproc/", "coop/", "cocoop/", "vpt/", "vpt_shallow/", "ivlp/",
}

func TestGoldenSetIsReproduced(t *testing.T) {
	set, err := Open("testdata/golden")
	if err != nil {
		t.Fatal(err)
	}
	passed, total := map[string]int{}, 0
	err = Run(context.Background(), set, golden.Backend(t), func(line Line) {
		for _, group := range groups {
			if !strings.HasPrefix(line.Name, group) {
				continue
			}
			if line.Verdict != Pass {
				t.Errorf("%s: %s, error %g, tolerance %g %s", line.Name, line.Verdict, line.Error, line.Tolerance, line.Note)
				continue
			}
			passed[group]++
		}
		switch line.Verdict {
		case Pass:
			total++
		case Fail:
			t.Errorf("%s failed", line.Name)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	if want := 539; total != want {
		t.Errorf("%d cases passed, want %d", total, want)
	}
	for _, group := range groups {
		if passed[group] == 0 {
			t.Errorf("no case of %s was compared", group)
		}
	}
}

func TestSentencesBeginWithTheSetsPhrase(t *testing.T) {
	set, err := Open("testdata/golden")
	if err != nil {
		t.Fatal(err)
	}
	for phrase, want := range map[string]string{"a sketch of one": "a sketch of one {}.", "sketch": "sketch {}.", "": "X X {}."} {
		set.manifest.Config.Phrase = phrase
		for name, group := range map[string]string{"maple": "maple", "ivlp": "ivlp", "promptsrc": "ivlp"} {
			learner, err := set.learnerNamed(name, group, "")
			if err != nil {
				t.Fatal(err)
			}
			if got := learner.Template(""); got != want {
				t.Errorf("%s with ctx_init %q has the sentence %q, want %q", name, phrase, got, want)
			}
		}
	}
}

func TestAChangedValueFails(t *testing.T) {
	set, err := Open("testdata/golden")
	if err != nil {
		t.Fatal(err)
	}
	c := &checker{set, nil, nil, map[string]bool{}}
	values, err := c.expected("zeroshot/logits")
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		name   string
		change func(values []float64) []float64
		want   Verdict
	}{
		{"nothing", func(v []float64) []float64 { return v }, Pass},
		{"more than the tolerance", func(v []float64) []float64 { v[3] += 1e-3; return v }, Fail},
		{"NaN", func(v []float64) []float64 { v[3] = math.NaN(); return v }, Fail},
		{"fewer values", func(v []float64) []float64 { return v[:3] }, Fail},
	} {
		var got Line
		c.report = func(line Line) { got = line }
		if err := tensor(c, "zeroshot/logits", test.change(slices.Clone(values))); err != nil {
			t.Fatal(err)
		}
		if got.Verdict != test.want {
			t.Errorf("changed %s: %s with error %g, want %s", test.name, got.Verdict, got.Error, test.want)
		}
	}
}

// zeroShotOnly is the set with no other cases, which is quick to run.
func zeroShotOnly(t *testing.T) *Set {
	t.Helper()
	set, err := Open("testdata/golden")
	if err != nil {
		t.Fatal(err)
	}
	set.folder = t.TempDir()
	set.manifest.Preprocessing = nil
	maps.DeleteFunc(set.manifest.Tensors, func(name string, _ entry) bool { return !strings.HasPrefix(name, "zeroshot/") })
	maps.DeleteFunc(set.cases.Tensors, func(name string, _ safetensors.Tensor) bool { return strings.Contains(name, "/param/") })
	return set
}

// verdicts runs a set.
func verdicts(t *testing.T, set *Set) map[string]Line {
	t.Helper()
	lines := map[string]Line{}
	if err := Run(context.Background(), set, golden.Backend(t), func(line Line) { lines[line.Name] = line }); err != nil {
		t.Fatal(err)
	}
	return lines
}

func TestATamperedTensorFailsAloneAndAnUnknownOneIsToDo(t *testing.T) {
	set := zeroShotOnly(t)
	set.cases.Tensors["zeroshot/logits"].Data[2] ^= 0x40 // of the first number's four bytes
	set.manifest.Tensors["novelty/logits"] = set.manifest.Tensors["zeroshot/logits"]
	lines := verdicts(t, set)
	for name, want := range map[string]Verdict{
		"zeroshot/logits": Fail, "zeroshot/tokens": Pass, "zeroshot/image_features": Pass, "zeroshot/text_features": Pass, "novelty/logits": Todo,
	} {
		if lines[name].Verdict != want {
			t.Errorf("%s: %q, want %s", name, lines[name].Verdict, want)
		}
	}
	if len(lines) != 5 {
		t.Errorf("%d lines, want 5: %v", len(lines), lines)
	}
}

func TestWhatCannotBeRecomputedFailsAndSaysWhy(t *testing.T) {
	set := zeroShotOnly(t)
	delete(set.cases.Tensors, "images")
	lines := verdicts(t, set)
	if line := lines["zeroshot/logits"]; line.Verdict != Fail || !strings.Contains(line.Note, "no images") {
		t.Errorf("without images: %+v, want a failure that names them", line)
	}
	if line := lines["zeroshot/tokens"]; line.Verdict != Pass {
		t.Errorf("without images: %+v, want the tokens to pass", line)
	}
}

func TestRunStopsWhenCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	err := Run(ctx, zeroShotOnly(t), golden.Backend(t), func(line Line) { t.Errorf("reported %s", line.Name) })
	if !errors.Is(err, context.Canceled) {
		t.Errorf("Run = %v, want %v", err, context.Canceled)
	}
}

func TestOpenSaysWhatAFolderLacks(t *testing.T) {
	if _, err := Open(t.TempDir()); err == nil || !strings.Contains(err.Error(), "manifest.json") {
		t.Errorf("Open of an empty folder = %v, want an error that names manifest.json", err)
	}
}
