package ftfy

import (
	"cmp"
	"slices"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/unicode/norm"
)

// joiner is the character that norm inserts after 30 combining marks, for the sake of streams.
const joiner = "\u034f"

// composeCanonically returns Unicode's normalization form C of s.
func composeCanonically(s string) string {
	composed := norm.NFC.String(s)
	if strings.Count(composed, joiner) == strings.Count(s, joiner) {
		return composed
	}
	return composeUnbounded(s)
}

// composeUnbounded is normalization form C by its definition (Unicode Standard Annex 15), for text with more
// combining marks in a row than norm would leave together.
func composeUnbounded(s string) string {
	var composed []rune
	starter, last := -1, -1 // index of the latest starter; class of the latest mark after it, -1 for none
	for _, r := range decompose(s) {
		class := combiningClass(r)
		if starter >= 0 && last < class {
			if pair, ok := composePair(composed[starter], r); ok {
				composed[starter] = pair
				continue
			}
		}
		composed = append(composed, r)
		last = class
		if class == 0 {
			starter, last = len(composed)-1, -1
		}
	}
	return string(composed)
}

// decompose returns the normalization form D of s: characters taken apart, and each run of marks in order of class.
func decompose(s string) []rune {
	var runes []rune
	for _, r := range s {
		runes = append(runes, []rune(norm.NFD.String(string(r)))...)
	}
	for rest := runes; len(rest) > 0; {
		n := slices.IndexFunc(rest, func(r rune) bool { return combiningClass(r) == 0 })
		if n < 0 {
			n = len(rest)
		}
		slices.SortStableFunc(rest[:n], func(a, b rune) int { return cmp.Compare(combiningClass(a), combiningClass(b)) })
		rest = rest[min(n+1, len(rest)):]
	}
	return runes
}

// combiningClass returns the canonical combining class of r; 0 means a starter.
func combiningClass(r rune) int { return int(norm.NFD.PropertiesString(string(r)).CCC()) }

// composePair returns the single character that a and b make together.
func composePair(a, b rune) (rune, bool) {
	pair := norm.NFC.String(string(a) + string(b))
	r, size := utf8.DecodeRuneInString(pair)
	return r, size == len(pair)
}
