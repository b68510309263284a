// Package dataset lists labelled images: benchmarks, split files, few-shot draws, base and novel halves.
//
// It reads through [io/fs.FS], so that a folder, an archive and the embedded mini benchmark are the same thing.
package dataset

import "io/fs"

// Item is one labelled image.
type Item struct {
	Path  string // slash-separated, below the data set's FS
	Label int    // from 0, an index of Dataset.Classes
	Class string // the class name as stored in the split file
}

// Dataset is a benchmark: its classes and its three lists. Any list may be empty.
type Dataset struct {
	Name     string   // as in configuration files, such as "OxfordPets"
	FS       fs.FS    // the data set's own folder
	Images   string   // the folder below FS that item paths were relative to
	Classes  []string // by label
	Template string   // hand-crafted sentence for zero-shot, with one {}
	Train    []Item
	Val      []Item
	Test     []Item
}
