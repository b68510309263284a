package main

import (
	"fmt"
	"slices"
	"strings"
)

// otherCells begin cells that are not Go; as in GoNB, only on the first line.
var otherCells = []string{"%%writefile", "%%script", "%%bash", "%%sh", "%%gx"}

// preamble stands before the text of a cell to make it a Go file, on a line of its own.
const preamble = "package main\n"

// opening stands for the line that begins the body of main, %% or %main; closing comes after the cell.
const (
	opening = "func _() {"
	closing = "\n}\n"
)

// goText returns a code cell as a Go file with the same lines after the preamble. Lines that GoNB does not compile are
// empty, and a body of main, if there is one, is a function named _, the last declaration. It returns "" for a cell that
// is left out.
func goText(number int, source string) (text string, body bool, err error) {
	lines := strings.Split(source, "\n")
	if slices.Contains(otherCells, strings.Split(uncomment(lines[0]), " ")[0]) {
		return "", false, nil
	}
	for i := 0; i < len(lines); i++ {
		first := i
		words, last := command(lines, i)
		if words == nil {
			continue
		}
		i = last
		clear(lines[first : last+1])
		opens := words[0] == "%%" || words[0] == "%main"
		switch {
		case words[0] == "%test":
			return "", false, nil
		case opens && body:
			return "", false, &cellError{number, first + 1, "a second " + words[0] + "; a cell has one body"}
		case opens && len(words) == 1:
			lines[first], body = opening, true
		default:
			if problem := refused(words); problem != "" {
				return "", false, &cellError{number, first + 1, problem}
			}
		}
	}
	text = strings.Join(lines, "\n")
	if strings.TrimSpace(text) == "" {
		return "", false, nil
	}
	if body {
		text += closing
	}
	return preamble + text, body, nil
}

// uncomment removes the prefix that hides a command from Go editors.
func uncomment(line string) string { return strings.TrimPrefix(line, "//gonb:") }

// command returns the words of the command that begins at a line, the first with its ! or %, and the command's last line,
// for a line that ends in a backslash goes on. The words are nil if the line is Go. A package clause counts as a command.
func command(lines []string, at int) (words []string, last int) {
	line := uncomment(lines[at])
	if line == "package" || strings.HasPrefix(line, "package ") {
		return []string{"package"}, at
	}
	if len(line) < 2 || (line[0] != '!' && line[0] != '%') {
		return nil, at
	}
	for strings.HasSuffix(line, `\`) && at+1 < len(lines) {
		at++
		line = strings.TrimSuffix(line, `\`) + " " + uncomment(lines[at])
	}
	words = strings.Fields(line[1:])
	if len(words) == 0 {
		return []string{line[:1]}, at
	}
	words[0] = line[:1] + words[0]
	return words, at
}

// refused returns why a command cannot be left out of a program; empty if it can.
func refused(words []string) string {
	name := words[0]
	switch {
	case slices.Contains(otherCells, name):
		return fmt.Sprintf("%s after the first line of a cell; GoNB knows it only there", name)
	case name == "%%", name == "%main":
		return fmt.Sprintf("%s has arguments, and the cells of a program have none; use a package variable", strings.Join(words, " "))
	case strings.HasPrefix(name, "%%"):
		return name + " is no command of GoNB"
	case name == "%args":
		return "%args has no meaning in a program; use a package variable"
	case name == "%exec":
		return "%exec calls a function with arguments; call it in a %% cell"
	case name == "%wasm":
		return "%wasm runs in a browser and not in a program"
	}
	return ""
}
