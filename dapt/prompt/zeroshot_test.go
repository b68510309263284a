package prompt_test

import (
	"testing"

	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/prompt/prompttest"
	"github.com/dapt-go/dapt-go/dapt/train/traintest"
)

func TestZeroShotKeepsTheContract(t *testing.T) {
	for _, learner := range []prompt.Learner{
		prompt.ZeroShot{},
	} {
		t.Run(called(learner), func(t *testing.T) {
			prompttest.Run(t, learner)
			traintest.Run(t, learner)
		})
	}
}
