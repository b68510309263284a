package report

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/experiment"
)

// studied are results of base-to-novel and of 4 shots, on 12 classes a test. What a method adds to the accuracy of every class
// comes after noise that all methods of a seed have in common, and noise of its own.
func studied(methods map[string]float64) []experiment.Result {
	var results []experiment.Result
	for _, protocol := range []string{"base_to_novel", "few_shot"} {
		tests := map[string][]string{"base_to_novel": {"base", "novel", "base_shift"}, "few_shot": {"all", "all_shift"}}[protocol]
		for _, method := range slices.Sorted(maps.Keys(methods)) {
			for seed := 1; seed <= 3; seed++ {
				r := run("Mini", method, seed, 50, 50)
				r.Protocol, r.Focus, r.Tests = protocol, nil, nil
				if protocol == "few_shot" {
					r.Shots, r.SplitHash = 4, fmt.Sprint("few-", seed)
				}
				for _, name := range tests {
					r.Tests = append(r.Tests, tested(method, name, seed, methods[method]))
				}
				results = append(results, r)
			}
		}
	}
	return append(results, zeroTested())
}

func tested(method, name string, seed int, gain float64) experiment.Test {
	common := rand.New(rand.NewPCG(uint64(seed), uint64(len(name))))
	own := rand.New(rand.NewPCG(uint64(seed*100+len(method)), uint64(len(name))))
	t := experiment.Test{Name: name, Images: 480}
	for class := range 12 {
		accuracy := 50 + 5*common.NormFloat64() + own.NormFloat64() + gain
		t.Classes, t.PerClass = append(t.Classes, fmt.Sprint("class ", class)), append(t.PerClass, accuracy)
		t.Accuracy += accuracy / 12
	}
	return t
}

func zeroTested() experiment.Result {
	r := zeroShot("Mini", 50, 50)
	r.Protocol, r.Focus, r.Tests = "few_shot", nil, []experiment.Test{tested("zero-shot", "all", 1, 0), tested("zero-shot", "all_shift", 1, 0)}
	return r
}

func newLearners(t *testing.T) *Learners {
	t.Helper()
	l, err := NewLearners(studied(map[string]float64{"coop": 0, "coop+dapt-s": 6, "coop+dapt-g": 0, "maple": 3, "maple+dapt-s": -3, "kgcoop": 1}))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestLearnersStandBesideWhatDAPTAdds(t *testing.T) {
	table := newLearners(t).Table()
	want := []string{"learner", "base", "base +S", "base +G", "novel", "novel +S", "novel +G", "HM", "HM +S", "HM +G", "4-shot natural", "4-shot natural +S", "4-shot natural +G", "4-shot shift", "4-shot shift +S", "4-shot shift +G"}
	if !slices.Equal(table.Lines[0], want) {
		t.Errorf("columns are %q, want %q", table.Lines[0], want)
	}
	cells := map[string][]string{}
	for _, line := range table.Lines[1:] {
		cells[line[0]] = line
	}
	for learner, starred := range map[string]bool{"coop": true, "maple": true, "kgcoop": false} {
		if got := strings.HasSuffix(cells[learner][2], " *"); got != starred {
			t.Errorf("DAPT-S adds %q to %s, want a star: %v", cells[learner][2], learner, starred)
		}
	}
	if got := cells["coop"][3]; strings.HasSuffix(got, "*") || got == "–" {
		t.Errorf("DAPT-G adds %q to coop, want noise without a star", got)
	}
	if got := cells["zero-shot"]; got[1] != "–" || got[10] == "–" || got[11] != "–" {
		t.Errorf("zero-shot's line is %q, want its 4-shot accuracy alone", got)
	}
	if got := cells["maple"][2]; !strings.HasPrefix(got, "-") {
		t.Errorf("DAPT-S adds %q to maple, want a loss", got)
	}
}

func TestDifferencesAreOfTheSameSeedAndClass(t *testing.T) {
	results := studied(map[string]float64{"coop": 0, "coop+dapt-s": 6})
	results = slices.DeleteFunc(results, func(r experiment.Result) bool { return r.Protocol == "few_shot" || r.Seed == 3 })
	set := func(r *experiment.Result, accuracies ...float64) {
		r.Tests = r.Tests[:2]
		for i := range r.Tests {
			r.Tests[i].Classes, r.Tests[i].PerClass = []string{"a", "b", "c"}, accuracies
			r.Tests[i].Accuracy = 50
		}
	}
	set(&results[0], 10, -1, 30)
	set(&results[1], 20, -1, 30)
	set(&results[2], 15, -1, 30)
	set(&results[3], 21, -1, 40)
	l, err := NewLearners(results)
	if err != nil {
		t.Fatal(err)
	}
	// Class a gains 5 and 1, class c 0 and 10; class b has no images. Two of four flips are as far from 0 as 4.
	if got, want := l.Comparisons().Lines[1], []string{"coop", "DAPT-S", "base", "+4.00", "+0.00 to +10.00", "0.5000", "1.0000", "3 / 1 / 0", ""}; !slices.Equal(got, want) {
		t.Errorf("line is %q, want %q", got, want)
	}
	if got := l.Table().Lines[1][2]; got != "+0.00" {
		t.Errorf("table has %q, want the difference of the accuracies", got)
	}
}

func TestLearnersThatCannotBeComparedAreErrors(t *testing.T) {
	for want, change := range map[string]func([]experiment.Result) []experiment.Result{
		"no results": func([]experiment.Result) []experiment.Result { return nil },
		"on one data set with one number of shots": func(r []experiment.Result) []experiment.Result {
			r[0].Shots = 8
			return r
		},
		"accuracies of 0 classes, want 12": func(r []experiment.Result) []experiment.Result {
			r[0].Tests[0].PerClass = nil
			return r
		},
		`of protocol "data_efficient"`: func(r []experiment.Result) []experiment.Result {
			r[0].Protocol = "data_efficient"
			return r
		},
	} {
		if _, err := NewLearners(change(studied(map[string]float64{"coop": 0, "coop+dapt-s": 6}))); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error is %v, want one with %q", err, want)
		}
	}
}

func TestFiguresOfLearnersShowWhatIsReal(t *testing.T) {
	l := newLearners(t)
	figures := l.Figures()
	var titles []string
	for _, f := range figures {
		titles = append(titles, f.Title)
	}
	if want := []string{"base: what DAPT adds", "novel: what DAPT adds", "4-shot natural: what DAPT adds", "4-shot shift: what DAPT adds"}; !slices.Equal(titles, want) {
		t.Fatalf("figures are %q, want %q", titles, want)
	}
	file := string(figures[0].File())
	if strings.Contains(file, "var(") || strings.Contains(file, "kgcoop") || !strings.Contains(file, ">maple<") || !strings.Contains(file, `fill="#fff"`) {
		t.Errorf("the file has colours of a page, a learner without DAPT, or lacks maple or a hollow mark:\n%s", file)
	}
	if page := string(l.HTML(Options{})); strings.Count(page, "<svg") != 4 || !strings.Contains(page, "DAPT against the learner alone") || !strings.Contains(page, "Mini, few-shot: accuracy, 4 shots") {
		t.Errorf("the page has %d figures, or lacks tables", strings.Count(page, "<svg"))
	}
	if markdown := l.Markdown([]string{"a.svg", "b.svg", "c.svg", "d.svg"}); !strings.Contains(markdown, "![novel: what DAPT adds](b.svg)") {
		t.Errorf("Markdown lacks a figure:\n%s", markdown)
	}
}
