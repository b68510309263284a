package prompt_test

import (
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/internal/golden"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/prompt/prompttest"
)

// TestEveryLearnerKeepsTheContract is of the settings that are zero; a learner's own test is of others.
func TestEveryLearnerKeepsTheContract(t *testing.T) {
	golden.OnPureGo(t)
	for _, learner := range prompt.All() {
		t.Run(learner.Name(), func(t *testing.T) { prompttest.Run(t, learner) })
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

func TestNoLearnerIsRecognizedInNothing(t *testing.T) {
	if _, err := prompt.Recognize(nil); err == nil || !strings.Contains(err.Error(), "there is no ctx") {
		t.Errorf("Recognize(nothing) = %v, want an error", err)
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

// called names a learner with its settings.
func called(l prompt.Learner) string { return fmt.Sprintf("%s %+v", l.Name(), l) }

// recognized fails t where the names and shapes of a learner's parameters are not those of the learner that is wanted.
func recognized(t *testing.T, learner, want prompt.Learner) {
	t.Helper()
	list, err := learner.Parameters(wide(), rand.New(rand.NewPCG(1, 2)))
	if err != nil {
		t.Fatal(err)
	}
	shapes := map[string][]int{}
	for _, p := range list {
		shapes[p.Name] = p.Dims
	}
	if got, err := prompt.Recognize(shapes); err != nil || got.Learner != want {
		t.Errorf("Recognize(those of %s) = %+v, %v, want %s", called(learner), got, err, called(want))
	}
}

// refused fails t where a learner's parameters are no error in m that says what is wanted.
func refused(t *testing.T, learner prompt.Learner, m *clip.Model, want string) {
	t.Helper()
	if _, err := learner.Parameters(m, rand.New(rand.NewPCG(1, 2))); err == nil || !strings.Contains(err.Error(), want) {
		t.Errorf("Parameters of %s: %v, want an error with %q", called(learner), err, want)
	}
}
