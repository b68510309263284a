package main

import (
	"cmp"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/experiment"
)

// TestTheStudyOfLearnersIsRunOnceAndWritten: again, it computes nothing and writes the same. A plan does not start it.
func TestTheStudyOfLearnersIsRunOnceAndWritten(t *testing.T) {
	out := t.TempDir()
	markdown := filepath.Join(out, "docs", "learners.md")
	args := append([]string{"learners", "-learners", "coop", "-seeds", "1", "-shots", "1", "-few-shots", "1", "-most-epochs", "1", "-no-estimate", "-markdown", markdown, "-out", out, "-backend", cmp.Or(os.Getenv("GOMLX_BACKEND"), "go")}, satellite(t)...)
	if printed, err := execute(t, append(args, "-plan")...); err != nil || !strings.Contains(printed, "8 runs, of which 0 are on file") || !strings.Contains(printed, "coop+dapt-g") {
		t.Fatalf("-plan prints %q, %v, want 8 runs", printed, err)
	}
	if results, err := experiment.ReadResults(filepath.Join(out, "results.jsonl")); err != nil || len(results) > 0 {
		t.Fatalf("after -plan there are %d results, %v, want none", len(results), err)
	}
	printed, err := command(t, args...)
	if err != nil {
		t.Fatalf("%v after %s", err, printed)
	}
	results, err := experiment.ReadResults(filepath.Join(out, "results.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	var methods []string
	for _, r := range results {
		methods = append(methods, r.Protocol+" "+r.Method)
	}
	want := []string{
		"base_to_novel zero-shot", "base_to_novel coop", "base_to_novel coop+dapt-s", "base_to_novel coop+dapt-g",
		"few_shot zero-shot", "few_shot coop", "few_shot coop+dapt-s", "few_shot coop+dapt-g",
	}
	if !slices.Equal(methods, want) {
		t.Errorf("results are of %q, want %q", methods, want)
	}
	before, err := os.ReadFile(markdown)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"go run ./tools/dapt learners ", "| learner | base | base +S |", "| coop | DAPT-S | 1-shot natural |", "![novel: what DAPT adds](learners-novel.svg)"} {
		if !strings.Contains(string(before), want) {
			t.Errorf("the Markdown lacks %q:\n%s", want, before)
		}
	}
	for _, file := range []string{"docs/learners-base.svg", "docs/learners-1-shot-natural.svg", "learners-eurosat.html"} {
		if _, err := os.Stat(filepath.Join(out, filepath.FromSlash(file))); err != nil {
			t.Error(err)
		}
	}
	if printed, err = execute(t, args...); err != nil || !strings.Contains(printed, "8 runs, of which 8 are on file") {
		t.Errorf("again, it prints %q, %v, want all runs on file", printed, err)
	}
	if after, err := os.ReadFile(markdown); err != nil || string(after) != string(before) {
		t.Errorf("again, the Markdown is another, %v:\n%s", err, after)
	}
}

func TestWrongFlagsOfLearnersAreErrors(t *testing.T) {
	for want, args := range map[string][]string{
		`-learners has "zero-shot", want some of coop, cocoop,`: {"-learners", "coop,zero-shot"},
		`-protocols has "crossdata"`:                            {"-protocols", "crossdata"},
		"-seeds is 0":                                           {"-seeds", "0"},
		"-few-shots 0":                                          {"-few-shots", "0"},
		"-most-epochs -1":                                       {"-most-epochs", "-1"},
	} {
		if _, err := command(t, append([]string{"learners"}, args...)...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("learners %q: error is %v, want one with %q", args, err, want)
		}
	}
}
