package clip

import (
	"encoding/json"
	"math"
	"os"
	"strings"
	"testing"
)

// made is the table of testdata/nearest.py under a tokenizer of that many ids.
func made(t *testing.T, rows, width int) *Model {
	t.Helper()
	values := make([]float32, 0, rows*width)
	for row := range rows {
		for place := range width {
			mixed := (row%200*1000003 + place*7368787 + 11) % 2147483647
			values = append(values, float32(mixed*mixed%2147483647%64-32)/32)
		}
	}
	corpus := []string{"a photo of a cat"}
	tokenizer := NewTokenizer().Cut(corpus)
	if tokenizer.Vocabulary() < rows {
		t.Fatalf("the tokenizer has %d ids, want at least %d", tokenizer.Vocabulary(), rows)
	}
	config := Config{Text: Tower{Width: width}}
	return &Model{Weights: &Weights{Config: config, Values: map[string][]float32{tokenTable: values}}, Tokenizer: tokenizer}
}

func TestNearestWordsAreThoseOfNumPy(t *testing.T) {
	text, err := os.ReadFile("testdata/nearest.json")
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		Rows, Width int
		Vectors     []struct {
			Vector    []float32
			IDs       []int32
			Distances []float64
		}
	}
	if err := json.Unmarshal(text, &want); err != nil {
		t.Fatal(err)
	}
	m := made(t, want.Rows, want.Width)
	for _, v := range want.Vectors {
		words, err := m.Nearest(v.Vector, len(v.IDs))
		if err != nil {
			t.Fatal(err)
		}
		for i, w := range words {
			if w.ID != v.IDs[i] || math.Abs(w.Distance-v.Distances[i]) > 1e-12 || w.Text != m.Tokenizer.Text(w.ID) {
				t.Errorf("Nearest(%v)[%d] = %+v, want id %d at %g", v.Vector, i, w, v.IDs[i], v.Distances[i])
			}
		}
	}
}

func TestEmbeddingsAreNearestToThemselves(t *testing.T) {
	m := made(t, 200, 6)
	for id := range 200 {
		words, err := m.Nearest(m.Values[tokenTable][id*6:(id+1)*6], 1)
		if err != nil || len(words) != 1 || words[0].ID != int32(id) || words[0].Distance != 0 {
			t.Errorf("Nearest(embedding %d) = %v, %v, want itself at 0", id, words, err)
		}
	}
	if all, err := m.Nearest(make([]float32, 6), 9999); err != nil || len(all) != 200 {
		t.Errorf("Nearest with a count of 9999 = %d words, %v, want all 200", len(all), err)
	}
}

func TestWhatHasNoNearestWordIsAnError(t *testing.T) {
	nan := float32(math.NaN())
	for want, find := range map[string]func(m *Model) error{
		"0 nearest words":   func(m *Model) error { _, err := m.Nearest(make([]float32, 6), 0); return err },
		"5 numbers, want 6": func(m *Model) error { _, err := m.Nearest(make([]float32, 5), 1); return err },
		"not finite":        func(m *Model) error { _, err := m.Nearest([]float32{0, 0, 0, 0, 0, nan}, 1); return err },
		"load them again": func(m *Model) error {
			m.Values = map[string][]float32{}
			_, err := m.Nearest(make([]float32, 6), 1)
			return err
		},
	} {
		if err := find(made(t, 200, 6)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Nearest = %v, want an error with %q", err, want)
		}
	}
}

func TestEveryIDHasAText(t *testing.T) {
	tokenizer := NewTokenizer()
	photo, cafe := tokenizer.Encode("photo")[0], tokenizer.Encode("café")[0]
	for id, want := range map[int32]string{
		photo: "photo", cafe: "café", tokenizer.Start(): "<|startoftext|>", tokenizer.End(): "<|endoftext|>", -1: "", tokenizer.End() + 1: "",
		0: "!", 256: "!", 255: "\u0143", // the last of the bytes is a soft hyphen, which has no glyph
	} {
		if got := tokenizer.Text(id); got != want {
			t.Errorf("Text(%d) = %q, want %q", id, got, want)
		}
	}
	for id := range int32(tokenizer.Vocabulary()) {
		if text := tokenizer.Text(id); text == "" || strings.Contains(text, wordEnd) || strings.ContainsAny(text, "\n\t ") {
			t.Errorf("Text(%d) = %q, want something to see", id, text)
		}
	}
}
