package clip

import (
	"regexp"
	"strings"
	"sync"
	"unicode"

	"golang.org/x/text/cases"
	encoding "golang.org/x/text/encoding/unicode"
	"golang.org/x/text/language"

	"github.com/dapt-go/dapt-go/dapt/internal/ftfy"
)

// Tokenizer is CLIP's byte-pair encoding (openai/CLIP clip/simple_tokenizer.py). Text is repaired, HTML-unescaped twice,
// its white space collapsed, and lower-cased before it is cut into words, and words into the pieces that the merges
// allow. It is safe for several goroutines.
type Tokenizer struct {
	merges []merge          // pieces to join, best first
	rank   map[merge]int    // place in merges
	ids    map[string]int32 // by piece
	pieces []string         // by id, without start and end
	known  sync.Map         // ids of words that were encoded before, string to []int32
}

// merge is two pieces that become one.
type merge [2]string

// wordEnd is the mark on the last piece of a word.
const wordEnd = "</w>"

// NewTokenizer returns OpenAI's tokenizer, with 49,408 ids.
func NewTokenizer() *Tokenizer { return openAI() }

// newTokenizer numbers the pieces: 256 bytes, 256 bytes that end a word, and what the merges make.
func newTokenizer(merges []merge) *Tokenizer {
	t := &Tokenizer{merges: merges, rank: make(map[merge]int, len(merges)), ids: make(map[string]int32, 512+len(merges))}
	add := func(piece string) {
		t.ids[piece] = int32(len(t.pieces))
		t.pieces = append(t.pieces, piece)
	}
	for _, end := range []string{"", wordEnd} {
		for _, b := range numbering {
			add(letters[b] + end)
		}
	}
	for i, m := range merges {
		t.rank[m] = i
		add(m[0] + m[1])
	}
	return t
}

// Vocabulary returns the number of ids.
func (t *Tokenizer) Vocabulary() int { return len(t.pieces) + 2 }

// Start returns the id that begins every row.
func (t *Tokenizer) Start() int32 { return int32(len(t.pieces)) }

// End returns the id that ends every row. It is the highest, which is how the text tower finds it.
func (t *Tokenizer) End() int32 { return int32(len(t.pieces) + 1) }

// Encode returns the ids of text, without start and end.
func (t *Tokenizer) Encode(text string) []int32 {
	var ids []int32
	for _, word := range wordPattern.FindAllString(clean(text), -1) {
		switch word {
		case "<|startoftext|>":
			ids = append(ids, t.Start())
		case "<|endoftext|>":
			ids = append(ids, t.End())
		default:
			ids = append(ids, t.encodeWord(word)...)
		}
	}
	return ids
}

// clean repairs text and brings it into the form that is encoded.
func clean(text string) string {
	text = strings.TrimFunc(ftfy.UnescapeHTML(ftfy.UnescapeHTML(ftfy.FixText(text))), space)
	return lower(strings.Join(strings.FieldsFunc(text, space), " "))
}

// space is Python's str.isspace.
func space(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

// lower is Python's str.lower.
func lower(text string) string { return cases.Lower(language.Und).String(text) }

// wordPattern cuts text into words; (?i) has the same simple case folding as the original's. There, U+0345 is in no word: it is
// not a letter, but folds to one. Without (?-i) it would be a letter here.
var wordPattern = regexp.MustCompile(`(?i)<\|startoftext\|>|<\|endoftext\|>|'s|'t|'re|'ve|'m|'ll|'d|(?-i:\p{L}+)|\p{N}|[^\s\p{L}\p{N}]+`)

// encodeWord joins the best pair of pieces until none is left to join.
func (t *Tokenizer) encodeWord(word string) []int32 {
	if ids, ok := t.known.Load(word); ok {
		return ids.([]int32)
	}
	var ids []int32
	for _, piece := range t.join(split(word), nil) {
		ids = append(ids, t.ids[piece])
	}
	t.known.Store(word, ids)
	return ids
}

// split returns the pieces of a word before any is joined: one a byte.
func split(word string) []string {
	pieces := make([]string, len(word))
	for i := range len(word) {
		pieces[i] = letters[word[i]]
	}
	pieces[len(pieces)-1] += wordEnd
	return pieces
}

// join applies the merges, and notes in used, if it is not nil, which.
func (t *Tokenizer) join(pieces []string, used map[int]bool) []string {
	for {
		best := len(t.merges)
		for i := range len(pieces) - 1 {
			if rank, ok := t.rank[merge{pieces[i], pieces[i+1]}]; ok {
				best = min(best, rank)
			}
		}
		if best == len(t.merges) {
			return pieces
		}
		if used != nil {
			used[best] = true
		}
		pieces = t.merges[best].in(pieces)
	}
}

// in joins every occurrence of the merge, from the left.
func (m merge) in(pieces []string) []string {
	var joined []string
	for i := 0; i < len(pieces); i++ {
		if i+1 < len(pieces) && pieces[i] == m[0] && pieces[i+1] == m[1] {
			joined = append(joined, m[0]+m[1])
			i++
			continue
		}
		joined = append(joined, pieces[i])
	}
	return joined
}

// Decode returns the text of ids; a space stands after each word. Ids that do not exist, start and end are left out, and
// U+FFFD stands for a character that the ids hold only part of.
func (t *Tokenizer) Decode(ids []int32) string {
	var pieces strings.Builder
	for _, id := range ids {
		if id >= 0 && int(id) < len(t.pieces) {
			pieces.WriteString(t.pieces[id])
		}
	}
	var text []byte
	for _, letter := range strings.ReplaceAll(pieces.String(), wordEnd, " ") {
		if b, ok := byteOf[string(letter)]; ok {
			text = append(text, b)
		} else {
			text = append(text, ' ')
		}
	}
	decoded, _ := encoding.UTF8.NewDecoder().Bytes(text) // it replaces what is malformed and never fails
	return string(decoded)
}
