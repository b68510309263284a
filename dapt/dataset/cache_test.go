package dataset

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dapt-go/dapt-go/dapt/internal/pickle"
	"github.com/dapt-go/dapt-go/internal/alloc"
)

// cachePets is the data set of the caches in testdata.
func cachePets(t testing.TB) *Dataset {
	t.Helper()
	d, err := Open(pets, files(map[string]string{"split.json": `{
		"train": [["cat/1.jpg", 0, "Maine_Coon"], ["1.jpg", 1, "dog"], ["dog/été.jpg", 1, "dog"]],
		"val": [["2.jpg", 1, "dog"], ["cat/2.jpg", 0, "Maine_Coon"]],
		"test": [["cat/3.jpg", 0, "Maine_Coon"]]}`}))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestCachesOfPythonAreRead(t *testing.T) {
	d := cachePets(t)
	for _, protocol := range []int{2, 4, 5} {
		file, err := os.Open(fmt.Sprintf("testdata/shot_2-protocol_%d.pkl", protocol))
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		drawn, err := d.ReadFewShot(file)
		if err != nil {
			t.Errorf("ReadFewShot with protocol %d: %v", protocol, err)
			continue
		}
		cat := Item{Path: "images/cat/1.jpg", Label: 0, Class: "Maine_Coon"}
		equal(t, "Train", drawn.Train, []Item{cat, {Path: "images/dog/été.jpg", Label: 1, Class: "dog"}, cat})
		equal(t, "Val", drawn.Val, []Item{{Path: "images/2.jpg", Label: 1, Class: "dog"}})
		equal(t, "Test", drawn.Test, d.Test)
		equal(t, "Classes", drawn.Classes, d.Classes)
	}
}

func TestTruncatedCachesAreErrors(t *testing.T) {
	whole, err := os.ReadFile("testdata/shot_2-protocol_5.pkl")
	if err != nil {
		t.Fatal(err)
	}
	for size := range whole {
		_, err := cachePets(t).ReadFewShot(bytes.NewReader(whole[:size]))
		fails(t, fmt.Sprintf("ReadFewShot of %d bytes", size), err, "few-shot cache of Pets", "cut short", "draw it anew")
	}
}

// entryWith is a Datum with these attributes.
func entryWith(path, label, class any) *pickle.Record {
	return &pickle.Record{Class: datum, Keys: []any{"_impath", "_label", "_classname"}, Values: []any{path, label, class}}
}

// cacheOf is a cache with these lists, or other values in their place.
func cacheOf(t *testing.T, train, val any) []byte {
	t.Helper()
	data, err := pickle.Encode(&pickle.Record{Keys: []any{"train", "val"}, Values: []any{train, val}})
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func listOf(entries ...any) *pickle.List { return &pickle.List{Items: entries} }

func TestCachesOfOtherDataAreErrors(t *testing.T) {
	cat := entryWith("/a/images/cat/1.jpg", 0, "Maine_Coon")
	many := entryWith("/a", 0, "b")
	for len(many.Keys) <= maxAttributes {
		many.Keys, many.Values = append(many.Keys, "more"), append(many.Values, 1)
	}
	for name, c := range map[string]struct {
		train, val any
		want       string
	}{
		"an unknown image":         {listOf(cat, entryWith("/a/images/cow.jpg", 0, "cow")), listOf(), `entry 2 of train, "/a/images/cow.jpg", is no image here`},
		"part of a name":           {listOf(entryWith("/a/images/tomcat/1.jpg", 0, "Maine_Coon")), listOf(), `has label 0 and class "Maine_Coon", but images/1.jpg has`},
		"another label":            {listOf(entryWith("/a/images/cat/1.jpg", 1, "Maine_Coon")), listOf(), "has label 1 and class \"Maine_Coon\", but images/cat/1.jpg has label 0"},
		"another class":            {listOf(cat), listOf(entryWith("/a/images/2.jpg", 1, "hound")), `entry 1 of val, "/a/images/2.jpg", has label 1 and class "hound", but images/2.jpg has`},
		"a test image":             {listOf(cat, entryWith("/a/images/cat/3.jpg", 0, "Maine_Coon")), listOf(), "is one of test here: read it with the split file"},
		"a training image in val":  {listOf(cat), listOf(cat), "entry 1 of val, \"/a/images/cat/1.jpg\", is one of train here"},
		"two folders":              {listOf(cat), listOf(entryWith("/b/images/2.jpg", 1, "dog")), "does not lie in the same folder"},
		"a folder within a folder": {listOf(cat), listOf(entryWith("/a/images/more/2.jpg", 1, "dog")), "does not lie in the same folder"},
		"no path":                  {listOf(entryWith("", 0, "Maine_Coon")), listOf(), "is no image here"},
		"a label in words":         {listOf(entryWith("/a", "0", "cat")), listOf(), "entry 1 of train: its _impath is a string, its _label a string and its _classname a string: want string, int"},
		"no entry":                 {listOf(1), listOf(), "entry 1 of train: it is a int: want a Datum"},
		"a dictionary":             {listOf(&pickle.Record{}), listOf(), "it is a *pickle.Record: want a Datum"},
		"many attributes":          {listOf(many), listOf(), "want a Datum"},
		"no list":                  {1, listOf(), "its train is a int: want a list of Datum"},
		"a dictionary as a list":   {listOf(), &pickle.Record{}, "its val is a *pickle.Record: want a list of Datum"},
	} {
		_, err := cachePets(t).ReadFewShot(bytes.NewReader(cacheOf(t, c.train, c.val)))
		fails(t, "ReadFewShot with "+name, err, "dataset: few-shot cache of Pets", c.want)
	}
}

func TestHostileCachesAreErrors(t *testing.T) {
	long := entryWith("/"+strings.Repeat("a/", 1<<19), 0, "Maine_Coon")
	for name, c := range map[string]struct{ data, want string }{
		"a program":        {"cos\nsystem\n(X\x02\x00\x00\x00lstR.", `it wants "os.system", which is no Datum`},
		"another class":    {"cdassl.data.datasets.base_dataset\nDatasetBase\n)\x81.", `"dassl.data.datasets.base_dataset.DatasetBase", which is no Datum`},
		"another module":   {"cevildata.datasets.base_dataset\nDatum\n)\x81.", `"evildata.datasets.base_dataset.Datum", which is no Datum`},
		"a call":           {"cdassl.data.datasets.base_dataset\nDatum\n)R.", "which is not run here"},
		"no dictionary":    {"].", "it holds a *pickle.List: want a dictionary"},
		"a lone entry":     {"cdassl.data.datasets.base_dataset\nDatum\n)\x81.", "want a dictionary"},
		"all images":       {"}(\x8c\x05train]\x8c\x04test]u.", `there is a list "test": want train and val`},
		"itself as a list": {"}q\x00h\x00]s.", `there is a list ""`},
		"no lists":         {"}.", "its train is a <nil>"},
		"too many bytes":   {strings.Repeat("N0", maxCache/2) + "N.", "more than 16777216 bytes"},
		"a list of itself": {"}(\x8c\x05train]q\x00h\x00a\x8c\x03val]u.", "entry 1 of train: it is a *pickle.List"},
		"repeated paths":   {string(cacheOf(t, listOf(long, long, long, long, long, long, long, long, long, long, long, long, long, long, long, long), listOf())), "its paths have more than"},
		"many folders":     {string(cacheOf(t, listOf(long), listOf())), "is no image here"},
	} {
		_, err := cachePets(t).ReadFewShot(strings.NewReader(c.data))
		fails(t, "ReadFewShot of "+name, err, c.want)
	}
	broken := errors.New("the disk is gone")
	if _, err := cachePets(t).ReadFewShot(failing{broken}); !errors.Is(err, broken) {
		t.Errorf("ReadFewShot fails with %v, want %v", err, broken)
	}
}

// failing is a file that can neither be read nor written.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error)  { return 0, f.err }
func (f failing) Write([]byte) (int, error) { return 0, f.err }

func TestValidationImagesMayLackWhereThereAreNone(t *testing.T) {
	data, err := pickle.Encode(&pickle.Record{Keys: []any{"train"}, Values: []any{listOf(entryWith("/a/images/cat/1.jpg", 0, "Maine_Coon"))}})
	if err != nil {
		t.Fatal(err)
	}
	d := cachePets(t)
	_, err = d.ReadFewShot(bytes.NewReader(data))
	fails(t, "ReadFewShot", err, "its val is a <nil>")
	d.Val = nil
	drawn, err := d.ReadFewShot(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "Train", drawn.Train, d.Train[:1])
}

func TestACacheThatFitsTwoFoldersIsAnError(t *testing.T) {
	d := &Dataset{Name: "Pets", Classes: []string{"cat"}, Train: []Item{{Path: "1.jpg", Label: 0, Class: "cat"}, {Path: "cat/1.jpg", Label: 0, Class: "cat"}}}
	_, err := d.ReadFewShot(bytes.NewReader(cacheOf(t, listOf(entryWith("/a/cat/1.jpg", 0, "cat")), listOf())))
	fails(t, "ReadFewShot", err, `may lie in "/a/" or in "/a/cat/"`)
	drawn, err := d.ReadFewShot(bytes.NewReader(cacheOf(t, listOf(entryWith("/a/cat/1.jpg", 0, "cat"), entryWith("/a/1.jpg", 0, "cat")), listOf())))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "Train", drawn.Train, []Item{{Path: "cat/1.jpg", Label: 0, Class: "cat"}, {Path: "1.jpg", Label: 0, Class: "cat"}})
}

func TestWhatPythonCannotReadIsNotWritten(t *testing.T) {
	d := &Dataset{Name: "Pets", Train: []Item{{Path: "images/\xff.jpg", Label: 0, Class: "cat"}}}
	fails(t, "WriteFewShot", d.WriteFewShot(new(bytes.Buffer), "/data"), "dataset: writing few-shot cache of Pets", "no UTF-8")
	broken := errors.New("the disk is full")
	if err := cachePets(t).WriteFewShot(failing{broken}, "/data"); !errors.Is(err, broken) {
		t.Errorf("WriteFewShot fails with %v, want %v", err, broken)
	}
}

func TestPythonReadsAndWritesWhatWeDo(t *testing.T) {
	python, err := exec.LookPath("python3")
	if err != nil {
		t.Skip("without Python there is nothing to compare with:", err)
	}
	d := &Dataset{Name: "Pets", Images: "images", Val: []Item{}} // more items than Python writes at once, more names than a byte counts
	for i := range 3000 {
		d.Train = append(d.Train, Item{Path: fmt.Sprintf("images/cat/%d.jpg", i), Label: i, Class: fmt.Sprintf("été %d", i%300)})
	}
	from, to := filepath.Join(t.TempDir(), "from.pkl"), filepath.Join(t.TempDir(), "to.pkl")
	var data bytes.Buffer
	if err := d.WriteFewShot(&data, "/data/pets"); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(from, data.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	printed, err := exec.Command(python, "testdata/cache.py", "copy", from, to).CombinedOutput()
	if err != nil {
		t.Fatalf("Python cannot read what was written: %v\n%s", err, printed)
	}
	var lists map[string][][]any
	if err := json.Unmarshal(printed, &lists); err != nil {
		t.Fatal(err)
	}
	equal(t, "lists that Python read", []int{len(lists), len(lists["train"]), len(lists["val"])}, []int{2, 3000, 0})
	for i, item := range d.Train {
		equal(t, "item that Python read", lists["train"][i], []any{"/data/pets/" + item.Path, float64(item.Label), 0.0, item.Class})
	}
	again, err := os.Open(to)
	if err != nil {
		t.Fatal(err)
	}
	defer again.Close()
	drawn, err := d.ReadFewShot(again)
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "hash of what Python wrote", drawn.Hash(), d.Hash())
}

func FuzzCacheIsReadBackEqual(f *testing.F) {
	for _, protocol := range []int{2, 4, 5} {
		data, err := os.ReadFile(fmt.Sprintf("testdata/shot_2-protocol_%d.pkl", protocol))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Add([]byte("}(X\x05\x00\x00\x00trainq\x00]q\x01(h\x01h\x01eu."))
	f.Add([]byte("\x80\x04}\x94\x8c\x05train\x8d\xff\xff\xff\xff\xff\xff\xff\x7fs."))
	d := cachePets(f)
	f.Fuzz(func(t *testing.T, data []byte) {
		var drawn *Dataset
		var err error
		// As in the pickle's own target; an entry's path may stand there once and be named by all.
		alloc.Bound(t, 1<<20+maxCache+512*uint64(len(data)), func() { drawn, err = d.ReadFewShot(bytes.NewReader(data)) })
		if err != nil {
			return
		}
		sameAfterWriting(t, d, drawn)
	})
}

func FuzzSplitIsReadBackFromACache(f *testing.F) {
	f.Add([]byte(`{"train": [["cat/1.jpg", 0, "cat <&>"], ["é/1.jpg", 1, "dog_2"]], "val": [], "test": [["cat/2.jpg", 0, "cat <&>"]]}`))
	f.Add([]byte(`{"train": [["a", 0, "b"], ["all/a", 0, "b"], ["all/all/a", 0, "b"]], "val": [["images/all/a", 0, "b"]]}`))
	f.Add([]byte(`{"train": [["a\\b", 0, "b"], ["a/b", 0, "b"]]}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		for _, images := range []string{"", "images/all"} {
			var d *Dataset
			var err error
			// As in the split's own target.
			alloc.Bound(t, 1<<20+512*uint64(len(data)), func() {
				d, err = Open(Spec{Name: "Fuzz", Images: images, Split: "split.json"}, fstest.MapFS{"split.json": {Data: data}})
			})
			if err != nil {
				return
			}
			sameAfterWriting(t, d, d)
		}
	})
}

// sameAfterWriting checks that a cache of drawn, written and read, is drawn.
func sameAfterWriting(t *testing.T, d, drawn *Dataset) {
	t.Helper()
	var out bytes.Buffer
	if err := drawn.WriteFewShot(&out, "/data/pets"); err != nil {
		t.Fatalf("WriteFewShot of %v: %v", drawn, err)
	}
	again, err := d.ReadFewShot(&out)
	if err != nil {
		t.Fatalf("ReadFewShot of what was written from %v and %v: %v", drawn.Train, drawn.Val, err)
	}
	equal(t, "what was read back", again.Hash(), drawn.Hash())
}

func TestDrawsOfOthersAreFoundByShotsAndSeed(t *testing.T) {
	d := cachePets(t)
	whole, err := os.ReadFile("testdata/shot_2-protocol_5.pkl")
	if err != nil {
		t.Fatal(err)
	}
	folder := fstest.MapFS{"shot_2-seed_1.pkl": {Data: whole}, "shot_1-seed_1.pkl": {Data: whole}, "shot_4-seed_1.pkl": {Data: whole[:9]}}
	drawn, err := d.FewShotFrom(folder, 2, 1)
	if err != nil {
		t.Fatal(err)
	}
	want, err := d.ReadFewShot(bytes.NewReader(whole))
	if err != nil {
		t.Fatal(err)
	}
	equal(t, "Train", drawn.Train, want.Train)
	equal(t, "Val", drawn.Val, want.Val)
	for shots, want := range map[int]string{
		16: "no draw shot_16-seed_1.pkl of Pets",
		1:  `more than 1 images of class "Maine_Coon"`,
		4:  "(in shot_4-seed_1.pkl)",
	} {
		_, err := d.FewShotFrom(folder, shots, 1)
		fails(t, fmt.Sprintf("FewShotFrom with %d shots", shots), err, want)
	}
}
