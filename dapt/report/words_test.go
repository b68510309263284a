package report

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"math"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/train"
)

// read are two vectors, of which the second has a word less.
func read(classes ...string) []train.Words {
	words := []train.Words{
		{Block: 1, Vector: 1, Nearest: []clip.Word{{ID: 320, Text: "a", Distance: 0}, {ID: 91, Text: `"<b>,`, Distance: 0.25}}},
		{Block: 2, Vector: 1, Nearest: []clip.Word{{ID: 1125, Text: "photo", Distance: 1.0 / 3}}},
	}
	for i, class := range classes {
		words[i].Class = class
	}
	return words
}

func TestEachVectorHasItsWords(t *testing.T) {
	for name, test := range map[string]struct {
		words []train.Words
		want  [][]string
	}{
		"shared":     {read(), [][]string{{"block", "vector", "word 1", "word 2"}, {"1", "1", "a 0.0000", `"<b>, 0.2500`}, {"2", "1", "photo 0.3333", ""}}},
		"of classes": {read("cat", "dog"), [][]string{{"block", "class", "vector", "word 1", "word 2"}, {"1", "cat", "1", "a 0.0000", `"<b>, 0.2500`}, {"2", "dog", "1", "photo 0.3333", ""}}},
		"none":       {nil, [][]string{{"block", "vector"}}},
	} {
		l := WordList(test.words)
		if !reflect.DeepEqual(l.Lines, test.want) {
			t.Errorf("%s: WordList has lines %q, want %q", name, l.Lines, test.want)
		}
		if html := l.HTML(); strings.Contains(html, "<b>") || !strings.Contains(html, "Nearest words") {
			t.Errorf("%s: HTML is %s, want words escaped", name, html)
		}
	}
}

func TestWordsAreReadBackFromCSVAndJSON(t *testing.T) {
	lines, err := csv.NewReader(strings.NewReader(WordsCSV(read("cat", "dog")))).ReadAll()
	if want := []string{"1", "cat", "1", "2", "91", `"<b>,`, "0.25"}; err != nil || len(lines) != 4 || !slices.Equal(lines[2], want) || lines[3][6] != "0.3333333333333333" {
		t.Errorf("WordsCSV has lines %q, %v, want the third %q", lines, err, want)
	}
	text, err := WordsJSON(read("cat", "dog"))
	if err != nil {
		t.Fatal(err)
	}
	var back []train.Words
	if err := json.Unmarshal([]byte(text), &back); err != nil || !reflect.DeepEqual(back, read("cat", "dog")) {
		t.Errorf("WordsJSON is read back as %+v, %v", back, err)
	}
	bad := read()
	bad[0].Nearest[0].Distance = math.NaN()
	if _, err := WordsJSON(bad); err == nil || !strings.Contains(err.Error(), "encoding words") {
		t.Errorf("WordsJSON of NaN = %v, want an error", err)
	}
}

func ExampleWordList() {
	words := []train.Words{{Block: 1, Vector: 1, Nearest: []clip.Word{{ID: 320, Text: "a"}, {ID: 539, Text: "an", Distance: 0.31}}}}
	fmt.Print(WordList(words).Text(80))
	// Output:
	// Nearest words of the text prompts
	//
	// block   vector   word 1     word 2
	// 1       1        a 0.0000   an 0.3100
}
