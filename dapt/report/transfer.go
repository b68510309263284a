package report

import (
	"fmt"
	"slices"
	"strings"

	"gonum.org/v1/gonum/stat"

	"github.com/dapt-go/dapt-go/dapt/experiment"
)

// TransferTable is the table of cross-dataset transfer or of domain generalisation: a row for each method, with the accuracy
// on the source, on each target, and the mean over the targets. Errors are those of [HarmonicTable].
func TransferTable(results []experiment.Result) (Table, error) {
	protocol := crossDataset
	if protocolOf(results) == generalizes {
		protocol = generalizes
	}
	return tableOf(results, protocol, (*study).accuracyTable)
}

// transferColumns are the source, the targets, and their mean.
func (s *study) transferColumns() []column {
	columns := []column{testColumn("source", "Test images of "+strings.Join(s.datasets, ", ")+", which was tuned on.")}
	names := s.names(targets)
	for _, target := range names {
		columns = append(columns, testColumn(target, ""))
	}
	return append(columns, column{
		Column{average, fmt.Sprintf("Mean of the %d targets.", len(names))},
		func(r experiment.Result) (float64, bool) {
			var values []float64
			for _, target := range names {
				value, ok := accuracy(r, target)
				if !ok {
					return 0, false
				}
				values = append(values, value)
			}
			return stat.Mean(values, nil), true
		},
	})
}

// targets are the tests of a run that are not of its source.
func targets(r experiment.Result) []string {
	return slices.DeleteFunc(measured(r)[:len(r.Tests)], func(test string) bool { return test == "source" || strings.HasPrefix(test, "source_") })
}
