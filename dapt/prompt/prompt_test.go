package prompt_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/prompt/prompttest"
)

func TestEveryLearnerKeepsTheContract(t *testing.T) {
	variants := []prompt.Learner{
		prompt.MaPLe{Context: 3},
		prompt.MaPLe{Depth: 1},
		prompt.MaPLe{Random: true},
		prompt.MaPLe{Context: 5},
		prompt.MaPLe{Context: 1, Depth: 2, Phrase: "this_is"},
		prompt.CoOp{Context: 4, Phrase: "a photo of a"},
		prompt.CoOp{Context: 5, Position: prompt.Middle},
		prompt.CoOp{Context: 1, Position: prompt.Middle},
		prompt.CoOp{Context: 3, Position: prompt.Front},
		prompt.CoOp{Context: 3, Classes: 2},
		prompt.CoOp{Context: 3, Classes: 2, Position: prompt.Front},
		prompt.CoCoOp{Random: true},
		prompt.CoCoOp{Context: 8},
		prompt.VPT{Context: 3, Depth: 1},
		prompt.IVLP{TextOnly: true, Text: 4},
		prompt.IVLP{Text: 5, Vision: 3, TextDepth: 2, VisionDepth: 1},
		prompt.PromptSRC{TextDepth: 3, VisionDepth: 3},
		prompt.PromptKD{Context: 2, Depth: 1, Embed: 48},
		prompt.PromptKD{Teacher: "maple", TeacherSettings: `{"Depth": 2}`, Temperature: 2},
	}
	for _, learner := range append(prompt.All(), variants...) {
		t.Run(fmt.Sprintf("%s %+v", learner.Name(), learner), func(t *testing.T) { prompttest.Run(t, learner) })
	}
}

func TestLearnersHaveNamesOfTheirOwn(t *testing.T) {
	seen := map[string]bool{}
	for _, learner := range prompt.All() {
		if seen[learner.Name()] {
			t.Errorf("two learners are called %q", learner.Name())
		}
		seen[learner.Name()] = true
	}
}

func TestFindSaysWhatItKnowsAndWhatIsWrong(t *testing.T) {
	if _, err := prompt.Find("mapel", nil); err == nil || !strings.Contains(err.Error(), `"maple"`) || !strings.Contains(err.Error(), "mapel") {
		t.Errorf("Find of a misspelt name: %v, want an error with the known names", err)
	}
	if _, err := prompt.Find("maple", []byte(`{"Depth": "deep"}`)); err == nil || !strings.Contains(err.Error(), "Depth") {
		t.Errorf("Find with a bad setting: %v, want an error that names it", err)
	}
	for _, bad := range []string{`{"Depht": 3}`, `{"Depth": 3} more`} {
		if got, err := prompt.Find("maple", []byte(bad)); err == nil || !strings.Contains(err.Error(), `want some of {"Context":0,"Depth":0`) {
			t.Errorf("Find with the settings %s = %+v, %v, want an error with the fields", bad, got, err)
		}
	}
	if got, err := prompt.With(prompt.MaPLe{Context: 3, Depth: 4}, []byte(`{"Depth": 5}`)); err != nil || got != (prompt.MaPLe{Context: 3, Depth: 5}) {
		t.Errorf("With another depth = %+v, %v, want that alone changed", got, err)
	}
	if got, err := prompt.Find("maple", nil); err != nil || got != (prompt.MaPLe{}) {
		t.Errorf("Find without settings = %#v, %v, want the published ones", got, err)
	}
}

