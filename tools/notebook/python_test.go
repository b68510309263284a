package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// program writes a shell script that can be run.
func program(t *testing.T, file, script string) {
	t.Helper()
	write(t, file, "#!/bin/sh\n"+script)
	if err := os.Chmod(file, 0o755); err != nil {
		t.Fatal(err)
	}
}

func TestEveryRequirementIsPinned(t *testing.T) {
	pinned := regexp.MustCompile(`^[A-Za-z0-9_.-]+==[0-9a-z.]+( ; (python_version < "3\.\d+"|sys_platform == "darwin"))?$`)
	for line := range strings.Lines(requirements) {
		if line = strings.TrimSpace(line); line != "" && line[0] != '#' && !pinned.MatchString(line) {
			t.Errorf("requirements.txt has %q, want name==version", line)
		}
	}
	for _, name := range []string{"jupyterlab", "nbconvert", "nbclient"} {
		if required(name) == "" {
			t.Errorf("requirements.txt has no %s", name)
		}
	}
}

func TestOnlyACompleteInstallationOfTheseVersionsWillDo(t *testing.T) {
	for _, test := range []struct{ name, stamp, python, want string }{
		{"nothing", "", "", "not installed yet"},
		{"interrupted, so without a stamp", "", "echo Python 3.11.7", "not installed yet"},
		{"complete", stampText("3.11"), "echo Python 3.11.7", ""},
		{"with a newer patch of Python", stampText("3.11"), "echo Python 3.11.9", ""},
		{"of other versions", "Python 3.11\njupyterlab==3.0.0\n", "echo Python 3.11.7", "other versions"},
		{"of a Python that was upgraded", stampText("3.11"), "echo Python 3.13.1", "installed for Python 3.11, which is Python 3.13"},
		{"of a Python that was removed", stampText("3.11"), "", "does not run"},
		{"of a Python that fails", stampText("3.11"), "echo no library >&2; exit 1", "no library"},
	} {
		s := testClone(t, nil)
		if test.stamp != "" {
			write(t, s.stamp(), test.stamp)
		}
		if test.python != "" {
			program(t, s.python(), test.python)
		}
		have, err := s.haveJupyter(context.Background())
		if test.want == "" && (err != nil || !strings.Contains(have, required("jupyterlab")+" with Python 3.11")) {
			t.Errorf("%s: haveJupyter = %q, %v, want the version", test.name, have, err)
		}
		if test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%s: haveJupyter = %q, %v, want an error with %q", test.name, have, err, test.want)
		}
	}
}

func TestFindsAPythonThatIsNewEnoughAndWhole(t *testing.T) {
	const whole = "case $1 in --version) echo Python 3.12.1;; *) echo pip 25;; esac"
	for _, test := range []struct {
		name string
		path map[string]string
		want string // the one found, or what the error has
	}{
		{"python3", map[string]string{"python3": whole, "python3.13": whole}, "python3"},
		{"a newer one beside an old python3", map[string]string{"python3": "echo Python 3.9.2", "python3.12": whole}, "python3.12"},
		{"a whole one beside one without ensurepip", map[string]string{"python3": "case $1 in --version) echo Python 3.11.2;; *) echo No module named ensurepip; exit 1;; esac", "python": whole}, "python"},
		{"one that is no Python 2", map[string]string{"python": "echo Python 2.7.18", "python3.10": "exit 127"}, "python is 2.7"},
		{"none", nil, "sudo apt-get install python3 python3-venv"},
		{"none without venv", map[string]string{"python3": "case $1 in --version) echo Python 3.11.2;; *) exit 1;; esac"}, "python3 is 3.11 without the module venv"},
	} {
		bin := t.TempDir()
		for name, script := range test.path {
			program(t, filepath.Join(bin, name), script)
		}
		t.Setenv("PATH", bin)
		found, err := findPython(context.Background())
		if err == nil && found != test.want || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: findPython = %q, %v, want %q", test.name, found, err, test.want)
		}
	}
}
