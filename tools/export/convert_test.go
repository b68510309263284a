package main

import (
	"flag"
	"go/format"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var rewrite = flag.Bool("rewrite", false, "write the golden programs instead of comparing")

func TestNotebooksBecomeTheirGoldenPrograms(t *testing.T) {
	notebooks, err := filepath.Glob("testdata/*.ipynb")
	if err != nil || len(notebooks) == 0 {
		t.Fatalf("notebooks in testdata: %q, %v", notebooks, err)
	}
	for _, file := range notebooks {
		name := strings.TrimSuffix(filepath.Base(file), ".ipynb")
		t.Run(name, func(t *testing.T) {
			data, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got, err := convert(name, data)
			if err != nil {
				t.Fatal(err)
			}
			golden := filepath.Join("testdata", name+".go.golden")
			if *rewrite {
				if err := os.WriteFile(golden, got, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(golden)
			if err != nil {
				t.Fatal(err)
			}
			if string(got) != string(want) {
				t.Errorf("convert(%q) differs from %s; if that is meant, run the test with -rewrite. Got:\n%s", file, golden, got)
			}
			if again, err := format.Source(got); err != nil || string(again) != string(got) {
				t.Errorf("gofmt changes the program of %s (%v):\n%s", file, err, again)
			}
		})
	}
}
