package report

import (
	"encoding/csv"
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/dapt-go/dapt-go/dapt/experiment"
)

func near(a, b float64) bool { return math.Abs(a-b) < 5e-5 }

// cell finds a number by the data set (or "average"), the method and the column.
func cell(t *testing.T, table Table, dataset, method, column string) Stat {
	t.Helper()
	for _, row := range table.Rows {
		for i, c := range table.Columns {
			if row.Dataset == dataset && row.Method == method && c.Name == column {
				return row.Cells[i]
			}
		}
	}
	t.Fatalf("table has no %s, %s, %s", dataset, method, column)
	return Stat{}
}

func TestHarmonicMeanIsThePublishedOne(t *testing.T) {
	// The average row of MaPLe's table: 82.28 and 75.14 give 78.55.
	if got := harmonic(82.28, 75.14); math.Abs(got-78.55) > 0.005 {
		t.Errorf("harmonic(82.28, 75.14) = %v, want 78.55", got)
	}
	if got := harmonic(0, 75.14); got != 0 {
		t.Errorf("harmonic(0, 75.14) = %v, want 0", got)
	}
}

func TestMeansOverSeeds(t *testing.T) {
	table, err := HarmonicTable(small())
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		method, column string
		mean, std      float64 // by hand
		text           string
	}{
		{"zero-shot", "base", 62, 0, "62.00"},
		{"zero-shot", "HM", 62.496, 0, "62.50"},
		{"maple", "base", 70, 8.16497, "70.00 ± 8.16"},
		{"maple", "novel", 50, 0, "50.00 ± 0.00"},
		{"maple", "HM", 58.33333, 2.85816, "58.33 ± 2.86"}, // not 58.14, the mean of 54.55, 58.33 and 61.54
		{"maple", "base shift", 35, 4.08248, "35.00 ± 4.08"},
		{"maple", "focus base", 32, 0.81650, "32.00 ± 0.82"},
	} {
		got := cell(t, table, "Mini", test.method, test.column)
		if !near(got.Mean, test.mean) || !near(got.Std, test.std) || got.String() != test.text {
			t.Errorf("%s, %s = %v ± %v, %q; want %v ± %v, %q", test.method, test.column, got.Mean, got.Std, got, test.mean, test.std, test.text)
		}
	}
	if want := []int{1, 2, 3}; !reflect.DeepEqual(table.Rows[1].Seeds, want) {
		t.Errorf("seeds = %v, want %v", table.Rows[1].Seeds, want)
	}
}

func TestBothHarmonicMeansOfSeveralDataSets(t *testing.T) {
	table, err := HarmonicTable([]experiment.Result{run("A", "maple", 1, 80, 60), run("B", "maple", 1, 40, 20), zeroShot("A", 50, 50)})
	if err != nil {
		t.Fatal(err)
	}
	for column, want := range map[string]float64{"base": 60, "novel": 40, "HM": 48, "mean of HMs": 47.61905, "base shift": 30} {
		if got := cell(t, table, average, "maple", column); !near(got.Mean, want) {
			t.Errorf("average %s = %v, want %v", column, got.Mean, want)
		}
	}
	if got := cell(t, table, "A", "maple", "mean of HMs").String(); got != "–" {
		t.Errorf("mean of HMs of one data set = %q, want –", got)
	}
	if notes := strings.Join(table.Notes, "\n"); !strings.Contains(notes, "No average, for want of some data set or seed: zero-shot.") {
		t.Errorf("notes = %q, want that zero-shot has no average", notes)
	}
}

