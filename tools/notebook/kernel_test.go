package main

import (
	"context"
	"debug/buildinfo"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestAToolIsCheckedByWhatItSaysOfItself(t *testing.T) {
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	info, err := buildinfo.ReadFile(self)
	if err != nil {
		t.Fatal(err)
	}
	text := filepath.Join(t.TempDir(), "text")
	write(t, text, "no program")
	for _, test := range []struct{ file, pkg, version, goVersion, want string }{
		{self, info.Path, info.Main.Version, info.GoVersion, ""},
		{self, "example.org/other", info.Main.Version, info.GoVersion, "not example.org/other"},
		{self, info.Path, "v9.9.9", info.GoVersion, "go.mod has v9.9.9"},
		{self, info.Path, info.Main.Version, "go9.99", "this is go9.99"},
		{text, info.Path, info.Main.Version, info.GoVersion, "is broken"},
		{text + "2", info.Path, info.Main.Version, info.GoVersion, "no tool yet"},
	} {
		err := tool{name: "tool", pkg: test.pkg}.check(test.file, test.version, test.goVersion)
		if (err == nil) != (test.want == "") || err != nil && !strings.Contains(err.Error(), test.want) {
			t.Errorf("check(%s, %s, %s) = %v, want %q", filepath.Base(test.file), test.version, test.goVersion, err, test.want)
		}
	}
}

func TestTheKernelFindsGoAndItsToolsWithoutAPath(t *testing.T) {
	s := testClone(t, nil)
	s.cache = filepath.Join(filepath.Dir(s.cache), "costs $5")
	if _, err := s.haveKernel(context.Background()); err == nil {
		t.Error("haveKernel in an empty cache is no error")
	}
	if err := s.writeKernel(context.Background()); err != nil {
		t.Fatal(err)
	}
	if _, err := s.haveKernel(context.Background()); err != nil {
		t.Errorf("haveKernel after writeKernel = %v", err)
	}
	data, err := os.ReadFile(s.kernelFile())
	if err != nil {
		t.Fatal(err)
	}
	var spec kernelSpec
	if err := json.Unmarshal(data, &spec); err != nil {
		t.Fatal(err)
	}
	want := []string{filepath.Join(s.bin(), "gonb"), "--kernel", "{connection_file}"}
	if !slices.Equal(spec.Argv, want) {
		t.Errorf("argv = %q, want %q", spec.Argv, want)
	}
	folders := filepath.SplitList(spec.Env["PATH"])
	if len(folders) != 3 || strings.ReplaceAll(folders[0], "$$", "$") != s.bin() || folders[2] != "${PATH}" {
		t.Errorf("PATH = %q, want bin with $ doubled, Go's folder and what was there", folders)
	}
	if _, err := os.Stat(filepath.Join(folders[1], "go")); err != nil {
		t.Errorf("no go in the second folder: %v", err)
	}
	write(t, s.kernelFile(), "{}")
	if _, err := s.haveKernel(context.Background()); err == nil || !strings.Contains(err.Error(), "another Go") {
		t.Errorf("haveKernel with another kernel.json = %v", err)
	}
}

func TestJupyterLabShowsWhatIsInTheClone(t *testing.T) {
	for _, test := range []struct{ shown, want string }{
		{"/a clone/notebooks", "/lab/tree/notebooks"},
		{"/a clone/notebooks/über 100%.ipynb", "/lab/tree/notebooks/%C3%BCber%20100%25.ipynb"},
		{"/elsewhere/x.ipynb", ""},
		{"/a clone 2/x.ipynb", ""},
	} {
		got, err := labAddress("/a clone", test.shown)
		if got != test.want || (err == nil) != (test.want != "") {
			t.Errorf("labAddress(%q) = %q, %v, want %q", test.shown, got, err, test.want)
		}
	}
}

func TestJupyterGetsItsFlagsAndItsOwnFolders(t *testing.T) {
	var out strings.Builder
	s := testClone(t, &out, "a.ipynb")
	t.Setenv("PYTHONPATH", "/elsewhere")
	t.Setenv("JUPYTER_PATH", "/elsewhere")
	cmd, err := s.lab(options{port: 9000, noBrowser: true, small: true, out: "/results", jupyter: []string{"--debug"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"--port=9000", "--no-browser", "--debug", "--LabApp.default_url=/lab/tree/notebooks", "--ServerApp.root_dir=" + s.root} {
		if !slices.Contains(cmd.Args, want) {
			t.Errorf("arguments %q, want %s in them", cmd.Args, want)
		}
	}
	own := "--ServerApp.root_dir=/elsewhere"
	another, err := s.lab(options{jupyter: []string{own}}, nil)
	if err != nil || !slices.Contains(another.Args, own) || slices.Contains(another.Args, "--ServerApp.root_dir="+s.root) {
		t.Errorf("with %s after the dashes: %v, arguments %q, want it in place of ours", own, err, another.Args)
	}
	if root := os.Geteuid() == 0; slices.Contains(cmd.Args, "--allow-root") != root || strings.Contains(out.String(), "--allow-root") != root {
		t.Errorf("root is %v: arguments %q, said %q", root, cmd.Args, &out)
	}
	env := cmd.Environ()
	for _, want := range []string{"PYTHONPATH=", "JUPYTER_PATH=" + filepath.Join(s.venv(), "share", "jupyter"), "DAPT_SIZE=small", "DAPT_OUT=/results"} {
		if !slices.Contains(env, want) {
			t.Errorf("environment has no %s", want)
		}
	}
}
