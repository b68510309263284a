package prompt_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/prompt/prompttest"
	"github.com/dapt-go/dapt-go/dapt/train/traintest"
)

func TestMaPLeKeepsTheContract(t *testing.T) {
	for _, learner := range []prompt.Learner{
		prompt.MaPLe{Depth: 3},
		prompt.MaPLe{Depth: 1, Random: true},
	} {
		t.Run(called(learner), func(t *testing.T) {
			prompttest.Run(t, learner)
			traintest.Run(t, learner)
		})
	}
}

func TestMaPLeKeepsTheContractInEverySize(t *testing.T) {
	for _, learner := range []prompt.Learner{
		prompt.MaPLe{Context: 3},
		prompt.MaPLe{Context: 5},
		prompt.MaPLe{Context: 1, Depth: 2, Phrase: "this_is"},
	} {
		t.Run(called(learner), func(t *testing.T) { prompttest.Run(t, learner) })
	}
}

func draw(t *testing.T, l prompt.MaPLe) map[string]prompt.Parameter {
	t.Helper()
	list, err := l.Parameters(wide(), rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	byName := map[string]prompt.Parameter{}
	for _, p := range list {
		byName[p.Name] = p
	}
	return byName
}

func TestMaPLeStartsAsPublished(t *testing.T) {
	parameters := draw(t, prompt.MaPLe{})
	total := 0
	for _, p := range parameters {
		total += len(p.Value)
	}
	if total != 3555072 {
		t.Errorf("MaPLe on ViT-B/16 trains %d numbers, want 3555072", total)
	}
	m := wide()
	ids := m.Tokenizer.Encode("a photo")
	table := m.Values["token_embedding.weight"]
	want := slices.Concat(table[int(ids[0])*512:][:512], table[int(ids[1])*512:][:512])
	if !slices.Equal(parameters["ctx"].Value, want) {
		t.Error("ctx does not start as the embeddings of the phrase's first two words")
	}
	for i := range 8 {
		for _, part := range []string{"weight", "bias"} {
			name := fmt.Sprintf("compound_prompt_projections.%d.%s", i, part)
			if !slices.Equal(parameters[name].Value, parameters["compound_prompt_projections.0."+part].Value) {
				t.Errorf("%s differs from the first, but all start as copies of one layer", name)
			}
		}
	}
	if weight := parameters["proj.weight"].Value; slices.Max(weight) > 0.04420 || slices.Max(weight) < 0.0441 || slices.Min(weight) > -0.0441 {
		t.Errorf("proj.weight is within [%g, %g], want uniform within 1/sqrt(512) = 0.04419 of 0", slices.Min(weight), slices.Max(weight))
	}
}

func TestARandomContextHasPlaceholderWords(t *testing.T) {
	for _, l := range []prompt.MaPLe{{Random: true, Context: 3}, {Context: 5}} {
		if got, want := l.Template("{} texture."), strings.Repeat("X ", l.Context)+"{}."; got != want {
			t.Errorf("Template of %+v = %q, want %q", l, got, want)
		}
		if ctx := draw(t, l)["ctx"]; slices.Max(ctx.Value) > 0.2 || slices.Min(ctx.Value) > -0.02 {
			t.Errorf("ctx of %+v is within [%g, %g], want normal numbers of deviation 0.02", l, slices.Min(ctx.Value), slices.Max(ctx.Value))
		}
	}
	if got, want := (prompt.MaPLe{Phrase: "this_is a"}).Template(""), "this is a {}."; got != want {
		t.Errorf("Template = %q, want %q", got, want)
	}
}

func TestMaPLeRefusesWhatItCannotStartFrom(t *testing.T) {
	for want, l := range map[string]prompt.MaPLe{
		`phrase "photo" has 1 tokens`:              {Phrase: "photo"},
		"{Context:-1 ":                             {Context: -1},
		"has the number -2":                        {Depth: -2},
		"has the number 1000000, want at most 256": {Depth: 1_000_000},
	} {
		if _, err := l.Parameters(wide(), rand.New(rand.NewPCG(1, 2))); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parameters of %+v: %v, want an error with %q", l, err, want)
		}
	}
}

func TestMaPLeIsRecognized(t *testing.T) {
	recognized(t, prompt.MaPLe{}, prompt.MaPLe{Context: 2, Depth: 9})
	recognized(t, prompt.MaPLe{Depth: 1}, prompt.MaPLe{Context: 2, Depth: 1})
}
