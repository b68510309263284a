package ftfy

import (
	"strings"
	"unicode/utf8"

	"golang.org/x/text/encoding/charmap"
)

// codec is a one-byte encoding that text may have been decoded in by mistake.
//
// What it encodes to is a string with one character below U+0100 for each byte, because Go's regular expressions match
// characters.
type codec struct {
	runes  [256]rune
	octets map[rune]rune // of each character, its byte

	lossy     bool // the byte 1A stands for U+FFFD, in place of whatever was lost
	keepSpace bool // a space is never what became of a no-break space
}

// newCodec returns the codec of a table of x/text. A byte that the table leaves undefined is the character of its number,
// as x/text itself has it for most: left are the C1 controls of ISO 8859-2, three letters of Windows-1253 and two of -1257.
func newCodec(table *charmap.Charmap) *codec {
	c := &codec{octets: make(map[rune]rune, 256)}
	for b := range c.runes {
		r := table.DecodeByte(byte(b))
		if r == utf8.RuneError {
			r = rune(b)
		}
		c.runes[b], c.octets[r] = r, rune(b)
	}
	return c
}

// newLossyCodec returns what ftfy calls a sloppy codec.
func newLossyCodec(table *charmap.Charmap) *codec {
	c := newCodec(table)
	c.lossy = true
	delete(c.octets, 0x1a)
	c.runes[0x1a], c.octets[utf8.RuneError] = utf8.RuneError, 0x1a
	return c
}

var (
	latin1      = newCodec(charmap.ISO8859_1)
	windows1252 = newLossyCodec(charmap.Windows1252)

	// latinLike are the encodings whose mojibake is also recognized inside other text.
	latinLike = []*codec{
		latin1,
		windows1252,
		newLossyCodec(charmap.Windows1251),
		newLossyCodec(charmap.Windows1250),
		newLossyCodec(charmap.Windows1253),
		newLossyCodec(charmap.Windows1254),
		newLossyCodec(charmap.Windows1257),
	}

	// codecs are all encodings, in the order in which they are tried.
	codecs = append(latinLike[:len(latinLike):len(latinLike)],
		newCodec(charmap.ISO8859_2),
		macRoman(),
		newCodec(charmap.CodePage437),
	)
)

// macRoman is Apple's encoding, in which UTF-8's first bytes are dashes that a space often follows.
func macRoman() *codec {
	c := newCodec(charmap.Macintosh)
	c.keepSpace = true
	return c
}

// encode returns the bytes of s, one character each. It is false where s has a character that c lacks.
func (c *codec) encode(s string) (string, bool) {
	var out strings.Builder
	for _, r := range s {
		octet, ok := c.octets[r]
		if !ok {
			return "", false
		}
		out.WriteRune(octet)
	}
	return out.String(), true
}

// decodeUTF8 decodes bytes, given as characters below U+0100, that are UTF-8, CESU-8 (characters above U+FFFF
// written as two surrogates) or Java's UTF-8 (null written as C0 80). It is false where they are none of these.
func decodeUTF8(octets string) (string, bool) {
	raw := make([]byte, 0, len(octets))
	for _, r := range octets {
		raw = append(raw, byte(r))
	}
	var out strings.Builder
	for len(raw) > 0 {
		r, size := decodeRune(raw)
		if size == 0 {
			return "", false
		}
		out.WriteRune(r)
		raw = raw[size:]
	}
	return out.String(), true
}

// decodeRune decodes the first character of raw; a size of 0 means that it cannot.
//
// A line feed that ends the text passes for the last byte of a variant sequence, as in ftfy, whose expressions end in "$".
func decodeRune(raw []byte) (r rune, size int) {
	r, size = utf8.DecodeRune(raw)
	switch {
	case r != utf8.RuneError || size > 1:
		return r, size
	case raw[0] == 0xc0 && len(raw) > 1 && lastOf(raw[1:], 0x80, 0x80):
		return 0, 2
	case len(raw) > 5 && raw[0] == 0xed && raw[1]>>4 == 0xa && raw[2]>>6 == 2 &&
		raw[3] == 0xed && raw[4]>>4 == 0xb && lastOf(raw[5:], 0x80, 0xbf):
		bits := rune(raw[1]&0x0f)<<16 | rune(raw[2]&0x3f)<<10 | rune(raw[4]&0x0f)<<6 | rune(raw[5]&0x3f)
		return 0x10000 + bits, 6
	}
	return 0, 0
}

// lastOf reports whether raw begins with a byte from low to high, or is the line feed that ends the text.
func lastOf(raw []byte, low, high byte) bool {
	return low <= raw[0] && raw[0] <= high || raw[0] == '\n' && len(raw) == 1
}
