package prompt_test

import (
	"testing"

	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/prompt/prompttest"
	"github.com/dapt-go/dapt-go/dapt/train/traintest"
)

func TestVPTKeepsTheContract(t *testing.T) {
	for _, learner := range []prompt.Learner{
		prompt.VPT{Depth: 3},
		prompt.VPT{Context: 3, Depth: 1},
	} {
		t.Run(called(learner), func(t *testing.T) {
			prompttest.Run(t, learner)
			traintest.Run(t, learner)
		})
	}
}

func TestVPTIsRecognized(t *testing.T) {
	recognized(t, prompt.VPT{}, prompt.VPT{Context: 8, Depth: 12})
}

func TestVPTRefusesWhatItCannotBe(t *testing.T) {
	refused(t, prompt.VPT{Depth: -1}, wide(), "vpt {Context:0 Depth:-1} has")
	refused(t, prompt.VPT{Context: 1_000_000}, wide(), "has the number 1000000, want")
}
