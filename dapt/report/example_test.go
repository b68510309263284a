package report_test

import (
	"fmt"

	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/report"
)

// result is what an experiment leaves behind, as far as a table needs it.
func result(method string, seed int, base, novel float64) experiment.Result {
	return experiment.Result{
		Protocol: "base_to_novel", Dataset: "Mini", Method: method, Seed: seed, Shots: 16,
		Tests: []experiment.Test{{Name: "base", Accuracy: base}, {Name: "novel", Accuracy: novel}},
	}
}

func ExampleHarmonicTable() {
	table, err := report.HarmonicTable([]experiment.Result{
		result("zero-shot", 1, 62, 63), result("maple", 1, 70, 60), result("maple", 2, 72, 62),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(table.Text(80))
	// Output:
	// Mini, base-to-novel: accuracy, 16 shots
	//
	// method      seeds   base           novel          HM
	// zero-shot   1       62.00          63.00          62.50
	// maple       1 2     71.00 ± 1.00   61.00 ± 1.00   65.62 ± 1.01
}

func ExampleHTML() {
	page, err := report.HTML([]experiment.Result{result("maple", 1, 70, 60)}, report.Options{Title: "My report"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%.15s\n", page)
	// Output: <!DOCTYPE html>
}
