package clone

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestTheCloneIsFoundFromAnywhereBelowIt(t *testing.T) {
	root := filepath.Join(t.TempDir(), "a clone")
	below := filepath.Join(root, "notebooks", "more")
	if err := os.MkdirAll(below, 0o755); err != nil {
		t.Fatal(err)
	}
	for folder, text := range map[string]string{
		root:                "// comment\nmodule " + Module + " // ours\n\ngo 1.26\n",
		filepath.Dir(below): "module example.com/" + Module + "\n", // another module between
	} {
		if err := os.WriteFile(filepath.Join(folder, "go.mod"), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for _, folder := range []string{root, below} {
		if got, err := Root(folder); err != nil || got != root {
			t.Errorf("Root(%s) = %s, %v, want %s", folder, got, err, root)
		}
	}
	if _, err := Root(filepath.Dir(root)); err == nil || !strings.Contains(err.Error(), "is not in a clone of "+Module) {
		t.Errorf("outside of a clone: error is %v", err)
	}
}

func TestThisTestIsInAClone(t *testing.T) {
	root, err := Root(".")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(root, "tools", "clone", "clone.go")); err != nil {
		t.Errorf("the root is %s: %v", root, err)
	}
}
