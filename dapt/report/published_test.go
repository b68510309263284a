package report

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/mask"
)

func TestResultsStandBesideThePublishedOnes(t *testing.T) {
	results := []experiment.Result{run("OxfordPets", "maple", 1, 95, 97), run("OxfordPets", "maple", 2, 96, 98), run("OxfordPets", "mine", 1, 90, 90)}
	l := must(t, PublishedTable, results)
	want := []string{"OxfordPets", "maple", "95.50 ± 0.50", "95.43", "+0.07", "97.50 ± 0.50", "97.76", "-0.26"}
	if len(l.Lines) != 2 || !slices.Equal(l.Lines[1][:8], want) || len(l.Lines[1]) != len(l.Lines[0]) {
		t.Errorf("lines = %q, want one that begins %q", l.Lines, want)
	}
	if len(l.Notes) != 3 || !strings.Contains(l.Notes[0], "PromptKD") || !strings.Contains(l.Notes[1], "these are of mini 1234") || !strings.HasSuffix(l.Notes[2], "OxfordPets 4 for 37.") {
		t.Errorf("notes = %q, want the source, and that backbone and classes are others", l.Notes)
	}
}

func TestThePageHasThePublishedNumbersOfItsDataSets(t *testing.T) {
	for dataset, want := range map[string]bool{"OxfordPets": true, "Mini": false} {
		page := htmlOf(t, []experiment.Result{run(dataset, "maple", 1, 95, 97)}, Options{})
		if got := strings.Contains(page, "beside published numbers"); got != want {
			t.Errorf("the page of %s has published numbers: %t, want %t", dataset, got, want)
		}
	}
}

// everywhere is a result of each data set.
func everywhere(names []string, of func(dataset string) experiment.Result) []experiment.Result {
	var results []experiment.Result
	for _, name := range names {
		r := of(name)
		r.Backbone = "ViT-B/16 1234"
		results = append(results, r)
	}
	return results
}

func TestAnAverageIsComparedOverTheSameDataSetsOnly(t *testing.T) {
	clip := func(name string) experiment.Result { return zeroShot(name, 70, 75) }
	shots16 := func(name string) experiment.Result {
		r := shots("maple", 16, 1, 82)
		r.Dataset = name
		return r
	}
	probed := func(name string) experiment.Result {
		r := shots("linear-probe", 16, 1, 78)
		r.Dataset, r.Protocol = name, linearProbe
		return r
	}
	for name, test := range map[string]struct {
		of   func(string) experiment.Result
		want string
	}{
		"base-to-novel": {clip, "average | zero-shot | 70.00 | 69.34 | +0.66 | 75.00 | 74.22 | +0.78 | 72.41 | 71.70 | +0.71"},
		"linear probes": {probed, "average | linear-probe | 16 shots | 78.00 | 78.39 | -0.39"},
		"few-shot":      {shots16, "average | maple | 16 shots | 82.00 | 81.79 | +0.21"},
	} {
		if text := must(t, PublishedTable, everywhere(elevenNames(0), test.of)).Markdown(); !strings.Contains(text, test.want) || strings.Contains(text, "need not agree") {
			t.Errorf("%s over eleven data sets: %s, want %q in it", name, text, test.want)
		}
		if text := must(t, PublishedTable, everywhere(elevenNames(1), test.of)).Markdown(); strings.Contains(text, "average |") {
			t.Errorf("%s over ten data sets: %s, want no average", name, text)
		}
	}
}

func TestEveryNumberThatASettingNamesIsPublished(t *testing.T) {
	p := readPublished()
	named := 0
	for _, s := range experiment.Settings() {
		_, numbers, ok := strings.Cut(s.Target, ": ")
		if !ok {
			continue
		}
		named++
		numbers, _, _ = strings.Cut(numbers, " (") // and how they were made
		system, _ := p.of(s.Protocol, s.Method(mask.Files{}).Name())
		var known []string
		for _, number := range system.Percent {
			known = append(known, fmt.Sprintf("%.2f", number))
		}
		for number := range strings.SplitSeq(numbers, " / ") {
			if !slices.Contains(known, number) {
				t.Errorf("%s is to give %s, which is no published number of %q: %q", s.Name(), number, system.System, known)
			}
		}
	}
	if named < 8 {
		t.Errorf("%d settings name numbers", named)
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
		"cross-dataset":  {transfers("cross_dataset", "Mini"), "| MaPLe | 70.72 | 66.30 |"},
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
