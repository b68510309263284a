package report

import (
	"encoding/json"
	"fmt"
	"reflect"
	"regexp"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/report/chart"
)

// all is run with the tests all and all_shift instead.
func all(protocol, method string, seed int, accuracy float64) experiment.Result {
	r := run("Mini", method, seed, 0, 0)
	r.Protocol = protocol
	classes := []string{"one", "two"}
	r.Tests = []experiment.Test{
		{Name: "all", Images: 40, Accuracy: accuracy, Classes: classes},
		{Name: "all_shift", Images: 40, Accuracy: accuracy / 2, Classes: classes},
	}
	r.Focus[0].Name = "all"
	if method == "zero-shot" {
		r.Shots, r.Epochs = 0, nil
	}
	return r
}

// kept is a run on a part of 20 images.
func kept(method string, seed int, accuracy float64, selection string, ratio float64, picks ...int) experiment.Result {
	r := all("data_efficient", method, seed, accuracy)
	r.Selection = &experiment.Selection{Method: selection, Ratio: ratio, Pool: fmt.Sprintf("draw %d", seed), Images: 20, Kept: picks}
	return r
}

// from lists ten numbers.
func from(first int) []int {
	list := make([]int, 10)
	for i := range list {
		list[i] = first + i
	}
	return list
}

// efficient is two selections at two ratios, with two methods and seeds.
func efficient() []experiment.Result {
	return []experiment.Result{
		all("data_efficient", "zero-shot", 1, 50),
		kept("maple", 1, 60, "random", 0.1, 0, 10), kept("maple", 2, 62, "random", 0.1, 3, 13),
		kept("maple", 1, 70, "random", 0.5, from(0)...), kept("maple", 2, 74, "random", 0.5, from(0)...),
		kept("maple", 1, 66, "craig", 0.1, 0, 11), kept("maple", 2, 68, "craig", 0.1, 4, 14),
		kept("maple", 1, 75, "craig", 0.5, from(5)...), kept("maple", 2, 77, "craig", 0.5, from(0)...),
		kept("maple", 1, 80, "full", 1), kept("maple", 2, 82, "full", 1),
		kept("maple+dapt-s", 1, 63, "random", 0.1, 0, 10), kept("maple+dapt-s", 2, 67, "random", 0.1, 3, 13),
		kept("maple+dapt-s", 1, 73, "random", 0.5, from(0)...), kept("maple+dapt-s", 2, 75, "random", 0.5, from(0)...),
		kept("maple+dapt-s", 1, 70, "craig", 0.1, 0, 11), kept("maple+dapt-s", 2, 70, "craig", 0.1, 4, 14),
		kept("maple+dapt-s", 1, 78, "craig", 0.5, from(5)...), kept("maple+dapt-s", 2, 78, "craig", 0.5, from(0)...),
		kept("maple+dapt-s", 1, 84, "full", 1), kept("maple+dapt-s", 2, 86, "full", 1),
	}
}

