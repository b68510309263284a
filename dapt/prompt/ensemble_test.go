package prompt_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/prompt/prompttest"
	"github.com/dapt-go/dapt-go/dapt/train/traintest"
)

func TestEnsembleKeepsTheContract(t *testing.T) {
	for _, learner := range []prompt.Learner{
		prompt.Ensemble{},
		prompt.Ensemble{List: "promptsrc"},
	} {
		t.Run(called(learner), func(t *testing.T) {
			prompttest.Run(t, learner)
			traintest.Run(t, learner)
		})
	}
}

func TestListsOfSentencesAreThePublishedOnes(t *testing.T) {
	imagenet, err := prompt.Templates("imagenet")
	if err != nil {
		t.Fatal(err)
	}
	for list, count := range map[string]int{"imagenet": 80, "promptsrc": 60, "select": 7} {
		templates, err := prompt.Templates(list)
		if unique := slices.Compact(slices.Sorted(slices.Values(templates))); err != nil || len(templates) != count || len(unique) != count {
			t.Errorf("Templates(%s) has %d sentences, %d different ones, %v, want %d", list, len(templates), len(unique), err, count)
		}
		for _, template := range templates {
			if strings.Count(template, "{}") != 1 || strings.TrimSpace(template) != template || !slices.Contains(imagenet, template) {
				t.Errorf("Templates(%s) has %q, want one of OpenAI's, with one {}", list, template)
			}
		}
	}
	if _, err := prompt.Templates("best"); err == nil || !strings.Contains(err.Error(), "select, imagenet or promptsrc") {
		t.Errorf("Templates(best): %v, want an error that lists the names", err)
	}
}

func TestSelectedSentencesStandBesideTheDataSetsOwnButOnImageNet(t *testing.T) {
	for dataset, count := range map[string]int{"ImageNet": 7, "DescribableTextures": 8} {
		templates, err := prompt.Ensemble{}.Templates(dataset, "{} texture.")
		if err != nil || len(templates) != count || slices.Contains(templates, "{} texture.") != (count == 8) {
			t.Errorf("Templates on %s = %q, %v, want %d", dataset, templates, err, count)
		}
	}
}
