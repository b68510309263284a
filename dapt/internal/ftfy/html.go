package ftfy

import (
	"html"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"golang.org/x/text/cases"
	"golang.org/x/text/language"
)

// reference matches a character reference as Python's html.unescape does, and entity one that is surely meant as such.
var (
	reference = regexp.MustCompile(`&(?:#[0-9]+;?|#[xX][0-9a-fA-F]+;?|[^\t\n\f <&#;]{1,32};?)`)
	entity    = regexp.MustCompile(`&#?[0-9A-Za-z]{1,24};`)
)

// UnescapeHTML decodes the character references of s, named and numeric, as Python's html.unescape does: by the rules
// of HTML 5, so the semicolon may be missing where old HTML allowed that.
//
// The standard library's html.UnescapeString lacks two names, keeps numbers that are no characters, and misreads
// "&#x;" and a last "&#9".
func UnescapeHTML(s string) string {
	if !strings.Contains(s, "&") {
		return s
	}
	return reference.ReplaceAllStringFunc(s, func(ref string) string {
		if digits, ok := strings.CutPrefix(ref, "&#"); ok {
			return numericReference(strings.TrimSuffix(digits, ";"))
		}
		return namedReference(ref)
	})
}

// namedReference decodes one reference by name, with the names that Go's table lacks.
func namedReference(ref string) string {
	switch ref {
	case "&nGt;":
		return "≫\u20d2"
	case "&nLt;":
		return "≪\u20d2"
	}
	return html.UnescapeString(ref)
}

// numericReference returns the character that digits name, in base 10 or, after an x, 16. Numbers beyond Unicode and
// surrogates are U+FFFD, controls and noncharacters nothing.
func numericReference(digits string) string {
	base := 10
	if digits[0] == 'x' || digits[0] == 'X' {
		digits, base = digits[1:], 16
	}
	n, err := strconv.ParseUint(digits, base, 31)
	r := rune(n)
	switch {
	case err != nil || !utf8.ValidRune(r) || r == 0:
		return string(utf8.RuneError)
	case 0x80 <= r && r < 0xa0:
		return string(windows1252.runes[r])
	case r < 0x20 && !strings.ContainsRune("\t\n\f\r", r), r == 0x7f, 0xfdd0 <= r && r < 0xfdf0, r&0xfffe == 0xfffe:
		return ""
	}
	return string(r)
}

// unescapeEntities decodes the references of s that end in a semicolon, and the names that someone wrote in capitals.
func unescapeEntities(s string) string {
	return entity.ReplaceAllStringFunc(s, func(ref string) string {
		if strings.HasPrefix(ref, "&#") {
			if decoded := UnescapeHTML(ref); !strings.Contains(decoded, ";") {
				return decoded
			}
			return ref
		}
		if decoded, ok := namedEntity(ref); ok {
			return decoded
		}
		return capitalEntity(ref)
	})
}

// namedEntity decodes a name with its semicolon. A shorter name that ref begins with does not count: it would leave the
// semicolon behind.
func namedEntity(ref string) (string, bool) {
	decoded := namedReference(ref)
	return decoded, decoded == ";" || !strings.HasSuffix(decoded, ";")
}

// capitalEntity decodes a name in capitals, such as "&EACUTE;", to a capital letter. A ref that HTML reads otherwise,
// or not at all, stays.
func capitalEntity(ref string) string {
	if ref != strings.ToUpper(ref) || namedReference(ref) != ref {
		return ref
	}
	if decoded, ok := namedEntity(strings.ToLower(ref)); ok {
		return cases.Upper(language.Und).String(decoded)
	}
	return ref
}
