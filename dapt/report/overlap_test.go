package report

import (
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/experiment"
)

func TestOverlapIsTheShareOfTheSmallerSelection(t *testing.T) {
	tables := must(t, OverlapTables, efficient())
	if len(tables) != 2 {
		t.Fatalf("OverlapTables = %d tables, want one for 10%% and one for 50%%", len(tables))
	}
	want := []string{
		`Mini, data-efficient: picks in common at 10%, 16 shots

selection   seeds   random          craig
random      1 2     100.00 ± 0.00   25.00 ± 25.00
craig       1 2     25.00 ± 25.00   100.00 ± 0.00
`,
		`Mini, data-efficient: picks in common at 50%, 16 shots

selection   seeds   random          craig
random      1 2     100.00 ± 0.00   75.00 ± 25.00
craig       1 2     75.00 ± 25.00   100.00 ± 0.00
`,
	}
	for i, table := range tables {
		if got := table.Text(0); got != want[i] {
			t.Errorf("Text(0) =\n%s\nwant\n%s", got, want[i])
		}
	}
	if notes := strings.Join(tables[0].Notes, "\n"); !strings.Contains(notes, "Two uniform draws of these sizes would have 10.0 percent in common") {
		t.Errorf("notes = %q, want what chance would give", notes)
	}
	uneven := []experiment.Result{kept("maple", 1, 60, "craig", 0.1, 0, 1), kept("maple", 1, 60, "random", 0.1, 1, 2, 3, 4)}
	table := must(t, OverlapTables, uneven)[0]
	if got := table.Rows[0].Cells[1].Mean; got != 50 {
		t.Errorf("overlap of 2 and 4 images with 1 in common = %v, want 50", got)
	}
	if notes := strings.Join(table.Notes, "\n"); !strings.Contains(notes, "20.0 percent in common") { // 2 * 4 / 20 of 2
		t.Errorf("notes = %q, want a chance of 20.0 percent", notes)
	}
}

func TestOverlapComparesNoOtherDraws(t *testing.T) {
	results := []experiment.Result{
		kept("maple", 1, 60, "craig", 0.1, 0, 1), kept("maple", 2, 60, "random", 0.1, 0, 1), // other seeds
		kept("coop", 1, 60, "craig", 0.1, 0, 1), kept("coop", 1, 60, "random", 0.1, 0, 2), // other scores
	}
	want := `
selection   method   seeds   craig    random
craig       maple    1       100.00   –
craig       coop     1       100.00   50.00
random      maple    2       –        100.00
random      coop     1       50.00    100.00
`
	if got := must(t, OverlapTables, results)[0].Text(0); !strings.HasSuffix(got, "\n"+want) {
		t.Errorf("Text(0) =\n%s\nwant it to end with\n%s", got, want)
	}
	all := []experiment.Result{kept("maple", 1, 60, "craig", 1, 0, 1), kept("maple", 1, 60, "random", 1, 0, 1)}
	if got := must(t, OverlapTables, all); len(got) != 0 {
		t.Errorf("OverlapTables of all images = %d tables, want none", len(got))
	}
	if got := must(t, OverlapTables, results[:1]); len(got) != 0 {
		t.Errorf("OverlapTables of one method = %d tables, want none", len(got))
	}
}

func TestOverlapMapsAreDarkerForMoreInCommon(t *testing.T) {
	results := append(efficient(), kept("maple", 1, 60, evil, 0.1, 0, 10), kept("maple", 2, 60, evil, 0.1, 3, 13))
	figures := must(t, OverlapMaps, results)
	if len(figures) != 2 || figures[0].Title != "picks in common at 10%, percent" {
		t.Fatalf("%d figures, the first %q; want 2, the first at 10%%", len(figures), figures[0].Title)
	}
	svg := figures[0].SVG
	for _, want := range []string{
		`fill="var(--series-0,#0B62A4)" fill-opacity="0.500"`, `fill-opacity="0.125"`, ">25</text>",
		`aria-label="picks in common at 10%, percent: least 25 of random and craig, most 100 of random and &lt;script&gt;`,
	} {
		if !strings.Contains(svg, want) {
			t.Errorf("figure lacks %q", want)
		}
	}
	if strings.Contains(svg, "<script") {
		t.Error("figure holds a name that is not escaped")
	}
}
