package experiment

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/train"
)

// elsewhere is the tiny benchmark under another name, with the classes from the first on, and no training images.
func elsewhere(name string, first int) Benchmark {
	b := newBenchmark()
	for range first {
		b.Dataset = b.Novel()
	}
	b.Name, b.Train, b.Val, b.Conditions = name, nil, nil, nil
	return b
}

func transfer(methods ...dapt.Method) CrossDataset {
	config := *small().Train
	config.Final = train.LastStep
	return CrossDataset{
		Source: newBenchmark(), Targets: []Benchmark{elsewhere("Whole", 0), elsewhere("Half", 1)},
		Methods: methods, Shots: 4, Seeds: []int{1, 2}, Train: &config,
	}
}

func TestTunedPromptsAreTestedOnOtherDataSets(t *testing.T) {
	results, _ := do(t, t.TempDir(), transfer(dapt.Method{Learner: prompt.ZeroShot{}}, dapt.Method{Learner: learner}))
	if len(results) != 3 {
		t.Fatalf("%d results, want zero-shot once and two seeds", len(results))
	}
	for _, r := range results {
		var tests []string
		for _, test := range r.Tests {
			tests = append(tests, test.Name)
			if half := test.Name == "Half"; half != (len(test.Classes) == 2) || half && test.Images != 6 {
				t.Errorf("%s: %s has classes %q and %d images", r.Method, test.Name, test.Classes, test.Images)
			}
		}
		if !slices.Equal(tests, []string{"source", "Whole", "Half", "source_shift"}) {
			t.Errorf("%s has tests %q", r.Method, tests)
		}
		if source, whole := r.Tests[0], r.Tests[1]; source.Accuracy != whole.Accuracy {
			t.Errorf("%s: the same images score %g as the source and %g as a target", r.Method, source.Accuracy, whole.Accuracy)
		}
	}
}

func TestProtocolsOnOneSourceShareTheirPrompts(t *testing.T) {
	folder := t.TempDir()
	cross := transfer(dapt.Method{Learner: learner})
	first, _ := do(t, folder, cross)
	cross.Targets = cross.Targets[1:]
	lab := newLab(t, folder)
	lab.Report = func(p Progress) {
		if p.Step > 0 {
			t.Fatalf("%s is tuned again", p.Run)
		}
	}
	second, err := DomainGeneralization(cross).Run(context.Background(), lab)
	if err != nil {
		t.Fatal(err)
	}
	for i := range first {
		if a, b := lab.RunFolder(first[i]), lab.RunFolder(second[i]); a != b {
			t.Errorf("seed %d is tuned in %s and in %s", first[i].Seed, a, b)
		}
		if _, err := os.Stat(filepath.Join(lab.RunFolder(first[i]), train.PromptsFile)); err != nil {
			t.Error(err)
		}
		if second[i].Protocol != "domain_generalization" || !reflect.DeepEqual(first[i].Tests[2], second[i].Tests[1]) {
			t.Errorf("seed %d: %s on Half is %+v, want %+v", first[i].Seed, second[i].Protocol, second[i].Tests[1], first[i].Tests[2])
		}
	}
}

func TestTargetsThatCannotBeAreErrors(t *testing.T) {
	empty := elsewhere("Empty", 0)
	empty.Test = nil
	lost := elsewhere("Lost", 0)
	lost.Test = slices.Clone(lost.Test)
	lost.Test[0].Path = "images/none.png"
	for want, targets := range map[string][]Benchmark{
		"without Targets":          nil,
		`is called "Half"`:         {elsewhere("Half", 1), elsewhere("Half", 1)},
		`is called "source"`:       {elsewhere("source", 0)},
		"Empty has no test images": {empty},
		"images/none.png":          {lost},
	} {
		c := transfer(dapt.Method{Learner: learner})
		c.Targets = targets
		lab := newLab(t, t.TempDir())
		lab.Report = func(p Progress) { t.Errorf("%q: %s began", want, p.Run) }
		if _, err := c.Run(context.Background(), lab); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want one with %q", err, want)
		}
	}
}

