package clip

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Word is a token of the vocabulary and how far its embedding is from some vector.
type Word struct {
	ID       int32   `json:"id"`
	Text     string  `json:"text"`     // see [Tokenizer.Text]
	Distance float64 `json:"distance"` // Euclidean
}

// Nearest returns the count tokens whose embeddings are nearest to a vector of the text tower's width, nearest first, the
// lower id of equals (Ferenas/DAPT interpret_prompts/interpret_prompt.py). All of the vocabulary takes part, start and end,
// too; a count above it returns all.
func (m *Model) Nearest(vector []float32, count int) ([]Word, error) {
	width, table := m.Config.Text.Width, m.Values[tokenTable]
	switch {
	case count < 1:
		return nil, fmt.Errorf("clip: %d nearest words, want at least 1", count)
	case len(vector) != width:
		return nil, fmt.Errorf("clip: a vector of %d numbers, want %d, the width of the text tower", len(vector), width)
	case slices.ContainsFunc(vector, notFinite):
		return nil, fmt.Errorf("clip: the vector has numbers that are not finite: nothing is near it")
	case table == nil:
		return nil, errReleased(tokenTable)
	}
	words := make([]Word, 0, len(table)/width)
	for row := range slices.Chunk(table, width) {
		words = append(words, Word{ID: int32(len(words)), Distance: squares(row, vector)})
	}
	slices.SortFunc(words, func(a, b Word) int { return cmp.Or(cmp.Compare(a.Distance, b.Distance), cmp.Compare(a.ID, b.ID)) })
	words = slices.Clone(words[:min(count, len(words))])
	for i := range words {
		words[i].Text, words[i].Distance = m.Tokenizer.Text(words[i].ID), math.Sqrt(words[i].Distance)
	}
	return words, nil
}

// squares is the sum of squared differences.
func squares(a, b []float32) float64 {
	sum := 0.0
	for i, v := range a {
		d := float64(v) - float64(b[i])
		sum += d * d
	}
	return sum
}

// Text returns what one id stands for, without the mark on the last piece of a word. What cannot be shown on its own, such as
// a part of a character, is in the letters that stand for its bytes. An id that does not exist is "".
func (t *Tokenizer) Text(id int32) string {
	switch {
	case id == t.Start():
		return "<|startoftext|>"
	case id == t.End():
		return "<|endoftext|>"
	case id < 0 || id > t.End():
		return ""
	}
	piece := strings.TrimSuffix(t.pieces[id], wordEnd)
	var text []byte
	for _, letter := range piece {
		text = append(text, byteOf[string(letter)])
	}
	if hidden := func(r rune) bool { return !unicode.IsGraphic(r) || unicode.IsSpace(r) }; !utf8.Valid(text) || strings.ContainsFunc(string(text), hidden) {
		return piece
	}
	return string(text)
}
