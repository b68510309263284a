package report

import (
	"bytes"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"slices"

	"github.com/dapt-go/dapt-go/dapt/train"
)

// WordList has a line for each vector of the text prompts: its block, its class where contexts are of classes, its place, and
// the words that it is nearest to, nearest first, with their distances.
func WordList(words []train.Words) List {
	l := List{
		Caption: "Nearest words of the text prompts", Labels: 2, Lines: [][]string{{"block", "vector"}},
		Notes: []string{
			"Behind each word is the Euclidean distance of its embedding; blocks of the text tower and vectors are counted from 1.",
			"A word may be far away and still the nearest: compare distances before reading anything into it.",
		},
	}
	classes := slices.ContainsFunc(words, func(w train.Words) bool { return w.Class != "" })
	if classes {
		l.Labels, l.Lines[0] = 3, []string{"block", "class", "vector"}
	}
	most := 0
	for _, w := range words {
		most = max(most, len(w.Nearest))
	}
	for i := range most {
		l.Lines[0] = append(l.Lines[0], fmt.Sprintf("word %d", i+1))
	}
	for _, w := range words {
		line := []string{fmt.Sprint(w.Block), fmt.Sprint(w.Vector)}
		if classes {
			line = slices.Insert(line, 1, w.Class)
		}
		for _, near := range w.Nearest {
			line = append(line, fmt.Sprintf("%s %.4f", near.Text, near.Distance))
		}
		for len(line) < len(l.Lines[0]) {
			line = append(line, "")
		}
		l.Lines = append(l.Lines, line)
	}
	return l
}

// WordsCSV has a line for each vector and word, with distances at full precision: block, class, vector, rank from 1, id, text
// and distance. class is empty where all share a context.
func WordsCSV(words []train.Words) string {
	lines := [][]string{{"block", "class", "vector", "rank", "id", "text", "distance"}}
	for _, w := range words {
		for i, near := range w.Nearest {
			lines = append(lines, []string{fmt.Sprint(w.Block), w.Class, fmt.Sprint(w.Vector), fmt.Sprint(i + 1), fmt.Sprint(near.ID), near.Text, full(near.Distance)})
		}
	}
	var out bytes.Buffer
	_ = csv.NewWriter(&out).WriteAll(lines) // a bytes.Buffer takes everything
	return out.String()
}

// WordsJSON is the words as an indented list. A distance that is not finite is an error.
func WordsJSON(words []train.Words) (string, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", "  ")
	if err := encoder.Encode(words); err != nil {
		return "", fmt.Errorf("report: encoding words: %w", err)
	}
	return out.String(), nil
}
