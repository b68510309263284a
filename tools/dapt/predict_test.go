package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestWhatCanBeReadIsClassified(t *testing.T) {
	folder := t.TempDir()
	data, weights, out := photos(t, filepath.Join(folder, "photos")), tiny(t, folder), filepath.Join(folder, "out")
	if _, err := command(t, "train", "-data", data, "-clip", weights, "-depth", "2", "-shots", "1", "-seeds", "1", "-epochs", "1", "-batch", "2", "-out", out); err != nil {
		t.Fatal(err)
	}
	prompts, err := filepath.Glob(filepath.Join(out, "runs", "few_shot", "*", "maple", "shots_1", "seed1-*", "prompts.safetensors"))
	if err != nil || len(prompts) != 1 {
		t.Fatalf("prompts are %q, %v, want one file", prompts, err)
	}
	cats := filepath.Join(data, "cat")
	if err := os.WriteFile(filepath.Join(cats, "bad.png"), []byte("no image"), 0o644); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		path          string
		lists, misses string // what is printed, and what the error says
	}{
		"a broken image among others": {cats, "3.png", "1 of 5 images cannot be classified:\ntrain: image bad.png"},
		"one image":                   {filepath.Join(cats, "2.png"), "2.png", ""},
		"a folder of folders":         {data, "", "folders in it are not looked into: name one of them, such as " + cats},
		"nothing":                     {filepath.Join(data, "none"), "", "name a folder of images, or an image"},
	} {
		printed, err := command(t, "predict", prompts[0], c.path, "-clip", weights)
		if !strings.Contains(printed, c.lists) || (err == nil) != (c.misses == "") || err != nil && !strings.Contains(err.Error(), c.misses) {
			t.Errorf("%s: predict prints %q and fails with %v, want %q and %q", name, printed, err, c.lists, c.misses)
		}
	}
}
