package dataset

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dapt-go/dapt-go/internal/alloc"
)

// imageNetFiles is a small ImageNet with two classes of one name, as the real one has.
func imageNetFiles() map[string]string {
	return map[string]string{
		"classnames.txt":         "n01 missile\nn02 great white shark\nn03 missile\n",
		"images/train/n01/2.JPG": "", "images/train/n01/10.JPG": "", "images/train/n02/1.JPG": "", "images/train/n03/1.JPG": "",
		"images/train/n03/.hidden": "", "images/train/README.txt": "",
		"images/val/n01/1.JPG": "", "images/val/n02/1.JPG": "", "images/val/n03/9.JPG": "",
	}
}

func TestImageNetIsReadFromItsFolders(t *testing.T) {
	d, err := Open(spec(t, "ImageNet"), files(imageNetFiles()))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "Classes", d.Classes, []string{"missile", "great white shark", "missile"})
	equal(t, "Train", d.Train, []Item{
		{Path: "images/train/n01/10.JPG", Label: 0, Class: "missile"},
		{Path: "images/train/n01/2.JPG", Label: 0, Class: "missile"},
		{Path: "images/train/n02/1.JPG", Label: 1, Class: "great white shark"},
		{Path: "images/train/n03/1.JPG", Label: 2, Class: "missile"},
	})
	equal(t, "Test", d.Test[2], Item{Path: "images/val/n03/9.JPG", Label: 2, Class: "missile"})
	if err := d.Check(t.Context()); err != nil {
		t.Errorf("Check fails with %v", err)
	}
}

func TestImageNetSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		name    string
		change  func(map[string]string)
		problem string
	}{
		{"without names", func(f map[string]string) { delete(f, "classnames.txt") }, "fetch it as CoOp's DATASETS.md says"},
		{"with no names", func(f map[string]string) { f["classnames.txt"] = "\n" }, "classnames.txt is empty"},
		{"with unsorted names", func(f map[string]string) { f["classnames.txt"] = "n02 a\nn01 b\n" }, `"n01 b" as line 2`},
		{"with a nameless class", func(f map[string]string) { f["classnames.txt"] = "n01\n" }, `"n01" as line 1`},
		{"with a folder that is a path", func(f map[string]string) { f["classnames.txt"] = "../n01 a\n" }, `"../n01 a" as line 1`},
		{"with an extra folder", func(f map[string]string) { f["images/train/n04/1.JPG"] = "" }, "images/train has the folder n04: want those of classnames.txt"},
		{"lacking a folder", func(f map[string]string) { delete(f, "images/val/n03/9.JPG") }, `images/val lacks the folder n03, of class "missile"`},
		{"lacking a middle folder", func(f map[string]string) { delete(f, "images/val/n02/1.JPG") }, "images/val lacks the folder n02"},
	} {
		contents := imageNetFiles()
		c.change(contents)
		_, err := Open(spec(t, "ImageNet"), files(contents))
		fails(t, "ImageNet "+c.name, err, "opening ImageNet", c.problem)
	}
}

