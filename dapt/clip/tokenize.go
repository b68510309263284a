package clip

import (
	"fmt"
	"strings"
)

// TooLongError is a text that does not fit into the places of the text tower.
type TooLongError struct {
	Text   string
	Tokens int // start and end included
	Places int
}

// Error names the text and what to do.
func (e *TooLongError) Error() string {
	return fmt.Sprintf("clip: %q has %d tokens, start and end included, but the text tower has %d places: shorten the class name or the template",
		e.Text, e.Tokens, e.Places)
}

// Prompt puts a class name into the template's {}; underscores in the name become spaces.
func Prompt(template, class string) string {
	return strings.ReplaceAll(template, "{}", strings.ReplaceAll(class, "_", " "))
}

// Tokenize returns a row of so many places for each text: start, its ids, end, zeros. A text that does not fit is a
// [*TooLongError].
func (t *Tokenizer) Tokenize(texts []string, places int) ([][]int32, error) {
	rows := make([][]int32, len(texts))
	for i, text := range texts {
		ids := t.Encode(text)
		if n := len(ids) + 2; n > places {
			return nil, &TooLongError{text, n, places}
		}
		rows[i] = t.row(ids, places)
	}
	return rows, nil
}

// Truncate is Tokenize that cuts what does not fit: the last place of a cut row is the end.
func (t *Tokenizer) Truncate(texts []string, places int) [][]int32 {
	rows := make([][]int32, len(texts))
	for i, text := range texts {
		ids := t.Encode(text)
		rows[i] = t.row(ids[:min(len(ids), max(places-2, 0))], places)
	}
	return rows
}

func (t *Tokenizer) row(ids []int32, places int) []int32 {
	row := make([]int32, 0, max(places, len(ids)+2))
	row = append(append(append(row, t.Start()), ids...), t.End())
	return row[:max(places, len(row))]
}
