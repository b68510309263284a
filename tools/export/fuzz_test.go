package main

import (
	"go/ast"
	"go/format"
	"go/parser"
	"go/token"
	"os"
	"path/filepath"
	"testing"
)

func FuzzConvert(f *testing.F) {
	files, err := filepath.Glob("testdata/*.ipynb")
	if err != nil {
		f.Fatal(err)
	}
	for _, file := range files {
		data, err := os.ReadFile(file)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
	}
	f.Fuzz(func(t *testing.T, data []byte) { checkProgram(t, data) })
}

// FuzzConvertCells reaches further than FuzzConvert, which seldom makes good JSON.
func FuzzConvertCells(f *testing.F) {
	f.Add("# Title\n\n- a\n  - b\n\n```\nc\n```", "import \"fmt\"\n\nvar x, y = 1, 2 // z", "prose:## The data\n\n| a |\n\ntext", "%%\nfmt.Println(x, y)")
	f.Add("# T", "!ls \\\n -l\n%noautoget", "type a struct{ b int }\n//gonb:%main\nc := a{}\nc.b++", "prose:$$\na\n$$\nf''(x)")
	f.Fuzz(func(t *testing.T, a, b, c, d string) { checkProgram(t, ipynb(t, a, b, c, d)) })
}

func FuzzGoComment(f *testing.F) {
	f.Add("Text:\n- a\n  - b\n\n```sh\nc\n```\n| d |\n\n[e]: https://e.org\n\nShort line\n\nf''\n\n1. g\n   h\n\n   i\n+build j")
	f.Fuzz(func(t *testing.T, markdown string) {
		code := "package main\n\n" + goComment(markdown) + "var x int\n"
		if again, err := format.Source([]byte(code)); err != nil || string(again) != code {
			t.Errorf("gofmt makes (%v)\n%q\nof\n%q", err, again, code)
		}
	})
}

// checkProgram checks that a notebook becomes an error or a program that is known as generated.
func checkProgram(t *testing.T, data []byte) {
	program, err := convert("fuzz", data)
	if err != nil {
		return
	}
	file, err := parser.ParseFile(token.NewFileSet(), "", program, parser.ParseComments)
	if err != nil || !ast.IsGenerated(file) {
		t.Errorf("convert(%q) = %s\nwhich is not known as generated, or does not parse: %v", data, program, err)
	}
}
