package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"unicode"
	"unicode/utf8"
)

// place is a folder that only this machine or user has.
type place struct{ what, path string }

// places lists the folders whose paths must not be in a notebook that others read.
func (s *setup) places(o options, work string) []place {
	home, _ := os.UserHomeDir() // without a home there is nothing to find
	var all []place
	for _, p := range []place{
		{"the clone", s.root},
		{"the folder of -out", o.out},
		{"the cache folder", s.cache},
		{"the temporary folder", work},
		{"the temporary folder", os.TempDir()},
		{"the home folder", home},
	} {
		if len(p.path) < 2 { // "/" is in every path
			continue
		}
		p.path = filepath.Clean(p.path)
		all = append(all, p)
		if real, err := filepath.EvalSymlinks(p.path); err == nil && real != p.path {
			all = append(all, place{p.what, real})
		}
	}
	return all
}

// checkPaths returns an error that says which cells of a notebook hold which of the places.
func checkPaths(data []byte, places []place) error {
	book, err := decode(data)
	if err != nil {
		return err
	}
	var found []string
	for i, cell := range cells(book) {
		walkStrings(cell, func(s string) {
			if p, excerpt := findPlace(s, places); excerpt != "" {
				found = append(found, fmt.Sprintf("cell %d holds the path of %s: %q", i+1, p.what, excerpt))
			}
		})
	}
	if len(found) > 0 {
		return fmt.Errorf("not written, it would show others where things are on this machine:\n%s", strings.Join(found, "\n"))
	}
	return nil
}

// walkStrings calls use with each string in a JSON value.
func walkStrings(value any, use func(string)) {
	switch value := value.(type) {
	case string:
		use(value)
	case list:
		for _, item := range value {
			walkStrings(item, use)
		}
	case object:
		for _, item := range value {
			walkStrings(item, use)
		}
	}
}

// findPlace returns the first place whose path is in s, with the text around it. What only contains the letters, such as
// https://example.org/home or /tmpfs, is no path of /home or /tmp.
func findPlace(s string, places []place) (p place, excerpt string) {
	for _, p := range places {
		for from := 0; ; {
			i := strings.Index(s[from:], p.path)
			if i < 0 {
				break
			}
			start := from + i
			from = start + len(p.path)
			before, _ := utf8.DecodeLastRuneInString(s[:start])
			after, _ := utf8.DecodeRuneInString(s[from:])
			whole := !inName(after) || strings.HasSuffix(p.path, `\`)
			if !inName(before) && !strings.ContainsRune(".~}", before) && whole {
				return p, strings.ToValidUTF8(s[max(0, start-30):min(len(s), from+50)], "")
			}
		}
	}
	return place{}, ""
}

// inName tells whether a character beside a path makes it a part of another one.
func inName(r rune) bool {
	return r == '_' || r == '-' || unicode.IsLetter(r) || unicode.IsDigit(r)
}
