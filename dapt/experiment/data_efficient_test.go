package experiment

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/selection"
)

// efficient keeps 2 of 5 images a class, by uniform draws and by distance, of the methods of small without Grad-CAM.
func efficient() DataEfficient {
	b := small()
	return DataEfficient{
		Benchmarks: b.Benchmarks, Methods: b.Methods[:3], Shots: 5, Ratios: []float64{0.4, 1}, Seeds: []int{1, 2}, Train: b.Train,
		Selections: []selection.Method{selection.Uniform{}, selection.KCenterGreedy{}},
	}
}

func TestPartsOfTheImagesAreTunedOn(t *testing.T) {
	results, _ := do(t, t.TempDir(), efficient())
	var runs []string
	kept := map[string][]int{}
	for _, r := range results {
		name := r.Method
		if r.Selection == nil {
			runs = append(runs, name)
			continue
		}
		images := map[string]int{"uniform": 8, "kcenter": 8, "full": 20}[r.Selection.Method]
		if len(r.Selection.Kept) != images || r.Selection.Images != 20 || r.Shots != 5 {
			t.Errorf("%s keeps %d of %d images of %d shots, want %d of 20 of 5", r.Selection.Method, len(r.Selection.Kept), r.Selection.Images, r.Shots, images)
		}
		name += " " + r.Selection.Method + string(rune('0'+r.Seed))
		runs = append(runs, name)
		draw := strings.TrimPrefix(strings.TrimPrefix(name, "maple+dapt-s"), "maple")
		if other, ok := kept[draw]; ok && !slices.Equal(other, r.Selection.Kept) {
			t.Errorf("%s keeps %v, without DAPT %v; want the same", name, r.Selection.Kept, other)
		}
		kept[draw] = r.Selection.Kept
		items, err := r.Kept(efficient().Benchmarks[0])
		if err != nil || len(items) != images {
			t.Errorf("Kept of %s = %d images, %v, want %d", name, len(items), err, images)
		}
	}
	want := []string{
		"zero-shot", "maple uniform1", "maple kcenter1", "maple full1", "maple uniform2", "maple kcenter2", "maple full2",
		"maple+dapt-s uniform1", "maple+dapt-s kcenter1", "maple+dapt-s full1", "maple+dapt-s uniform2", "maple+dapt-s kcenter2", "maple+dapt-s full2",
	}
	if !slices.Equal(runs, want) {
		t.Errorf("runs %q, want %q", runs, want)
	}
	if slices.Equal(kept[" uniform1"], kept[" uniform2"]) {
		t.Errorf("both seeds keep %v", kept[" uniform1"])
	}
}

func TestEverySelectionMethodRuns(t *testing.T) {
	d := efficient()
	d.Methods, d.Seeds, d.Ratios, d.Warmup, d.Selections = d.Methods[1:2], []int{1}, []float64{0.4}, 1, nil
	results, _ := do(t, t.TempDir(), d)
	var methods []string
	for _, r := range results {
		methods = append(methods, r.Selection.Method)
		if n := len(r.Selection.Kept); n != 8 && (r.Selection.Method != "gradmatch" || n == 0) {
			t.Errorf("%s keeps %d images, want 8", r.Selection.Method, n)
		}
	}
	var want []string
	for _, m := range selection.All()[1:] {
		want = append(want, m.Name())
	}
	if !slices.Equal(methods, want) {
		t.Errorf("runs of %q, want %q", methods, want)
	}
}

func TestANewRatioAddsOnlyItself(t *testing.T) {
	folder, d := t.TempDir(), efficient()
	d.Methods, d.Seeds, d.Selections = d.Methods[1:2], []int{1}, d.Selections[:1]
	first, _ := do(t, folder, d)
	d.Ratios = []float64{0.4, 0.6, 1}
	all, computed := do(t, folder, d)
	if want := []string{"Tiny maple seed 1 uniform 0.6"}; !slices.Equal(computed, want) || !reflect.DeepEqual(all[:1], first[:1]) {
		t.Errorf("computed %q, want %q alone", computed, want)
	}
}

