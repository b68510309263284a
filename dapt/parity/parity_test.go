package parity

import (
	"context"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/internal/golden"
)

// groups must be whole: nothing in them may be left to do.
var groups = []string{
	"tokenizer/", "zeroshot/", "zeroshot_ensemble/", "maple/", "maple_depth1/", "dapt/", "traj/", "gradcam/", "fewshot/", "subsample/", "numpy/",
	"python_rng/", "schedule/lr", "preproc/",
}

func TestGoldenSetIsReproduced(t *testing.T) {
	set, err := Open("testdata/golden")
	if err != nil {
		t.Fatal(err)
	}
	passed := map[string]int{}
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
		if line.Verdict == Fail {
			t.Errorf("%s failed", line.Name)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, group := range groups {
		if passed[group] == 0 {
			t.Errorf("no case of %s was compared", group)
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

func TestOpenSaysWhatAFolderLacks(t *testing.T) {
	if _, err := Open(t.TempDir()); err == nil || !strings.Contains(err.Error(), "manifest.json") {
		t.Errorf("Open of an empty folder = %v, want an error that names manifest.json", err)
	}
}
