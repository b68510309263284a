package dataset

import "fmt"

// Differences says, a sentence each, where the numbers of classes and of images are not the published ones of a benchmark,
// which zero tells nothing of. None is an error: copies of a data set differ by an image or two, and halves and draws by many.
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
	return found
}

// listNames are what the lists are for, in the order of [Dataset.lists].
var listNames = []string{"training", "validation", "test"}
