package prompt_test

import (
	"testing"

	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/prompt/prompttest"
	"github.com/dapt-go/dapt-go/dapt/train/traintest"
)

func TestProGradKeepsTheContract(t *testing.T) {
	for _, learner := range []prompt.Learner{
		prompt.ProGrad{},
		prompt.ProGrad{Context: 4, Phrase: "a photo of a", Lambda: 0.5},
	} {
		t.Run(called(learner), func(t *testing.T) {
			prompttest.Run(t, learner)
			traintest.Run(t, learner)
		})
	}
}
