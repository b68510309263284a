// Package report turns results into tables and figures: text, Markdown, CSV, JSON, SVG, and one HTML file that needs
// nothing beside it. It prints nothing, writes no file, and returns the same bytes for the same results.
//
// Runs are averaged over seeds only if they measured the same thing: see [HarmonicTable].
package report

import (
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"

	"github.com/dapt-go/dapt-go/dapt/experiment"
)

// Protocols that have tables.
const (
	baseToNovel   = "base_to_novel"
	fewShot       = "few_shot"
	dataEfficient = "data_efficient"
	crossDataset  = "cross_dataset"
	generalizes   = "domain_generalization"
	linearProbe   = "linear_probe" // few-shot, too, of other draws: see kind
)

// testsOf are the tests that a run of each protocol must have.
var testsOf = map[string][]string{
	baseToNovel: {"base", "novel"}, fewShot: {"all"}, dataEfficient: {"all"}, crossDataset: {"source"}, generalizes: {"source"},
}

// group is the runs to average: those of one method on one data set, by ascending seed.
type group struct {
	dataset string
	variant
	runs []experiment.Result
}

// study is results that may be averaged and set side by side.
type study struct {
	datasets []string  // in the order of their first results
	variants []variant // by selection and method, each in the order of its first results, then by ascending shots and ratio
	groups   []group   // by data set, then variant
	notes    []string  // what a reader should know about them
}

// newStudy sorts results and refuses those that do not belong together.
func newStudy(results []experiment.Result) (*study, error) {
	if len(results) == 0 {
		return nil, errors.New("report: no results; run an experiment first")
	}
	s := &study{notes: differences(results)}
	var methods []string
	selections := []string{"", everything}
	for _, r := range results {
		v := variantOf(r)
		s.datasets = appendNew(s.datasets, r.Dataset)
		methods = appendNew(methods, v.method)
		selections = appendNew(selections, v.selection)
		s.variants = appendNew(s.variants, v)
	}
	slices.SortStableFunc(s.variants, func(a, b variant) int {
		return cmp.Or(
			slices.Index(selections, a.selection)-slices.Index(selections, b.selection),
			slices.Index(methods, a.method)-slices.Index(methods, b.method), a.shots-b.shots, cmp.Compare(a.ratio, b.ratio))
	})
	for _, dataset := range s.datasets {
		for _, v := range s.variants {
			g := group{dataset: dataset, variant: v}
			for _, r := range results {
				if r.Dataset == dataset && variantOf(r) == v {
					g.runs = append(g.runs, r)
				}
			}
			slices.SortStableFunc(g.runs, func(a, b experiment.Result) int { return a.Seed - b.Seed })
			if len(g.runs) > 0 {
				s.groups = append(s.groups, g)
			}
		}
	}
	return s, s.check(results)
}

// runs are those of all groups.
func (s *study) runs() []experiment.Result {
	var runs []experiment.Result
	for _, g := range s.groups {
		runs = append(runs, g.runs...)
	}
	return runs
}

// studyOf is a study of results that must be of one protocol.
func studyOf(results []experiment.Result, protocol string) (*study, error) {
	s, err := newStudy(results)
	if err == nil && s.protocol() != protocol {
		err = fmt.Errorf("report: results are of protocol %q, want %s", s.protocol(), protocol)
	}
	return s, err
}

func (s *study) protocol() string { return kind(s.groups[0].runs[0]) }

// label names the variant, with its shots where there may be others of its method.
func (s *study) label(v variant) string {
	parts := []string{v.method}
	if v.selection != "" {
		parts = append(parts, v.picks())
	}
	for _, other := range s.variants {
		if other.method == v.method && other.shots != v.shots {
			parts = append(parts, fmt.Sprintf("%d shots", v.shots))
			break
		}
	}
	return strings.Join(parts, ", ")
}

