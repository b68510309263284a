package report

import (
	"fmt"
	"slices"

	"github.com/dapt-go/dapt-go/dapt/experiment"
)

// MainTable is the accuracy table of the results' protocol. It is an error if they may not stand in one.
func MainTable(results []experiment.Result) (Table, error) {
	switch protocolOf(results) {
	case fewShot:
		return FewShotTable(results)
	case dataEfficient:
		return DataEfficientTable(results)
	case crossDataset, generalizes:
		return TransferTable(results)
	}
	return HarmonicTable(results)
}

// Studies puts each result into the first set whose table takes it. Sets come in the order of their first results, after those
// of the same protocol and backbone, on the same backend.
func Studies(results []experiment.Result) [][]experiment.Result {
	var keys []string
	alike := map[string][]experiment.Result{} // what any table keeps apart is in different lists
	for _, r := range results {
		key := fmt.Sprint(kind(r), "|", r.Backbone, "|", r.Backend.Name)
		keys = appendNew(keys, key)
		alike[key] = append(alike[key], r)
	}
	var sets [][]experiment.Result
	for _, key := range keys {
		sets = append(sets, place(nil, alike[key])...)
	}
	return sets
}

// place puts each result into the first set that takes it. A set that takes all takes each, so that all are tried at once.
func place(sets [][]experiment.Result, results []experiment.Result) [][]experiment.Result {
	takes := func(set []experiment.Result) bool {
		_, err := MainTable(slices.Concat(set, results))
		return err == nil
	}
	switch count := len(results); {
	case count > 1 && len(sets) > 0 && takes(sets[0]):
		sets[0] = append(sets[0], results...)
		return sets
	case count > 1 && (len(sets) > 0 || !takes(nil)):
		return place(place(sets, results[:count/2]), results[count/2:])
	}
	at := slices.IndexFunc(sets, takes)
	if at < 0 {
		return append(sets, slices.Clip(results))
	}
	sets[at] = append(sets[at], results...)
	return sets
}

// Tables are all tables of the results' protocol, of which main, from the first, are worth a terminal.
func Tables(results []experiment.Result) (tables []Table, main int, err error) {
	if protocolOf(results) == dataEfficient {
		return ratioTables(results)
	}
	table, err := MainTable(results)
	if err != nil {
		return nil, 0, err
	}
	tables = []Table{table}
	if slices.ContainsFunc(results, func(r experiment.Result) bool { return len(r.Focus) > 0 }) {
		focus, err := FocusTable(results)
		if err != nil {
			return nil, 0, err
		}
		tables = append(tables, focus)
	}
	return tables, len(tables), nil
}

// ratioTables are accuracy and gain on all classes, then all others.
func ratioTables(results []experiment.Result) (tables []Table, main int, err error) {
	accuracy, err := DataEfficientTables(results)
	if err != nil {
		return nil, 0, err
	}
	gains, err := GainTables(results)
	if err != nil {
		return nil, 0, err
	}
	overlaps, err := OverlapTables(results)
	if err != nil {
		return nil, 0, err
	}
	main = 1 + min(1, len(gains))
	return slices.Concat(accuracy[:1], gains, accuracy[1:], overlaps), main, nil
}

// Figures are those that stand beside the tables of the results' protocol.
func Figures(results []experiment.Result) ([]Figure, error) {
	switch protocolOf(results) {
	case fewShot:
		return ShotCurves(results)
	case dataEfficient:
		curves, err := RatioCurves(results)
		if err != nil {
			return nil, err
		}
		maps, err := OverlapMaps(results)
		return slices.Concat(curves, maps), err
	}
	return Curves(results)
}

// protocolOf is the kind of the first result; "" without one.
func protocolOf(results []experiment.Result) string {
	if len(results) == 0 {
		return ""
	}
	return kind(results[0])
}
