package train

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/gomlx/core/graph"

	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/prompt"
)

// TestPromptsThatAreEmbeddingsReadAsTheirWords: MaPLe starts as the embeddings of its phrase, and a deep prompt that is set to
// some finds them.
func TestPromptsThatAreEmbeddingsReadAsTheirWords(t *testing.T) {
	e := newEngine(t)
	if err := e.Reset(1); err != nil {
		t.Fatal(err)
	}
	values, err := e.Parameters()
	if err != nil {
		t.Fatal(err)
	}
	ids := e.Model.Tokenizer.Encode("of cat")
	table := e.Model.Values["token_embedding.weight"]
	values["compound_prompts_text.0"] = slices.Concat(table[int(ids[0])*64:][:64], table[int(ids[1])*64:][:64])
	if err := e.SetParameters(values); err != nil {
		t.Fatal(err)
	}
	words, err := e.Words(nil, 3)
	if err != nil || len(words) != 4 {
		t.Fatalf("Words = %v, %v, want 2 of 2 blocks", words, err)
	}
	for i, want := range []Words{{Block: 1, Vector: 1}, {Block: 1, Vector: 2}, {Block: 2, Vector: 1}, {Block: 2, Vector: 2}} {
		text, w := []string{"a", "photo", "of", "cat"}[i], words[i]
		if w.Block != want.Block || w.Vector != want.Vector || w.Class != "" || len(w.Nearest) != 3 || w.Nearest[0].Text != text || w.Nearest[0].Distance != 0 || w.Nearest[1].Distance == 0 {
			t.Errorf("Words[%d] = %+v, want %q at 0 of block %d, vector %d, and two more", i, w, text, want.Block, want.Vector)
		}
	}
}

// perClass has a context for each class, before the second block and, without effect, past the end of the tower.
type perClass struct{ prompt.ZeroShot }

func (perClass) Name() string { return "per-class" }

func (perClass) Parameters(*clip.Model, *rand.Rand) ([]prompt.Parameter, error) {
	return []prompt.Parameter{{Name: "ctx", Dims: []int{3, 2, 64}, Value: make([]float32, 3*2*64)}}, nil
}

func (perClass) Prompts(p prompt.Values) prompt.Prompts {
	return prompt.Prompts{Text: []*graph.Node{nil, p["ctx"], p["ctx"]}}
}

func TestContextsOfClassesAreListedByClass(t *testing.T) {
	e := ownEngine(t, newModel(1), perClass{})
	defer e.Close()
	words, err := e.Words(classes, 1)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range words {
		got = append(got, w.Class)
		if w.Block != 2 || len(w.Nearest) != 1 {
			t.Errorf("Words has %+v, want block 2 with 1 word", w)
		}
	}
	if want := []string{"cat", "cat", "lake boat", "lake boat", "tree_house", "tree_house"}; !slices.Equal(got, want) {
		t.Errorf("Words are of %q, want %q", got, want)
	}
	if words, err = e.Words(nil, 1); err != nil || len(words) != 6 || words[5].Class != "class 3" {
		t.Errorf("Words of classes that are not known = %v, %v, want 6, numbered by class", words, err)
	}
	if _, err := e.Words(classes[:2], 1); err == nil || !strings.Contains(err.Error(), "of 3 classes, but 2 are named") {
		t.Errorf("Words for two classes = %v, want an error with both counts", err)
	}
}

func TestWordsSayWhatTheyCannotRead(t *testing.T) {
	frozen := ownEngine(t, newModel(1), zeroShot)
	defer frozen.Close()
	if _, err := frozen.Words(nil, 1); err == nil || !strings.Contains(err.Error(), "zero-shot has no text prompts") {
		t.Errorf("Words of zero-shot = %v, want an error that names it", err)
	}
	if _, err := newEngine(t).Words(nil, 0); err == nil || !strings.Contains(err.Error(), "block 1: vector 1: clip: 0 nearest words") {
		t.Errorf("Words with a count of 0 = %v, want an error", err)
	}
}
