package experiment

import (
	"context"
	"encoding/json"
	"errors"
	"math"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/internal/logistic"
)

// made are the features of internal/logistic/testdata/fits.py.
func made(count, classes, noise, salt, width int) (s logistic.Set, items []dataset.Item) {
	s.Width = width
	for item := range count {
		label := item % classes
		s.Labels, items = append(s.Labels, label), append(items, dataset.Item{Label: label})
		for place := range width {
			point := ((label+1)*7919+place*104729)%512 - 256
			mixed := (item*1000003 + place*7368787 + salt*15485863) % 2147483647
			rough := mixed*mixed%2147483647%512 - 256
			s.Features = append(s.Features, float32(point+noise*rough)/256)
		}
	}
	return s, items
}

// cut are the items of a set at places.
func cut(s logistic.Set, at []int) logistic.Set {
	few := logistic.Set{Width: s.Width}
	for _, place := range at {
		few.Labels = append(few.Labels, s.Labels[place])
		few.Features = append(few.Features, s.Features[place*s.Width:(place+1)*s.Width]...)
	}
	return few
}

// searched is what scikit-learn and NumPy made of testdata/fits.py.
type searched struct {
	Width, Classes, Noise int
	Sizes, Salts          [3]int
	Runs                  []struct {
		Shots      int
		Seed       uint32
		Train, Val []int
		Scan       []float64
		Steps      []struct {
			Left, Right, C, Test float64
			ValLeft              float64 `json:"val_left"`
			ValRight             float64 `json:"val_right"`
		}
	}
}

// TestDrawsAndSearchesAreThoseOfNumPyAndScikitLearn: the same images, the same accuracies with each C, the same choice.
func TestDrawsAndSearchesAreThoseOfNumPyAndScikitLearn(t *testing.T) {
	text, err := os.ReadFile("testdata/probe.json")
	if err != nil {
		t.Fatal(err)
	}
	var want searched
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	var sets [3]logistic.Set
	var items [3][]dataset.Item
	for i := range sets {
		sets[i], items[i] = made(want.Sizes[i], want.Classes, want.Noise, want.Salts[i], want.Width)
	}
	for _, run := range want.Runs {
		train, val := probeDraw(items[0], items[1], run.Shots, run.Seed)
		if !slices.Equal(train, run.Train) || !slices.Equal(val, run.Val) {
			t.Fatalf("probeDraw(%d, %d) = %v, %v, want %v, %v", run.Shots, run.Seed, train, val, run.Train, run.Val)
		}
		seen := cut(sets[1], val)
		tested := map[float64]float64{}
		got, err := searchC(func(c float64) (float64, error) {
			m, err := logistic.Fit(context.Background(), cut(sets[0], train), c, probeIterations)
			if err != nil {
				return 0, err
			}
			tested[c] = percent(sets[2].Labels, m.Predict(sets[2].Features))
			return percent(seen.Labels, m.Predict(seen.Features)), nil
		})
		if err != nil || len(got.Steps) != len(run.Steps) || len(tested) > probeFits {
			t.Fatalf("%d shots, seed %d: %d steps and %d fits, %v, want %d and at most %d", run.Shots, run.Seed, len(got.Steps), len(tested), err, len(run.Steps), probeFits)
		}
		for i, val := range run.Scan {
			if got.Scan[i].Val != val {
				t.Errorf("%d shots, seed %d: with C %g %g%%, want %g%%", run.Shots, run.Seed, got.Scan[i].C, got.Scan[i].Val, val)
			}
		}
		for i, s := range run.Steps {
			a := []float64{got.Steps[i].Left.C, got.Steps[i].Right.C, got.Steps[i].Left.Val, got.Steps[i].Right.Val, got.Steps[i].Best().C, tested[got.Steps[i].Best().C]}
			b := []float64{s.Left, s.Right, s.ValLeft, s.ValRight, s.C, s.Test}
			for j := range a {
				if math.Abs(a[j]-b[j]) > 1e-12*math.Abs(b[j]) {
					t.Errorf("%d shots, seed %d, step %d: %v, want %v", run.Shots, run.Seed, i, a, b)
					break
				}
			}
		}
	}
}

