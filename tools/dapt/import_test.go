package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestImportAndExportGoThereAndBack(t *testing.T) {
	folder := t.TempDir()
	ours, theirs, again := filepath.Join(folder, "ours"), filepath.Join(folder, "theirs"), filepath.Join(folder, "again")
	const checkpoint = "testdata/coop.pth.tar" // dapt/train/testdata/checkpoints.py
	for _, args := range [][]string{{"import", checkpoint, "-out", ours}, {"export", ours, theirs}, {"import", theirs, "-learner", "coop", "-out", again}} {
		if out, err := execute(t, args...); err != nil || !strings.Contains(out, "written to "+args[len(args)-1]) {
			t.Errorf("%q printed %q, %v", args, out, err)
		}
	}
	const size = 4 * 4 * 128 // bytes of the context, with which the file ends
	first, err := os.ReadFile(ours)
	second, failed := os.ReadFile(again)
	if err != nil || failed != nil || len(first) < size || len(second) < size || !bytes.Equal(first[len(first)-size:], second[len(second)-size:]) {
		t.Errorf("imported, exported and imported again, the prompts are others; %v, %v", err, failed)
	}
	page := filepath.Join(folder, "page.pth.tar")
	if err := os.WriteFile(page, []byte("<html>"), 0o644); err != nil {
		t.Fatal(err)
	}
	for want, args := range map[string][]string{
		"holds no prompts":              {"import", page, "-clip", "nowhere.pt"},
		"prompts of coop, not of maple": {"import", theirs, "-learner", "maple"},
		"already":                       {"import", ours},
		"import it first":               {"export", theirs, again},
	} {
		if _, err := execute(t, args...); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want an error with %q", args, err, want)
		}
	}
}