// wide is ViT-B/16 without weights but the token table that the initial words are read from.
func wide() *clip.Model {
	tokenizer := clip.NewTokenizer().Cut([]string{"a photo of a"})
	config := clip.Config{Embed: 512, Text: clip.Tower{Width: 512}, Vision: clip.Tower{Width: 768}}
	table := make([]float32, tokenizer.Vocabulary()*512)
	for i := range table {
		table[i] = float32(i)
	}
	weights := &clip.Weights{Config: config, Values: map[string][]float32{"token_embedding.weight": table}}
	return &clip.Model{Weights: weights, Tokenizer: tokenizer}
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

func TestLearnersAreRecognizedByTheirParameters(t *testing.T) {
	for _, test := range []struct{ learner, want prompt.Learner }{
		{prompt.CoOp{}, prompt.CoOp{Context: 16}},
		{prompt.CoOp{Context: 4, Classes: 7, Position: prompt.Front}, prompt.CoOp{Context: 4, PerClass: true, Classes: 7}},
		{prompt.CoCoOp{}, prompt.CoCoOp{Context: 4}},
		{prompt.CoCoOp{Context: 8}, prompt.CoCoOp{Context: 8, Random: true}},
		{prompt.MaPLe{}, prompt.MaPLe{Context: 2, Depth: 9}},
		{prompt.MaPLe{Depth: 1}, prompt.MaPLe{Context: 2, Depth: 1}},
		{prompt.VPT{}, prompt.VPT{Context: 8, Depth: 12}},
		{prompt.IVLP{}, prompt.IVLP{Text: 2, Vision: 2, TextDepth: 12, VisionDepth: 12}},
		{prompt.IVLP{TextOnly: true}, prompt.IVLP{Text: 2, TextDepth: 12, TextOnly: true}},
		{prompt.PromptSRC{}, prompt.IVLP{Text: 4, Vision: 4, TextDepth: 9, VisionDepth: 9}},
		{prompt.PromptKD{Embed: 20}, prompt.PromptKD{Context: 4, Depth: 9, Embed: 20}},
	} {
		list, err := test.learner.Parameters(wide(), rand.New(rand.NewPCG(1, 2)))
		if err != nil {
			t.Fatal(err)
		}
		shapes := map[string][]int{}
		for _, p := range list {
			shapes[p.Name] = p.Dims
		}
		if got, err := prompt.Recognize(shapes); err != nil || got.Learner != test.want {
			t.Errorf("Recognize(those of %s %+v) = %+v, %v, want %+v", test.learner.Name(), test.learner, got, err, test.want)
		}
	}
	if _, err := prompt.Recognize(nil); err == nil || !strings.Contains(err.Error(), "there is no ctx") {
		t.Errorf("Recognize(nothing) = %v, want an error", err)
	}
}

func TestLearnersRefuseWhatTheyCannotBe(t *testing.T) {
	narrow := wide()
	narrow.Config.Embed = 12
	for want, test := range map[string]struct {
		learner prompt.Learner
		model   *clip.Model
	}{
		"coop {Context:-1 ":            {prompt.CoOp{Context: -1}, wide()},
		`Position "left"`:              {prompt.CoOp{Position: "left"}, wide()},
		"leave the phrase out":         {prompt.CoOp{Classes: 3, Phrase: "a photo"}, wide()},
		`phrase "photo" has 1 tokens`:  {prompt.CoOp{Context: 2, Phrase: "photo"}, wide()},
		"at least 16 numbers":          {prompt.CoCoOp{}, narrow},
		"has the number -2":            {prompt.CoCoOp{Context: -2}, wide()},
		"vpt {Context:0 Depth:-1} has": {prompt.VPT{Depth: -1}, wide()},
		"has the number -1":            {prompt.PromptSRC{TextDepth: -1}, wide()},
		"has the number 1000000, want": {prompt.VPT{Context: 1_000_000}, wide()},
		"CoOp with Classes 1000000000": {prompt.CoOp{Classes: 1_000_000_000}, wide()},
	} {
		if _, err := test.learner.Parameters(test.model, rand.New(rand.NewPCG(1, 2))); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parameters of %s %+v: %v, want an error with %q", test.learner.Name(), test.learner, err, want)
		}
	}
}
