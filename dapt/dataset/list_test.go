package dataset

import (
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dapt-go/dapt-go/internal/alloc"
)

func TestAListIsReadWithItsColumnsInAnyOrder(t *testing.T) {
	const text = "\ufeffSplit, name ,mask,path,label\r\n" +
		"train,cat,,cats/1.jpg,0\r\n" +
		"\r\n" +
		"test,\"hot \"\"dog\"\", cold\",masks/2.png,\"a, b.jpg\",1\r\n" +
		"train,\"hot \"\"dog\"\", cold\",.\\masks\\3.png,.\\dogs\\3.jpg,1"
	d, err := OpenList("own", files(map[string]string{"list.csv": text, "cats/1.jpg": "", "a, b.jpg": "", "dogs/3.jpg": ""}), "list.csv")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "Classes", d.Classes, []string{"cat", `hot "dog", cold`})
	equal(t, "Train", d.Train, []Item{
		{Path: "cats/1.jpg", Label: 0, Class: "cat"},
		{Path: "dogs/3.jpg", Label: 1, Class: `hot "dog", cold`, Mask: "masks/3.png"},
	})
	equal(t, "Test", d.Test, []Item{{Path: "a, b.jpg", Label: 1, Class: `hot "dog", cold`, Mask: "masks/2.png"}})
	equal(t, "validation images", len(d.Val), 0)
	equal(t, "Template", d.Template, "a photo of a {}.")
	if err := d.Check(t.Context()); err != nil {
		t.Errorf("Check fails with %v", err)
	}
}

func TestAListWithoutLabelsAndSplitsIsDividedAsAFolder(t *testing.T) {
	images := photos(append(many("red_fox", 20), many("Badger", 5)...)...)
	var list strings.Builder
	list.WriteString("path,name\n")
	for name := range images {
		fmt.Fprintf(&list, "%s,%s\n", name, strings.Split(name, "/")[0])
	}
	images["list.csv"] = &fstest.MapFile{Data: []byte(list.String())}
	got, err := OpenList("own", images, "list.csv")
	if err != nil {
		t.Fatal(err)
	}
	delete(images, "list.csv")
	want, err := OpenFolder("own", images)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "Classes", got.Classes, want.Classes)
	for i, list := range got.lists() {
		equal(t, fmt.Sprintf("list %d", i), *list, *want.lists()[i])
	}
}

func TestListsSayWhatIsWrongAndWhere(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"an empty file":             {"", "line 1: there is no column path"},
		"no name":                   {"path,label\na.jpg,0\n", "line 1: there is no column name: want path,name"},
		"an unknown column":         {"path,class\na.jpg,cat\n", `line 1: there is a column "class": want each of path, name, label, mask, split`},
		"a column twice":            {"path,name,Path\n", `line 1: there is a column "path"`},
		"semicolons":                {"path;name\na.jpg;cat\n", `a column "path;name": want each of path, name, label, mask, split at most once, with commas between them`},
		"no rows":                   {"path,name\n", "no items"},
		"a field too many":          {"path,name\na.jpg,cat\nb.jpg,cat,1\n", "line 3: wrong number of fields: want a field for each column"},
		"a stray quote":             {"path,name\na.jpg,c\"at\n", `line 2, column 8: bare "`},
		"a label in words":          {"path,name,label\na.jpg,cat,0\nb.jpg,cat,zero\n", `line 3: the label is "zero", want a whole number`},
		"a negative label":          {"path,name,label\na.jpg,cat,-1\n", `line 2: the label is "-1"`},
		"no label":                  {"path,name,label\na.jpg,cat,\n", `line 2: the label is ""`},
		"a label with two names":    {"path,name,label\na.jpg,cat,0\n\nb.jpg,dog,0\n", `line 4: label 0 is class "dog" here, but "cat" on line 2: use one name`},
		"a name with two labels":    {"path,name,label\na.jpg,cat,0\nb.jpg,cat,1\n", `line 3: class "cat" has label 1 here, but 0 on line 2`},
		"a label that is left out":  {"path,name,label\na.jpg,cat,0\nb.jpg,dog,2\n", "no item has label 1: number the classes 0 to 1"},
		"names that read alike":     {"path,name\na.jpg,red_fox\nb.jpg,Red fox\n", "have the same class name"},
		"no class":                  {"path,name\na.jpg,\n", "line 2: there is no class name"},
		"a path out of the folder":  {"path,name\ncats/../../a.jpg,cat\n", `line 2: path "cats/../../a.jpg" leads to no file below the list's folder`},
		"an absolute path":          {"path,name\n/a.jpg,cat\n", `line 2: path "/a.jpg"`},
		"no path":                   {"path,name\n,cat\n", `line 2: path ""`},
		"a mask out of the folder":  {"path,name,mask\na.jpg,cat,../a.png\n", `line 2: path "../a.png"`},
		"an image twice":            {"path,name\na.jpg,cat\n./a.jpg,dog\n", "line 3: image a.jpg is on line 2 already: remove one"},
		"an unknown split":          {"path,name,split\na.jpg,cat,training\n", `line 2: the split is "training", want train, val or test`},
		"one class":                 {"path,name,split\na.jpg,cat,train\nb.jpg,cat,test\n", "images of 1 classes, want at least 2: list images of another"},
		"a folder for an image":     {"path,name,split\na.jpg,cat,train\n\ndogs,dog,test\n", "line 4: image dogs is a folder: name a file"},
		"too few images to divide":  {"path,name\na.jpg,cat\nb.jpg,dog\n", `class "cat" has 1 images, want at least 4`},
		"a quoted line break above": {"path,name\n\"a\nb.jpg\",cat\n/c.jpg,cat\n", `line 4: path "/c.jpg"`},
	} {
		_, err := OpenList("own", files(map[string]string{"list.csv": c.text, "dogs/1.jpg": ""}), "list.csv")
		fails(t, "OpenList with "+name, err, "dataset: list list.csv", c.want)
	}
	_, err := OpenList("own", files(nil), "list.csv")
	fails(t, "OpenList without a file", err, "reading the list of images", "list.csv")
}

