package report

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/experiment"
)

// transfers are two seeds of a method and zero-shot, tuned on source, on all targets of the paper.
func transfers(protocol, source string) []experiment.Result {
	targets := elevenNames(1)
	if protocol == generalizes {
		targets = []string{"ImageNetV2", "ImageNetSketch", "ImageNetA", "ImageNetR"}
	}
	of := func(method string, seed int, accuracy float64) experiment.Result {
		r := all(protocol, method, seed, accuracy)
		r.Dataset, r.Shots, r.Backbone = source, 16, "ViT-B/16 1234"
		r.Tests = r.Tests[:1]
		r.Tests[0].Name, r.Focus = "source", nil
		for i, target := range targets {
			r.Tests = append(r.Tests, experiment.Test{Name: target, Images: 10, Accuracy: accuracy - float64(i), Classes: []string{"a", "b"}})
		}
		return r
	}
	return []experiment.Result{of("zero-shot", 1, 66), of("maple", 1, 70), of("maple", 2, 72)}
}

func TestTargetsAreColumnsThatEndWithTheirMean(t *testing.T) {
	table := must(t, TransferTable, transfers(generalizes, "ImageNet"))
	for column, want := range map[string]string{
		"source": "71.00 ± 1.00", "ImageNetV2": "71.00 ± 1.00", "ImageNetR": "68.00 ± 1.00", "average": "69.50 ± 1.00",
	} {
		if got := cell(t, table, "ImageNet", "maple", column).String(); got != want {
			t.Errorf("maple on %s is %s, want %s", column, got, want)
		}
	}
	named := transfers(generalizes, "ImageNet")
	for i := range named {
		named[i].Tests[1].Name = "sources"
	}
	if got := cell(t, must(t, TransferTable, named), "ImageNet", "maple", "average").String(); got != "69.50 ± 1.00" {
		t.Errorf("with a target called sources the average is %s, want 69.50 ± 1.00", got)
	}
	if got := table.Columns[len(table.Columns)-1].Name; got != "average" {
		t.Errorf("the last column is %s, want the average of the targets", got)
	}
	if main := must(t, MainTable, transfers(crossDataset, "ImageNet")); !strings.Contains(main.Caption, "ImageNet, cross-dataset") {
		t.Errorf("caption %q", main.Caption)
	}
}

func TestTransferStandsBesideThePublishedNumbers(t *testing.T) {
	for protocol, want := range map[string][]string{
		crossDataset: {"ImageNet | maple | source | 71.00 ± 1.00 | 70.72 | +0.28", "ImageNet | maple | average | 66.50 ± 1.00 | 66.30 | +0.20", "ImageNet | maple | Caltech101 |"},
		generalizes:  {"ImageNet | zero-shot | ImageNetV2 | 66.00 | 60.83 | +5.17", "ImageNet | zero-shot | average | 64.50 | 57.18 | +7.32"},
	} {
		text := must(t, PublishedTable, transfers(protocol, "ImageNet")).Markdown()
		for _, line := range want {
			if !strings.Contains(text, line) {
				t.Errorf("%s: %s, want %q in it", protocol, text, line)
			}
		}
	}
	fewer := transfers(crossDataset, "ImageNet")
	for i := range fewer {
		fewer[i].Tests = fewer[i].Tests[:5]
	}
	if text := must(t, PublishedTable, fewer).Markdown(); strings.Contains(text, "average |") || !strings.Contains(text, "| Caltech101 |") {
		t.Errorf("with four targets: %s, want no average", text)
	}
}

func TestRunsOfOtherListsAreRefused(t *testing.T) {
	for name, change := range map[string]func(*experiment.Result){
		"the hash of the data set's lists (old and new)": func(r *experiment.Result) { r.DataHash = "new" },
		`test "base": classes (2 and 3)`:                 func(r *experiment.Result) { r.Tests[0].Classes = []string{"a", "b", "c"} },
	} {
		results := small()
		for i := range results {
			results[i].DataHash = "old"
			results[i].Config = json.RawMessage(fmt.Sprintf(`{"learner":%q}`, results[i].Method))
		}
		change(&results[2])
		_, err := HarmonicTable(results)
		if err == nil || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "Mini maple") {
			t.Errorf("error is %v, want one that says %q and names the runs", err, name)
		}
	}
}
