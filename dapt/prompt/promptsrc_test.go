package prompt_test

import (
	"testing"

	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/prompt/prompttest"
	"github.com/dapt-go/dapt-go/dapt/train/traintest"
)

func TestPromptSRCKeepsTheContract(t *testing.T) {
	for _, learner := range []prompt.Learner{
		prompt.PromptSRC{TextDepth: 3, VisionDepth: 3},
	} {
		t.Run(called(learner), func(t *testing.T) {
			prompttest.Run(t, learner)
			traintest.Run(t, learner)
		})
	}
}

// TestPromptSRCsPromptsAloneAreIVLPs: nothing but the teacher beside them tells them from those of independent prompting.
func TestPromptSRCsPromptsAloneAreIVLPs(t *testing.T) {
	ivlp, err := prompt.Find("ivlp", []byte(`{"Text": 4, "Vision": 4, "TextDepth": 9, "VisionDepth": 9}`))
	if err != nil {
		t.Fatal(err)
	}
	recognized(t, prompt.PromptSRC{}, ivlp)
}

func TestPromptSRCRefusesWhatItCannotBe(t *testing.T) {
	refused(t, prompt.PromptSRC{TextDepth: -1}, wide(), "has the number -1")
}
