package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"
)

// nbconvert is a script for the virtual environment's Python: it finds --output-dir and writes a notebook with one output.
const nbconvert = `while [ "$1" != --output-dir ]; do shift; done
printf '{"cells": [{"cell_type": "code", "source": "x", "outputs": [{"output_type": "stream", "name": "stdout", "text": "%s"}]}]}' `

// executing returns a setup whose Python is a script.
func executing(t *testing.T, out *strings.Builder, script string) *setup {
	t.Helper()
	s := testClone(t, out, "a.ipynb", "b.ipynb")
	program(t, s.python(), script)
	return s
}

func TestExecutedNotebooksAreWrittenNormalized(t *testing.T) {
	var out strings.Builder
	s := executing(t, &out, nbconvert+`"$DAPT_SIZE $(basename "$PWD")" >"$2/executed.ipynb"`)
	folder := filepath.Join(t.TempDir(), "new")
	files, err := s.notebooks(nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := s.execute(context.Background(), options{execute: folder, small: true}, files); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"a.ipynb", "b.ipynb"} {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil || !strings.Contains(string(data), "     \"small notebooks\"\n") {
			t.Errorf("%s is %q, %v, want it executed in notebooks/ with DAPT_SIZE=small", name, data, err)
		}
		if !strings.Contains(out.String(), "executing   "+name+": 0 s\n") {
			t.Errorf("printed %q, want a line on %s", &out, name)
		}
	}
}

func TestWhatFailsIsNotWrittenAndTheRestIsExecuted(t *testing.T) {
	for _, test := range []struct{ name, script, want string }{
		{"an error of a cell", "echo noise; echo 'nbclient.exceptions.CellExecutionError: panic: boom' >&2; exit 1", "\npanic: boom\n"},
		{"a path of this machine", nbconvert + `"$2" >"$2/executed.ipynb"`, "cell 1 holds the path of the temporary folder"},
		{"what is no notebook", `while [ "$1" != --output-dir ]; do shift; done; echo >"$2/executed.ipynb"`, "no notebook"},
	} {
		var out strings.Builder
		s := executing(t, &out, test.script)
		files, err := s.notebooks(nil)
		if err != nil {
			t.Fatal(err)
		}
		err = s.execute(context.Background(), options{execute: s.folder()}, files)
		if err == nil || err.Error() != "2 of 2 notebooks failed: a.ipynb, b.ipynb" || strings.Count(out.String(), test.want) != 2 {
			t.Errorf("%s: %v, printed %q, want %q twice", test.name, err, &out, test.want)
		}
		all, err := filepath.Glob(s.folder() + "/*")
		data, readErr := os.ReadFile(files[0])
		if err := errors.Join(err, readErr); err != nil || len(all) != 2 || string(data) != `{"cells": []}` {
			t.Errorf("%s: %v, the folder has %q and the notebook is %q, want it untouched", test.name, err, all, data)
		}
	}
}

func TestTheEndOfTheTimeEndsAKernelInASessionOfItsOwn(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("needs setsid")
	}
	var out strings.Builder
	file := filepath.Join(t.TempDir(), "pid")
	s := executing(t, &out, fmt.Sprintf("setsid sh -c 'trap \"\" TERM; echo $$ >%q; sleep 60; sleep 60' & sleep 60", file))
	files, err := s.notebooks(nil)
	if err != nil {
		t.Fatal(err)
	}
	start := time.Now()
	err = s.execute(context.Background(), options{execute: s.folder(), timeout: time.Second}, files)
	if !errors.Is(err, errTimeout) || !strings.Contains(err.Error(), "0 of 2") || time.Since(start) > 20*time.Second {
		t.Errorf("%v after %v, printed %q, want the time-out to end it", err, time.Since(start), &out)
	}
	data, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	pid := 0
	if _, err := fmt.Sscan(string(data), &pid); err != nil {
		t.Fatal(err)
	}
	time.Sleep(100 * time.Millisecond)
	if _, runs := parents()[pid]; runs {
		t.Errorf("process %d still runs", pid)
	}
}

func TestTheErrorOfACellIsFoundInTheLog(t *testing.T) {
	for _, test := range []struct{ name, log, want string }{
		{
			"a cell", "I1126 gonb\nTraceback:\n  raise\nnbclient.exceptions.CellExecutionError: An error in:\n---\nx\n\x1b[7mValueError: y\x1b[0m\n",
			"An error in:\n---\nx\nValueError: y",
		},
		{
			"a trace in pieces", "nbclient.exceptions.CellExecutionError: x\n----- stdout -----\nhi\n----- stderr -----\npanic:\n----- stderr -----\n boom\n" +
				"----- stderr -----\n\n----- stderr -----\nmain.go\n------------------\n\nexit status 2\n",
			"x\n----- stdout -----\nhi\n----- stderr -----\npanic: boom\nmain.go\n------------------\n\nexit status 2",
		},
		{"a kernel", "Traceback:\nnbclient.exceptions.DeadKernelError: Kernel died\n", "nbclient.exceptions.DeadKernelError: Kernel died"},
		{"Python", "Traceback:\nModuleNotFoundError: No module named 'x'\n", "ModuleNotFoundError: No module named 'x'"},
		{"anything else", "killed\n", "nbconvert: exit 9, its last lines are:\nkilled"},
	} {
		if got := cellError(test.log, errors.New("exit 9")); got != test.want {
			t.Errorf("%s: cellError = %q, want %q", test.name, got, test.want)
		}
	}
}
