package dataset_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/tools/miniature/layout"
)

// draws is what testdata/draws.py read and drew.
type draws struct {
	Miniatures map[string]struct {
		Lists []struct {
			Count int
			Items string // their digest
		}
		Draws []drawn
	}
	Sizes map[string]struct {
		Train, Val, Classes int
		Draws               []drawn
	}
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
		files, err := layout.Draw(spec, layout.Options{Images: 20, Seed: 1})
		if err != nil {
			t.Fatal(err)
		}
		d, err := dataset.Open(spec, files)
		if err != nil {
			t.Fatal(err)
		}
		for i, list := range [][]dataset.Item{d.Train, d.Val, d.Test} {
			if got, want := digest(list, itemText), want[spec.Name].Lists[i]; got != want.Items || len(list) != want.Count {
				t.Errorf("%s has %d items of digest %s in list %d, want %d of %s", spec.Name, len(list), got, i, want.Count, want.Items)
			}
		}
		for _, c := range want[spec.Name].Draws {
			checkDraw(t, d, c)
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
