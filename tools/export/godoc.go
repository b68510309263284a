package main

import (
	"go/doc/comment"
	"regexp"
	"slices"
	"strings"
)

// goComment returns Markdown as a Go comment in the form that gofmt gives to doc comments; empty for no Markdown.
//
// In that form, indented lines are a list if the first one begins like a list, and code if not. Code stays as it is, lists
// are not nested, and indented blocks run together. So simple lists among paragraphs become lists, and other lists code.
func goComment(markdown string) string {
	all, links := splitLinks(blocks(markdown))
	for i := range all {
		if all[i].kind == paragraphBlock && changedByGofmt(all, i) {
			all[i].kind = verbatimBlock
		}
	}
	for i := range all { // when it is known what is indented
		if all[i].kind == listBlock && !isGoList(all, i) {
			all[i].kind = verbatimBlock
		}
	}
	var text strings.Builder
	isIndented := func(b block) bool { return b.kind.indented() }
	if len(all) > 0 && !slices.ContainsFunc(all, func(b block) bool { return !isIndented(b) }) {
		text.WriteString("As in the notebook:\n") // else gofmt would take away the indentation
	}
	for _, b := range all {
		if b.kind != listBlock || !b.tight {
			text.WriteString("\n")
		}
		text.WriteString(strings.Join(b.goLines(), "\n") + "\n")
	}
	text.WriteString("\n" + strings.Join(links, "\n"))
	return markLines(docText(text.String()))
}

// splitLinks takes out the paragraphs that define links, [text]: URL, which Go has at the end of a comment.
func splitLinks(all []block) (others []block, links []string) {
	var parser comment.Parser
	for _, b := range all {
		doc := parser.Parse(strings.Join(b.lines, "\n"))
		if b.kind == paragraphBlock && len(doc.Content) == 0 {
			links = append(links, b.lines...)
		} else {
			others = append(others, b)
		}
	}
	return others, links
}

// docText returns the text of a comment as gofmt writes it.
func docText(text string) string {
	var parser comment.Parser
	var printer comment.Printer
	return string(printer.Comment(parser.Parse(text)))
}

// changedByGofmt tells whether gofmt would write a paragraph in another way: it turns two single quotes into one mark, and
// a short line without punctuation into a heading.
func changedByGofmt(all []block, i int) bool {
	text := strings.Join(all[i].goLines(), "\n")
	before, after := "", ""
	if i > 0 {
		before = "Before.\n\n"
	}
	if i+1 < len(all) && !all[i+1].kind.indented() {
		after = "\nAfter.\n"
	}
	whole := before + text + "\n" + after
	return docText(whole) != whole
}

// isGoList tells whether a list can be one of Go: not beside another indented block, with items of one kind and level,
// and without the quotes and definitions of links that gofmt changes.
func isGoList(all []block, i int) bool {
	if i > 0 && all[i-1].kind.indented() || i+1 < len(all) && all[i+1].kind.indented() {
		return false
	}
	first := listMarker.FindStringSubmatch(all[i].lines[0])
	return !slices.ContainsFunc(all[i].lines, func(line string) bool {
		marker := listMarker.FindStringSubmatch(line)
		return moved.MatchString(line) || marker != nil && (marker[1] != first[1] || isNumber(marker[2]) != isNumber(first[2]))
	})
}

// moved finds what gofmt may change in the text of a list.
var moved = regexp.MustCompile("``|''|\\]:")

// isNumber tells the marker of a numbered item from a bullet.
func isNumber(marker string) bool { return len(marker) > 1 }

// goLines returns the lines of a block as a part of a comment.
func (b block) goLines() []string {
	switch {
	case b.kind == listBlock:
		return listLines(b.lines)
	case b.kind == verbatimBlock && listMarker.MatchString(b.lines[0]):
		return listAsCode(b.lines)
	case b.kind == verbatimBlock:
		return codeLines(b.lines)
	}
	var lines []string
	for _, line := range b.lines {
		lines = append(lines, strings.TrimSpace(line))
	}
	return lines
}

// listLines writes a list as gofmt does.
func listLines(block []string) []string {
	var lines []string
	for _, line := range block {
		if marker := listMarker.FindStringSubmatch(line); marker != nil {
			lines = append(lines, "  "+marker[2]+" "+marker[3])
		} else {
			lines = append(lines, "    "+strings.TrimSpace(line))
		}
	}
	return lines
}

// listAsCode writes a list with its own indentation, with other bullets so that Go does not see a list.
func listAsCode(block []string) []string {
	var lines []string
	for _, line := range block {
		marker := listMarker.FindStringSubmatch(line)
		switch {
		case marker == nil:
		case isNumber(marker[2]):
			line = marker[1] + "(" + marker[2][:len(marker[2])-1] + ") " + marker[3]
		default:
			line = marker[1] + "– " + marker[3]
		}
		lines = append(lines, "\t"+line)
	}
	return lines
}

// codeLines indents a block by a tab. Fences are left out, as the indentation says the same, unless there is nothing
// between them or what begins like a list.
func codeLines(block []string) []string {
	inner := block
	if fence.MatchString(block[0]) {
		inner = block[1:]
		if n := len(inner); n > 0 && fence.MatchString(inner[n-1]) {
			inner = inner[:n-1]
		}
		first := slices.IndexFunc(inner, func(line string) bool { return line != "" })
		if first < 0 || listMarker.MatchString(inner[first]) {
			inner = block
		}
	}
	var lines []string
	for _, line := range inner {
		lines = append(lines, "\t"+line)
	}
	return lines
}

// markLines puts the comment marker before each line.
func markLines(text string) string {
	var marked strings.Builder
	for line := range strings.Lines(text) {
		switch {
		case line == "\n":
			marked.WriteString("//\n")
		case strings.HasPrefix(line, "\t"):
			marked.WriteString("//" + line)
		default:
			marked.WriteString("// " + line)
		}
	}
	return marked.String()
}