func TestAClassWithFewImagesGivesAll(t *testing.T) {
	label := func(labels ...int) (items []dataset.Item) {
		for _, l := range labels {
			items = append(items, dataset.Item{Label: l})
		}
		return items
	}
	train, val := probeDraw(label(3, 1, 3, 1, 1, 1), label(1, 0, 1, 3), 4, 1)
	if slices.Sort(train[:4]); !slices.Equal(train, []int{1, 3, 4, 5, 0, 2}) || !slices.Equal(val, []int{0, 2, 3}) {
		t.Errorf("probeDraw = %v, %v, want all of class 1, then of 3, and none of a class that is not trained on", train, val)
	}
}

func TestEqualsGoToTheLeft(t *testing.T) {
	var asked []float64
	p, err := searchC(func(c float64) (float64, error) {
		asked = append(asked, c)
		return 50, nil
	})
	if err != nil || p.Steps[0].Left.C != 1e5 || p.Steps[0].Right.C != 1e7 || p.Chosen().C != 1e5 || len(asked) != probeFits-1 {
		t.Errorf("search = %+v, %v after %d fits, want 1e5 of 1e5 and 1e7 after %d, of which one is known from the scan", p, err, len(asked), probeFits-1)
	}
	if last := p.Steps[probeSteps-1].Right.C; math.Abs(last-math.Pow(10, 5+2.0/128)) > 1e-6 {
		t.Errorf("the last right end is %g, want 10^(5+2/2^7)", last)
	}
	bad := errors.New("bad")
	if _, err := searchC(func(float64) (float64, error) { return 0, bad }); !errors.Is(err, bad) {
		t.Errorf("search = %v, want the fit's error", err)
	}
}

// probes are two runs on the tests' benchmark.
func probes() LinearProbe {
	return LinearProbe{Benchmarks: []Benchmark{newBenchmark()}, Shots: []int{1, 4}, Seeds: []int{2}}
}

func TestLinearProbesAreResultsOfTheirOwn(t *testing.T) {
	folder := t.TempDir()
	results, computed := do(t, folder, probes())
	if !slices.Equal(computed, []string{"Tiny linear-probe 1 shots seed 2", "Tiny linear-probe 4 shots seed 2"}) || len(results) != 2 {
		t.Fatalf("computed %q, %d results", computed, len(results))
	}
	for i, r := range results {
		if r.Protocol != "linear_probe" || r.Method != "linear-probe" || r.Shots != []int{1, 4}[i] || r.Seed != 2 {
			t.Errorf("result %+v", r)
		}
		if len(r.Tests) != 2 || r.Tests[0].Name != "all" || r.Tests[0].Images != 12 || r.Tests[1].Name != "all_shift" || r.Tests[1].Images != 8 || len(r.Tests[0].PerClass) != 4 {
			t.Errorf("tests %+v", r.Tests)
		}
		if len(r.Probe.Scan) != 7 || len(r.Probe.Steps) != 8 || !strings.HasPrefix(r.Final, "C ") || !strings.HasSuffix(r.Final, "best on val") {
			t.Errorf("%q of the search %+v", r.Final, r.Probe)
		}
	}
	if results[1].Tests[0].Accuracy <= 50 {
		t.Errorf("4 images of a plain colour a class give %g%%, want more than half", results[1].Tests[0].Accuracy)
	}
	onFile, err := ReadResults(filepath.Join(folder, "results.jsonl"))
	if err != nil || !reflect.DeepEqual(onFile, results) {
		t.Errorf("on file %+v, %v, want %+v", onFile, err, results)
	}
	again, computed := do(t, folder, probes())
	if len(computed) != 0 || !reflect.DeepEqual(again, results) {
		t.Errorf("the second time %q are computed, and the results are %+v", computed, again)
	}
}

// TestFeaturesAreEncodedOnce: another seed encodes the images alone that it adds.
func TestFeaturesAreEncodedOnce(t *testing.T) {
	folder, p := t.TempDir(), probes()
	do(t, folder, p)
	p.Seeds = []int{2, 3}
	lab := newLab(t, folder)
	encoded, last := 0, Progress{}
	lab.Report = func(now Progress) {
		if strings.HasPrefix(now.Doing, "encoding") {
			encoded += now.Done - last.Done
		}
		last = now
	}
	if _, err := p.Run(context.Background(), lab); err != nil {
		t.Fatal(err)
	}
	if encoded < 1 || encoded > 4 || last.Done != last.Total {
		t.Errorf("%d images are encoded, want some of the 4 that were not drawn before; progress ends at %d of %d", encoded, last.Done, last.Total)
	}
}

