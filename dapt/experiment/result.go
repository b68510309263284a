// Package experiment runs the protocols of the paper and keeps their results.
package experiment

import (
	"encoding/json"

	"github.com/dapt-go/dapt-go/dapt/train"
)

// Result is one finished run: everything a table, a figure or a sceptic needs. It is one JSON line of the results file,
// which is the same bytes for the same runs on the same backend; how long they took is in a [Time].
type Result struct {
	Protocol  string          `json:"protocol"`   // "base_to_novel", "few_shot", "data_efficient", "linear_probe", "cross_dataset", "domain_generalization"
	Dataset   string          `json:"dataset"`    // "Mini"
	Method    string          `json:"method"`     // "zero-shot", "maple", "maple+dapt-s", "maple+dapt-g"
	Seed      int             `json:"seed"`       // few-shot draw, order, crops and initial prompts follow it
	Shots     int             `json:"shots"`      // images a class; 0 for zero-shot
	Config    json.RawMessage `json:"config"`     // the whole configuration
	SplitHash string          `json:"split_hash"` // of the labelled training, validation and test items
	DataHash  string          `json:"data_hash"`  // of the whole data sets that these were drawn from, the same for all seeds
	// SourceHash is of what was tuned on and of its test items, where others are tested too; "" otherwise. Runs that differ in
	// their targets only share their tuned prompts.
	SourceHash string     `json:"source_hash,omitempty"`
	Code       string     `json:"code"`     // version of this module, "(devel)" in a clone
	Backbone   string     `json:"backbone"` // name and fingerprint of CLIP's weights
	Backend    Backend    `json:"backend"`
	Tests      []Test     `json:"tests"`
	Epochs     []Epoch    `json:"epochs"`              // empty for zero-shot
	Final      string     `json:"final"`               // "last step" or "best on val (epoch e)"
	Focus      []Focus    `json:"focus,omitempty"`     // Grad-CAM energy inside the true mask, held-out images
	Selection  *Selection `json:"selection,omitempty"` // data-efficient only
	Probe      *Probe     `json:"probe,omitempty"`     // linear probes only
}

// Backend is what computed a result.
type Backend struct {
	Name   string `json:"name"`   // "xla:cpu", "xla:cuda", "go"
	Plugin string `json:"plugin"` // wheel and version, or file
	PJRT   string `json:"pjrt"`   // version of the plugin's API
	Cores  int    `json:"cores"`
}

// Test is the accuracy on one list of images.
type Test struct {
	Name     string    `json:"name"` // "base", "novel", "base_shift", "novel_shift", "background"
	Images   int       `json:"images"`
	Accuracy float64   `json:"accuracy"` // percent, full precision
	MacroF1  float64   `json:"macro_f1"` // percent
	Classes  []string  `json:"classes"`
	PerClass []float64 `json:"per_class"` // percent, by class; NaN-free: -1 where a class has no image
}

// Epoch is what one epoch left behind.
type Epoch = train.Epoch

// Focus is how much of an image's Grad-CAM energy lies inside the object's true mask.
type Focus struct {
	Name   string  `json:"name"` // the test list
	Images int     `json:"images"`
	Before float64 `json:"before"` // percent, with zero-shot CLIP
	After  float64 `json:"after"`  // percent, with the tuned prompts
	Chance float64 `json:"chance"` // percent of the image that the mask covers
}

// Selection is which of a few-shot draw's training images a run was tuned on.
type Selection struct {
	Method  string    `json:"method"`            // such as "craig"; "full" keeps all
	Ratio   float64   `json:"ratio"`             // of each class's images, 0 to 1
	Pool    string    `json:"pool"`              // hash of the draw
	Images  int       `json:"images"`            // in the draw
	Kept    []int     `json:"kept"`              // indices of the draw's training list
	Weights []float64 `json:"weights,omitempty"` // of those, as the method gives them
}

// Time is how long a finished run took, one JSON line of times.jsonl beside the results file.
type Time struct {
	Run     string     `json:"run"`              // its folder, below the lab's
	Seconds float64    `json:"seconds"`          // wall time of training
	Feed    train.Feed `json:"feed"`             // how much of it the device waited for images
	Commit  string     `json:"commit,omitempty"` // that the program was built from, as far as it knows
}
