package ftfy

import (
	"regexp"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// fixers are the repairs of single characters, in ftfy's order.
var fixers = []func(string) string{
	fixC1,
	ligatures.Replace,
	widths.Replace,
	quotes.Replace,
	lineBreaks.Replace,
	removeEscapes,
	removeControls,
	composeCanonically,
}

// ligatures takes Latin ligatures and digraphs apart, except those, like æ, that are used on purpose.
var ligatures = strings.NewReplacer(
	"Ĳ", "IJ", "ĳ", "ij", "ŉ", "ʼn",
	"Ǳ", "DZ", "ǲ", "Dz", "ǳ", "dz", "Ǆ", "DŽ", "ǅ", "Dž", "ǆ", "dž",
	"Ǉ", "LJ", "ǈ", "Lj", "ǉ", "lj", "Ǌ", "NJ", "ǋ", "Nj", "ǌ", "nj",
	"ﬀ", "ff", "ﬁ", "fi", "ﬂ", "fl", "ﬃ", "ffi", "ﬄ", "ffl", "ﬅ", "ſt", "ﬆ", "st",
)

// widths replaces halfwidth and fullwidth forms, and the ideographic space, by the usual characters.
var widths = func() *strings.Replacer {
	pairs := []string{"\u3000", " "}
	for r := '\uff01'; r < '\ufff0'; r++ {
		pairs = append(pairs, string(r), norm.NFKC.String(string(r)))
	}
	return strings.NewReplacer(pairs...)
}()

// quotes straightens curly quotation marks.
var quotes = strings.NewReplacer(
	"\u02bc", "'", "\u2018", "'", "\u2019", "'", "\u201a", "'", "\u201b", "'",
	"\u201c", `"`, "\u201d", `"`, "\u201e", `"`, "\u201f", `"`,
)

// lineBreaks makes every line break a line feed.
var lineBreaks = strings.NewReplacer("\r\n", "\n", "\r", "\n", "\u2028", "\n", "\u2029", "\n", "\u0085", "\n")

// terminalEscape matches what colours a terminal's text.
var terminalEscape = regexp.MustCompile(`\x1b\[[\p{Nd};]*[a-zA-Z]`)

func removeEscapes(s string) string { return terminalEscape.ReplaceAllLiteralString(s, "") }

// fixC1 reads C1 control characters as Windows-1252, as web browsers do.
func fixC1(s string) string {
	return strings.Map(func(r rune) rune {
		if 0x80 <= r && r < 0xa0 {
			return windows1252.runes[r]
		}
		return r
	}, s)
}

// removeControls drops control characters that show nothing. It keeps white space, C1 controls, and those that
// joiners, text direction, music and flags need.
func removeControls(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r <= 0x08, r == 0x0b, 0x0e <= r && r < 0x20, r == 0x7f, // ASCII controls
			0x206a <= r && r <= 0x206f,              // deprecated Arabic controls
			r == 0xfeff, 0xfff9 <= r && r <= 0xfffc: // byte order mark, annotations, object replacement
			return -1
		}
		return r
	}, s)
}