// title joins parts that are not empty, after the data set where there are several.
func (s *study) title(dataset string, parts ...string) string {
	if len(s.datasets) > 1 {
		parts = append([]string{dataset}, parts...)
	}
	return strings.Join(slices.DeleteFunc(parts, func(part string) bool { return part == "" }), ", ")
}

// style is the place in series of a variant's method and shots, the same for all selections.
func (s *study) style(v variant) int {
	var tunings []variant
	for _, other := range s.variants {
		tunings = appendNew(tunings, other.tuning())
	}
	return slices.Index(tunings, v.tuning())
}

func appendNew[T comparable](list []T, value T) []T {
	if slices.Contains(list, value) {
		return list
	}
	return append(list, value)
}

// differences are worth a note, but do not forbid an average.
func differences(results []experiment.Result) []string {
	var backends, codes, notes, protocols []string
	for _, r := range results {
		protocols = appendNew(protocols, r.Protocol)
		backends = appendNew(backends, backendText(r.Backend))
		codes = appendNew(codes, r.Code)
		if note := taughtNote(r); note != "" {
			notes = appendNew(notes, note)
		}
	}
	if len(protocols) > 1 && slices.Contains(protocols, linearProbe) {
		notes = append(notes, probeNote)
	}
	if len(backends) > 1 {
		notes = append(notes, "Computed by different backends, so that last digits may differ: "+strings.Join(backends, "; ")+".")
	}
	if len(codes) > 1 {
		notes = append(notes, "Computed by different versions of the code: "+strings.Join(codes, "; ")+".")
	}
	return notes
}

func backendText(b experiment.Backend) string {
	parts := []string{b.Name}
	if b.Plugin != "" {
		parts = append(parts, "plugin "+b.Plugin)
	}
	if b.PJRT != "" {
		parts = append(parts, "PJRT "+b.PJRT)
	}
	return strings.Join(append(parts, fmt.Sprintf("%d cores", b.Cores)), ", ")
}

// name says which run r is, in errors.
func name(r experiment.Result) string {
	text := fmt.Sprintf("%s %s with %d shots and seed %d", r.Dataset, r.Method, r.Shots, r.Seed)
	if r.Selection != nil {
		text += " on " + variantOf(r).picks()
	}
	return text
}

// mismatch is the error for two runs that do not belong together.
func mismatch(a, b experiment.Result, what string, inA, inB any) error {
	return fmt.Errorf("report: %s and %s differ in %s (%v and %v); report them apart", name(a), name(b), what, inA, inB)
}

// check returns the first reason not to report the results together.
func (s *study) check(results []experiment.Result) error {
	first := results[0]
	for _, r := range results {
		if kind(r) != kind(first) {
			return mismatch(first, r, "protocol", first.Protocol, r.Protocol)
		}
		if err := errors.Join(checkNumbers(r), checkSelection(r)); err != nil {
			return err
		}
		if r.Backbone != first.Backbone {
			return mismatch(first, r, "backbone", first.Backbone, r.Backbone)
		}
		if r.Backend.Name != first.Backend.Name {
			return mismatch(first, r, "backend", first.Backend.Name, r.Backend.Name)
		}
	}
	for i, a := range results {
		for _, b := range results[i+1:] {
			if a.Dataset != b.Dataset {
				continue
			}
			if err := sameData(a, b); err != nil {
				return err
			}
		}
	}
	return s.checkGroups()
}

