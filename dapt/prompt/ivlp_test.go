package prompt_test

import (
	"testing"

	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/prompt/prompttest"
	"github.com/dapt-go/dapt-go/dapt/train/traintest"
)

func TestIVLPKeepsTheContract(t *testing.T) {
	for _, learner := range []prompt.Learner{
		prompt.IVLP{TextDepth: 3, VisionDepth: 3},
		prompt.IVLP{Text: 5, Vision: 3, TextDepth: 1, VisionDepth: 2},
		prompt.IVLP{TextOnly: true, Text: 4, TextDepth: 3},
	} {
		t.Run(called(learner), func(t *testing.T) {
			prompttest.Run(t, learner)
			traintest.Run(t, learner)
		})
	}
}

func TestIVLPIsRecognized(t *testing.T) {
	recognized(t, prompt.IVLP{}, prompt.IVLP{Text: 2, Vision: 2, TextDepth: 12, VisionDepth: 12})
	recognized(t, prompt.IVLP{TextOnly: true}, prompt.IVLP{Text: 2, TextDepth: 12, TextOnly: true})
}
