package main

import (
	"strings"
	"testing"
)

func TestWhatAProgramCannotDoIsAnErrorThatNamesTheCell(t *testing.T) {
	for _, test := range []struct {
		name  string
		cells []string
		want  string // after the notebook's name
	}{
		{"arguments of %%", []string{"# T", "%% --steps=4\nx()"}, "cell 2, line 1: %% --steps=4 has arguments"},
		{"arguments of %main", []string{"var x = 1\n//gonb:%main -a \\\n b"}, "cell 1, line 2: %main -a b has arguments"},
		{"%args", []string{"%args -a\n%%"}, "cell 1, line 1: %args"},
		{"%exec", []string{"%exec fit --steps=4"}, "cell 1, line 1: %exec"},
		{"%wasm", []string{"%wasm\n%%"}, "cell 1, line 1: %wasm"},
		{"%%bash after the first line", []string{"\n%%bash\nls"}, "cell 1, line 2: %%bash after the first line"},
		{"an unknown %% command", []string{"%%html\n<p>"}, "cell 1, line 1: %%html is no command of GoNB"},
		{"two bodies", []string{"%%\nx := 1\n%%\n"}, "cell 1, line 3: a second %%"},
		{"a function", []string{"# T", "\nfunc fit() {}\n"}, "cell 2, line 2: no functions in cells: move fit"},
		{"a method", []string{"type a int\nfunc (a) b() {}"}, "cell 1, line 2: no functions in cells: move b"},
		{"main written out", []string{"func main() {\n}"}, "cell 1, line 1: no functions in cells: move main"},
		{"a function named _", []string{"func _() {\n}\n"}, "cell 1, line 1: no functions in cells: move _"},
		{"a function smuggled out of a body", []string{"%%\n}\nfunc f() {"}, "cell 1, line 2: a closing brace too many"},
		{"a declaration smuggled out of a body", []string{"%%\n}\ntype t struct {"}, "cell 1, line 2: a closing brace too many"},
		{"a variable of two cells", []string{"var (\n\tseed = 1\n)", "# T", "const seed = 2"}, "cell 3, line 1: seed is declared here and in cell 1"},
		{"a name twice in a cell", []string{"type a int\nvar b, a = 1, 2"}, "cell 1, line 2: a is declared here and in cell 1"},
		{"a name of an import", []string{"import \"fmt\"\nvar fmt = 1"}, "cell 1, line 2: fmt is declared here and in cell 1"},
		{"two imports of one name", []string{"import \"math/rand\"", "import \"crypto/rand\""}, "cell 2: imports another rand than cell 1"},
		{"the name of study", []string{"var study = 1"}, "cell 1, line 1: study is declared here and in main"},
		{"another study", []string{"import \"example.org/study\""}, "cell 1: imports another study than main"},
		{"a dot import", []string{"import . \"fmt\""}, "cell 1, line 1: import . \"fmt\""},
		{"an unknown package", []string{"%%\n\nclip.Load()"}, "cell 1, line 3: clip is neither declared nor imported"},
		{"an ambiguous package", []string{"%%\n_ = template.New"}, "cell 1, line 2: template is not imported; import one of html/template, text/template"},
		{"an assignment", []string{"var n = 1", "%%\nm := 2\nm, n = 3, m"}, "cell 2, line 3: assigns to the package variable n"},
		{"an assignment to a part", []string{"var s = study.Setup{}", "%%\nfor range 3 {\n\t(*s.Data[0]).X += 1\n}"}, "cell 2, line 3: assigns to the package variable s"},
		{"an assignment in a function literal", []string{"var n int\n%%\nf := func() { n++ }\nf()"}, "cell 1, line 3: assigns to the package variable n"},
		{"an assignment by range", []string{"var n int", "%%\nfor n = range 3 {\n}"}, "cell 2, line 2: assigns to the package variable n"},
		{"a syntax error", []string{"# T", "import \"fmt\"\n%%\nfmt.Println(1 2)"}, "cell 2, line 3: "},
		{"a syntax error past the end", []string{"%%\nfmt.Println(1,"}, "cell 1, line 2: "},
		{"a syntax error in declarations", []string{"var x ="}, "cell 1, line 1: "},
		{"statements without %%", []string{"x := 1"}, "cell 1, line 1: "},
	} {
		t.Run(test.name, func(t *testing.T) {
			_, err := convert("sample", ipynb(t, test.cells...))
			if err == nil || !strings.HasPrefix(err.Error(), "notebooks/sample.ipynb: "+test.want) {
				t.Errorf("convert(%q) = %v, want notebooks/sample.ipynb: %s", test.cells, err, test.want)
			}
		})
	}
}

func TestFilesThatAreNoNotebooksAreErrors(t *testing.T) {
	for _, data := range []string{"", "[]", "null", "{}", `{"nbformat": 3, "worksheets": []}`, `{"nbformat": 4, "cells": [{"source": 1}]}`} {
		if program, err := convert("sample", []byte(data)); err == nil || !strings.HasPrefix(err.Error(), "notebooks/sample.ipynb: ") {
			t.Errorf("convert(%q) = %q, %v, want an error", data, program, err)
		}
	}
}