// checkNumbers looks for the tests that the run's protocol has, and at the numbers.
func checkNumbers(r experiment.Result) error {
	wanted, known := testsOf[kind(r)]
	if !known {
		return fmt.Errorf("report: %s is of protocol %q, want one of %s", name(r), r.Protocol, strings.Join(slices.Sorted(maps.Keys(testsOf)), ", "))
	}
	for _, wanted := range wanted {
		if _, ok := accuracy(r, wanted); !ok {
			return fmt.Errorf("report: %s has no test %q", name(r), wanted)
		}
	}
	for _, t := range r.Tests {
		if math.IsNaN(t.Accuracy) || t.Accuracy < 0 || t.Accuracy > 100 {
			return fmt.Errorf("report: %s, test %q: accuracy is %v, want percent", name(r), t.Name, t.Accuracy)
		}
	}
	for _, f := range r.Focus {
		if sum := f.Before + f.After + f.Chance; math.IsNaN(sum) || math.IsInf(sum, 0) {
			return fmt.Errorf("report: %s, focus %q is %v, %v and %v, want percent", name(r), f.Name, f.Before, f.After, f.Chance)
		}
	}
	return nil
}

// sameData tells why two runs on one data set cannot stand in one table.
func sameData(a, b experiment.Result) error {
	if a.DataHash != b.DataHash && a.DataHash != "" && b.DataHash != "" { // older results have none
		return mismatch(a, b, "the hash of the data set's lists", a.DataHash, b.DataHash)
	}
	if err := sameTraining(a, b); err != nil {
		return err
	}
	for _, t := range a.Tests {
		at := slices.IndexFunc(b.Tests, func(u experiment.Test) bool { return u.Name == t.Name })
		if at < 0 {
			continue
		}
		u := b.Tests[at]
		switch what := fmt.Sprintf("test %q: ", t.Name); {
		case len(t.Classes) != len(u.Classes):
			return mismatch(a, b, what+"classes", len(t.Classes), len(u.Classes))
		case t.Images != u.Images:
			return mismatch(a, b, what+"images", t.Images, u.Images)
		case !slices.Equal(t.Classes, u.Classes):
			return mismatch(a, b, what+"class names", t.Classes, u.Classes)
		}
	}
	return nil
}

// checkGroups tells why the runs of a method cannot be averaged.
func (s *study) checkGroups() error {
	for _, g := range s.groups {
		first := g.runs[0]
		for i, r := range g.runs[1:] {
			if a, b := settings(first), settings(r); a != b {
				inA, inB := divergence(a, b)
				return mismatch(first, r, "settings", inA, inB)
			}
			if before := g.runs[i]; before.Seed == r.Seed {
				return fmt.Errorf("report: %s is there twice, by %s and %s; report them apart", name(r), backendText(before.Backend), backendText(r.Backend))
			}
			if a, b := measured(first), measured(r); !slices.Equal(a, b) {
				return mismatch(first, r, "what was measured", a, b)
			}
		}
	}
	return nil
}

// measured lists what a run measured.
func measured(r experiment.Result) []string {
	var names []string
	for _, t := range r.Tests {
		names = append(names, t.Name)
	}
	for _, f := range r.Focus {
		names = append(names, "focus "+f.Name)
	}
	return names
}

// settings is a run's configuration without seeds, as indented JSON with sorted keys.
func settings(r experiment.Result) string {
	var config any
	if json.Unmarshal(r.Config, &config) != nil {
		return string(r.Config) // not JSON: shown and compared as it is
	}
	text, err := json.MarshalIndent(withoutSeeds(config), "", "  ")
	if err != nil {
		return string(r.Config)
	}
	return string(text)
}

func withoutSeeds(value any) any {
	switch v := value.(type) {
	case map[string]any:
		for key := range v {
			if strings.EqualFold(key, "seed") {
				delete(v, key)
				continue
			}
			v[key] = withoutSeeds(v[key])
		}
	case []any:
		for i := range v {
			v[i] = withoutSeeds(v[i])
		}
	}
	return value
}

// divergence returns the first lines in which two texts differ.
func divergence(a, b string) (inA, inB string) {
	linesA, linesB := strings.Split(a, "\n"), strings.Split(b, "\n")
	i := 0
	for i < min(len(linesA), len(linesB))-1 && linesA[i] == linesB[i] {
		i++
	}
	return strings.Trim(linesA[i], " ,"), strings.Trim(linesB[i], " ,")
}
