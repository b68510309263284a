package dataset

import (
	"encoding/json"
	"os"
	"reflect"
	"slices"
	"strconv"
	"testing"
)

// golden was made by the published code's own sampling and subsampling functions.
type golden struct {
	Train  []int `json:"train_labels"`
	Val    []int `json:"val_labels"`
	Splits []struct {
		Seed       uint64
		Shots      int
		Train, Val []int // indices
	}
	Subsample []struct {
		Labels    []int
		Base, New []pair
	}
}

// pair is [class name, label].
type pair struct {
	class string
	label int
}

func (p *pair) UnmarshalJSON(data []byte) error {
	return json.Unmarshal(data, &[]any{&p.class, &p.label})
}

func load(t *testing.T) (g golden) {
	t.Helper()
	data, err := os.ReadFile("testdata/fewshot.json")
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	return g
}

// numbered makes items of these labels whose paths are their places.
func numbered(labels []int) []Item {
	items := make([]Item, len(labels))
	for i, label := range labels {
		items[i] = Item{Path: strconv.Itoa(i), Label: label, Class: "class " + strconv.Itoa(label)}
	}
	return items
}

func paths(items []Item) (places []int) {
	for _, item := range items {
		place, _ := strconv.Atoi(item.Path)
		places = append(places, place)
	}
	return places
}

func equal(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s = %v, want %v", what, got, want)
	}
}

func TestFewShotEqualsCoOp(t *testing.T) {
	g := load(t)
	d := &Dataset{Train: numbered(g.Train), Val: numbered(g.Val), Test: numbered(g.Val)}
	for _, c := range g.Splits {
		train, val := FewShotIndices(g.Train, g.Val, c.Shots, c.Seed)
		equal(t, "FewShotIndices, training,", train, c.Train)
		equal(t, "FewShotIndices, validation,", val, c.Val)
		drawn := d.FewShot(c.Shots, c.Seed)
		equal(t, "FewShot(…).Train", paths(drawn.Train), c.Train)
		equal(t, "FewShot(…).Val", paths(drawn.Val), c.Val)
		equal(t, "FewShot(…).Test", drawn.Test, d.Test)
	}
}

func TestBaseAndNovelEqualCoOp(t *testing.T) {
	for _, c := range load(t).Subsample {
		d := &Dataset{Train: numbered(c.Labels), Val: numbered(c.Labels[:1])}
		for _, half := range []struct {
			name string
			got  *Dataset
			want []pair
		}{{"Base", d.Base(), c.Base}, {"Novel", d.Novel(), c.New}} {
			got := []pair{}
			for _, item := range half.got.Train {
				got = append(got, pair{item.Class, item.Label})
				if half.got.Classes[item.Label] != item.Class {
					t.Errorf("%s of %v has class %q for label %d, want %q", half.name, c.Labels,
						half.got.Classes[item.Label], item.Label, item.Class)
				}
			}
			equal(t, half.name, got, half.want)
		}
	}
}

func TestHalvesShareNoClassAndCutEveryList(t *testing.T) {
	d := &Dataset{
		Classes: []string{"class 0", "class 1", "class 2"},
		Train:   numbered([]int{2, 0, 1}), Val: numbered([]int{1, 2}), Test: numbered([]int{2, 2, 0}),
	}
	base, novel := d.Base(), d.Novel()
	equal(t, "Base().Classes", base.Classes, d.Classes[:2])
	equal(t, "Novel().Classes", novel.Classes, d.Classes[2:])
	equal(t, "Base().Val", base.Val, []Item{{Path: "0", Label: 1, Class: "class 1"}})
	equal(t, "Novel().Test", novel.Test, []Item{{Path: "0", Label: 0, Class: "class 2"}, {Path: "1", Label: 0, Class: "class 2"}})
	equal(t, "Train afterwards", d.Train, numbered([]int{2, 0, 1}))
}

func TestHalvesOfADatasetWithTestsOnly(t *testing.T) {
	d := &Dataset{Classes: []string{"class 0", "class 1", "class 2"}, Test: numbered([]int{2, 0, 1})}
	equal(t, "Base().Classes", d.Base().Classes, d.Classes[:2])
	equal(t, "Novel().Test", d.Novel().Test, []Item{{Path: "0", Label: 0, Class: "class 2"}})
}

func TestFewShotBelowOneShotKeepsAll(t *testing.T) {
	d := &Dataset{Train: numbered([]int{1, 0}), Val: numbered([]int{0})}
	equal(t, "FewShot(0, 1)", d.FewShot(0, 1), d)
}

func TestFewShotOfFewItemsDrawsNothing(t *testing.T) {
	train, val := FewShotIndices([]int{3, 3, 8}, nil, 16, 1)
	equal(t, "training indices", train, []int{0, 1, 2})
	equal(t, "validation indices", len(val), 0)
	// Class 3 is whole and draws nothing, so that class 8 gets the numbers it would have got alone.
	alone, _ := FewShotIndices(slices.Repeat([]int{8}, 30), nil, 2, 1)
	after, _ := FewShotIndices(append([]int{3}, slices.Repeat([]int{8}, 30)...), nil, 2, 1)
	equal(t, "indices after a small class", after, []int{0, alone[0] + 1, alone[1] + 1})
}
