package clip

import (
	"bufio"
	"bytes"
	"compress/gzip"
	_ "embed"
	"fmt"
	"io"
	"strings"
	"sync"
)

// openAIMerges are the 48,894 merges that OpenAI's CLIP uses of its bpe_simple_vocab_16e6 (openai/CLIP, MIT licence).
//
//go:embed vocabulary/merges.txt.gz
var openAIMerges []byte

// openAI unpacks the embedded vocabulary, once.
var openAI = sync.OnceValue(func() *Tokenizer {
	list, err := gzip.NewReader(bytes.NewReader(openAIMerges))
	if err != nil {
		panic(fmt.Errorf("clip: embedded vocabulary: %w", err))
	}
	t, err := ReadTokenizer(list)
	if err != nil {
		panic(fmt.Errorf("clip: embedded vocabulary: %w", err))
	}
	return t
})

// ReadTokenizer makes a tokenizer of a list of merges, one a line, two pieces with a space between, best first.
func ReadTokenizer(r io.Reader) (*Tokenizer, error) {
	var merges []merge
	made := map[string]bool{}
	for _, b := range numbering {
		made[letters[b]], made[letters[b]+wordEnd] = true, true
	}
	lines := bufio.NewScanner(r)
	for lines.Scan() {
		left, right, ok := strings.Cut(lines.Text(), " ")
		if !ok || !made[left] || !made[right] {
			return nil, fmt.Errorf("clip: vocabulary, line %d: %q is not two pieces that the lines before make, with a space between",
				len(merges)+1, lines.Text())
		}
		made[left+right] = true
		merges = append(merges, merge{left, right})
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("clip: reading vocabulary after line %d: %w", len(merges), err)
	}
	return newTokenizer(merges), nil
}

// WriteMerges writes what [ReadTokenizer] reads.
func (t *Tokenizer) WriteMerges(w io.Writer) error {
	out := bufio.NewWriter(w)
	for _, m := range t.merges {
		fmt.Fprintf(out, "%s %s\n", m[0], m[1]) // Flush returns the first error
	}
	return out.Flush()
}

// Cut returns a tokenizer with the merges alone that the corpus needs. It encodes the corpus in the same pieces, and any
// other text in more.
func (t *Tokenizer) Cut(corpus []string) *Tokenizer {
	used, seen := map[int]bool{}, map[string]bool{}
	for _, text := range corpus {
		for _, word := range wordPattern.FindAllString(clean(text), -1) {
			if !seen[word] {
				seen[word] = true
				t.join(split(word), used)
			}
		}
	}
	var kept []merge
	for i, m := range t.merges {
		if used[i] {
			kept = append(kept, m)
		}
	}
	return newTokenizer(kept)
}

// letters stand for bytes in pieces: printable ones for themselves, the others from U+0100 on. numbering is the order of
// their ids: printable bytes first (openai/CLIP bytes_to_unicode).
var letters, numbering, byteOf = alphabet()

func alphabet() (letters [256]string, numbering []byte, byteOf map[string]byte) {
	byteOf = map[string]byte{}
	var others []byte
	for i := range 256 {
		b := byte(i)
		if b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae {
			letters[b] = string(rune(b))
			numbering = append(numbering, b)
		} else {
			letters[b] = string(rune(256 + len(others)))
			others = append(others, b)
		}
		byteOf[letters[b]] = b
	}
	return letters, append(numbering, others...), byteOf
}