// must returns what a report function made of results it takes.
func must[T any](t *testing.T, report func([]experiment.Result) (T, error), results []experiment.Result) T {
	t.Helper()
	made, err := report(results)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func TestRatiosAreColumnsAndSelectionsRows(t *testing.T) {
	want := `Mini, data-efficient: accuracy on all by share of images kept, 16 shots

selection   method         seeds   0%      10%            50%            100%
            zero-shot      1       50.00   –              –              –
full        maple          1 2     –       –              –              81.00 ± 1.00
full        maple+dapt-s   1 2     –       –              –              85.00 ± 1.00
random      maple          1 2     –       61.00 ± 1.00   72.00 ± 2.00   –
random      maple+dapt-s   1 2     –       65.00 ± 2.00   74.00 ± 1.00   –
craig       maple          1 2     –       67.00 ± 1.00   76.00 ± 1.00   –
craig       maple+dapt-s   1 2     –       70.00 ± 0.00   78.00 ± 0.00   –
`
	table := must(t, DataEfficientTable, efficient())
	if got := table.Text(0); got != want {
		t.Errorf("Text(0) =\n%s\nwant\n%s", got, want)
	}
	csv := "dataset,selection,method,shots,seeds,0%_mean,0%_std,10%_mean,10%_std,50%_mean,50%_std,100%_mean,100%_std\n" +
		"Mini,,zero-shot,0,1,50,0,,,,,,\n"
	if got := table.CSV(); !strings.HasPrefix(got, csv) {
		t.Errorf("CSV() = %q, want it to begin with %q", got, csv)
	}
	text, err := table.JSON()
	var back Table
	if err != nil || json.Unmarshal([]byte(text), &back) != nil || !reflect.DeepEqual(back, table) {
		t.Errorf("table read back from JSON = %+v, %v; want %+v", back, err, table)
	}
}

func TestEveryTestAndListHasARatioTable(t *testing.T) {
	var captions []string
	tables := must(t, DataEfficientTables, efficient())
	for _, table := range tables {
		captions = append(captions, strings.Split(table.Caption, ": ")[1])
	}
	want := "accuracy on all by share of images kept, 16 shots|accuracy on all shift by share of images kept, 16 shots|" +
		"Grad-CAM energy inside the true mask, all by share of images kept, 16 shots"
	if got := strings.Join(captions, "|"); got != want {
		t.Errorf("tables = %s, want %s", got, want)
	}
	if got := tables[1].Rows[5].Cells[1].String(); got != "33.50 ± 0.50" {
		t.Errorf("craig at 10%% on all shift = %s, want 33.50 ± 0.50", got)
	}
}

func TestGainIsPairedBySeed(t *testing.T) {
	want := `Mini, data-efficient: gain in accuracy on all by share of images kept, 16 shots

selection   method         seeds   10%           50%           100%
full        maple+dapt-s   1 2     –             –             4.00 ± 0.00
random      maple+dapt-s   1 2     4.00 ± 1.00   2.00 ± 1.00   –
craig       maple+dapt-s   1 2     3.00 ± 1.00   2.00 ± 1.00   –
`
	if got := must(t, GainTables, efficient())[0].Text(0); got != want {
		t.Errorf("Text(0) =\n%s\nwant\n%s", got, want)
	}
	unpaired := append(efficient()[:9], kept("maple+dapt-s", 1, 63, "random", 0.1, 0, 10), kept("maple+dapt-s", 3, 99, "random", 0.1, 1, 2))
	if got := must(t, GainTables, unpaired); len(got) != 0 {
		t.Errorf("GainTables without a plain run of seed 3 = %d tables, want none", len(got))
	}
	if got := must(t, GainTables, efficient()[:9]); len(got) != 0 {
		t.Errorf("GainTables without DAPT = %d tables, want none", len(got))
	}
}

func TestARatioThatLacksASeedIsNotAveraged(t *testing.T) {
	table := must(t, DataEfficientTable, efficient()[1:4])
	if got, want := table.Rows[0].Seeds, []int{1, 2}; !reflect.DeepEqual(got, want) {
		t.Errorf("seeds = %v, want %v", got, want)
	}
	for i, want := range []string{"61.00 ± 1.00", "–"} {
		if got := table.Rows[0].Cells[i].String(); got != want {
			t.Errorf("cell %d = %s, want %s", i, got, want)
		}
	}
}

func TestRatioTablesHaveAveragesOverDataSets(t *testing.T) {
	results := []experiment.Result{kept("maple", 1, 60, "craig", 0.1, 1), kept("maple", 1, 70, "craig", 0.1, 1), kept("maple", 1, 80, "full", 1)}
	results[1].Dataset = "Other"
	table := must(t, DataEfficientTable, results)
	if got := cell(t, table, average, "maple", "10%"); got.Mean != 65 {
		t.Errorf("average at 10%% = %v, want 65", got)
	}
	if notes := strings.Join(table.Notes, "\n"); !strings.Contains(notes, "No average, for want of some data set or seed: maple, full.") {
		t.Errorf("notes = %q, want that full has no average", notes)
	}
}

func TestGainsOfSeveralDataSetsMissNoPlainLearner(t *testing.T) {
	results := []experiment.Result{
		kept("maple", 1, 60, "craig", 0.1, 1), kept("maple+dapt-s", 1, 64, "craig", 0.1, 1),
		kept("maple", 1, 70, "craig", 0.1, 1), kept("maple+dapt-s", 1, 72, "craig", 0.1, 1),
	}
	results[2].Dataset, results[3].Dataset = "Other", "Other"
	table := must(t, GainTables, results)[0]
	if got := cell(t, table, average, "maple+dapt-s", "10%"); got.Mean != 3 {
		t.Errorf("average gain = %v, want 3", got)
	}
	if notes := strings.Join(table.Notes, "\n"); strings.Contains(notes, "No average") {
		t.Errorf("notes = %q, want none on plain learners, which have no gain", notes)
	}
}

func TestSelectionsThatDoNotBelongTogetherAreRefused(t *testing.T) {
	last := len(efficient()) - 3 // maple+dapt-s on craig 50%, seed 2
	tests := map[string]struct {
		change func(*experiment.Result)
		want   string
	}{
		"another draw": {
			func(r *experiment.Result) { r.Selection.Pool = "other" },
			"Mini maple with 16 shots and seed 2 on random 10% and Mini maple+dapt-s with 16 shots and seed 2 on craig 50% differ in the hash of the draw (draw 2 and other)",
		},
		"other picks than the plain learner's": {
			func(r *experiment.Result) { r.Selection.Kept = append(from(0)[:9], 19) },
			"Mini maple with 16 shots and seed 2 on craig 50% and Mini maple+dapt-s with 16 shots and seed 2 on craig 50% differ in the images they kept (9 and 19)",
		},
		"other images":      {func(r *experiment.Result) { r.SplitHash = "other" }, "differ in the hash of their images (Mini-2 and other)"},
		"other test images": {func(r *experiment.Result) { r.Tests[0].Images = 41 }, `differ in test "all": images (40 and 41)`},
		"other settings": {
			func(r *experiment.Result) {
				r.Config = json.RawMessage(`{"learner":"maple+dapt-s","train":{"Rate":1}}`)
			},
			`differ in settings ("Rate": 0.0035 and "Rate": 1)`,
		},
		"a run twice":        {func(r *experiment.Result) { r.Seed, r.SplitHash, r.Selection = 1, "Mini-1", efficient()[17].Selection }, "seed 1 on craig 50% is there twice"},
		"no selection":       {func(r *experiment.Result) { r.Selection = nil }, "was tuned, but does not say on which images"},
		"no method":          {func(r *experiment.Result) { r.Selection.Method = "" }, `kept a share of 0.5 by method ""`},
		"a share over 1":     {func(r *experiment.Result) { r.Selection.Ratio = 10 }, "kept a share of 10 by"},
		"nothing kept":       {func(r *experiment.Result) { r.Selection.Kept = nil }, "kept no images"},
		"an image twice":     {func(r *experiment.Result) { r.Selection.Kept = []int{3, 4, 3} }, "kept 3 images from 3 to 4, want different ones from 0 to 19"},
		"an unknown image":   {func(r *experiment.Result) { r.Selection.Kept = []int{20} }, "kept 1 images from 20 to 20, want different ones from 0 to 19"},
		"no test of classes": {func(r *experiment.Result) { r.Tests = r.Tests[1:] }, `has no test "all"`},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			results := efficient()
			test.change(&results[last])
			_, err := DataEfficientTable(results)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("DataEfficientTable = error %v, want one with %q", err, test.want)
			}
		})
	}
}