func TestDeviationOfAnAverageIsOverSeeds(t *testing.T) {
	table, err := HarmonicTable([]experiment.Result{
		run("A", "maple", 1, 80, 60), run("A", "maple", 2, 60, 60), run("B", "maple", 1, 40, 20), run("B", "maple", 2, 50, 20),
	})
	if err != nil {
		t.Fatal(err)
	}
	got := cell(t, table, average, "maple", "base")
	if want := []float64{60, 55}; !reflect.DeepEqual(got.Values, want) || !near(got.Mean, 57.5) || !near(got.Std, 2.5) {
		t.Errorf("average base = %+v, want values %v, mean 57.5, deviation 2.5", got, want)
	}
	// By seed: HM(60, 40) = 48 and HM(55, 40) = 46.31579.
	if got := cell(t, table, average, "maple", "HM"); !near(got.Mean, 47.17949) || !near(got.Std, 0.84211) {
		t.Errorf("average HM = %v ± %v, want 47.17949 ± 0.84211", got.Mean, got.Std)
	}
	// Data sets: HM(70, 60) = 64.61538 and HM(45, 20) = 27.69231; by seed 47.61905 and 44.28571.
	if got := cell(t, table, average, "maple", "mean of HMs"); !near(got.Mean, 46.15385) || !near(got.Std, 1.66667) {
		t.Errorf("average mean of HMs = %v ± %v, want 46.15385 ± 1.66667", got.Mean, got.Std)
	}
}

func TestFewShotTableHasARowForEachNumberOfShots(t *testing.T) {
	var results []experiment.Result
	for _, shots := range []int{16, 1} {
		r := run("Mini", "maple", 1, 40+float64(shots), 0)
		r.Protocol, r.Shots, r.Tests = "few_shot", shots, r.Tests[:1]
		r.Tests[0].Name = "all"
		results = append(results, r)
	}
	table, err := FewShotTable(results)
	if err != nil {
		t.Fatal(err)
	}
	want := `Mini, few-shot: accuracy, 1, 16 shots

method   shots   seeds   all     focus base
maple    1       1       41.00   31.00
maple    16      1       56.00   31.00
`
	if got := table.Text(0); got != want {
		t.Errorf("Text(0) = %q, want %q", got, want)
	}
}

func TestFocusTable(t *testing.T) {
	table, err := FocusTable(small())
	if err != nil {
		t.Fatal(err)
	}
	for column, want := range map[string]string{
		"base before": "30.00 ± 0.00", "base after": "32.00 ± 0.82", "base gain": "2.00 ± 0.82", "base chance": "20.00 ± 0.00",
	} {
		if got := cell(t, table, "Mini", "maple", column).String(); got != want {
			t.Errorf("%s = %q, want %q", column, got, want)
		}
	}
	r := run("Mini", "maple", 1, 1, 1)
	r.Focus = nil
	if _, err := FocusTable([]experiment.Result{r}); err == nil {
		t.Error("FocusTable without a measurement = no error, want one")
	}
}

const smallText = `Mini, base-to-novel: accuracy, 16 shots

method      seeds   base           novel          HM             base shift
zero-shot   1       62.00          63.00          62.50          31.00
maple       1 2 3   70.00 ± 8.16   50.00 ± 0.00   58.33 ± 2.86   35.00 ± 4.08

method      seeds   focus base
zero-shot   1       30.00
maple       1 2 3   32.00 ± 0.82
`

func TestTextFitsTheTerminal(t *testing.T) {
	table, err := HarmonicTable(small())
	if err != nil {
		t.Fatal(err)
	}
	if got := table.Text(80); got != smallText {
		t.Errorf("Text(80) =\n%s\nwant\n%s", got, smallText)
	}
	for width := 34; width < 120; width++ {
		for line := range strings.Lines(table.Text(width)) {
			if n := utf8.RuneCountInString(strings.TrimRight(line, "\n")); n > width && !strings.HasPrefix(line, "Mini") {
				t.Fatalf("Text(%d) has a line of %d characters: %q", width, n, line)
			}
		}
	}
}