// spec is the row of a benchmark.
func spec(t testing.TB, name string) Spec {
	t.Helper()
	spec, err := Find(name)
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// variantFiles are the lists of ImageNet's variants. Their folders are not in the order of their names' numbers.
func variantFiles(folders ...string) map[string]string {
	contents := map[string]string{"classnames.txt": "\ufeffn01 missile\nn02 great white shark\nn03 missile\n"}
	for _, folder := range folders {
		contents[folder+"/1.jpg"] = ""
	}
	return contents
}

func TestVariantsOfImageNetAreNumberedByTheirOwnRules(t *testing.T) {
	const v2 = "imagenetv2-matched-frequency-format-val"
	for _, c := range []struct {
		name    string
		files   map[string]string
		classes []string
		last    Item
	}{
		{
			"ImageNetV2", variantFiles(v2+"/2", v2+"/0", v2+"/1"),
			[]string{"missile", "great white shark", "missile"},
			Item{Path: v2 + "/2/1.jpg", Label: 2, Class: "missile"},
		},
		{
			"ImageNetSketch", variantFiles("images/n01", "images/n02", "images/n03"),
			[]string{"missile", "great white shark", "missile"},
			Item{Path: "images/n03/1.jpg", Label: 2, Class: "missile"},
		},
		{
			"ImageNetA", variantFiles("imagenet-a/n02"),
			[]string{"great white shark"},
			Item{Path: "imagenet-a/n02/1.jpg", Label: 0, Class: "great white shark"},
		},
		{
			"ImageNetR", variantFiles("imagenet-r/n02", "imagenet-r/n03"),
			[]string{"great white shark", "missile"},
			Item{Path: "imagenet-r/n03/1.jpg", Label: 1, Class: "missile"},
		},
	} {
		c.files["imagenet-a/README.txt"], c.files["imagenet-r/README.txt"] = "", ""
		d, err := Open(spec(t, c.name), files(c.files))
		if err != nil {
			t.Errorf("Open of %s fails with %v", c.name, err)
			continue
		}
		equal(t, c.name+"'s Classes", d.Classes, c.classes)
		equal(t, c.name+"'s last test image", d.Test[len(d.Test)-1], c.last)
		equal(t, c.name+"'s other images", len(d.Train)+len(d.Val), 0)
		if err := d.Check(t.Context()); err != nil {
			t.Errorf("Check of %s fails with %v", c.name, err)
		}
	}
}

func TestImageNetV2TakesTenFoldersInTheOrderOfNumbers(t *testing.T) {
	contents := map[string]string{"classnames.txt": ""}
	for i := range 12 {
		contents["classnames.txt"] += fmt.Sprintf("n%02d class %d\n", i, i)
		contents[fmt.Sprintf("imagenetv2-matched-frequency-format-val/%d/a.jpeg", i)] = ""
	}
	d, err := Open(spec(t, "ImageNetV2"), files(contents))
	if err != nil {
		t.Fatal(err)
	}
	for label, item := range d.Test {
		equal(t, "image", item, Item{Path: fmt.Sprintf("imagenetv2-matched-frequency-format-val/%d/a.jpeg", label), Label: label, Class: fmt.Sprintf("class %d", label)})
	}
}

func TestVariantsOfImageNetSayWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		name, spec string
		files      map[string]string
		problem    string
	}{
		{"too few numbers", "ImageNetV2", variantFiles("imagenetv2-matched-frequency-format-val/0"), `lacks the folder 1, of class "great white shark"`},
		{"names for numbers", "ImageNetV2", variantFiles("imagenetv2-matched-frequency-format-val/n01"), "has the folder n01"},
		{"no images", "ImageNetSketch", variantFiles(), "unpack the images to images"},
		{"an unknown class", "ImageNetA", variantFiles("imagenet-a/n02", "imagenet-a/n09"), "imagenet-a has the folder n09, which classnames.txt does not name"},
		{"no folders", "ImageNetR", map[string]string{"classnames.txt": "n01 a\n", "imagenet-r/README.txt": ""}, "imagenet-r has no folders: unpack the images there, to a folder for each class"},
	} {
		_, err := Open(spec(t, c.spec), files(c.files))
		fails(t, c.spec+" with "+c.name, err, "opening "+c.spec, c.problem)
	}
}

func FuzzClassNames(f *testing.F) {
	f.Add("n01 missile\nn02 great white shark\nn03 missile\n")
	f.Add("\ufeffn01  a \r\n\r\nn02\tb\n")
	f.Fuzz(func(t *testing.T, text string) {
		var w wordnet
		var err error
		// Each line of a few bytes becomes two strings.
		alloc.Bound(t, 1<<20+256*uint64(len(text)), func() { w, err = readWordnet(fstest.MapFS{"classnames.txt": {Data: []byte(text)}}) })
		if err != nil {
			return
		}
		if len(w.folders) == 0 || len(w.folders) != len(w.names) || !slices.IsSorted(w.folders) {
			t.Errorf("%q has folders %q of classes %q, want as many, sorted", text, w.folders, w.names)
		}
		for i, folder := range w.folders {
			if !fs.ValidPath(folder) || strings.Contains(folder, "/") || strings.TrimSpace(w.names[i]) == "" {
				t.Errorf("%q has the folder %q of class %q, want names", text, folder, w.names[i])
			}
		}
	})
}
