package dataset_test

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/tools/miniature/layout"
)

// draws is what testdata/draws.py read and drew.
type draws struct {
	Miniatures map[string]struct {
		Lists []listed
		Draws []drawn
	}
	Made map[string][]struct {
		Seed  uint64
		Lists []listed
	}
	Sizes map[string]struct {
		Train, Val, Classes int
		Draws               []drawn
	}
}

// listed is one of the three lists.
type listed struct {
	Count int
	Items string // their digest
}

// drawn is one draw. Train and Val are digests of indices, Base and New the old labels of the halves.
type drawn struct {
	Shots      int
	Seed       uint64
	Count      int // of Train
	Train, Val string
	Base, New  []int
}

func readDraws(t *testing.T) (d draws) {
	t.Helper()
	data, err := os.ReadFile("testdata/draws.json")
	if err == nil {
		err = json.Unmarshal(data, &d)
	}
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// digest is that of draws.py.
func digest[T any](values []T, text func(T) string) string {
	lines := make([]string, len(values))
	for i, v := range values {
		lines[i] = text(v)
	}
	return fmt.Sprintf("%x", sha256.Sum256([]byte(strings.Join(lines, ","))))[:16]
}

func itemText(item dataset.Item) string {
	return fmt.Sprintf("%s|%d|%s", item.Path, item.Label, item.Class)
}

func numbers(indices []int) string {
	return digest(indices, func(i int) string { return fmt.Sprint(i) })
}

func TestMiniaturesAreReadDrawnAndHalvedAsByCoOp(t *testing.T) {
	want := readDraws(t).Miniatures
	for _, spec := range dataset.Specs {
		if spec.Name == "VOC12" {
			continue // has one class an image here only
		}
		d, err := dataset.Open(spec, miniature(t, spec, 20))
		if err != nil {
			t.Fatal(err)
		}
		checkLists(t, d, want[spec.Name].Lists)
		for _, c := range want[spec.Name].Draws {
			checkDraw(t, d, c)
		}
	}
}

// miniature has so many training images a class; draws.py had 20.
func miniature(t *testing.T, spec dataset.Spec, images int) fstest.MapFS {
	t.Helper()
	files, err := layout.Draw(spec, layout.Options{Images: images, Seed: 1})
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// checkLists compares the three lists of a whole data set.
func checkLists(t *testing.T, d *dataset.Dataset, want []listed) {
	t.Helper()
	for i, list := range [][]dataset.Item{d.Train, d.Val, d.Test} {
		if got := (listed{len(list), digest(list, itemText)}); got != want[i] {
			t.Errorf("%s has %+v in list %d, want %+v", d.Name, got, i, want[i])
		}
	}
}

func TestMadeSplitsAreThoseOfCoOp(t *testing.T) {
	want := readDraws(t).Made
	if len(want) != 7 {
		t.Fatalf("testdata/draws.json has %d made splits, want 7", len(want))
	}
	for name, seeds := range want {
		spec, err := dataset.Find(name)
		if err != nil {
			t.Fatal(err)
		}
		files := miniature(t, spec, 20)
		delete(files, spec.Split)
		for _, c := range seeds {
			d, err := dataset.MakeSplit(spec, files, c.Seed)
			if err != nil {
				t.Errorf("MakeSplit of %s: %v", name, err)
				continue
			}
			checkLists(t, d, c.Lists)
			if err := d.Check(t.Context()); err != nil {
				t.Errorf("Check of the made %s: %v", name, err)
			}
		}
	}
}

func TestAMadeSplitIsWrittenAndReadBack(t *testing.T) {
	spec, err := dataset.Find("sun397")
	if err != nil {
		t.Fatal(err)
	}
	files := miniature(t, spec, 4)
	made, err := dataset.MakeSplit(spec, files, 5)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	if err := made.WriteSplit(&text); err != nil {
		t.Fatal(err)
	}
	files[spec.Split] = &fstest.MapFile{Data: text.Bytes()}
	read, err := dataset.Open(spec, files)
	if err != nil || read.Hash() != made.Hash() || !slices.Equal(read.Classes, made.Classes) {
		t.Errorf("read back, the split is another one: %v", err)
	}
}

func TestMakeSplitSaysWhatIsWrong(t *testing.T) {
	for name, c := range map[string]struct {
		spec   string
		change func(fstest.MapFS)
		want   string
	}{
		"labels in MATLAB files":   {"StanfordCars", func(fstest.MapFS) {}, "MATLAB files, which are not read here: fetch split_zhou_StanfordCars.json"},
		"no split file":            {"FGVCAircraft", func(fstest.MapFS) {}, "it has no split file"},
		"no images":                {"EuroSAT", func(f fstest.MapFS) { clear(f) }, "unpack the images to 2750"},
		"no lists":                 {"UCF101", func(f fstest.MapFS) { delete(f, "ucfTrainTestlist/testlist01.txt") }, "testlist01.txt"},
		"a short line":             {"OxfordPets", func(f fstest.MapFS) { f["annotations/test.txt"].Data = []byte("Abyssinian_1 1 1\n") }, `test.txt has "Abyssinian_1 1 1" as line 1: want an image and its class`},
		"a path out of the folder": {"OxfordPets", func(f fstest.MapFS) { f["annotations/test.txt"].Data = []byte("../a_1 1 1 1\n") }, `"../a_1 1 1 1" as line 1`},
		"an unknown scene":         {"SUN397", func(f fstest.MapFS) { f["ClassName.txt"].Data = []byte("/a/abbey\n") }, "want a path below a folder of ClassName.txt"},
		"an unnumbered action":     {"UCF101", func(f fstest.MapFS) { f["ucfTrainTestlist/classInd.txt"].Data = []byte("Archery\n") }, `classInd.txt has "Archery" as line 1`},
		"a class of one image":     {"OxfordPets", func(f fstest.MapFS) { f["annotations/trainval.txt"].Data = []byte("Abyssinian_1 1 1 1\n") }, "too few to train and validate"},
		"a folder of two images": {"EuroSAT", func(f fstest.MapFS) {
			for i := 3; i <= 8; i++ {
				delete(f, fmt.Sprintf("2750/Forest/Forest_%d.jpg", i))
			}
		}, `class "Forest" has 2 images, too few to train, validate and test`},
	} {
		spec, err := dataset.Find(c.spec)
		if err != nil {
			t.Fatal(err)
		}
		files := miniature(t, spec, 4)
		c.change(files)
		if _, err := dataset.MakeSplit(spec, files, 1); err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.spec) {
			t.Errorf("MakeSplit with %s fails with %v, want a message with %q", name, err, c.want)
		}
	}
}

// checkDraw compares one draw of a whole data set.
func checkDraw(t *testing.T, d *dataset.Dataset, want drawn) {
	t.Helper()
	few := d.FewShot(want.Shots, want.Seed)
	places := func(drawn, all []dataset.Item) string {
		indices := make([]int, len(drawn))
		for i, item := range drawn {
			indices[i] = slices.Index(all, item)
		}
		return numbers(indices)
	}
	got := drawn{Shots: want.Shots, Seed: want.Seed, Count: len(few.Train), Train: places(few.Train, d.Train), Val: places(few.Val, d.Val), Base: want.Base, New: want.New}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("FewShot of %s = %+v, want %+v", d.Name, got, want)
	}
	for _, half := range []struct {
		name   string
		got    *dataset.Dataset
		labels []int
	}{{"Base", few.Base(), want.Base}, {"Novel", few.Novel(), want.New}} {
		var wanted []string
		for _, item := range few.Train {
			if place := slices.Index(half.labels, item.Label); place >= 0 {
				item.Label = place
				wanted = append(wanted, itemText(item))
			}
		}
		if got := digest(half.got.Train, itemText); got != digest(wanted, strings.Clone) || len(half.got.Classes) != len(half.labels) {
			t.Errorf("%s of %s with %d shots and seed %d has %d classes and digest %s, want %d classes, those of labels %v",
				half.name, d.Name, want.Shots, want.Seed, len(half.got.Classes), got, len(half.labels), half.labels)
		}
	}
}

