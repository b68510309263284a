package prompt_test

import (
	"testing"

	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/prompt/prompttest"
	"github.com/dapt-go/dapt-go/dapt/train/traintest"
)

func TestCoCoOpKeepsTheContract(t *testing.T) {
	for _, learner := range []prompt.Learner{
		prompt.CoCoOp{},
		prompt.CoCoOp{Random: true, Context: 2},
	} {
		t.Run(called(learner), func(t *testing.T) {
			prompttest.Run(t, learner)
			traintest.Run(t, learner)
		})
	}
}

func TestCoCoOpKeepsTheContractInEverySize(t *testing.T) {
	for _, learner := range []prompt.Learner{
		prompt.CoCoOp{Context: 8},
	} {
		t.Run(called(learner), func(t *testing.T) { prompttest.Run(t, learner) })
	}
}

func TestCoCoOpIsRecognized(t *testing.T) {
	recognized(t, prompt.CoCoOp{}, prompt.CoCoOp{Context: 4})
	recognized(t, prompt.CoCoOp{Context: 8}, prompt.CoCoOp{Context: 8, Random: true})
}

func TestCoCoOpRefusesWhatItCannotBe(t *testing.T) {
	narrow := wide()
	narrow.Config.Embed = 12
	refused(t, prompt.CoCoOp{}, narrow, "at least 16 numbers")
	refused(t, prompt.CoCoOp{Context: -2}, wide(), "has the number -2")
}
