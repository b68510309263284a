package clip

import (
	"bytes"
	"encoding/json"
	"errors"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

// TestTokenizerEqualsOpenAIs compares with ids of the published tokenizer.
func TestTokenizerEqualsOpenAIs(t *testing.T) {
	data, err := os.ReadFile("testdata/tokenizer.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Text      string
		IDs       []int32
		TooLong   bool `json:"too_long"`
		Truncated []int32
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	tokenizer := NewTokenizer()
	for _, c := range cases {
		if got := tokenizer.Encode(c.Text); !slices.Equal(got, c.IDs) {
			t.Errorf("Encode(%q) = %v, want %v", c.Text, got, c.IDs)
		}
		_, err := tokenizer.Tokenize([]string{c.Text}, 77)
		if tooLong := new(TooLongError); errors.As(err, &tooLong) != c.TooLong {
			t.Errorf("Tokenize(%q) = %v, want too long: %v", c.Text, err, c.TooLong)
		}
		if got := tokenizer.Truncate([]string{c.Text}, 77)[0]; c.TooLong && !slices.Equal(got, c.Truncated) {
			t.Errorf("Truncate(%q) = %v, want %v", c.Text, got, c.Truncated)
		}
	}
}

// TestTokenizerEqualsPythonAtItsCorners compares ids of texts that hold what seldom occurs in names: wrong encodings, HTML,
// odd cases and white space. They are of openai/CLIP's rules run with CPython 3.11, ftfy 6.3.1 and regex 2026.11.15.
func TestTokenizerEqualsPythonAtItsCorners(t *testing.T) {
	data, err := os.ReadFile("testdata/tokenizer_corners.json")
	if err != nil {
		t.Fatal(err)
	}
	var cases []struct {
		Text string
		IDs  []int32
	}
	if err := json.Unmarshal(data, &cases); err != nil {
		t.Fatal(err)
	}
	if len(cases) == 0 {
		t.Fatal("no cases")
	}
	tokenizer := NewTokenizer()
	for _, c := range cases {
		if got := tokenizer.Encode(c.Text); !slices.Equal(got, c.IDs) {
			t.Errorf("Encode(%+q) = %v, want %v", c.Text, got, c.IDs)
		}
	}
}

func TestDecode(t *testing.T) {
	for _, c := range []struct {
		name string
		ids  []int32
		want string
	}{
		{"words", []int32{320, 1125, 539, 320, 2368, 269}, "a photo of a cat . "},
		{"start, end and no ids are left out", []int32{49406, 320, 2368, 49407, -1, 49408}, "a cat "},
		{"part of a character", []int32{272, 22, 248, 97, 9240}, "1 7\ufffd\ufffdrein"},
	} {
		if got := NewTokenizer().Decode(c.ids); got != c.want {
			t.Errorf("%s: Decode(%v) = %+q, want %+q", c.name, c.ids, got, c.want)
		}
	}
}

func TestTooLongErrorNamesTheClassAndTheLimit(t *testing.T) {
	long := Prompt("a photo of a {}.", strings.Repeat("very_", 80)+"cat")
	_, err := NewTokenizer().Tokenize([]string{"a cat.", long}, 77)
	if err == nil {
		t.Fatal("no error")
	}
	for _, want := range []string{"very very", "88 tokens", "77 places", "shorten"} {
		if !strings.Contains(err.Error(), want) {
			t.Errorf("error %q does not say %q", err, want)
		}
	}
}

func TestCutEncodesItsCorpusInTheSamePieces(t *testing.T) {
	whole, corpus := NewTokenizer(), []string{"a photo of a golden retriever.", "Café au lait, 3 times", "日本"}
	cut := whole.Cut(corpus)
	for _, text := range corpus {
		var want, got []string
		for _, id := range whole.Encode(text) {
			want = append(want, whole.pieces[id])
		}
		for _, id := range cut.Encode(text) {
			got = append(got, cut.pieces[id])
		}
		if !slices.Equal(got, want) {
			t.Errorf("the cut tokenizer reads %q as %q, want %q", text, got, want)
		}
	}
	other := "a zebra, unseen"
	if got := cut.Decode(cut.Encode(other)); strings.TrimSpace(got) != "a zebra , unseen" {
		t.Errorf("the cut tokenizer loses text outside its corpus: %q", got)
	}
	if cut.End() != int32(cut.Vocabulary()-1) || cut.Start() != cut.End()-1 || cut.Vocabulary() > 700 {
		t.Errorf("vocabulary %d, start %d, end %d", cut.Vocabulary(), cut.Start(), cut.End())
	}
}

func TestMergesReadBackEqual(t *testing.T) {
	cut := NewTokenizer().Cut([]string{"a photo of a cat on the railway."})
	var list bytes.Buffer
	if err := cut.WriteMerges(&list); err != nil {
		t.Fatal(err)
	}
	again, err := ReadTokenizer(&list)
	if err != nil {
		t.Fatal(err)
	}
	if !slices.Equal(again.pieces, cut.pieces) {
		t.Errorf("read back %d pieces, want the same %d", len(again.pieces), len(cut.pieces))
	}
}

func TestReadTokenizerNamesTheBadLine(t *testing.T) {
	for _, list := range []string{"a b\nab c d\n", "a b\n\n", "a b\nxy z\n"} {
		if _, err := ReadTokenizer(strings.NewReader(list)); err == nil || !strings.Contains(err.Error(), "line 2") {
			t.Errorf("ReadTokenizer(%q) = %v, want an error that names line 2", list, err)
		}
	}
}

func TestTokenizerIsSafeForSeveralGoroutines(t *testing.T) {
	tokenizer := NewTokenizer().Cut([]string{"a photo of a cat."})
	want := tokenizer.Encode("a photo of a lynx.")
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() {
			if got := tokenizer.Encode("a photo of a lynx."); !slices.Equal(got, want) {
				t.Errorf("Encode = %v, want %v", got, want)
			}
		})
	}
	all.Wait()
}

func FuzzTokenizer(f *testing.F) {
	for _, text := range []string{"", "a cat", "&amp;lt;", "schÃ¶n", "it's", "\xff\xfe", "<|endoftext|>", "１２ ﬁ", "x</w>"} {
		f.Add(text)
	}
	tokenizer := NewTokenizer()
	lost := strings.NewReplacer(" ", "", "\u0345", "") // what reading back may add or miss
	f.Fuzz(func(t *testing.T, text string) {
		ids := tokenizer.Encode(text)
		for _, id := range ids {
			if id < 0 || int(id) >= tokenizer.Vocabulary() {
				t.Fatalf("Encode(%q) has id %d outside the vocabulary", text, id)
			}
		}
		special := slices.Contains(ids, tokenizer.Start()) || slices.Contains(ids, tokenizer.End())
		if got, want := lost.Replace(tokenizer.Decode(ids)), lost.Replace(clean(text)); !special && got != want {
			t.Fatalf("Encode(%+q) reads back as %+q, want %+q", text, got, want)
		}
		row := tokenizer.Truncate([]string{text}, 16)[0]
		if len(row) != 16 || !slices.Contains(row, tokenizer.End()) {
			t.Fatalf("Truncate(%q) = %v, want 16 places with an end", text, row)
		}
	})
}
