package dataset

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dapt-go/dapt-go/internal/alloc"
)

// files makes a file system of names and contents.
func files(contents map[string]string) fstest.MapFS {
	fsys := fstest.MapFS{}
	for name, content := range contents {
		fsys[name] = &fstest.MapFile{Data: []byte(content)}
	}
	return fsys
}

var pets = Spec{Name: "Pets", Images: "images", Split: "split.json", Template: plain}

func openPets(t *testing.T, split string) *Dataset {
	t.Helper()
	d, err := Open(pets, files(map[string]string{"split.json": split, "images/cat/1.jpg": "", "images/dog/1.jpg": ""}))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// fails checks that an error says what is wrong and what to do.
func fails(t *testing.T, what string, err error, want ...string) {
	t.Helper()
	for _, part := range want {
		if err == nil || !strings.Contains(err.Error(), part) {
			t.Errorf("%s fails with %v, want a message with %q", what, err, part)
		}
	}
}

func TestOpenReadsAnySubsetOfTheLists(t *testing.T) {
	d := openPets(t, "\ufeff"+`{"test": [["dog/1.jpg", 1, "dog"], ["cat/1.jpg", 0, "Maine_Coon"]]}`)
	equal(t, "Classes", d.Classes, []string{"Maine_Coon", "dog"})
	equal(t, "Test", d.Test, []Item{{Path: "images/dog/1.jpg", Label: 1, Class: "dog"}, {Path: "images/cat/1.jpg", Label: 0, Class: "Maine_Coon"}})
	equal(t, "items in Train and Val", len(d.Train)+len(d.Val), 0)
	if err := d.Check(t.Context()); err != nil {
		t.Errorf("Check fails with %v", err)
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	for _, c := range []struct {
		name, split, problem, remedy string
	}{
		{"a truncated file", `{"train": [["a.jpg", 0`, "unexpected end of JSON", "fetch or write it anew"},
		{"no object", `[]`, "cannot unmarshal array", "fetch or write it anew"},
		{"no items", `{"train": [], "val": null}`, "no items in train, val and test", "fetch or write it anew"},
		{"an unknown list", `{"Train": [["a.jpg", 0, "cat"]]}`, `a list "Train"`, "rename it to train"},
		{"two fields", `{"train": [["a.jpg", 0]]}`, `["a.jpg", 0]`, "want path, label and class name"},
		{"four fields", `{"train": [["a.jpg", 0, "cat", 1]]}`, `"cat", 1]`, "want path, label and class name"},
		{"a label of null", `{"train": [["a.jpg", null, "cat"]]}`, `null, "cat"]`, "want path, label and class name"},
		{"an item of null", `{"train": [null]}`, "item null", "want path, label and class name"},
		{"a fractional label", `{"train": [["a.jpg", 0.5, "cat"]]}`, "number 0.5", "fetch or write it anew"},
		{"a label in quotes", `{"val": [["a.jpg", "7", "cat"]]}`, `list val: item ["a.jpg", "7", "cat"]: json`, "a whole number without"},
		{"a list of another kind", `{"val": {"a.jpg": 0}}`, "list val: json: cannot unmarshal object", "fetch or write it anew"},
		{"a nameless class", `{"train": [["a.jpg", 0, " "]]}`, `"a.jpg", 0`, "no class name"},
		{"a path out of the folder", `{"train": [["../a.jpg", 0, "cat"]]}`, `"../a.jpg"`, "leaves the images' folder"},
		{"an absolute path", `{"train": [["/etc/a.jpg", 0, "cat"]]}`, `"/etc/a.jpg"`, "leaves the images' folder"},
		{"a negative label", `{"train": [["a.jpg", -1, "cat"]]}`, "a.jpg of class \"cat\" has label -1", "count from 0"},
		{
			"a label outside the class list", `{"train": [["a.jpg", 0, "cat"]], "test": [["b.jpg", 998, "dog"]]}`,
			"2 classes, but image b.jpg of class \"dog\" has label 998, and no item has label 1, 2, 3, 4, 5, …", "number the classes 0 to 1",
		},
		{"a huge label", `{"val": [["a.jpg", 9223372036854775807, "cat"]]}`, "no item has label 0, 1, 2, 3, 4, …", "number the classes 0 to 0"},
		{
			"a label with two names", `{"train": [["a.jpg", 0, "cat"]], "val": [["b.jpg", 0, "dog"]]}`,
			`label 0 is class "cat" for image a.jpg but "dog" for b.jpg`, "use one name",
		},
		{
			"a name with two labels", `{"train": [["a.jpg", 0, "Maine_Coon"], ["b.jpg", 1, "maine  coon"]]}`,
			`labels 0 and 1 have the same class name, "Maine_Coon" and "maine  coon"`, "merge the two classes or rename",
		},
	} {
		_, err := Open(pets, files(map[string]string{"split.json": c.split}))
		fails(t, "Open of "+c.name, err, "opening Pets: dataset: split split.json", c.problem, c.remedy)
	}
}

func TestOpenWithoutASplitFile(t *testing.T) {
	_, err := Open(pets, files(nil))
	fails(t, "Open", err, "opening Pets", "fetch split.json", "into the data set's folder")
	if !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("Open fails with %v, want an error that is fs.ErrNotExist", err)
	}
}

func TestCheckCountsMissingImages(t *testing.T) {
	items := []string{`["cat/1.jpg", 0, "cat"]`}
	for i := range 7 {
		items = append(items, fmt.Sprintf(`["dog/gone%d.jpg", 1, "dog"]`, i))
	}
	d := openPets(t, `{"train": [`+strings.Join(items, ",")+`]}`)
	fails(t, "Check", d.Check(t.Context()), "7 of 8 images of Pets are missing: images/dog/gone0.jpg",
		"images/dog/gone4.jpg, …: unpack them")
}

func TestCheckRefusesAFolderForAnImage(t *testing.T) {
	d := openPets(t, `{"train": [["cat", 0, "cat"], ["dog/1.jpg", 1, "dog"]]}`)
	fails(t, "Check", d.Check(t.Context()), "Pets: image images/cat is a folder", "name a file")
}

func TestCheckFindsItemsOutsideTheClassList(t *testing.T) {
	for _, c := range []struct {
		item Item
		want string
	}{
		{Item{Path: "images/dog/1.jpg", Label: 2, Class: "dog"}, "label 2, but Pets has 2 classes"},
		{Item{Path: "images/dog/1.jpg", Label: -1, Class: "dog"}, "label -1, but Pets has 2 classes"},
		{Item{Path: "images/dog/1.jpg", Label: 0, Class: "dog"}, `class "dog", but that label of Pets is class "cat"`},
	} {
		d := openPets(t, `{"train": [["cat/1.jpg", 0, "cat"], ["dog/1.jpg", 1, "dog"]]}`)
		d.Test = []Item{c.item}
		fails(t, fmt.Sprintf("Check with %v", c.item), d.Check(t.Context()), c.want, "correct")
	}
}

func TestCheckStopsWhenAsked(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := openPets(t, `{"train": [["cat/1.jpg", 0, "cat"]]}`).Check(ctx); !errors.Is(err, context.Canceled) {
		t.Errorf("Check fails with %v, want context.Canceled", err)
	}
}

func TestHashFollowsEveryField(t *testing.T) {
	item := Item{Path: "a", Label: 1, Class: "b"}
	variants := []*Dataset{
		{},
		{Train: []Item{item}},
		{Val: []Item{item}},
		{Test: []Item{item}},
		{Train: []Item{item, item}},
		{Train: []Item{{Path: "a", Label: 2, Class: "b"}}},
		{Train: []Item{{Path: "ab", Label: 1, Class: ""}}},
		{Train: []Item{{Path: "", Label: 1, Class: "ab"}}},
		{Train: []Item{{Path: "a", Label: 1, Class: "b", Mask: "m"}}},
		{Train: []Item{item, {Path: "a", Label: 1, Class: "b", Mask: "m"}}},
		{Train: []Item{{Path: "a", Label: 1, Class: "b", Mask: "m"}, item}},
	}
	seen := map[string]int{}
	for i, d := range variants {
		if j, ok := seen[d.Hash()]; ok {
			t.Errorf("data sets %d and %d have the same hash", i, j)
		}
		seen[d.Hash()] = i
	}
	if got, want := variants[1].Hash(), (&Dataset{Name: "other", Train: []Item{item}}).Hash(); got != want || len(got) != 32 {
		t.Errorf("Hash() = %s, want %s, 32 digits that depend on the items only", got, want)
	}
}

func TestHashOfItemsWithoutMasksIsThatOfOldResults(t *testing.T) {
	d := openPets(t, `{"train": [["cat/1.jpg", 0, "cat"]], "test": [["dog/1.jpg", 1, "dog"]]}`)
	const before = "04b96c704a2fbf3e822b4751ff064849" // by the code before items had masks
	if got := d.Hash(); got != before {
		t.Errorf("Hash() = %s, want %s", got, before)
	}
}

func TestWriteSplitNeedsItemsBelowImages(t *testing.T) {
	d := &Dataset{Images: "images", Train: []Item{{Path: "imagesque/a.jpg", Label: 0, Class: "cat"}}}
	fails(t, "WriteSplit", d.WriteSplit(new(bytes.Buffer)), "imagesque/a.jpg is not below images")
}

func FuzzSplitIsReadBackEqual(f *testing.F) {
	f.Add([]byte(`{"train": [["cat/1.jpg", 0, "cat <&>"], ["é/1.jpg", 1, "dog_2"]], "val": [], "test": [["cat/2.jpg", 0, "cat <&>"]]}`))
	f.Add([]byte(`{"test": [["a", 0, "b"]]}`))
	f.Add([]byte(`{"train": [["../a", 0, "b"], [], 7]}`))
	f.Add([]byte(`{"train": [["a", 0, "b"], ["a", 2000000000, "b"]]}`))
	f.Add([]byte(`{"train": [["a", 0, "b"]], "train": [["a", 0, "b"], ["a", -1, "b"]], "val": null}`))
	f.Add([]byte(`{"test": [["a", 1e3, "b"], [null, 0, ""], [["a"], 0, {}]]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, images := range []string{"", "images/all"} {
			spec := Spec{Name: "Fuzz", Images: images, Split: "split.json"}
			var d *Dataset
			var err error
			// Each list of a few bytes becomes an item, and each item's path one below the images' folder.
			alloc.Bound(t, 1<<20+512*uint64(len(data)), func() { d, err = Open(spec, fstest.MapFS{"split.json": {Data: data}}) })
			if err != nil {
				return
			}
			var out bytes.Buffer
			if err := d.WriteSplit(&out); err != nil {
				t.Fatalf("WriteSplit of %s: %v", data, err)
			}
			again, err := Open(spec, fstest.MapFS{"split.json": {Data: out.Bytes()}})
			if err != nil {
				t.Fatalf("Open of what was written, %s: %v", out.Bytes(), err)
			}
			equal(t, "what was read back", again.Hash(), d.Hash())
			equal(t, "the classes read back", again.Classes, d.Classes)
		}
	})
}
