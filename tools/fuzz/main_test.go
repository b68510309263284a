package main

import (
	"context"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// module writes a module of our name with two packages, one of whose targets fails as soon as anything is tried.
func module(t *testing.T) {
	t.Helper()
	folder := t.TempDir()
	for name, text := range map[string]string{
		"go.mod":  "module github.com/dapt-go/dapt-go\n\ngo 1.26\n",
		"a/a.go":  "package a\n",
		"b/b.go":  "package b\n",
		"a/no.go": "package a\n\n// FuzzNot is in no test.\nfunc FuzzNot() {}\n",
		"a/a_test.go": "package a\n\nimport \"testing\"\n\nfunc FuzzGood(f *testing.F) {\n\tf.Add(1)\n\tf.Fuzz(func(t *testing.T, n int) {})\n}\n\n" +
			"func TestNothing(t *testing.T) {}\n",
		"a/other_test.go": "//go:build never\n\npackage a\n\nimport \"testing\"\n\nfunc FuzzNever(f *testing.F) {}\n",
		"b/b_test.go": "package b_test\n\nimport \"testing\"\n\nfunc FuzzBad(f *testing.F) {\n\tf.Add(1)\n" +
			"\tf.Fuzz(func(t *testing.T, n int) {\n\t\tif n != 1 {\n\t\t\tt.Errorf(\"F(%d) = 0, want 1\", n)\n\t\t}\n\t})\n}\n",
	} {
		path := filepath.Join(folder, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	t.Chdir(folder)
}

// fuzz runs the command and returns what it prints.
func fuzz(args ...string) (failed int, printed string, err error) {
	var out, progress strings.Builder
	failed, err = run(context.Background(), args, &out, &progress)
	return failed, out.String(), err
}

func TestTargetsOfThisBuildAreListed(t *testing.T) {
	module(t)
	if _, got, err := fuzz("-list"); err != nil || got != "a.FuzzGood\nb.FuzzBad\n" {
		t.Errorf("-list prints %q, %v, want both targets", got, err)
	}
	if _, got, err := fuzz("-list", "-match", "^b[.]"); err != nil || got != "b.FuzzBad\n" {
		t.Errorf("-list -match prints %q, %v, want one target", got, err)
	}
}

func TestAFailureIsToldWithItsInput(t *testing.T) {
	module(t)
	failed, got, err := fuzz("-time", "1s")
	if err != nil || failed != 1 {
		t.Fatalf("%d targets fail, %v, want 1; it prints\n%s", failed, err, got)
	}
	for _, want := range []string{
		`a\.FuzzGood +[1-9]\d* +\d+ +ok\n`, `b\.FuzzBad .* FAILS, see b/testdata/fuzz/FuzzBad/\w+\n`, `F\(-?\d+\) = 0, want 1`,
		`reproduce: go test -run='\^FuzzBad\$/\w+' \./b\n`, `keep it:   git add b/testdata/fuzz/FuzzBad/\w+,`,
	} {
		if !regexp.MustCompile(want).MatchString(got) {
			t.Errorf("it prints\n%s\nwant %s in it", got, want)
		}
	}
	if kept, err := filepath.Glob("b/testdata/fuzz/FuzzBad/*"); err != nil || len(kept) != 1 {
		t.Errorf("inputs kept are %q, %v, want one", kept, err)
	}
}

func TestToBeStoppedIsAnError(t *testing.T) {
	module(t)
	ctx, stop := context.WithCancel(context.Background())
	defer stop()
	var out strings.Builder
	progress := writer(func(text string) {
		if strings.Contains(text, "FuzzBad") {
			stop()
		}
	})
	_, err := run(ctx, []string{"-time", "1s"}, &out, progress)
	if err == nil || !strings.Contains(err.Error(), "stopped in b.FuzzBad") || !strings.Contains(out.String(), "a.FuzzGood") {
		t.Errorf("run = %v after\n%s\nwant an error, and what was run", err, out.String())
	}
}

// writer hears what is written.
type writer func(string)

func (w writer) Write(text []byte) (int, error) {
	w(string(text))
	return len(text), nil
}

func TestWhatCannotBeFuzzedIsAnError(t *testing.T) {
	module(t)
	for want, args := range map[string][]string{
		"-time is 0s": {"-time", "0s"}, "missing closing ]": {"-match", "["}, "no target matches": {"-match", "none"}, "1 arguments": {"a"},
	} {
		if _, _, err := fuzz(args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: error is %v, want one with %q", args, err, want)
		}
	}
}
