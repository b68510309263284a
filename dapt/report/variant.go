package report

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/dapt-go/dapt-go/dapt/experiment"
)

// everything is the selection method that keeps all images.
const everything = "full"

// variant is a method with a number of shots, and what was kept of them.
type variant struct {
	method    string
	shots     int
	selection string  // "" if none was asked for
	ratio     float64 // of the images; 0 stands for all ratios of a selection
}

func variantOf(r experiment.Result) variant {
	v := variant{method: r.Method, shots: r.Shots}
	if r.Selection != nil {
		v.selection, v.ratio = r.Selection.Method, r.Selection.Ratio
	}
	return v
}

// picks names what was kept: "craig 10%", "craig" for all ratios, "" for no selection.
func (v variant) picks() string {
	if v.ratio == 0 {
		return v.selection
	}
	return v.selection + " " + percent(v.ratio)
}

func percent(ratio float64) string { return fmt.Sprintf("%.4g%%", 100*ratio) }

// selects tells whether some images may have been left out.
func (v variant) selects() bool { return v.selection != "" && v.selection != everything }

// tuning is the variant whatever was kept.
func (v variant) tuning() variant { return variant{method: v.method, shots: v.shots} }

// allRatios is the variant at any ratio.
func (v variant) allRatios() variant {
	v.ratio = 0
	return v
}

// emptyRow is a row for the variant without seeds and cells.
func (v variant) emptyRow(dataset string) Row {
	return Row{Dataset: dataset, Selection: v.picks(), Method: v.method, Shots: v.shots}
}

// rows are those of the variant.
func (v variant) rows(all []Row) []Row {
	return slices.DeleteFunc(slices.Clone(all), func(r Row) bool {
		return r.Method != v.method || r.Shots != v.shots || r.Selection != v.picks()
	})
}

// learner is the prompt learner that the method is over, which is what selects images.
func (v variant) learner() string {
	learner, _, _ := strings.Cut(v.method, "+")
	return learner
}

// sameImages tells whether runs of two variants with the same seed are tuned on the same images.
func (v variant) sameImages(w variant) bool {
	chosen := !v.selects() || v.learner() == w.learner()
	return chosen && v.shots == w.shots && v.selection == w.selection && v.ratio == w.ratio
}

// keptText says what a run kept; it is empty where nothing was selected.
func keptText(r experiment.Result) string {
	if r.Selection == nil {
		return ""
	}
	return fmt.Sprintf("%s: %d of %d images", variantOf(r).picks(), len(r.Selection.Kept), r.Selection.Images)
}

// taughtNote says what a method with a teacher has that others have not; it is empty for those.
func taughtNote(r experiment.Result) string {
	var config struct {
		Teacher *struct{ Learner, Backbone string }
	}
	if json.Unmarshal(r.Config, &config) != nil || config.Teacher == nil {
		return ""
	}
	return fmt.Sprintf("%s has seen all training images, without labels, of all classes; its teacher, %s in %s, is tuned on the labelled ones.",
		r.Method, config.Teacher.Learner, config.Teacher.Backbone)
}

// checkSelection tells what is wrong with what a run says it kept.
func checkSelection(r experiment.Result) error {
	kept := r.Selection
	if r.Protocol != dataEfficient || kept == nil && len(r.Epochs) == 0 {
		return nil
	}
	if kept == nil {
		return fmt.Errorf("report: %s was tuned, but does not say on which images; run it again", name(r))
	}
	if kept.Method == "" || !(kept.Ratio > 0 && kept.Ratio <= 1) {
		return fmt.Errorf("report: %s kept a share of %v by method %q, want over 0 and at most 1 by a named one", name(r), kept.Ratio, kept.Method)
	}
	if len(kept.Kept) == 0 && kept.Method != everything {
		return fmt.Errorf("report: %s kept no images, want at least 1", name(r))
	}
	if sorted := slices.Sorted(slices.Values(kept.Kept)); len(sorted) > 0 {
		first, last := sorted[0], sorted[len(sorted)-1]
		if first < 0 || last >= kept.Images || len(slices.Compact(sorted)) < len(kept.Kept) {
			return fmt.Errorf("report: %s kept %d images from %d to %d, want different ones from 0 to %d",
				name(r), len(kept.Kept), first, last, kept.Images-1)
		}
	}
	return nil
}

// sameTraining tells why two runs on one data set were not tuned on the images that they should have in common.
func sameTraining(a, b experiment.Result) error {
	if a.Seed != b.Seed || a.Protocol != b.Protocol {
		return nil
	}
	kept, other := a.Selection, b.Selection
	if kept != nil && other != nil && a.Shots == b.Shots && kept.Pool != other.Pool {
		return mismatch(a, b, "the hash of the draw", kept.Pool, other.Pool)
	}
	if !variantOf(a).sameImages(variantOf(b)) {
		return nil
	}
	if a.SplitHash != b.SplitHash {
		return mismatch(a, b, "the hash of their images", a.SplitHash, b.SplitHash)
	}
	if kept != nil && other != nil && !slices.Equal(kept.Kept, other.Kept) {
		lines := func(kept []int) string { return strings.ReplaceAll(strings.Trim(fmt.Sprint(kept), "[]"), " ", "\n") }
		inA, inB := divergence(lines(kept.Kept), lines(other.Kept))
		return mismatch(a, b, "the images they kept", inA, inB)
	}
	return nil
}
