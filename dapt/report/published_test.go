package report

import (
	"slices"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/experiment"
)

func TestResultsStandBesideThePublishedOnes(t *testing.T) {
	l, err := PublishedTable([]experiment.Result{run("OxfordPets", "maple", 1, 95, 97), run("OxfordPets", "maple", 2, 96, 98), run("OxfordPets", "coop", 1, 90, 90)})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"OxfordPets", "maple", "95.50 ± 0.50", "95.43", "+0.07", "97.50 ± 0.50", "97.76", "-0.26"}
	if len(l.Lines) != 2 || !slices.Equal(l.Lines[1][:8], want) || len(l.Lines[1]) != len(l.Lines[0]) {
		t.Errorf("lines = %q, want one that begins %q", l.Lines, want)
	}
	if len(l.Notes) != 1 || !strings.Contains(l.Notes[0], "PromptKD") {
		t.Errorf("notes = %q, want the source", l.Notes)
	}
}

func TestWithoutACounterpartThePublishedAveragesStandAlone(t *testing.T) {
	for name, test := range map[string]struct {
		results []experiment.Result
		want    string
	}{
		"base-to-novel":  {small(), "| DAPT-S | 83.95 | 75.23 | 79.35 |"},
		"few-shot":       {fewShots(), "| MaPLe | 16 | 81.79 |"},
		"data-efficient": {efficient(), "in figures only"},
	} {
		l, err := PublishedTable(test.results)
		if err != nil {
			t.Fatal(err)
		}
		if text := l.Markdown(); !strings.Contains(text, test.want) || !strings.Contains(text, "Published") {
			t.Errorf("%s: %s, want %q in it", name, text, test.want)
		}
	}
	if _, err := PublishedTable(nil); err == nil {
		t.Error("no results have a table")
	}
}
