package main

import (
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

// maxCellLines is how long a cell of code may be: what needs more belongs in a package, with a test.
const maxCellLines = 12

var (
	heading   = regexp.MustCompile(`^# \S`)
	link      = regexp.MustCompile(`\]\((?:<([^>]*)>|([^)\s]*))[^)]*\)`)
	picture   = regexp.MustCompile(`(?s)<img\b[^>]*>`)
	alternate = regexp.MustCompile(`(?s)\balt=("[^"]*[^"\s][^"]*"|'[^']*[^'\s][^']*')`)
	function  = regexp.MustCompile(`(?m)^func[ \t]`)
)

// personal are folders that only one machine or user has.
var personal = []place{{"a user", "/root"}, {"a user", "/home"}, {"a user", "/Users"}, {"a machine", "/tmp"}, {"a user", `C:\`}}

func TestNotebooksObeyTheRules(t *testing.T) {
	files, err := filepath.Glob("../../notebooks/*.ipynb")
	if err != nil || len(files) == 0 {
		t.Fatalf("there is no notebook in notebooks/ (%v)", err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		book, err := decode(data)
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, problem := range broken(book, filepath.Dir(file)) {
			t.Errorf("%s: %s", filepath.Base(file), problem)
		}
	}
}

// broken lists the rules that a notebook in a folder breaks.
func broken(book object, folder string) []string {
	var problems []string
	all := cells(book)
	if len(all) == 0 || all[0]["cell_type"] != "markdown" || !heading.MatchString(text(all[0]["source"])) {
		problems = append(problems, "it begins with no title; make the first cell Markdown and its first line `# ...`")
	}
	waiting := 0
	for i, cell := range all {
		var own []string
		switch cell["cell_type"] {
		case "markdown":
			own = brokenLinks(text(cell["source"]), folder)
		case "code":
			own = slices.Concat(brokenCode(cell), brokenOutputs(cell))
			if cell["execution_count"] == nil {
				waiting++
			}
		}
		walkStrings(cell, func(s string) {
			if p, excerpt := findPlace(s, personal); excerpt != "" {
				own = append(own, fmt.Sprintf("has a path of %s: %q", p.what, excerpt))
			}
		})
		for _, problem := range own {
			problems = append(problems, fmt.Sprintf("cell %d %s", i+1, problem))
		}
	}
	if waiting > 0 {
		problems = append(problems, fmt.Sprintf("%d cells were not executed; run `go run ./tools/notebook -execute notebooks`", waiting))
	}
	return problems
}

// brokenCode checks the source of a cell of code.
func brokenCode(cell object) []string {
	var problems []string
	source := text(cell["source"])
	if n := strings.Count(strings.TrimRight(source, "\n"), "\n") + 1; n > maxCellLines {
		problems = append(problems, fmt.Sprintf("has %d lines, the limit is %d; move what it does into a package", n, maxCellLines))
	}
	if function.MatchString(source) {
		problems = append(problems, "declares a function; move it into a package, with a test")
	}
	return problems
}

// brokenOutputs checks that pictures say in words what they show, and that there is no error.
func brokenOutputs(cell object) []string {
	var problems []string
	for _, output := range outputs(cell) {
		if output["output_type"] == "error" {
			problems = append(problems, fmt.Sprintf("ended with an error: %v", output["evalue"]))
		}
		data, _ := output["data"].(object)
		for _, tag := range picture.FindAllString(text(data["text/html"]), -1) {
			if !alternate.MatchString(tag) {
				problems = append(problems, fmt.Sprintf("shows a picture without alt text: %.60s", tag))
			}
		}
	}
	return problems
}

// brokenLinks lists the links to files that do not exist.
func brokenLinks(markdown, folder string) []string {
	var problems []string
	for _, match := range link.FindAllStringSubmatch(markdown, -1) {
		written := match[1] + match[2]
		target, err := url.Parse(written)
		if err != nil || written == "" {
			problems = append(problems, fmt.Sprintf("has a link to %q, which is none", written))
			continue
		}
		if target.Scheme != "" || target.Host != "" || target.Path == "" { // elsewhere, or in this notebook
			continue
		}
		if _, err := os.Stat(filepath.Join(folder, filepath.FromSlash(target.Path))); err != nil || strings.HasPrefix(target.Path, "/") {
			problems = append(problems, fmt.Sprintf("has a link to %s, which is no file beside it", written))
		}
	}
	return problems
}

func TestTheRulesTellRightFromWrong(t *testing.T) {
	folder := t.TempDir()
	write(t, filepath.Join(folder, "a b.md"), "")
	markdown := func(source string) object { return object{"cell_type": "markdown", "source": source} }
	code := func(source string, html ...string) object {
		shown := list{}
		for _, h := range html {
			shown = append(shown, object{"output_type": "display_data", "data": object{"text/html": list{h}}})
		}
		return object{"cell_type": "code", "source": source, "execution_count": 1, "outputs": shown}
	}
	title := markdown("# Title\n\ntext")
	for _, test := range []struct {
		name  string
		cells list
		want  string
	}{
		{"a title and a link", list{title, markdown("[a](a%20b.md#part), [b](https://example.org/home/x), [c](#part), ![d](<a b.md>)")}, ""},
		{"twelve lines", list{title, code(strings.Repeat("x\n", 12))}, ""},
		{"thirteen lines", list{title, code(strings.Repeat("x\n", 13))}, "cell 2 has 13 lines"},
		{"no cell", list{}, "begins with no title"},
		{"no title", list{markdown("## Part"), title}, "begins with no title"},
		{"code first", list{code("x"), title}, "begins with no title"},
		{"a function", list{title, code("type f func()\nfunc x() {}")}, "declares a function"},
		{"a method", list{title, code("func (x X) y() {}")}, "declares a function"},
		{"a function value", list{title, code("%%\nf := func() {}")}, ""},
		{"a cell not run", list{title, object{"cell_type": "code", "source": "x", "execution_count": nil}}, "1 cells were not executed"},
		{"an error", list{title, object{"cell_type": "code", "execution_count": 1, "outputs": list{object{"output_type": "error", "evalue": "boom"}}}}, "error: boom"},
		{"pictures with alt text", list{title, code("x", `<img src="x" alt="a cat"><img alt='a "dog"'>`)}, ""},
		{"a picture without", list{title, code("x", "<p>", "<img\nsrc=\"x\">")}, "without alt text"},
		{"a picture with nothing as alt text", list{title, code("x", `<img alt=" " src="alt">`)}, "without alt text"},
		{"a broken link", list{title, markdown("[a](missing.md)")}, "link to missing.md"},
		{"an empty link", list{title, markdown("[a]()")}, "which is none"},
		{"an absolute link", list{title, markdown("[a](/etc)")}, "link to /etc"},
		{"a home folder", list{title, code("x", "in /home/ana/x")}, "path of a user"},
		{"a drive", list{title, markdown(`C:\data`)}, "path of a user"},
		{"a temporary folder in code", list{title, code(`os.Open("/tmp/x")`)}, "path of a machine"},
	} {
		got := strings.Join(broken(object{"cells": test.cells}, folder), "\n")
		if (got == "") != (test.want == "") || !strings.Contains(got, test.want) {
			t.Errorf("%s: broken = %q, want %q", test.name, got, test.want)
		}
	}
}
