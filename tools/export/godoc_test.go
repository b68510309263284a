package main

import (
	"go/format"
	"strings"
	"testing"
)

func TestMarkdownBecomesACommentThatGofmtKeeps(t *testing.T) {
	for _, test := range []struct{ name, markdown, want string }{
		{"nothing", " \n\n", ""},
		{"paragraphs keep their lines", "# Title\nOne\ntwo.  \n\n\n   Three.", "# Title\n\nOne\ntwo.\n\nThree."},
		{"a simple list is one of Go's", "It has:\n- one\n  more\n- two\n\nText.", "It has:\n  - one\n    more\n  - two\n\nText."},
		{"a list after a blank line", "It has:\n\n* one\n* two", "It has:\n\n  - one\n  - two"},
		{"numbers", "Steps.\n\n1. one\n2. two", "Steps.\n\n 1. one\n 2. two"},
		{"a loose list", "Steps.\n\n- one\n\n- two\n\n  more", "Steps.\n\n  - one\n\n  - two\n\n    more"},
		{"a nested list is code", "Steps.\n\n- one\n  1. two\n- three", "Steps.\n\n\t– one\n\t  (1) two\n\t– three"},
		{"a list before code is code", "Text.\n\n- one\n  more\n\n```\ncode\n```", "Text.\n\n\t– one\n\t  more\n\n\tcode"},
		{"lists side by side are code", "Text.\n\n```\ncode\n```\n- one", "Text.\n\n\tcode\n\n\t– one"},
		{"a sentence broken before a number is no list", "An accuracy of\n71. That is\n- all", "An accuracy of\n71. That is\n  - all"},
		{"fences", "Run\n```sh\nif a\n  b\n\n# c\n```\nnow.", "Run\n\n\tif a\n\t  b\n\n\t# c\n\nnow."},
		{"a fence of another kind and length", "Run\n\n~~~~\n```\n~~~\n~~~~\nnow.", "Run\n\n\t```\n\t~~~\n\nnow."},
		{"a fence around a list stays", "Run\n\n```diff\n- a\n+ b\n```", "Run\n\n\t```diff\n\t- a\n\t+ b\n\t```"},
		{"an open fence", "Run\n\n```\na", "Run\n\n\ta"},
		{"indented code", "Run\n\n    a\n      b\n\nnow.", "Run\n\n\ta\n\t  b\n\nnow."},
		{"a table", "See\n| a | b |\n|---|---|\n| 1 | 2 |\nthere.", "See\n\n\t| a | b |\n\t|---|---|\n\t| 1 | 2 |\n\nthere."},
		{"a formula", "So\n$$\na\n  + b\n$$\nand $$c$$ or $d_{i}$.", "So\n\n\t$$\n\ta\n\t  + b\n\t$$\n\nand $$c$$ or $d_{i}$."},
		{"an image", "See ![the views](views.svg).", "See ![the views](views.svg)."},
		{"marks that gofmt would join stay", "Text.\n\nThe $f''$ of ``x``.\n\nText.", "Text.\n\n\tThe $f''$ of ``x``.\n\nText."},
		{"and in lists", "Text.\n\n- The $f''$.", "Text.\n\n\t– The $f''$."},
		{"a list before a paragraph that is indented is code", "Text.\n\n- a\n\nThe $f''$.", "Text.\n\n\t– a\n\n\tThe $f''$."},
		{"a line that gofmt would make a heading", "Text.\n\nA short line\n\nText.", "Text.\n\n\tA short line\n\nText."},
		{"a short line before code", "Text.\n\nRun\n\n```\na\n```", "Text.\n\nRun\n\n\ta"},
		{"definitions of links move to the end", "[a]: https://a.org\n\nSee [a].", "See [a].\n\n[a]: https://a.org"},
		{"only code", "```\na\n  b\n```", "As in the notebook:\n\n\ta\n\t  b"},
		{"only a list", "- a\n- b", "As in the notebook:\n\n  - a\n  - b"},
		{"control characters", "a\x00b\rc\ufeffd", "a b cd"},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := goComment(test.markdown)
			var text strings.Builder
			for line := range strings.Lines(got) {
				text.WriteString(strings.TrimPrefix(strings.TrimPrefix(line, "//"), " "))
			}
			if want := strings.TrimSuffix(text.String(), "\n"); want != test.want {
				t.Errorf("goComment(%q) =\n%s\nwant\n%s", test.markdown, want, test.want)
			}
			for _, code := range []string{got + "package main\n", "package main\n\n" + got + "var x int\n"} {
				if again, err := format.Source([]byte(code)); err != nil || string(again) != code {
					t.Errorf("gofmt makes (%v)\n%s\nof\n%s", err, again, code)
				}
			}
		})
	}
}