func TestASelectionIsNotTakenFromOtherImages(t *testing.T) {
	d := efficient()
	d.Methods, d.Seeds, d.Selections, d.Ratios = d.Methods[1:2], []int{1}, d.Selections[:1], d.Ratios[:1]
	for _, test := range []struct{ content, want string }{
		{"{", "delete the file"},
		{`{"pool":"0","kept":[0]}`, "not of these images"},
	} {
		folder := t.TempDir()
		lab := newLab(t, folder)
		results, err := d.Run(context.Background(), lab)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(lab.RunFolder(results[0]), selectionFile)
		if err := os.WriteFile(path, []byte(test.content), 0o644); err != nil {
			t.Fatal(err)
		}
		if err := os.Remove(lab.ResultsPath()); err != nil {
			t.Fatal(err)
		}
		if _, err := d.Run(context.Background(), newLab(t, folder)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("with %s as the selection the error is %v, want one with %q", test.content, err, test.want)
		}
	}
}

func TestBadSelectionsAreErrorsBeforeAnythingRuns(t *testing.T) {
	for _, test := range []struct {
		name   string
		change func(*DataEfficient)
		want   string
	}{
		{"a ratio of 0", func(d *DataEfficient) { d.Ratios = []float64{0} }, "a ratio is 0"},
		{"a ratio over 1", func(d *DataEfficient) { d.Ratios = []float64{2} }, "a ratio is 2"},
		{"a warm-up of -1", func(d *DataEfficient) { d.Warmup = -1 }, "Warmup is -1"},
		{"a ratio twice", func(d *DataEfficient) { d.Ratios = []float64{0.4, 0.4} }, "0.4 is there twice"},
		{"a selection twice", func(d *DataEfficient) {
			d.Selections = []selection.Method{selection.Herding{}, selection.Herding{Farthest: true}}
		}, "herding is there twice"},
		{"a method twice", func(d *DataEfficient) { d.Methods = append(d.Methods, d.Methods[1]) }, "maple on Tiny, data_efficient with 5 shots and seed 1 by uniform 0.4, is there twice"},
		{"a seed twice", func(d *DataEfficient) { d.Seeds = []int{1, 1} }, "and seed 1 by"},
		{"a data set twice", func(d *DataEfficient) { d.Benchmarks = append(d.Benchmarks, d.Benchmarks[0]) }, "zero-shot on Tiny, data_efficient with 0 shots and seed 1, is there twice"},
		{"masks that are not there", func(d *DataEfficient) {
			d.Methods = []dapt.Method{d.Methods[1], dapt.Over(d.Methods[1].Learner, mask.Files{Folder: "nowhere"})}
		}, "nowhere"},
		{"no ratio", func(d *DataEfficient) { d.Ratios = []float64{} }, "nothing to run"},
	} {
		d := efficient()
		test.change(&d)
		lab := newLab(t, t.TempDir())
		lab.Report = func(Progress) { t.Errorf("%s: something runs", test.name) }
		if _, err := d.Run(context.Background(), lab); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: the error is %v, want one with %q", test.name, err, test.want)
		}
	}
}

func TestThePoolMayBeTheWholeTrainingList(t *testing.T) {
	d := efficient()
	d.Everything, d.Seeds, d.Ratios, d.Selections = true, []int{1}, []float64{0.4}, d.Selections[:1]
	d.Methods = []dapt.Method{{Learner: prompt.MaPLe{Depth: 2}}}
	b := d.Benchmarks[0]
	results, _ := do(t, t.TempDir(), d)
	items, err := results[0].Kept(b)
	if err != nil || results[0].Shots != 0 || results[0].Selection.Images != len(b.Train) || len(items) != 8 {
		t.Errorf("kept %d of %+v, %v, want 8 of all %d", len(items), results[0].Selection, err, len(b.Train))
	}
	if got, err := b.pool(0, 1); err != nil || len(got.Val) > 4*len(b.Classes) || len(got.Train) != len(b.Train) {
		t.Errorf("the pool has %d training and %d validation images, %v, want all and 4 a class at most", len(got.Train), len(got.Val), err)
	}
}

func TestWarmUpsOfOtherSettingsDoNotMeet(t *testing.T) {
	folder, d := t.TempDir(), efficient()
	d.Methods, d.Seeds, d.Ratios, d.Selections = d.Methods[1:2], []int{1}, []float64{0.4}, []selection.Method{selection.Forgetting{}}
	d.Warmup = 1
	do(t, folder, d)
	config := *d.Train
	config.Rate *= 2
	d.Train = &config
	if results, computed := do(t, folder, d); len(results) != 1 || len(computed) != 1 {
		t.Errorf("with another rate %q is computed, want the run anew, from a warm-up of its own", computed)
	}
}
