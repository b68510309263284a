package main

import (
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestExportsAreUpToDate(t *testing.T) {
	var out strings.Builder
	if err := run([]string{"-check"}, &out, io.Discard); err != nil {
		t.Errorf("run(-check) = %v\n%s", err, &out)
	}
}

func TestExportedNotebooksRunAsPrograms(t *testing.T) {
	fakeModule(t)
	if err := run(nil, io.Discard, io.Discard); err != nil {
		t.Fatal(err)
	}
	goCommand(t, "vet", "./...")
	want := "10 classes\n1 51\n2 52\n4 54\n8 58\n16 66\n[16 8 4 2 1]\nend of few_shot\n"
	if got := goCommand(t, "run", "./notebooks/export/few_shot"); got != want {
		t.Errorf("the program of few_shot prints %q, want %q", got, want)
	}
}

func TestCheckWritesNothingAndNamesWhatIsNotUpToDate(t *testing.T) {
	root := fakeModule(t)
	inRoot := func(name string) string { return filepath.Join(root, filepath.FromSlash(name)) }
	steps := []struct {
		name    string
		change  func()
		args    []string
		want    string
		isError bool
	}{
		{"missing", func() {}, []string{"-check"}, "missing: notebooks/export/few_shot/main.go\nmissing: notebooks/export/rules/main.go\n", true},
		{"one missing", func() {}, []string{"-check", "rules"}, "missing: notebooks/export/rules/main.go\n", true},
		{"write", func() {}, nil, "wrote: notebooks/export/few_shot/main.go\nwrote: notebooks/export/rules/main.go\n", false},
		{"write again", func() {}, nil, "", false},
		{"fine", func() {}, []string{"-check"}, "", false},
		{"stale", func() { writeFile(t, inRoot(exportPath("rules")), "package main\n") }, []string{"-check"}, "stale: notebooks/export/rules/main.go\n", true},
		{"another is fine", func() {}, []string{"-check", "few_shot"}, "", false},
		{"write one", func() {}, []string{"rules"}, "wrote: notebooks/export/rules/main.go\n", false},
		{"orphaned", func() { writeFile(t, inRoot(exportPath("gone")), "package main\n") }, []string{"-check"}, "orphaned: notebooks/export/gone; there is no notebooks/gone.ipynb\n", true},
		{"orphans stay", func() {}, nil, "orphaned: notebooks/export/gone; there is no notebooks/gone.ipynb\n", false},
		{"unknown", func() {}, []string{"gone"}, "", true},
		{"bad flag", func() {}, []string{"-nonsense"}, "", true},
	}
	for _, step := range steps {
		step.change()
		var out strings.Builder
		err := run(step.args, &out, io.Discard)
		if out.String() != step.want || (err != nil) != step.isError {
			t.Errorf("%s: run(%q) = %v, printed %q, want %q", step.name, step.args, err, &out, step.want)
		}
	}
	if _, err := os.Stat(inRoot(exportPath("gone"))); err != nil {
		t.Errorf("the orphan was removed: %v", err)
	}
}

func TestOneBadNotebookDoesNotKeepTheOthers(t *testing.T) {
	root := fakeModule(t)
	writeFile(t, filepath.Join(root, "notebooks", "bad.ipynb"), string(ipynb(t, "%%\n)")))
	t.Chdir("notebooks")
	var out strings.Builder
	err := run(nil, &out, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "notebooks/bad.ipynb: cell 1, line 2: ") {
		t.Errorf("run() = %v, want an error with the place in bad.ipynb", err)
	}
	if strings.Count(out.String(), "wrote: ") != 2 {
		t.Errorf("run() printed %q, want two exports written", &out)
	}
}

func TestOutsideTheModuleIsAnError(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := run(nil, io.Discard, io.Discard); err == nil || !strings.Contains(err.Error(), "not in a clone of") {
		t.Errorf("run() outside the module = %v", err)
	}
}
