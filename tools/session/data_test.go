package session

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/experiment"
)

// write makes files below a new folder, and goes there.
func write(t *testing.T, files map[string]string) {
	t.Helper()
	folder := t.TempDir()
	for name, text := range files {
		path := filepath.Join(folder, name)
		if err := WriteFile(path, []byte(text)); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(folder)
}

// own are a list, a split file and the images of both.
var own = map[string]string{
	"list.csv":      "path,name,split,mask\na/1.png,cat,train,m.png\nb/2.png,dog,train,\na/3.png,cat,test,\n",
	"lists/My.JSON": `{"test": [["4.png", 0, "cat"], ["5.png", 1, "dog"]]}`,
	"a/1.png":       "", "b/2.png": "", "a/3.png": "", "lists/4.png": "", "lists/5.png": "", "notes.txt": "",
}

func TestAListOrASplitFileIsOpenedByItsPath(t *testing.T) {
	write(t, own)
	for data, want := range map[string]struct {
		name, folder string
		sizes        [3]int
	}{
		"list.csv":        {"list", ".", [3]int{2, 0, 1}},
		"./list.csv":      {"list", ".", [3]int{2, 0, 1}},
		"./lists/My.JSON": {"My", "lists", [3]int{0, 0, 2}},
	} {
		s := Setup{Data: data, Template: "a sketch of a {}."}
		b, err := s.Benchmark(t.Context())
		if err != nil {
			t.Errorf("Benchmark of %s: %v", data, err)
			continue
		}
		if got := [3]int{len(b.Train), len(b.Val), len(b.Test)}; got != want.sizes || b.Name != want.name || b.Template != "a sketch of a {}." || s.Folder() != want.folder {
			t.Errorf("%s is %q in %s with %v images and template %q, want %+v", data, b.Name, s.Folder(), got, b.Template, want)
		}
	}
	for data, want := range map[string]string{"./none.csv": "/none.csv: name a folder", "./notes.txt": "/notes.txt is none of what data may be: name a folder", "none.json": "a split file (.json)"} {
		if _, err := (Setup{Data: data}).Benchmark(t.Context()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Benchmark of %s fails with %v, want a message with %q", data, err, want)
		}
	}
}

func TestATemplateHasOnePlaceForTheName(t *testing.T) {
	for _, template := range []string{"a photo", "{} and {}"} {
		if _, err := (Setup{Data: Mini, Template: template}).Benchmark(t.Context()); err == nil || !strings.Contains(err.Error(), "want a sentence with one {}") {
			t.Errorf("template %q: error is %v", template, err)
		}
	}
	b, err := Setup{Data: Mini, Template: "one {}."}.Benchmark(t.Context())
	if err != nil || b.Template != "one {}." {
		t.Errorf("the mini benchmark has template %q, %v, want that of the setup", b.Template, err)
	}
}

func TestNotesSayWhatDataLack(t *testing.T) {
	items, others, further := []dataset.Item{{Path: "1"}, {Path: "2"}, {Path: "3"}}, []dataset.Item{{Path: "4"}}, []dataset.Item{{Path: "5"}, {Path: "6"}, {Path: "7"}}
	for _, c := range []struct {
		name, data string
		d          dataset.Dataset
		want       []string
	}{
		{"nothing", "./photos", dataset.Dataset{Train: items, Val: further, Test: others}, nil},
		{"no val", "./photos", dataset.Dataset{Train: items, Test: others}, nil}, // an experiment that needs them says so
		{"no train", "./photos", dataset.Dataset{Test: others}, []string{"no training images: it can be tested"}},
		{"no test", "./photos", dataset.Dataset{Train: items, Val: further}, []string{"no test images"}},
		{"counts", "EuroSAT", dataset.Dataset{Name: "EuroSAT", Train: items, Val: further}, []string{"3 training images here, 13500", "3 validation images here", "no test"}},
		{"counts of a folder of that name", "./EuroSAT", dataset.Dataset{Name: "EuroSAT", Train: items, Val: further, Test: others}, nil},
	} {
		notes := Setup{Data: c.data}.Notes(experiment.Benchmark{Dataset: &c.d})
		if len(notes) != len(c.want) {
			t.Errorf("Notes with %s = %q, want %d", c.name, notes, len(c.want))
			continue
		}
		for i, want := range c.want {
			if !strings.Contains(notes[i], want) {
				t.Errorf("Notes with %s = %q, want %q", c.name, notes[i], want)
			}
		}
	}
}

func TestAListWithMasksHasDAPTS(t *testing.T) {
	write(t, own)
	for data, want := range map[string]int{"./list.csv": 4, "./lists/My.JSON": 3} {
		s := Setup{CLIP: Mini, Data: data}
		b, err := s.Benchmark(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if got := len(s.Preset(b).Methods); got != want {
			t.Errorf("%s has %d methods, want %d", data, got, want)
		}
	}
	if _, err := os.Stat("mask"); err == nil {
		t.Error("there is a folder mask, so that this test says nothing")
	}
}

func TestDrawsLieInAFolder(t *testing.T) {
	write(t, own)
	for draws, want := range map[string]string{"": "", "a": "", "./b": "", "split_fewshot": "there is no folder split_fewshot", "./none": "there is no folder ./none"} {
		b, err := Setup{Data: "./list.csv", Draws: draws}.Benchmark(t.Context())
		if want == "" && (err != nil || (b.Draws != nil) != (draws != "")) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("draws in %q: %v, %v, want error %q", draws, b.Draws, err, want)
		}
	}
}
