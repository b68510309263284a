package main

import (
	"context"
	"errors"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckListsWhatIsMissingAndWritesNothing(t *testing.T) {
	modules, err := exec.Command("go", "env", "GOMODCACHE").Output()
	if err != nil {
		t.Fatal(err)
	}
	home := t.TempDir()
	cache := filepath.Join(home, "cache")
	for name, value := range map[string]string{
		"HOME": home, "XDG_CACHE_HOME": cache, "PJRT_PLUGIN_LIBRARY_PATH": "",
		"GOMODCACHE": strings.TrimSpace(string(modules)), "GOCACHE": "off", // go list -m builds nothing
	} {
		t.Setenv(name, value)
	}
	var out strings.Builder
	err = run(context.Background(), []string{"-check"}, &out)
	if err == nil || !strings.Contains(err.Error(), "missing: Go tools, JupyterLab, Go kernel") {
		t.Errorf("-check in an empty cache = %v, want an error that lists all parts", err)
	}
	for _, want := range []string{"Go tools    MISSING: no gonb yet\n", "JupyterLab  MISSING: not installed yet\n", "Go kernel   MISSING: "} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("-check printed %q, want %q in it", &out, want)
		}
	}
	written, err := filepath.Glob(filepath.Join(home, "*", "dapt-go"))
	if err != nil || len(written) > 0 {
		t.Errorf("-check wrote %q, %v", written, err)
	}
}

func TestAPartIsInstalledOnceAndCheckedAfterwards(t *testing.T) {
	here, broken := false, errors.New("not here")
	have := func(context.Context) (string, error) {
		if here {
			return "here, 1.2", nil
		}
		return "", broken
	}
	for _, test := range []struct {
		name    string
		install func(context.Context) error
		without string
		want    string // in what is printed
		err     string
	}{
		{"installed", func(context.Context) error { here = true; return nil }, "", "here, 1.2 (done in 0 s)", ""},
		{"there already", nil, "", "part        here, 1.2\n", ""},
		{"installed, but not there", func(context.Context) error { here = false; return nil }, "", "not here; installing", "part: not here"},
		{"failing", func(context.Context) error { return errors.New("offline") }, "", "", "part: offline"},
		{"failing, but not needed", func(context.Context) error { return errors.New("offline") }, "it is slower", "offline; it is slower", ""},
	} {
		if test.name == "installed, but not there" {
			here = false
		}
		var out strings.Builder
		s := testClone(t, &out)
		err := s.complete(context.Background(), part{name: "part", have: have, install: test.install, doing: "installing", without: test.without})
		if !strings.Contains(out.String(), test.want) || (err == nil) != (test.err == "") || err != nil && !strings.Contains(err.Error(), test.err) {
			t.Errorf("%s: printed %q, error %v, want %q and %q", test.name, &out, err, test.want, test.err)
		}
	}
}

func TestOutsideOfACloneTheErrorSaysWhatToDo(t *testing.T) {
	t.Chdir(t.TempDir())
	err := run(context.Background(), []string{"-check"}, io.Discard)
	if err == nil || !strings.Contains(err.Error(), "change to a folder in one") {
		t.Errorf("-check outside of a clone = %v, want an error that says what to do", err)
	}
}
