package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/tools/clone"
)

// write makes a file with its folders.
func write(t *testing.T, file, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(file, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// testClone returns a setup in empty folders, with spaces in their paths, of a clone with these notebooks.
func testClone(t *testing.T, out *strings.Builder, notebooks ...string) *setup {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "a folder")
	s := &setup{root: filepath.Join(dir, "clone"), cache: filepath.Join(dir, "cache"), jupyter: filepath.Join(dir, "jupyter"), out: out}
	write(t, filepath.Join(s.root, "go.mod"), "module "+clone.Module+"\n")
	for _, name := range notebooks {
		write(t, filepath.Join(s.folder(), name), `{"cells": []}`)
	}
	return s
}

func TestANotebookIsNamedByPathOrByName(t *testing.T) {
	s := testClone(t, nil, "01_a.ipynb", "02_b.ipynb")
	t.Chdir(s.folder())
	want := filepath.Join(s.folder(), "01_a.ipynb")
	for _, name := range []string{"01_a", "01_a.ipynb", want, "./01_a.ipynb"} {
		if files, err := s.notebooks([]string{name}); err != nil || len(files) != 1 || files[0] != want {
			t.Errorf("notebooks(%q) = %q, %v, want %s", name, files, err, want)
		}
	}
	if files, err := s.notebooks(nil); err != nil || len(files) != 2 {
		t.Errorf("notebooks() = %q, %v, want both", files, err)
	}
	if _, err := s.notebooks([]string{"03_c"}); err == nil || !strings.Contains(err.Error(), "01_a.ipynb, 02_b.ipynb") {
		t.Errorf("notebooks(03_c) = %v, want an error that lists those there are", err)
	}
}
