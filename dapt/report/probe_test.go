package report

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/experiment"
)

// probed is a linear probe.
func probed(dataset string, count, seed int, accuracy float64) experiment.Result {
	r := all("linear_probe", "linear-probe", seed, accuracy)
	r.Dataset, r.Shots, r.Epochs, r.Focus, r.SplitHash = dataset, count, nil, nil, fmt.Sprintf("numpy-%d", seed)
	fit := func(c, val float64) experiment.ProbeFit { return experiment.ProbeFit{C: c, Val: val} }
	r.Probe = &experiment.Probe{
		Scan:  []experiment.ProbeFit{fit(100, 50), fit(1, 60), fit(0.01, 60)},
		Steps: []experiment.ProbeStep{{Left: fit(0.1, 60), Right: fit(10, 61)}, {Left: fit(1, 62), Right: fit(10, 62)}},
	}
	return r
}

// TestLinearProbesStandInFewShotTables: alone, and beside prompts that are tuned on other images of the same seed.
func TestLinearProbesStandInFewShotTables(t *testing.T) {
	probes := []experiment.Result{probed("Mini", 1, 1, 30), probed("Mini", 1, 2, 34), probed("Mini", 4, 1, 50)}
	alone := must(t, MainTable, probes)
	if len(alone.Rows) != 2 || alone.Rows[0].Cells[0].String() != "32.00 ± 2.00" || alone.Caption != "Mini, few-shot: accuracy, 1, 4 shots" {
		t.Errorf("alone: %q with rows %+v", alone.Caption, alone.Rows)
	}
	mixed := append(fewShots(), probes...)
	table := must(t, MainTable, mixed)
	var rows []string
	for _, row := range table.Rows {
		rows = append(rows, fmt.Sprint(row.Method, row.Shots))
	}
	if want := []string{"zero-shot0", "maple1", "maple4", "maple16", "maple+dapt-s1", "linear-probe1", "linear-probe4"}; !slices.Equal(rows, want) {
		t.Errorf("rows %q, want %q", rows, want)
	}
	if !slices.Contains(table.Notes, probeNote) || slices.Contains(alone.Notes, probeNote) {
		t.Errorf("notes %q and alone %q, want the first to tell of the draws", table.Notes, alone.Notes)
	}
	if figures := must(t, Figures, mixed); !strings.Contains(figures[0].SVG, "linear-probe from 32 to 50") || !strings.Contains(figures[0].SVG, "maple from 62 to 77") {
		t.Errorf("the figure of %s has not both curves", figures[0].Title)
	}
	if html := htmlOf(t, mixed, Options{}); !strings.Contains(html, "linear-probe") {
		t.Error("the page lacks the probes")
	}
	if _, err := MainTable(append(small(), probes...)); err == nil || !strings.Contains(err.Error(), "differ in protocol (base_to_novel and linear_probe)") {
		t.Errorf("MainTable of base-to-novel and probes = %v, want an error that names both", err)
	}
}

func TestLinearProbesLookNowhere(t *testing.T) {
	list, err := Overlays(context.Background(), nil, experiment.Benchmark{}, []experiment.Result{probed("Mini", 1, 1, 30)}, 6)
	if list != nil || err != nil {
		t.Errorf("Overlays = %v, %v, want none", list, err)
	}
}

func TestTheSearchOfEachProbeIsListed(t *testing.T) {
	l := must(t, SearchList, append(fewShots(), probed("Mini", 4, 2, 51)))
	if want := []string{"Mini", "4", "2", "1", "60.00", "1", "62.00", "51.00"}; len(l.Lines) != 2 || !slices.Equal(l.Lines[1], want) {
		t.Errorf("SearchList has lines %q, want %q", l.Lines[1:], want)
	}
	if _, err := SearchList(fewShots()); err == nil || !strings.Contains(err.Error(), "no linear probe") {
		t.Errorf("SearchList without probes = %v, want an error", err)
	}
}
