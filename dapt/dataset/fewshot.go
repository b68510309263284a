package dataset

import (
	"maps"
	"slices"

	"github.com/dapt-go/dapt-go/dapt/internal/pyrand"
)

// FewShot draws up to shots training and min(shots, 4) validation items of each class, as CoOp does from Python's
// random.seed(seed); the test list and the class list stay whole. Below 1 shot nothing is drawn: all items stay.
func (d *Dataset) FewShot(shots int, seed uint64) *Dataset {
	drawn := *d
	if shots < 1 {
		return &drawn
	}
	train, val := FewShotIndices(labels(d.Train), labels(d.Val), shots, seed)
	drawn.Train, drawn.Val = choose(d.Train, train), choose(d.Val, val)
	return &drawn
}

// FewShotIndices draws as [Dataset.FewShot] does, from at least 1 shot, and returns indices of the two lists of labels.
//
// The validation draw goes on with the training draw's random numbers. Classes come in order of first appearance; one
// with fewer items than shots is kept whole, in order, and consumes no random numbers (Dassl's base_dataset.py,
// generate_fewshot_dataset).
func FewShotIndices(train, val []int, shots int, seed uint64) (trainIndices, valIndices []int) {
	random := pyrand.NewPython(seed)
	return draw(random, train, shots), draw(random, val, min(shots, 4))
}

func draw(random pyrand.Python, labels []int, shots int) []int {
	var order []int
	groups := map[int][]int{}
	for i, label := range labels {
		if len(groups[label]) == 0 {
			order = append(order, label)
		}
		groups[label] = append(groups[label], i)
	}
	var drawn []int
	for _, label := range order {
		group := groups[label]
		if len(group) < shots {
			drawn = append(drawn, group...)
			continue
		}
		drawn = append(drawn, choose(group, random.Sample(len(group), shots))...)
	}
	return drawn
}

func labels(items []Item) []int {
	labels := make([]int, len(items))
	for i, item := range items {
		labels[i] = item.Label
	}
	return labels
}

func choose[T any](all []T, indices []int) []T {
	chosen := make([]T, len(indices))
	for i, index := range indices {
		chosen[i] = all[index]
	}
	return chosen
}

// Base keeps the first half of the classes, the larger one if they are odd, numbered anew from 0, and their items
// (CoOp's subsample_classes). Only classes with a training item count; if there is no training item at all, all
// classes do.
func (d *Dataset) Base() *Dataset {
	labels := d.trained()
	return d.keep(labels[:(len(labels)+1)/2])
}

// Novel keeps the classes that [Dataset.Base] leaves, numbered anew from 0, and their items.
func (d *Dataset) Novel() *Dataset {
	labels := d.trained()
	return d.keep(labels[(len(labels)+1)/2:])
}

// trained are the labels to halve, in ascending order.
func (d *Dataset) trained() []int {
	found := map[int]bool{}
	for _, item := range d.Train {
		found[item.Label] = true
	}
	if len(found) == 0 {
		for label := range d.Classes {
			found[label] = true
		}
	}
	return slices.Sorted(maps.Keys(found))
}

// keep renumbers labels by their place in the list and drops the items of all others.
func (d *Dataset) keep(labels []int) *Dataset {
	kept := *d
	kept.Classes = make([]string, len(labels))
	places := map[int]int{}
	for place, label := range labels {
		places[label] = place
		if label >= 0 && label < len(d.Classes) {
			kept.Classes[place] = d.Classes[label]
		}
	}
	for _, list := range kept.lists() {
		var items []Item
		for _, item := range *list {
			place, ok := places[item.Label]
			if !ok {
				continue
			}
			item.Label = place
			kept.Classes[place] = item.Class
			items = append(items, item)
		}
		*list = items
	}
	return &kept
}