// labelsOf is that of draws.py.
func labelsOf(size, classes int, uneven bool) []int {
	labels := make([]int, size)
	for i := range labels {
		switch j := i * 7919 % size; {
		case uneven:
			labels[i] = j * j * classes / (size * size)
		default:
			labels[i] = j * classes / size
		}
	}
	return labels
}

func TestDrawsOfPublishedSizesAreThoseOfCoOp(t *testing.T) {
	sizes := readDraws(t).Sizes
	if len(sizes) != 11 {
		t.Fatalf("testdata/draws.json has %d sizes, want those of ten data sets and an uneven one", len(sizes))
	}
	for name, want := range sizes {
		if spec, err := dataset.Find(name); err == nil && (spec.Sizes[0] != want.Train || spec.Sizes[1] != want.Val || spec.Labels != want.Classes) {
			t.Errorf("%s has sizes %v and %d classes, draws.py has %d, %d and %d", name, spec.Sizes, spec.Labels, want.Train, want.Val, want.Classes)
		}
		train, val := labelsOf(want.Train, want.Classes, name == "uneven"), labelsOf(want.Val, want.Classes, name == "uneven")
		for _, c := range want.Draws {
			gotTrain, gotVal := dataset.FewShotIndices(train, val, c.Shots, c.Seed)
			if len(gotTrain) != c.Count || numbers(gotTrain) != c.Train || numbers(gotVal) != c.Val {
				t.Errorf("FewShotIndices of %s with %d shots and seed %d draws %d, digests %s and %s, want %d, %s and %s",
					name, c.Shots, c.Seed, len(gotTrain), numbers(gotTrain), numbers(gotVal), c.Count, c.Train, c.Val)
			}
		}
	}
}
