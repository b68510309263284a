package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// split runs the command and returns what it prints.
func split(t *testing.T, args ...string) (string, error) {
	t.Helper()
	return command(t, append([]string{"split"}, args...)...)
}

func TestADrawIsWrittenAndChecked(t *testing.T) {
	for _, name := range []string{"shot_2-seed_1.pkl", "split.json"} {
		path := filepath.Join(t.TempDir(), name)
		printed, err := split(t, "-shots", "2", path)
		if err != nil {
			t.Fatal(err)
		}
		if want := " has the draw of 2 shots with seed 1: 120 training and 120 validation images\n"; printed != path+want {
			t.Errorf("split prints %q, want %q", printed, path+want)
		}
		printed, err = split(t, "-shots", "2", "-check", path)
		if want := path + " equals the draw of 2 shots with seed 1"; err != nil || !strings.HasPrefix(printed, want) {
			t.Errorf("split -check prints %q, %v, want %q", printed, err, want)
		}
		for want, args := range map[string][]string{
			"is not the draw of 2 shots with seed 2: item 1 of train is images/": {"-shots", "2", "-seed", "2", "-check", path},
			"is not the draw of 3 shots with seed 1: item ":                      {"-shots", "3", "-check", path},
		} {
			if printed, err := split(t, args...); err == nil || !strings.Contains(err.Error(), want) || printed != "" {
				t.Errorf("split%q prints %q, %v, want an error with %q", args, printed, err, want)
			}
		}
	}
}

func TestADrawIsNotReadFromOrWrittenToAnything(t *testing.T) {
	folder := t.TempDir()
	broken := filepath.Join(folder, "broken.pkl")
	if err := os.WriteFile(broken, []byte("cos\nsystem\n."), 0o644); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		`ends in ".txt", want .json`:    {filepath.Join(folder, "shots.txt")},
		"-shots is -1, want at least 0": {"-shots", "-1", broken},
		"writing the split":             {filepath.Join(folder, "none", "x.pkl")},
		"reading the split":             {"-check", filepath.Join(folder, "none.pkl")},
		"none.json":                     {"-check", filepath.Join(folder, "none.json")},
		"broken.pkl: dataset: few-shot": {"-check", broken},
		"there is no FILE":              {"-check"},
	} {
		if printed, err := split(t, args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("split%q prints %q, %v, want an error with %q", args, printed, err, want)
		}
	}
}