func TestMarkdownEscapesNames(t *testing.T) {
	table, err := HarmonicTable([]experiment.Result{run("Mini", "a|b<c>", 1, 60, 50)})
	if err != nil {
		t.Fatal(err)
	}
	got := table.Markdown()
	for _, want := range []string{
		"**Mini, base-to-novel: accuracy, 16 shots**\n\n| method | seeds | base | novel | HM | base shift | focus base |\n",
		"| :-- | :-- | --: | --: | --: | --: | --: |\n",
		`| a\|b&lt;c> | 1 | 60.00 | 50.00 | 54.55 | 30.00 | 31.00 |` + "\n\n- Percent;",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("Markdown() = %q, want %q in it", got, want)
		}
	}
}

func TestCSVKeepsFullPrecision(t *testing.T) {
	table, err := HarmonicTable(small())
	if err != nil {
		t.Fatal(err)
	}
	table.Rows[0].Cells[3] = Stat{}
	records, err := csv.NewReader(strings.NewReader(table.CSV())).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"dataset", "method", "shots", "seeds", "base_mean", "base_std", "novel_mean", "novel_std", "HM_mean", "HM_std"}
	if got := records[0][:10]; !reflect.DeepEqual(got, want) {
		t.Errorf("header = %v, want %v", got, want)
	}
	if got, want := records[1][:12], []string{"Mini", "zero-shot", "0", "1", "62", "0", "63", "0", full(cell(t, table, "Mini", "zero-shot", "HM").Mean), "0", "", ""}; !reflect.DeepEqual(got, want) {
		t.Errorf("line 1 = %v, want %v", got, want)
	}
	if got, want := records[2][5], full(cell(t, table, "Mini", "maple", "base").Std); got != want || len(got) < 15 {
		t.Errorf("deviation = %s, want %s, all its digits", got, want)
	}
}

func TestJSONReadsBackEqual(t *testing.T) {
	table, err := HarmonicTable(small())
	if err != nil {
		t.Fatal(err)
	}
	text, err := table.JSON()
	if err != nil {
		t.Fatal(err)
	}
	var got Table
	if err := json.Unmarshal([]byte(text), &got); err != nil {
		t.Fatal(err)
	}
	if !reflect.DeepEqual(got, table) {
		t.Errorf("read back = %+v, want %+v", got, table)
	}
	table.Rows[0].Cells[0].Mean = math.NaN()
	if _, err := table.JSON(); err == nil {
		t.Error("JSON of NaN = no error, want one")
	}
}

func TestAListIsTheSameInEveryForm(t *testing.T) {
	l := List{
		Caption: "Guesses", Labels: 1, Notes: []string{"1 < 2"},
		Lines: [][]string{{"image", "class", "share"}, {"a|b.png", "cat", "97 %"}, {"c.png", "<dog>", "3 %"}},
	}
	if got, want := l.Text(0), "Guesses\n\nimage     class   share\na|b.png   cat     97 %\nc.png     <dog>   3 %\n"; got != want {
		t.Errorf("Text = %q, want %q", got, want)
	}
	if got, want := l.Plain(0), l.Text(0)+"\nnote: 1 < 2\n"; got != want {
		t.Errorf("Plain = %q, want %q", got, want)
	}
	if got, want := l.Markdown(), "**Guesses**\n\n| image | class | share |\n| :-- | --: | --: |\n| a\\|b.png | cat | 97 % |\n| c.png | &lt;dog> | 3 % |\n\n- 1 &lt; 2\n"; got != want {
		t.Errorf("Markdown = %q, want %q", got, want)
	}
	html := l.HTML()
	for _, want := range []string{"<caption>Guesses</caption>", `<th scope="col">share</th>`, `<th scope="row">a|b.png</th><td>cat</td><td>97 %</td>`, "<td>&lt;dog&gt;</td>", "<li>1 &lt; 2</li>"} {
		if !strings.Contains(html, want) {
			t.Errorf("HTML = %s, want %s in it", html, want)
		}
	}
	if strings.Count(html, "<tr>") != 3 || strings.Count(html, "<tbody>") != 1 || strings.Count(html, "</tbody>") != 1 {
		t.Errorf("HTML = %s, want one body and three rows", html)
	}
}
