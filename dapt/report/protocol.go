package report

import (
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
