package main

import (
	"regexp"
	"strings"
	"unicode"
)

// blockKind is what a block of Markdown is.
type blockKind int

const (
	paragraphBlock blockKind = iota
	headingBlock
	listBlock
	verbatimBlock // code, a table or a formula, whose lines must stay as they are
)

// indented tells whether blocks of a kind are indented in a comment.
func (k blockKind) indented() bool { return k == listBlock || k == verbatimBlock }

// block is some lines of Markdown that belong together.
type block struct {
	kind  blockKind
	lines []string // without blank lines around them
	tight bool     // no blank line stands before it
}

var (
	fence      = regexp.MustCompile("^ *(```+|~~~+)")
	listMarker = regexp.MustCompile(`^([ \t]*)([-*+]|[0-9]+[.)])[ \t]+(.*)$`)
	plusBuild  = regexp.MustCompile(`^(\s*)\+build\b`) // gofmt would make a build constraint of it
	indentCode = regexp.MustCompile(`^(    |\t)`)
)

// blocks splits Markdown into its blocks.
func blocks(markdown string) []block {
	lines := strings.Split(strings.Map(printable, markdown), "\n")
	for i, line := range lines {
		lines[i] = plusBuild.ReplaceAllString(strings.TrimRightFunc(line, unicode.IsSpace), `$1\+build`)
	}
	var all []block
	blank := true
	for len(lines) > 0 {
		if lines[0] == "" {
			lines, blank = lines[1:], true
			continue
		}
		kind, length := nextBlock(lines)
		all = append(all, block{kind, lines[:length], !blank})
		lines, blank = lines[length:], false
	}
	return all
}

// printable maps what a Go comment cannot hold to a space or to nothing.
func printable(r rune) rune {
	switch {
	case r == '\uFEFF':
		return -1
	case unicode.IsControl(r) && r != '\n' && r != '\t':
		return ' '
	}
	return r
}

// nextBlock returns the kind of the block that lines begin with, and how many of them it has.
func nextBlock(lines []string) (kind blockKind, length int) {
	first := strings.TrimSpace(lines[0])
	switch {
	case fence.MatchString(lines[0]):
		return verbatimBlock, fencedLength(lines)
	case strings.HasPrefix(first, "$$") && !strings.Contains(first[2:], "$$"):
		return verbatimBlock, until(lines, func(line string) bool { return strings.Contains(line, "$$") })
	case strings.HasPrefix(first, "|"):
		return verbatimBlock, while(lines, func(line string) bool { return strings.HasPrefix(strings.TrimSpace(line), "|") })
	case indentCode.MatchString(lines[0]):
		return verbatimBlock, while(lines, indentCode.MatchString)
	case atxHeading.MatchString(lines[0]):
		return headingBlock, 1
	case listMarker.MatchString(lines[0]):
		return listBlock, listLength(lines)
	}
	return paragraphBlock, while(lines, func(line string) bool { return line != "" && !interrupts(line) })
}

// interrupts tells whether a line begins a block although it follows a line of text. A number begins a list there only
// if it is 1, so that a sentence may be broken before a number.
func interrupts(line string) bool {
	if marker := listMarker.FindStringSubmatch(line); marker != nil {
		return !isNumber(marker[2]) || marker[2] == "1." || marker[2] == "1)"
	}
	text := strings.TrimSpace(line)
	return fence.MatchString(line) || atxHeading.MatchString(line) || strings.HasPrefix(text, "|") || strings.HasPrefix(text, "$$")
}

// while returns how many lines hold a condition, the first one in any case.
func while(lines []string, holds func(string) bool) int {
	n := 1
	for n < len(lines) && holds(lines[n]) {
		n++
	}
	return n
}

// until returns how many lines there are up to the second that holds a condition; all if there is none.
func until(lines []string, holds func(string) bool) int {
	n := while(lines, func(line string) bool { return !holds(line) })
	return min(n+1, len(lines))
}

// fencedLength returns how many lines a fenced block has, with its fences.
func fencedLength(lines []string) int {
	mark := fence.FindStringSubmatch(lines[0])[1]
	return until(lines, func(line string) bool {
		line = strings.TrimSpace(line)
		return strings.HasPrefix(line, mark) && strings.Trim(line, mark[:1]) == ""
	})
}

// listLength returns how many lines a list has: it goes on over blank lines if an item or an indented line follows.
func listLength(lines []string) int {
	length := 1
	for i := 1; i < len(lines); i++ {
		line := lines[i]
		item := listMarker.MatchString(line)
		indented := strings.HasPrefix(line, " ") || strings.HasPrefix(line, "\t")
		switch {
		case line == "":
			continue
		case fence.MatchString(line), atxHeading.MatchString(line), !item && interrupts(line):
			return length
		case lines[i-1] == "" && !item && !indented:
			return length
		}
		length = i + 1
	}
	return length
}
