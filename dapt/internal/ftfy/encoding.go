package ftfy

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// fixEncoding undoes one wrong decoding after the other until the text looks right.
func fixEncoding(s string) string {
	for {
		fixed := fixEncodingOnce(s)
		if fixed == s {
			return s
		}
		s = fixed
	}
}

// fixEncodingOnce undoes one wrong decoding: of the whole text if it can, else of the parts that stand out.
// ftfy's last resort, to read Latin-1 as Windows-1252, is what fixC1 does.
func fixEncodingOnce(s string) string {
	if !isBad(s) {
		return s
	}
	for _, c := range codecs {
		if fixed, ok := c.redecode(s); ok {
			return fixed
		}
	}
	if fixed := fixEmbedded(s); fixed != s {
		return fixed
	}
	return fixC1(s)
}

// redecode encodes s and decodes it as UTF-8, allowing for bytes that were lost or changed on the way.
func (c *codec) redecode(s string) (string, bool) {
	octets, ok := c.encode(s)
	if !ok {
		return "", false
	}
	if !c.keepSpace {
		octets = restoreNoBreakSpaces(octets)
	}
	if c.lossy {
		octets = lossySequence.ReplaceAllLiteralString(octets, "\u00ef\u00bf\u00bd") // the bytes of U+FFFD
	}
	return decodeUTF8(octets)
}

// alteredSequence matches bytes that would be UTF-8 if their space were the byte A0, of a no-break space. It leaves out
// those that would make an unlikely character.
var alteredSequence = regexp.MustCompile(`[\xc2\xc3\xc5\xce\xd0\xd9] ` +
	`|[\xe2\xe3] [\x80-\x84\x86-\x9f\xa1-\xbf]` +
	`|[\xe0-\xe3][\x80-\x84\x86-\x9f\xa1-\xbf] ` +
	`|\xf0 [\x80-\xbf][\x80-\xbf]` +
	`|\xf0[\x80-\xbf] [\x80-\xbf]` +
	`|\xf0[\x80-\xbf][\x80-\xbf] `)

// lossySequence matches UTF-8 and CESU-8 in which the byte 1A, or one "?", took the place of lost bytes.
var lossySequence = regexp.MustCompile(`[\xc2-\xdf]\x1a` +
	`|[\xc2-\xc3][?]` +
	`|\xed[\xa0-\xaf][\x1a?]\xed[\xb0-\xbf][\x1a?\x80-\xbf]` +
	`|\xed[\xa0-\xaf][\x1a?\x80-\xbf]\xed[\xb0-\xbf][\x1a?]` +
	`|[\xe0-\xef][\x1a?][\x1a\x80-\xbf]` +
	`|[\xe0-\xef][\x1a\x80-\xbf][\x1a?]` +
	`|[\xf0-\xf4][\x1a?][\x1a\x80-\xbf][\x1a\x80-\xbf]` +
	`|[\xf0-\xf4][\x1a\x80-\xbf][\x1a?][\x1a\x80-\xbf]` +
	`|[\xf0-\xf4][\x1a\x80-\xbf][\x1a\x80-\xbf][\x1a?]` +
	`|\x1a`)

// restoreNoBreakSpaces puts back the bytes A0 that became spaces.
func restoreNoBreakSpaces(octets string) string {
	return alteredSequence.ReplaceAllStringFunc(separateAGrave(octets), func(sequence string) string {
		return strings.ReplaceAll(sequence, " ", "\u00a0")
	})
}

// separateAGrave makes the bytes "Ã " an à that keeps the space behind it, for it is mostly a word, as in "à la mode".
// Excepted are two spaces and the Portuguese às, àquele, àquela and àquilo.
func separateAGrave(octets string) string {
	parts := strings.Split(octets, "\u00c3 ")
	var out strings.Builder
	out.WriteString(parts[0])
	for _, part := range parts[1:] {
		if hasAnyPrefix(part, " ", "quele", "quela", "quilo", "s ") {
			out.WriteString("\u00c3 " + part)
		} else {
			out.WriteString("\u00c3\u00a0 " + part)
		}
	}
	return out.String()
}

func hasAnyPrefix(s string, prefixes ...string) bool {
	for _, prefix := range prefixes {
		if strings.HasPrefix(s, prefix) {
			return true
		}
	}
	return false
}

// fixEmbedded fixes the parts of s that look like UTF-8 in another encoding than their surroundings. A part must be
// shorter than s, so that it ends.
func fixEmbedded(s string) string {
	var out strings.Builder
	before := utf8.RuneError
	for rest := s; rest != ""; {
		part := rest[:embeddedLen(rest, before)]
		fixed := part
		if part == "" {
			_, size := utf8.DecodeRuneInString(rest)
			part, fixed = rest[:size], rest[:size]
		} else if len(part) < len(s) && isBad(part) {
			fixed = fixEncoding(part)
		}
		out.WriteString(fixed)
		before, _ = utf8.DecodeLastRuneInString(part)
		rest = rest[len(part):]
	}
	return out.String()
}

// embeddedLen returns how many bytes at the start of s look like UTF-8 decoded in a Latin-like encoding. It is 0
// after a character that may be the middle of such a sequence, so that no large garble is fixed in part.
func embeddedLen(s string, before rune) int {
	if clues[before].midst {
		return 0
	}
	n := 0
	for {
		sequence := sequenceLen(s[n:])
		if sequence == 0 {
			return n
		}
		n += sequence
	}
}

// sequenceLen returns the length in bytes of s's first character and the continuations that it asks for, or 0.
func sequenceLen(s string) int {
	var need, end int
	for i, r := range s {
		clue := clues[r]
		switch {
		case i == 0 && clue.continuations == 0, i > 0 && !clue.continues:
			return 0
		case i == 0:
			need = clue.continuations
		default:
			need--
		}
		end = i + utf8.RuneLen(r)
		if need == 0 {
			return end
		}
	}
	return 0
}

// clue is what a character may be of a UTF-8 sequence.
type clue struct {
	continuations int  // how many a first byte asks for; 0 for other characters
	continues     bool // it may be a continuation
	midst         bool // it may be one, and is seldom itself next to mojibake
}

// clues are the characters that the bytes of UTF-8 sequences are in the Latin-like encodings.
var clues = func() map[rune]clue {
	clues := map[rune]clue{' ': {continues: true}} // for a no-break space
	for _, c := range latinLike {
		for b, r := range c.runes {
			if found := clues[r]; b >= 0x80 {
				clues[r] = found.with(b, r)
			}
		}
	}
	return clues
}()

// with adds what r is where it stands for byte b. Four bytes that begin with any other than F0 or F3 are not assigned.
func (c clue) with(b int, r rune) clue {
	switch {
	case b < 0xc0:
		c.continues = true
		c.midst = !strings.ContainsRune("–—―‘’‚“”„•…", r)
	case 0xc2 <= b && b < 0xe0:
		c.continuations = 1
	case 0xe0 <= b && b < 0xf0:
		c.continuations = 2
	case b == 0xf0, b == 0xf3:
		c.continuations = 3
	}
	return c
}
