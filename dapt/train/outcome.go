package train

import (
	"fmt"
	"math"
)

// Progress is how far a run is.
type Progress struct {
	Epoch, Epochs int // the present one, counted from 0
	Step, Steps   int // done, of the whole run
	Images        int // of this step
	Loss          float64
}

// Epoch is what one epoch left behind.
type Epoch struct {
	Epoch  int                `json:"epoch"`  // from 0
	Phase  int                `json:"phase"`  // 1 or 2; 0 for joint
	Rate   float64            `json:"rate"`   // learning rate
	Losses map[string]float64 `json:"losses"` // means over the epoch of those computed: see [dapt.Names]
	Val    float64            `json:"val"`    // accuracy in percent; -1 if it was not measured
}

// Outcome is what a finished run leaves behind, besides the prompts in its engine.
type Outcome struct {
	Epochs  []Epoch
	Final   string  // which prompts the engine holds: "last step" or "best on val (epoch 3)"
	Seconds float64 // of tuning, over all sessions of a resumed run
	Feed    Feed    // of tuning, over all sessions too
	// Forgotten are the counts of Run.Forgetting, by training image; nil without.
	Forgotten []int
}

// weighed checks the weights.
func (r Run) weighed() error {
	if r.Weights != nil && len(r.Weights) != len(r.Data.Train) {
		return fmt.Errorf("train: there are Weights of %d images, want %d", len(r.Weights), len(r.Data.Train))
	}
	for i, w := range r.Weights {
		if !(w >= 0) || math.IsInf(w, 1) {
			return fmt.Errorf("train: Weights of image %s is %g, want a finite number of at least 0", r.Data.Train[i].Path, w)
		}
	}
	return nil
}
