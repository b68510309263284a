package prompt_test

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/prompt/prompttest"
	"github.com/dapt-go/dapt-go/dapt/train/traintest"
)

func TestProGradKeepsTheContract(t *testing.T) {
	for _, learner := range []prompt.Learner{
		prompt.ProGrad{},
		prompt.ProGrad{Context: 4, Phrase: "a photo of a", Lambda: 0.5},
		prompt.ProGrad{Context: 2, Phrase: "a photo of a", Random: true},
	} {
		t.Run(called(learner), func(t *testing.T) {
			prompttest.Run(t, learner)
			traintest.Run(t, learner)
		})
	}
}

// TestProGradStartsAsPublished: its phrase fills the last places of the context, by words, so that of one with a comma the last
// token stands behind the context.
func TestProGradStartsAsPublished(t *testing.T) {
	tokenizer := clip.NewTokenizer().Cut([]string{"a type of pet, a photo of a"})
	m := wide()
	m.Tokenizer = tokenizer
	table := make([]float32, tokenizer.Vocabulary()*512)
	for i := range table {
		table[i] = float32(i + 1)
	}
	m.Values["token_embedding.weight"] = table
	for dataset, want := range map[string]struct {
		words, frozen int
		template      string
	}{
		"OxfordPets": {8, 1, strings.Repeat("X ", 8) + "a type of pet, a photo of a {}."},
		"ImageNet":   {4, 0, strings.Repeat("X ", 12) + "a photo of a {}."},
	} {
		p, _ := prompt.ProGrad{}.Preset(prompt.Task{Protocol: "few_shot", Dataset: dataset})
		if got := p.Learner.Template("{} texture."); got != want.template {
			t.Errorf("Template on %s = %q, want %q", dataset, got, want.template)
		}
		list, err := p.Learner.Parameters(m, rand.New(rand.NewPCG(1, 2)))
		if err != nil {
			t.Fatal(err)
		}
		ids := tokenizer.Encode(p.Learner.(prompt.ProGrad).Phrase)
		expected := make([]float32, (16-want.words)*512)
		for _, id := range ids[:want.words] {
			expected = append(expected, table[int(id)*512:][:512]...)
		}
		if !slices.Equal(list[0].Value, expected) || len(ids)-want.words != want.frozen {
			t.Errorf("on %s the context is not zeros and then %d tokens of %q", dataset, want.words, ids)
		}
	}
	if _, err := (prompt.ProGrad{Context: 2, Phrase: "a photo of"}).Parameters(m, rand.New(rand.NewPCG(1, 2))); err == nil || !strings.Contains(err.Error(), "of 3 words, want at most the 2") {
		t.Errorf("a phrase that is longer than the context: %v, want an error", err)
	}
}

func TestProGradComparesWithThePublishedSentences(t *testing.T) {
	for dataset, want := range map[string]string{
		"OxfordPets":          "a type of pet, a photo of a {}.",
		"DescribableTextures": "a texture of {}.",
		"EuroSAT":             "hand {}.",
	} {
		if got, err := (prompt.ProGrad{}).Anchors(dataset, "hand {}."); err != nil || !slices.Equal(got.Templates, []string{want}) {
			t.Errorf("Anchors on %s = %+v, %v, want %q", dataset, got, err, want)
		}
	}
}
