package main

import (
	"io"
	"slices"
	"strings"
	"testing"
)

// command runs a command line in this process and returns what it prints to standard output.
func command(t *testing.T, args ...string) (string, error) {
	var out strings.Builder
	err := typedIn(t, &out, io.Discard, args)
	return out.String(), err
}

// execute is command with what is printed to standard error, too.
func execute(t *testing.T, args ...string) (string, error) {
	var out strings.Builder
	err := typedIn(t, &out, &out, args)
	return out.String(), err
}

func typedIn(t *testing.T, out, notes io.Writer, args []string) error {
	t.Helper()
	root := newRoot()
	root.SetArgs(doubleDashes(args))
	root.SetOut(out)
	root.SetErr(notes)
	return root.ExecuteContext(t.Context())
}

func TestFlagsTakeOneDashOrTwo(t *testing.T) {
	got := doubleDashes([]string{"train", "-masks", "true", "--shots=4", "-v", "-0.5", "-h", "-rate=1e-3", "-", "--", "-masks"})
	want := []string{"train", "--masks", "true", "--shots=4", "--v", "-0.5", "-h", "--rate=1e-3", "-", "--", "-masks"}
	if !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	for _, dash := range []string{"-", "--"} {
		command, rest, err := newRoot().Find(doubleDashes([]string{"train", dash + "masks", "true", dash + "v", "0.5", dash + "dtype", "bfloat16"}))
		if err != nil {
			t.Fatal(err)
		}
		if err := command.ParseFlags(rest); err != nil {
			t.Errorf("with %q: %v", dash, err)
		}
		for name, want := range map[string]string{"masks": "true", "v": "0.5", "dtype": "bfloat16"} {
			if got := command.Flag(name).Value.String(); got != want {
				t.Errorf("with %q: -%s is %q, want %q", dash, name, got, want)
			}
		}
	}
}