func TestProtocolsTogetherAreOneExperiment(t *testing.T) {
	b, c := small(), transfer(dapt.Method{Learner: learner})
	b.Methods, b.Focus = b.Methods[:2], 0
	var apart []Result
	for _, p := range []Protocol{b, c} {
		results, _ := do(t, t.TempDir(), p)
		apart = append(apart, results...)
	}
	lab := newLab(t, t.TempDir())
	runs := 0
	lab.Report = func(p Progress) { runs = p.Runs }
	together, err := Together{b, Together{c}}.Run(context.Background(), lab)
	if err != nil || !reflect.DeepEqual(together, apart) || runs != len(apart) {
		t.Errorf("%d runs give %+v, %v, want %+v", runs, together, err, apart)
	}
	c.Targets = nil
	lab.Report = func(p Progress) { t.Errorf("%s began before the last protocol was looked at", p.Run) }
	b.Seeds = []int{7}
	other := *b.Train
	other.Batch++
	again := b
	again.Train = &other
	if _, err := (Together{b, again}).Run(context.Background(), lab); err == nil || !strings.Contains(err.Error(), "is there twice, perhaps with other settings") {
		t.Errorf("the same runs with other settings: error is %v, want one before any begins", err)
	}
	if _, err := (Together{b, c}).Run(context.Background(), lab); err == nil {
		t.Error("a protocol that cannot be is no error")
	}
}

func TestAnotherSentenceOfATargetIsAnotherResult(t *testing.T) {
	folder, c := t.TempDir(), transfer(dapt.Method{Learner: prompt.ZeroShot{}})
	do(t, folder, c)
	c.Targets[1].Template = "a {} seen from above."
	if _, computed := do(t, folder, c); len(computed) != 1 {
		t.Errorf("with another sentence of a target %q are computed, want the run", computed)
	}
}

func TestAnotherListOfATargetIsOtherData(t *testing.T) {
	var hashes []string
	for _, count := range []int{0, 1} {
		c := transfer(dapt.Method{Learner: learner})
		test := c.Targets[1].Test
		test[0], test[count] = test[count], test[0] // as many images, of the same classes
		runs, _, err := newLab(t, t.TempDir()).plan(c)
		if err != nil {
			t.Fatal(err)
		}
		for _, r := range runs {
			hashes = append(hashes, r.result.DataHash)
		}
	}
	if len(hashes) != 4 || hashes[0] != hashes[1] || hashes[2] != hashes[3] || hashes[0] == hashes[2] {
		t.Errorf("hashes of two seeds and of another list are %q, want one for each list", hashes)
	}
}

func TestAnotherListOfImagesIsAnotherResult(t *testing.T) {
	folder, b := t.TempDir(), small()
	b.Methods, b.Seeds = b.Methods[1:2], []int{1}
	first, _ := do(t, folder, b)
	b.Benchmarks = []Benchmark{newBenchmark()}
	d := b.Benchmarks[0].Dataset
	d.Train = append(d.Train, d.Train[len(d.Train)-1]) // the last item is drawn or not, as before
	second, computed := do(t, folder, b)
	if len(computed) != 1 || first[0].DataHash == second[0].DataHash || first[0].DataHash == "" {
		t.Errorf("with a longer list %q are computed, and hash %q is %q", computed, first[0].DataHash, second[0].DataHash)
	}
}

func TestDrawsOfOthersAreTaken(t *testing.T) {
	b := small()
	b.Methods, b.Seeds = b.Methods[1:2], []int{1}
	own, _ := do(t, t.TempDir(), b)
	draws := fstest.MapFS{}
	put := func(file string, seed uint64) {
		var data bytes.Buffer
		if err := b.Benchmarks[0].FewShot(4, seed).WriteFewShot(&data, "/theirs/tiny"); err != nil {
			t.Fatal(err)
		}
		draws[file] = &fstest.MapFile{Data: data.Bytes()}
	}
	b.Benchmarks[0].Draws = draws
	if _, err := b.Run(context.Background(), newLab(t, t.TempDir())); err == nil || !strings.Contains(err.Error(), "no draw shot_4-seed_1.pkl of Tiny") {
		t.Errorf("without the file: error is %v", err)
	}
	put("shot_4-seed_1.pkl", 1)
	if same, _ := do(t, t.TempDir(), b); !reflect.DeepEqual(same, own) {
		t.Errorf("with the same draw: %+v, want %+v", same, own)
	}
	put("shot_4-seed_1.pkl", 2)
	if other, _ := do(t, t.TempDir(), b); other[0].SplitHash == own[0].SplitHash || other[0].DataHash != own[0].DataHash {
		t.Errorf("with another draw the hashes are %s and %s, as without", other[0].SplitHash, other[0].DataHash)
	}
}
