package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/tools/miniature/layout"
)

// miniature writes that of a benchmark, and returns its root and its split file.
func miniature(t *testing.T, name string) (root, file string) {
	t.Helper()
	spec, err := dataset.Find(name)
	if err != nil {
		t.Fatal(err)
	}
	files, err := layout.Draw(spec, layout.Options{})
	if err != nil {
		t.Fatal(err)
	}
	root = t.TempDir()
	if err := os.CopyFS(filepath.Join(root, spec.Folder), files); err != nil {
		t.Fatal(err)
	}
	return root, filepath.Join(root, spec.Folder, spec.Split)
}

func TestAMissingSplitIsMadeOnRequestOnly(t *testing.T) {
	root, file := miniature(t, "OxfordPets")
	draw := filepath.Join(t.TempDir(), "draw.json")
	for _, c := range []struct {
		name, want string
		args       []string
	}{
		{"beside the published one", "is there already: remove it", []string{"-data", "OxfordPets", "-make", "1"}},
		{"with a file", "leave out x.json", []string{"-data", "OxfordPets", "-make", "1", "x.json"}},
		{"for data without a split file", "it has no split file", []string{"-data", "FGVCAircraft", "-make", "1"}},
		{"for no benchmark", "no benchmark is called", []string{"-data", "mini", "-make", "1"}},
		{"without a file or a seed", "there is no FILE", []string{"-data", "OxfordPets"}},
	} {
		if _, err := split(t, append(c.args, "-root", root)...); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("split %s fails with %v, want a message with %q", c.name, err, c.want)
		}
	}
	before, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	own := filepath.Join(filepath.Dir(file), "images", "own.json")
	if err := os.WriteFile(own, before, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, c := range [][]string{{"-data", "OxfordPets", "-root", root, file}, {"-data", own, own}} {
		if _, err := split(t, c...); err == nil || !strings.Contains(err.Error(), "is what the data set is read from: name another file") {
			t.Errorf("split %q fails with %v, want an error", c, err)
		}
	}
	if err := os.Remove(file); err != nil {
		t.Fatal(err)
	}
	if _, err := split(t, "-data", "OxfordPets", "-root", root, draw); err == nil || !strings.Contains(err.Error(), "fetch split_zhou_OxfordPets.json") || !strings.Contains(err.Error(), "split -make") {
		t.Errorf("without a split file, error is %v, want what to fetch, and -make", err)
	}
	printed, err := split(t, "-data", "OxfordPets", "-root", root, "-make", "0")
	if want := file + " has 30 training, 6 validation and 12 test images, divided with seed 0:"; err != nil || !strings.HasPrefix(printed, want) {
		t.Errorf("split -make prints %q, %v, want %q", printed, err, want)
	}
	if _, err := split(t, "-data", "OxfordPets", "-root", root, draw); err != nil {
		t.Errorf("with the made split, %v", err)
	}
}