func TestAListsHashFollowsSizesOfImagesAndMasks(t *testing.T) {
	contents := map[string]string{"list.csv": "path,name,mask,split\na.jpg,cat,a.png,train\nb.jpg,dog,,test\n", "a.jpg": "", "a.png": ""}
	open := func() string {
		t.Helper()
		d, err := OpenList("own", files(contents), "list.csv")
		if err != nil {
			t.Fatal(err)
		}
		return d.Hash()
	}
	seen := map[string]string{open(): "the first"}
	for _, name := range []string{"a.jpg", "a.png"} {
		contents[name] = "mended"
		hash := open()
		if other, ok := seen[hash]; ok {
			t.Errorf("with another %s the hash is that of %s", name, other)
		}
		seen[hash] = name
	}
}

func TestASplitFileOfOnesOwnMayHaveAnyLists(t *testing.T) {
	d, err := OpenSplit("own", files(map[string]string{"my.json": `{"train": [["a/1.jpg", 0, "cat"]], "test": [["b/1.jpg", 1, "dog"]]}`, "a/1.jpg": "", "b/1.jpg": ""}), "my.json")
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "Train", d.Train, []Item{{Path: "a/1.jpg", Label: 0, Class: "cat"}})
	equal(t, "Test", d.Test, []Item{{Path: "b/1.jpg", Label: 1, Class: "dog"}})
	if d.Template == "" || d.Content == "" || d.Name != "own" {
		t.Errorf("%q has template %q and content %q, want some", d.Name, d.Template, d.Content)
	}
	if err := d.Check(t.Context()); err != nil {
		t.Errorf("Check fails with %v", err)
	}
}

func TestASplitFileOfOnesOwnThatTestsNothingIsAnError(t *testing.T) {
	for name, c := range map[string]struct{ text, want string }{
		"an image in two lists": {
			`{"train": [["a.jpg", 0, "cat"], ["b.jpg", 1, "dog"]], "test": [["b.jpg", 1, "dog"], ["a.jpg", 0, "cat"]]}`,
			"lists 2 images more than once: b.jpg (in train and test), a.jpg (in train and test): leave each in one",
		},
		"an image twice in one": {`{"test": [["a.jpg", 0, "cat"], ["a.jpg", 1, "dog"]]}`, "a.jpg (in test and test)"},
		"one class":             {`{"train": [["a.jpg", 0, "cat"]], "test": [["b.jpg", 0, "cat"]]}`, "images of 1 classes, want at least 2: list images of another"},
		"a folder for an image": {`{"test": [["dogs", 0, "cat"], ["a.jpg", 1, "dog"]]}`, "image dogs is a folder"},
	} {
		_, err := OpenSplit("own", files(map[string]string{"my.json": c.text, "dogs/1.jpg": ""}), "my.json")
		fails(t, "OpenSplit of "+name, err, c.want)
	}
}

func FuzzListNamesFilesBelowItsFolderOnly(f *testing.F) {
	f.Add("path,name,label,mask,split\ncats/1.jpg,cat,0,,train\n\"a, b.jpg\",\"hot \"\"dog\"\"\",1,m.png,test\n")
	f.Add("\ufeffname,path\r\ncat,1.jpg\r\ncat,2.jpg\r\ncat,3.jpg\r\ncat,4.jpg\r\ndog,5.jpg\r\ndog,6.jpg\r\ndog,7.jpg\r\ndog,8.jpg\r\n")
	f.Add("path,name,split\n..\\..\\a.jpg,cat,val\n")
	f.Fuzz(func(t *testing.T, text string) {
		var d *Dataset
		var err error
		// A row of a few bytes is kept by its path, its name and its label, and becomes an item.
		alloc.Bound(t, 1<<20+1024*uint64(len(text)), func() { d, err = OpenList("own", fstest.MapFS{"list.csv": {Data: []byte(text)}}, "list.csv") })
		if err != nil {
			return
		}
		for _, list := range d.lists() {
			for _, item := range *list {
				if d.belongs(item) != nil || !fs.ValidPath(item.Path) || item.Mask != "" && !fs.ValidPath(item.Mask) {
					t.Errorf("%q makes the item %+v of classes %q", text, item, d.Classes)
				}
			}
		}
		if len(d.Train)+len(d.Val)+len(d.Test) == 0 {
			t.Errorf("%q makes a data set without images, want an error", text)
		}
	})
}
