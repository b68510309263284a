package dataset

import (
	"fmt"
	"testing"
)

// pathed are so many items with paths of their own.
func pathed(list string, count int) []Item {
	items := make([]Item, count)
	for i := range items {
		items[i].Path = fmt.Sprintf("%s/%d.jpg", list, i)
	}
	return items
}

func TestDifferencesAreSentencesAndNoErrors(t *testing.T) {
	d := &Dataset{Name: "Pets", Classes: []string{"cat", "dog"}, Train: pathed("train", 3), Test: pathed("test", 5)}
	for _, c := range []struct {
		spec Spec
		want []string
	}{
		{Spec{Labels: 2, Sizes: [3]int{3, 4, 5}}, nil}, // without a list there is nothing to count
		{Spec{}, nil},
		{
			Spec{Labels: 37, Sizes: [3]int{2944, 736, 5}},
			[]string{"Pets has 2 classes here, 37 as published", "Pets has 3 training images here, 2944 as published"},
		},
		{Spec{Sizes: [3]int{0, 0, 1}}, []string{"Pets has 5 test images here, 1 as published"}},
	} {
		equal(t, "Differences", d.Differences(c.spec), c.want)
	}
	d.Val = pathed("train", 1)
	equal(t, "Differences", d.Differences(Spec{}), []string{"Pets lists 1 images more than once: train/0.jpg (in train and val)"})
}
