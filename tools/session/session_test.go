package session

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/experiment"
)

func TestDataAreABenchmarkOrAFolder(t *testing.T) {
	t.Setenv("HOME", "/home")
	for data, want := range map[string]string{
		"OxfordPets": "/home/data/oxford_pets", "./photos": "./photos", "/my/photos": "/my/photos", "~/photos": "/home/photos", "photos/cats": "photos/cats",
	} {
		if got := (Setup{Data: data, Root: "~/data"}).Folder(); got != want {
			t.Errorf("the folder of %q is %s, want %s", data, got, want)
		}
	}
	for data, want := range map[string]string{"Pets": "./photos", "OxfordPets": "the folder that holds oxford_pets", "./none": "/tools/session/none: name a folder"} {
		if _, err := (Setup{Data: data, Root: t.TempDir()}).Benchmark(context.Background()); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("data %q: error is %v, want one with %q", data, err, want)
		}
	}
}

func TestAFolderHasDAPTSOnlyWithMasks(t *testing.T) {
	for name, test := range map[string]struct {
		data  string
		files fstest.MapFS
		want  string
	}{
		"with masks":              {"./photos", fstest.MapFS{"mask/cat/1.png": {}}, "zero-shot maple maple+dapt-s maple+dapt-g"},
		"without masks":           {"./photos", fstest.MapFS{}, "zero-shot maple maple+dapt-g"},
		"a benchmark's come late": {"OxfordPets", fstest.MapFS{}, "zero-shot maple maple+dapt-s maple+dapt-g"},
	} {
		p := Setup{CLIP: Mini, Data: test.data}.Preset(experiment.Benchmark{Dataset: &dataset.Dataset{FS: test.files}})
		var names []string
		for _, m := range p.Methods {
			names = append(names, m.Name())
		}
		if got := strings.Join(names, " "); got != test.want || p.Train.Batch != 16 {
			t.Errorf("%s: methods %s in batches of %d, want %s in those of the embedded CLIP", name, got, p.Train.Batch, test.want)
		}
	}
}

func TestFilesAreNamedByTheirTitles(t *testing.T) {
	if got := FileName("Mini, loss: cls (0.1)", ".svg"); got != "mini-loss-cls-0.1.svg" {
		t.Errorf("file is %s", got)
	}
	path := filepath.Join(t.TempDir(), "new", "folder", "a.txt")
	if err := WriteFile(path, []byte("text")); err != nil {
		t.Fatal(err)
	}
	if text, err := os.ReadFile(path); err != nil || string(text) != "text" {
		t.Errorf("%q, %v", text, err)
	}
	if err := WriteFile(filepath.Join(path, "b.txt"), nil); err == nil || !strings.Contains(err.Error(), "choose one that can be written to") {
		t.Errorf("below a file: error is %v", err)
	}
}
