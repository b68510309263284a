// Package ftfy repairs text that was decoded in the wrong encoding, as in "schÃ¶n" for "schön", and tidies
// what else CLIP's tokenizer would stumble on: HTML entities, ligatures, wide letters, curly quotes, control characters.
//
// It is a port of fix_text of the Python package ftfy, version 6.3.1, by Robyn Speer
// (https://github.com/rspeer/python-ftfy), used under the Apache License 2.0. CLIP's published tokenizer calls that
// function with its default configuration; that configuration is the only one here. The tables of the character
// encodings, of the entities and of Unicode come from golang.org/x/text and the standard library.
//
// Results equal the Python package's with these exceptions:
//   - Python strings can hold lone surrogates, which ftfy repairs. Go strings cannot: bytes that are not UTF-8 become U+FFFD.
//   - Character properties are of the Unicode version of this Go release, not of the Python interpreter.
package ftfy

import (
	"strings"
	"unicode/utf8"
)

// maxSegment is the number of characters that are repaired as one, at most.
const maxSegment = 1_000_000

// FixText repairs s line by line; a line longer than a million characters is repaired in pieces of a million.
// HTML entities are decoded up to the first line that holds a "<", for what follows it is likely meant as HTML.
// The result is valid UTF-8.
func FixText(s string) string {
	if isPlain(s) {
		return s
	}
	s = strings.ToValidUTF8(s, string(utf8.RuneError))
	var out strings.Builder
	entities := true
	for s != "" {
		end := segmentEnd(s)
		entities = entities && !strings.Contains(s[:end], "<")
		out.WriteString(fixSegment(s[:end], entities))
		s = s[end:]
	}
	return out.String()
}

// isPlain reports whether s is ASCII text in which there is nothing to repair.
func isPlain(s string) bool {
	for i := range len(s) {
		switch c := s[i]; {
		case c == '\t', c == '\n', c == '\f':
		case c < ' ', c > '~', c == '&':
			return false
		}
	}
	return true
}

// segmentEnd returns the number of bytes of s to repair as one: its first line, line break included.
func segmentEnd(s string) int {
	end := strings.IndexByte(s, '\n') + 1
	if end == 0 {
		end = len(s)
	}
	if end <= maxSegment {
		return end
	}
	n := 0
	for i := range s[:end] {
		if n == maxSegment {
			return i
		}
		n++
	}
	return end
}

// fixSegment applies all repairs, again and again until nothing changes.
func fixSegment(s string, entities bool) string {
	for {
		before := s
		if entities {
			s = unescapeEntities(s)
		}
		s = fixEncoding(s)
		for _, fix := range fixers {
			s = fix(s)
		}
		if s == before {
			return s
		}
	}
}
