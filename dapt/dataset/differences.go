package dataset

import "fmt"

// Differences says, a sentence each, where the numbers of classes and of images are not the published ones of a benchmark,
// which zero tells nothing of, and whether images are listed more than once. None is an error: copies of a data set differ by an image or two, and halves and draws by many.
// Lists that are empty, here or as published, are not compared.
func (d *Dataset) Differences(spec Spec) []string {
	var found []string
	add := func(got, want int, what string) {
		if got > 0 && want > 0 && got != want {
			found = append(found, fmt.Sprintf("%s has %d %s here, %d as published", d.Name, got, what, want))
		}
	}
	add(len(d.Classes), spec.Labels, "classes")
	for i, list := range d.lists() {
		add(len(*list), spec.Sizes[i], listNames[i]+" images")
	}
	if twice := d.repeated(); len(twice) > 0 {
		found = append(found, fmt.Sprintf("%s lists %d images more than once: %s", d.Name, len(twice), some(twice)))
	}
	return found
}

// repeated are the images that were listed before, each with the list that it was first in and the one that it is in again.
func (d *Dataset) repeated() []string {
	var found []string
	first := map[string]int{}
	for i, list := range d.lists() {
		for _, item := range *list {
			if j, ok := first[item.Path]; ok {
				found = append(found, fmt.Sprintf("%s (in %s and %s)", item.Path, parts[j], parts[i]))
				continue
			}
			first[item.Path] = i
		}
	}
	return found
}

// listNames are what the lists are for, in the order of [Dataset.lists].
var listNames = []string{"training", "validation", "test"}
