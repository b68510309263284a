package report

import (
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/dapt-go/dapt-go/dapt/experiment"
)

func TestStudiesAreSetsThatTablesTake(t *testing.T) {
	other := func(change func(r *experiment.Result)) []experiment.Result {
		results := small()
		for i := range results {
			change(&results[i])
		}
		return results
	}
	first, few := small(), fewShots()
	backend := other(func(r *experiment.Result) { r.Backend.Name = "go" })
	settings := other(func(r *experiment.Result) { r.Config = []byte(`{"learner":"other"}`) })
	bad := other(func(r *experiment.Result) { r.Tests = nil })[:2]
	got := Studies(slices.Concat(first[:3], few, settings[:2], backend, first[3:], bad, settings[2:]))
	var sizes []int
	for i, set := range got {
		sizes = append(sizes, len(set))
		if _, err := MainTable(set); (err == nil) != (len(set[0].Tests) > 0) {
			t.Errorf("set %d: %v", i, err)
		}
	}
	if want := oneByOne(slices.Concat(first[:3], settings[:2], first[3:], bad, settings[2:])); !reflect.DeepEqual(got[:len(want)], want) {
		t.Errorf("sets of %d results, want those of one after the other", sizes)
	}
	if rest := got[len(got)-2:]; !reflect.DeepEqual(rest, [][]experiment.Result{few, backend}) {
		t.Errorf("sets of %d results, want those of another protocol and another backend last", sizes)
	}
}

// oneByOne puts each result into the first set whose table takes it.
func oneByOne(results []experiment.Result) (sets [][]experiment.Result) {
	for _, r := range results {
		at := slices.IndexFunc(sets, func(set []experiment.Result) bool {
			_, err := MainTable(append(slices.Clip(set), r))
			return err == nil
		})
		if at < 0 {
			sets = append(sets, []experiment.Result{r})
			continue
		}
		sets[at] = append(sets[at], r)
	}
	return sets
}

func TestStudiesOfAWholeTableTakeNoMinutes(t *testing.T) {
	var results []experiment.Result
	for _, name := range elevenNames(0) {
		for seed := 1; seed <= 120; seed++ {
			r := shots("maple", 16, seed, 70)
			r.Dataset = name
			results = append(results, r)
		}
	}
	start := time.Now()
	if sets := Studies(results); len(sets) != 1 || len(sets[0]) != len(results) || time.Since(start) > 20*time.Second {
		t.Errorf("%d sets of %d results after %v, want one within seconds", len(sets), len(results), time.Since(start))
	}
}