// TestACancelledProbeGoesOn: at whatever it was, the file is the same bytes in the end.
func TestACancelledProbeGoesOn(t *testing.T) {
	want := probeFile(t, t.TempDir())
	for _, moment := range []string{
		"1 shots seed 2 preparing", "encoding train", "encoding val", "encoding test", "encoding shift", "fitting, C 1e+06", "fitting, C 1e-06",
		"4 shots seed 2 preparing", "4 shots seed 2 fitting, C 1",
	} {
		folder := t.TempDir()
		ctx, stop := context.WithCancel(context.Background())
		lab := newLab(t, folder)
		lab.Report = func(p Progress) {
			if strings.HasSuffix(p.Run+" "+p.Doing, moment) {
				stop()
			}
		}
		if _, err := probes().Run(ctx, lab); !errors.Is(err, context.Canceled) || !strings.Contains(err.Error(), "Tiny, linear-probe, ") {
			t.Fatalf("at %q: %v, want an interrupt in a run", moment, err)
		}
		if got := probeFile(t, folder); got != want {
			t.Errorf("after an interrupt at %q the results are\n%s\nwant\n%s", moment, got, want)
		}
	}
}

// probeFile is the results file of both probes, once they are done.
func probeFile(t *testing.T, folder string) string {
	t.Helper()
	do(t, folder, probes())
	text, err := os.ReadFile(filepath.Join(folder, "results.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestProbesThatCannotBeAreErrors(t *testing.T) {
	for want, change := range map[string]func(*LinearProbe){
		"0 benchmarks":       func(p *LinearProbe) { p.Benchmarks = nil },
		"0 seeds":            func(p *LinearProbe) { p.Seeds = []int{} },
		"0 numbers of shots": func(p *LinearProbe) { p.Shots = []int{} },
		"of 0 shots":         func(p *LinearProbe) { p.Shots = []int{0} },
		"seed -1":            func(p *LinearProbe) { p.Seeds = []int{-1} },
		"seed 4294967296":    func(p *LinearProbe) { p.Seeds = []int{1 << 32} },
		"with 1 shots and seed 1, is there twice": func(p *LinearProbe) { p.Seeds = []int{1, 1} },
		"with 4 shots and seed 2, is there twice": func(p *LinearProbe) { p.Shots = []int{4, 4} },
		"linear-probe on":                         func(p *LinearProbe) { p.Benchmarks = append(p.Benchmarks, p.Benchmarks[0]) },
		"no validation images":                    func(p *LinearProbe) { p.Benchmarks[0].Val = nil },
		"no test images":                          func(p *LinearProbe) { p.Benchmarks[0].Test = nil },
		"1 classes, want at least 2":              func(p *LinearProbe) { p.Benchmarks[0].Classes = classes[:1] },
		`have no training image, such as`:         func(p *LinearProbe) { p.Benchmarks[0].Train = p.Benchmarks[0].Train[5:] },
		"label 9":                                 func(p *LinearProbe) { p.Benchmarks[0].Conditions[0].Items[0].Label = 9 },
		"are missing":                             func(p *LinearProbe) { p.Benchmarks[0].Test[0].Path = "images/none.png" },
		"cannot compute in":                       func(p *LinearProbe) { p.DType = dtypes.Float64 },
	} {
		p := probes()
		change(&p)
		if _, err := p.Run(context.Background(), newLab(t, t.TempDir())); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Run = %v, want an error with %q", err, want)
		}
	}
}

// TestWithoutValidationImagesTheTestMayServe: only if asked to, and the result says so.
func TestWithoutValidationImagesTheTestMayServe(t *testing.T) {
	p := probes()
	p.Benchmarks[0].Val, p.ValFromTest = nil, true
	results, _ := do(t, t.TempDir(), p)
	if r := results[1]; !strings.HasSuffix(r.Final, "best on test") || !strings.Contains(string(r.Config), `"search":"test"`) {
		t.Errorf("%q, %s, want test images named", r.Final, r.Config)
	}
	with := probes()
	with.ValFromTest = true
	plain, _ := do(t, t.TempDir(), probes())
	if same, _ := do(t, t.TempDir(), with); !reflect.DeepEqual(same, plain) {
		t.Errorf("with a validation list the results are %+v, want %+v", same, plain)
	}
}
