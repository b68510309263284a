package prompt_test

import (
	"slices"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/prompt/prompttest"
	"github.com/dapt-go/dapt-go/dapt/train/traintest"
)

func TestKgCoOpKeepsTheContract(t *testing.T) {
	for _, learner := range []prompt.Learner{
		prompt.KgCoOp{},
		prompt.KgCoOp{Context: 2, Random: true, Weight: 2},
	} {
		t.Run(called(learner), func(t *testing.T) {
			prompttest.Run(t, learner)
			traintest.Run(t, learner)
		})
	}
}

func TestKgCoOpComparesWithThePublishedSentences(t *testing.T) {
	for dataset, want := range map[string]string{
		"OxfordPets":          "hand {}.",
		"DescribableTextures": "a photo of a {}, a type of texture.",
	} {
		if got, err := (prompt.KgCoOp{}).Anchors(dataset, "hand {}."); err != nil || !slices.Equal(got.Templates, []string{want}) {
			t.Errorf("Anchors on %s = %+v, %v, want %q", dataset, got, err, want)
		}
	}
}
