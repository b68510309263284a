package main

import (
	"fmt"
	"go/token"
	"go/types"
	"regexp"
	"strings"
)

// names are the names that are taken.
type names map[string]bool

// next returns a free name for the function of a cell, made from a heading, and takes it.
func (n names) next(heading string, cell int) string {
	base := functionName(heading)
	if base == "" {
		base = fmt.Sprintf("cell%d", cell)
	}
	name := base
	for i := 2; n[name] || token.IsKeyword(name) || types.Universe.Lookup(name) != nil; i++ {
		name = fmt.Sprintf("%s%d", base, i)
	}
	n[name] = true
	return name
}

var (
	linkTarget = regexp.MustCompile(`\]\([^)]*\)`)
	apostrophe = strings.NewReplacer("'", "", "’", "")
	notWord    = regexp.MustCompile(`[^A-Za-z0-9]+`)
	atxHeading = regexp.MustCompile(`^ {0,3}#{1,6}[ \t]+(.*?)[ \t]*#*[ \t]*$`)
)

// functionName turns a heading into a name: "The three views" into theThreeViews. It is empty if no word of the heading
// begins with an ASCII letter.
func functionName(heading string) string {
	heading = apostrophe.Replace(linkTarget.ReplaceAllString(heading, "]"))
	var name strings.Builder
	for _, word := range notWord.Split(heading, -1) {
		switch {
		case name.Len() == 0:
			name.WriteString(strings.ToLower(strings.TrimLeft(word, "0123456789")))
		case word != "":
			name.WriteString(strings.ToUpper(word[:1]) + word[1:])
		}
	}
	return name.String()
}

// lastHeading returns the text of the last heading of some Markdown; empty if there is none.
func lastHeading(markdown string) string {
	last := ""
	for _, b := range blocks(markdown) {
		if b.kind != headingBlock {
			continue
		}
		if match := atxHeading.FindStringSubmatch(b.lines[0]); match != nil {
			last = match[1]
		}
	}
	return last
}
