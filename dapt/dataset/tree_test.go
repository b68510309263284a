package dataset

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
)

// photos is a folder with these files.
func photos(names ...string) fstest.MapFS {
	files := fstest.MapFS{}
	for _, name := range names {
		files[name] = &fstest.MapFile{}
	}
	return files
}

// many are numbered photos of a class.
func many(class string, count int) []string {
	var names []string
	for i := range count {
		names = append(names, fmt.Sprintf("%s/%02d.jpg", class, i))
	}
	return names
}

func TestAFolderOfClassesIsSplitByTheNames(t *testing.T) {
	files := photos(append(append(many("red_fox", 20), many("Badger", 5)...), "mask/red_fox/00.png", "notes.txt", "Badger/about.txt", ".cache/x.jpg")...)
	d, err := OpenFolder("pets", files)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(d.Classes, []string{"Badger", "red_fox"}) || d.Name != "pets" || d.Template != "a photo of a {}." {
		t.Errorf("%q has classes %q and sentence %q", d.Name, d.Classes, d.Template)
	}
	if len(d.Train) != 2+10 || len(d.Val) != 1+4 || len(d.Test) != 2+6 {
		t.Errorf("%d to train, %d to validate, %d to test, want 12, 5, 8", len(d.Train), len(d.Val), len(d.Test))
	}
	if first := d.Train[len(d.Train)-1]; first.Label != 1 || first.Class != "red_fox" || !strings.HasPrefix(first.Path, "red_fox/") {
		t.Errorf("the last training item is %+v", first)
	}
	again, err := OpenFolder("pets", files)
	if err != nil || again.Hash() != d.Hash() {
		t.Errorf("opened again, the lists differ: %v", err)
	}
	files["red_fox/new.jpg"] = &fstest.MapFile{}
	more, err := OpenFolder("pets", files)
	if err != nil {
		t.Fatal(err)
	}
	for i, list := range d.lists() {
		moved := 0
		for _, item := range *list {
			if !slices.Contains(*more.lists()[i], item) {
				moved++
			}
		}
		if moved > 1 {
			t.Errorf("a further image moved %d images out of list %d", moved, i)
		}
	}
	files["mask/red_fox/00.png"] = &fstest.MapFile{Data: []byte("mended")}
	if mended, err := OpenFolder("pets", files); err != nil || mended.Hash() == more.Hash() {
		t.Errorf("with another mask the data are the same: %v", err)
	}
}

func TestAFolderWithPartsKeepsThem(t *testing.T) {
	d, err := OpenFolder("pets", photos("train/cat/1.jpg", "train/dog/2.PNG", "val/cat/3.webp", "test/dog/4.gif", "test/dog/5.bmp", "mask/train/cat/1.png"))
	if err != nil {
		t.Fatal(err)
	}
	want := [][]Item{
		{{Path: "train/cat/1.jpg", Label: 0, Class: "cat"}, {Path: "train/dog/2.PNG", Label: 1, Class: "dog"}},
		{{Path: "val/cat/3.webp", Label: 0, Class: "cat"}},
		{{Path: "test/dog/4.gif", Label: 1, Class: "dog"}, {Path: "test/dog/5.bmp", Label: 1, Class: "dog"}},
	}
	for i, list := range d.lists() {
		if !slices.Equal(*list, want[i]) {
			t.Errorf("list %d = %v, want %v", i, *list, want[i])
		}
	}
}

func TestAnyOfThePartsMayBeMissing(t *testing.T) {
	for part, want := range map[string][3]int{"train": {2, 0, 0}, "val": {0, 2, 0}, "test": {0, 0, 2}} {
		d, err := OpenFolder("pets", photos(part+"/cat/1.jpg", part+"/dog/2.jpg"))
		if err != nil {
			t.Errorf("only %s: %v", part, err)
			continue
		}
		if got := [3]int{len(d.Train), len(d.Val), len(d.Test)}; got != want || !slices.Equal(d.Classes, []string{"cat", "dog"}) {
			t.Errorf("only %s: %v images of classes %q, want %v", part, got, d.Classes, want)
		}
	}
}

func TestWhatLiesBehindLinksIsPartOfTheData(t *testing.T) {
	folder, disk := t.TempDir(), t.TempDir()
	for _, name := range many("", 4) {
		if err := errors.Join(os.MkdirAll(filepath.Join(folder, "dog"), 0o755), os.WriteFile(filepath.Join(folder, "dog", name), nil, 0o644), os.WriteFile(filepath.Join(disk, name), nil, 0o644)); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(os.Symlink(disk, filepath.Join(folder, "cat")), os.Symlink("..", filepath.Join(disk, "back"))); err != nil {
		t.Skip("without links there is nothing to test:", err)
	}
	before, err := OpenFolder("pets", os.DirFS(folder))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(disk, "01.jpg"), []byte("mended"), 0o644); err != nil {
		t.Fatal(err)
	}
	if after, err := OpenFolder("pets", os.DirFS(folder)); err != nil || len(after.Classes) != 2 || after.Hash() == before.Hash() {
		t.Errorf("with a mended picture the data are the same: %v", err)
	}
}

func TestAClassMayBeCalledTrain(t *testing.T) {
	d, err := OpenFolder("vehicles", photos(append(many("train", 8), many("bus", 8)...)...))
	if err != nil || !slices.Equal(d.Classes, []string{"bus", "train"}) {
		t.Errorf("classes are %v, %v", d, err)
	}
}

func TestFoldersThatAreNoDataSetAreErrors(t *testing.T) {
	for name, test := range map[string]struct {
		files fstest.MapFS
		want  string
	}{
		"no folders":               {photos("1.jpg", "2.jpg"), "images of 0 classes, want at least 2: make a folder for each class"},
		"one class":                {photos(many("cat", 9)...), "images of 1 classes"},
		"a class without images":   {photos(append(many("cat", 9), "dog/1.heic")...), `class "dog" has no image: put some into dog (.jpg`},
		"too few images":           {photos(append(many("cat", 9), many("dog", 3)...)...), `class "dog" has 3 images, want at least 4`},
		"classes read alike":       {photos(append(many("red_fox", 9), many("Red fox", 9)...)...), "same class name"},
		"no classes in train":      {photos("train/1.jpg", "test/cat/1.jpg", "test/dog/1.jpg"), `class "cat" has no image in train/cat`},
		"no test images":           {photos("train/cat/1.jpg", "train/dog/1.jpg", "test/cat/a.txt"), "no image in test"},
		"a class without training": {photos("train/cat/1.jpg", "train/dog/1.jpg", "test/fox/1.jpg"), `class "fox" has no image in train/fox`},
	} {
		if _, err := OpenFolder("pets", test.files); err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), "pets") {
			t.Errorf("%s: error is %v, want one with %q", name, err, test.want)
		}
	}
}
