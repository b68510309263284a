package transform

import (
	"errors"
	"io/fs"
	"os"
	"strings"
	"testing"
	"testing/fstest"
)

func TestOpenReadsWhatDecodeReads(t *testing.T) {
	got, err := Open(os.DirFS("testdata"), "image1.png")
	if err != nil {
		t.Fatal(err)
	}
	equalRGB(t, "Open", got, open(t, "image1.png"))
}

func TestOpenNamesTheFileAndTheRemedy(t *testing.T) {
	asPNG, asJPEG := encoded(t)
	fsys := fstest.MapFS{
		"cat/cut.png": {Data: asPNG[:len(asPNG)/2]}, "cat/cut.jpg": {Data: asJPEG[:len(asJPEG)-30]}, "cat/text.jpg": {Data: []byte("<html>")},
	}
	for path, want := range map[string]string{
		"cat/cut.png":  "image cat/cut.png: transform: corrupt or truncated png image, replace the file",
		"cat/cut.jpg":  "image cat/cut.jpg: transform: corrupt or truncated jpeg image, replace the file",
		"cat/text.jpg": "image cat/text.jpg: transform: image: unknown format: want PNG, JPEG",
		"cat/gone.jpg": "restore the file",
	} {
		if _, err := Open(fsys, path); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Open(%q) fails with %v, want a message with %q", path, err, want)
		}
	}
	if _, err := Open(fsys, "cat/gone.jpg"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open of a missing image fails with %v, want fs.ErrNotExist", err)
	}
}
