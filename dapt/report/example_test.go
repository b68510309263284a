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

// onAll is a result of a test on all classes.
func onAll(protocol, method string, shots int, accuracy float64) experiment.Result {
	return experiment.Result{
		Protocol: protocol, Dataset: "Mini", Method: method, Seed: 1, Shots: shots,
		Tests: []experiment.Test{{Name: "all", Accuracy: accuracy}},
	}
}

func ExampleShotCurves() {
	figures, err := report.ShotCurves([]experiment.Result{
		onAll("few_shot", "zero-shot", 0, 62), onAll("few_shot", "maple", 1, 65), onAll("few_shot", "maple", 16, 78),
	})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(figures[0].Title)
	// Output: accuracy on all, percent
}

func ExampleDataEfficientTable() {
	craig, full := onAll("data_efficient", "maple", 16, 70), onAll("data_efficient", "maple", 16, 78)
	craig.Selection = &experiment.Selection{Method: "craig", Ratio: 0.1, Images: 20, Kept: []int{3, 17}}
	full.Selection = &experiment.Selection{Method: "full", Ratio: 1, Images: 20}
	table, err := report.DataEfficientTable([]experiment.Result{craig, full})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(table.Text(80))
	// Output:
	// Mini, data-efficient: accuracy on all by share of images kept, 16 shots
	//
	// selection   method   seeds   10%     100%
	// full        maple    1       –       78.00
	// craig       maple    1       70.00   –
}
