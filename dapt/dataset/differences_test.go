package dataset

import "testing"

func TestDifferencesAreSentencesAndNoErrors(t *testing.T) {
	d := &Dataset{Name: "Pets", Classes: []string{"cat", "dog"}, Train: make([]Item, 3), Test: make([]Item, 5)}
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
}
