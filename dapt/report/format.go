package report

import (
	"bytes"
	"cmp"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// String is the number as tables print it: "68.20 ± 2.50", without the deviation for a single seed, "–" if it was not
// measured.
func (s Stat) String() string {
	switch len(s.Values) {
	case 0:
		return "–"
	case 1:
		return fmt.Sprintf("%.2f", s.Mean)
	default:
		return fmt.Sprintf("%.2f ± %.2f", s.Mean, s.Std)
	}
}

// list returns the table as text.
func (t Table) list() List {
	header := t.labels("data set", "selection", "method", "shots", "seeds")
	l := List{Caption: t.Caption, Labels: len(header), Notes: t.Notes}
	for _, c := range t.Columns {
		header = append(header, c.Name)
	}
	l.Lines = append(l.Lines, header)
	for _, row := range t.Rows {
		line := t.labels(row.Dataset, row.Selection, row.Method, fmt.Sprint(row.Shots), row.seeds())
		for _, cell := range row.Cells {
			line = append(line, cell.String())
		}
		l.Lines = append(l.Lines, line)
	}
	return l
}

// labels leaves out the data set where there is only one, the selection and the method where there is none, and the shots
// where all that trains has the same. It takes as many texts as a row has labels.
func (t Table) labels(dataset, selection, method, shots, seeds string) []string {
	var labels []string
	if t.differ(func(r Row) any { return r.Dataset }) {
		labels = append(labels, dataset)
	}
	if t.selects() {
		labels = append(labels, selection)
	}
	if !t.selects() || slices.ContainsFunc(t.Rows, func(r Row) bool { return r.Method != "" }) {
		labels = append(labels, method)
	}
	if t.differ(func(r Row) any { return cmp.Or(r.Shots, t.shots()) }) {
		labels = append(labels, shots)
	}
	return append(labels, seeds)
}

// selects reports whether images were selected for some row.
func (t Table) selects() bool {
	return slices.ContainsFunc(t.Rows, func(r Row) bool { return r.Selection != "" })
}

// shots is the highest number of shots.
func (t Table) shots() int {
	most := 0
	for _, row := range t.Rows {
		most = max(most, row.Shots)
	}
	return most
}

// differ reports whether rows have different properties.
func (t Table) differ(property func(Row) any) bool {
	return slices.ContainsFunc(t.Rows, func(r Row) bool { return property(r) != property(t.Rows[0]) })
}

func (r Row) seeds() string { return strings.Trim(fmt.Sprint(r.Seeds), "[]") }

// Text is [List.Text] of the table.
func (t Table) Text(width int) string { return t.list().Text(width) }

// Plain is [List.Plain] of the table.
func (t Table) Plain(width int) string { return t.list().Plain(width) }

// Markdown is the table and its notes.
func (t Table) Markdown() string { return t.list().Markdown() }

// CSV is one line for each row, with the mean and the deviation of each column at full precision, empty where it was not
// measured.
func (t Table) CSV() string {
	var out bytes.Buffer
	w := csv.NewWriter(&out)
	header := []string{"dataset", "method", "shots", "seeds"}
	for _, c := range t.Columns {
		name := strings.ReplaceAll(c.Name, " ", "_")
		header = append(header, name+"_mean", name+"_std")
	}
	if t.selects() {
		header = slices.Insert(header, 1, "selection")
	}
	lines := [][]string{header}
	for _, row := range t.Rows {
		line := []string{row.Dataset, row.Method, fmt.Sprint(row.Shots), row.seeds()}
		if t.selects() {
			line = slices.Insert(line, 1, row.Selection)
		}
		for _, cell := range row.Cells {
			if cell.Values == nil {
				line = append(line, "", "")
				continue
			}
			line = append(line, full(cell.Mean), full(cell.Std))
		}
		lines = append(lines, line)
	}
	w.WriteAll(lines) // a bytes.Buffer takes everything
	return out.String()
}

func full(x float64) string { return strconv.FormatFloat(x, 'g', -1, 64) }

// JSON is the whole table, every seed's value included. A number that is not finite is an error.
func (t Table) JSON() (string, error) {
	text, err := json.MarshalIndent(t, "", "  ")
	if err != nil {
		return "", fmt.Errorf("report: encoding table %q: %w", t.Caption, err)
	}
	return string(text) + "\n", nil
}

// HTML is the table and its notes as a fragment, for a notebook.
func (t Table) HTML() string { return render("table", t) }
