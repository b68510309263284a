package report

import (
	"errors"
	"fmt"
	"slices"

	"github.com/dapt-go/dapt-go/dapt/experiment"
)

// kind is the protocol whose tables and figures a run stands in: those of linear probes are few-shot.
func kind(r experiment.Result) string {
	if r.Protocol == linearProbe {
		return fewShot
	}
	return r.Protocol
}

// probeNote tells of few-shot tables that mix both.
const probeNote = "linear-probe draws its images by NumPy, the others by Python: with the same seed they are other images."

// withPrompts leaves out linear probes.
func withPrompts(results []experiment.Result) []experiment.Result {
	return slices.DeleteFunc(slices.Clone(results), func(r experiment.Result) bool { return r.Protocol == linearProbe })
}

// SearchList shows how each linear probe chose its C: the best of the scan and of the last step, each with the accuracy on
// the images that it was chosen on, and the accuracy on the test images of all classes, in percent. Other results are left out;
// it is an error if none is left.
func SearchList(results []experiment.Result) (List, error) {
	l := List{
		Caption: "How linear probes chose C", Labels: 3,
		Lines: [][]string{{"data set", "shots", "seed", "scanned C", "val", "chosen C", "val", "test"}},
		Notes: []string{"C is the inverse of the L2 penalty; val is the accuracy on the images that it was chosen on, test that on all classes, in percent."},
	}
	for _, r := range results {
		if r.Probe == nil || len(r.Probe.Scan) == 0 || len(r.Probe.Steps) == 0 {
			continue
		}
		scanned := r.Probe.Scan[0]
		for _, fit := range r.Probe.Scan {
			if fit.Val > scanned.Val {
				scanned = fit
			}
		}
		chosen := r.Probe.Chosen()
		test, _ := accuracy(r, "all")
		l.Lines = append(l.Lines, []string{
			r.Dataset, fmt.Sprint(r.Shots), fmt.Sprint(r.Seed), fmt.Sprintf("%.4g", scanned.C), fmt.Sprintf("%.2f", scanned.Val),
			fmt.Sprintf("%.4g", chosen.C), fmt.Sprintf("%.2f", chosen.Val), fmt.Sprintf("%.2f", test),
		})
	}
	if len(l.Lines) == 1 {
		return l, errors.New("report: no linear probe among the results; run go run ./tools/dapt probe first")
	}
	return l, nil
}
