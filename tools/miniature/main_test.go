package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/tools/miniature/layout"
	"github.com/dapt-go/dapt-go/tools/session"
)

func TestAMiniatureOpensAsTheBenchmarkItStandsFor(t *testing.T) {
	out := filepath.Join(t.TempDir(), "data")
	if err := run(out, "voc12", layout.Options{Images: 2}); err != nil {
		t.Fatal(err)
	}
	b, err := session.Setup{Data: "VOC12", Root: out}.Benchmark(t.Context())
	if err != nil || len(b.Train) != 12 {
		t.Errorf("%d training images, %v, want 12", len(b.Train), err)
	}
	if entries, err := os.ReadDir(out); err != nil || len(entries) != 1 {
		t.Errorf("folders are %v, %v, want that of VOC12 alone", entries, err)
	}
	if err := run(out, "voc12", layout.Options{Images: 2}); err == nil || !strings.Contains(err.Error(), "voc12data is there already: remove it") {
		t.Errorf("a second miniature in the same folder: error is %v", err)
	}
}

func TestMiniaturesNeedAFolderAndImages(t *testing.T) {
	for want, err := range map[string]error{
		"-out is not given":          run("", "", layout.Options{Images: 1}),
		"-images is 0":               run("x", "", layout.Options{}),
		`no benchmark is called "x"`: run("x", "x", layout.Options{Images: 1}),
		`masks "seem"`:               run("x", "", layout.Options{Images: 1, Masks: "seem"}),
	} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want a message with %q", err, want)
		}
	}
}
