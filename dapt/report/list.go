package report

import (
	"fmt"
	"strings"
	"text/tabwriter"
	"unicode/utf8"
)

// List is a table of texts.
type List struct {
	Caption string
	Labels  int        // columns, from the first, that name the row
	Lines   [][]string // the header first; all of one length
	Notes   []string   // how to read it, and what to mind
}

// Text is the list for a terminal, without its notes. Columns that do not fit into width characters follow below in
// further blocks, each with the rows' names; a width of 0 means one block.
func (l List) Text(width int) string {
	var out strings.Builder
	out.WriteString(l.Caption + "\n")
	for from := l.Labels; from < len(l.Lines[0]); {
		to := from + 1
		for to < len(l.Lines[0]) && (width <= 0 || l.blockWidth(from, to+1) <= width) {
			to++
		}
		out.WriteString("\n")
		w := tabwriter.NewWriter(&out, 0, 0, gap, ' ', 0)
		for _, line := range l.Lines {
			shown := append(append([]string{}, line[:l.Labels]...), line[from:to]...)
			fmt.Fprintln(w, strings.Join(shown, "\t"))
		}
		w.Flush() // a strings.Builder takes everything
		from = to
	}
	return out.String()
}

// Plain is Text with the notes below.
func (l List) Plain(width int) string {
	text := l.Text(width)
	if len(l.Notes) > 0 {
		text += "\nnote: " + strings.Join(l.Notes, "\nnote: ") + "\n"
	}
	return text
}

const gap = 3 // spaces between columns

// blockWidth is the width of a block of the label columns and those in [from, to).
func (l List) blockWidth(from, to int) int {
	width := -gap
	for i := range to {
		if i >= l.Labels && i < from {
			continue
		}
		widest := 0
		for _, line := range l.Lines {
			widest = max(widest, utf8.RuneCountInString(line[i]))
		}
		width += widest + gap
	}
	return width
}

// Markdown is the list and its notes.
func (l List) Markdown() string {
	escape := strings.NewReplacer("|", `\|`, "\n", " ", "<", "&lt;")
	var out strings.Builder
	fmt.Fprintf(&out, "**%s**\n\n", escape.Replace(l.Caption))
	for i, line := range l.Lines {
		cells := make([]string, len(line))
		for j, text := range line {
			cells[j] = escape.Replace(text)
		}
		fmt.Fprintf(&out, "| %s |\n", strings.Join(cells, " | "))
		if i == 0 {
			out.WriteString("|" + strings.Repeat(" :-- |", l.Labels) + strings.Repeat(" --: |", len(line)-l.Labels) + "\n")
		}
	}
	out.WriteString("\n")
	for _, note := range l.Notes {
		fmt.Fprintf(&out, "- %s\n", escape.Replace(note))
	}
	return out.String()
}

// HTML is the list and its notes as a fragment, for a notebook.
func (l List) HTML() string { return render("texts", l) }