func TestSelectionsMayDifferInTheirImages(t *testing.T) {
	results := efficient()
	for i := range results {
		if results[i].Selection != nil {
			results[i].SplitHash = fmt.Sprint(results[i].Selection.Kept, results[i].Seed)
		}
	}
	other := kept("coop", 1, 60, "craig", 0.1, 7, 8) // its own scores, its own picks
	must(t, DataEfficientTable, append(results, other))
}

func TestRatioCurvesShareTheirVerticalAxis(t *testing.T) {
	figures := must(t, RatioCurves, efficient())
	var titles []string
	for _, f := range figures[:4] {
		titles = append(titles, f.Title)
	}
	want := "random, accuracy on all, percent|craig, accuracy on all, percent|random, accuracy on all shift, percent|craig, accuracy on all shift, percent"
	if got := strings.Join(titles, "|"); got != want || len(figures) != 6 {
		t.Errorf("%d figures, the first %s; want 6, the first %s", len(figures), got, want)
	}
	if label := `aria-label="random, accuracy on all, percent over 10, 50 percent of the images: maple from 61 to 72; maple, all images at 81; ` +
		`maple+dapt-s from 65 to 74; maple+dapt-s, all images at 85"`; !strings.Contains(figures[0].SVG, label) {
		t.Errorf("figure = %.600s, want %s in it", figures[0].SVG, label)
	}
	numbers := regexp.MustCompile(`>\d+</text>`)
	if a, b := numbers.FindAllString(figures[0].SVG, -1), numbers.FindAllString(figures[1].SVG, -1); !reflect.DeepEqual(a, b) {
		t.Errorf("ticks of two selections = %v and %v, want the same", a, b)
	}
	s, err := newStudy(efficient())
	if err != nil {
		t.Fatal(err)
	}
	charts := []chart.Chart{s.ratioChart("Mini", "random", s.measures()[0]), s.ratioChart("Mini", "craig", s.measures()[0])}
	chart.Align(charts)
	if line := charts[1].Curves[0].Points; line[0].X != 10 || line[1].X != 50 || line[1].Mean != 76 {
		t.Errorf("maple on craig = %+v, want 67 at 10 and 76 at 50 percent", line)
	}
	for _, c := range charts {
		if c.Low != 60 || c.High != 86 {
			t.Errorf("vertical axis of %s = [%v, %v], want [60, 86]", c.Title, c.Low, c.High)
		}
	}
}

func TestEpochsOfSelectionsHaveFiguresOfTheirOwn(t *testing.T) {
	figures := must(t, Curves, efficient())
	if len(figures) != 15 || figures[3].Title != "random 10%, validation accuracy, percent" {
		t.Errorf("%d figures, the fourth %q; want 15, the fourth of random 10%%", len(figures), figures[3].Title)
	}
	if label := `aria-label="random 10%, loss: cls over 3 epochs: maple from 2 to 1; maple+dapt-s from 2 to 1"`; !strings.Contains(figures[5].SVG, label) {
		t.Errorf("figure = %.300s, want %s in it", figures[5].SVG, label)
	}
}
