package prompt_test

import (
	"testing"

	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/prompt/prompttest"
	"github.com/dapt-go/dapt-go/dapt/train/traintest"
)

func TestCoOpKeepsTheContract(t *testing.T) {
	for _, learner := range []prompt.Learner{
		prompt.CoOp{},
		prompt.CoOp{Context: 4, Phrase: "a photo of a"},
		prompt.CoOp{Context: 5, Position: prompt.Middle},
		prompt.CoOp{Context: 3, PerClass: true},
		prompt.CoOp{Context: 3, PerClass: true, Classes: 3, Position: prompt.Front},
	} {
		t.Run(called(learner), func(t *testing.T) {
			prompttest.Run(t, learner)
			traintest.Run(t, learner)
		})
	}
}

func TestCoOpKeepsTheContractInEverySize(t *testing.T) {
	for _, learner := range []prompt.Learner{
		prompt.CoOp{Phrase: "a_photo of a"},
		prompt.CoOp{Context: 1, Position: prompt.Middle},
		prompt.CoOp{Context: 3, Position: prompt.Front},
		prompt.CoOp{Context: 3, Classes: 3},
		prompt.CoOp{Context: 3, Classes: 3, Position: prompt.Front},
	} {
		t.Run(called(learner), func(t *testing.T) { prompttest.Run(t, learner) })
	}
}

func TestCoOpIsRecognized(t *testing.T) {
	recognized(t, prompt.CoOp{}, prompt.CoOp{Context: 16})
	recognized(t, prompt.CoOp{Context: 4, Classes: 7, Position: prompt.Front}, prompt.CoOp{Context: 4, PerClass: true, Classes: 7})
}

func TestCoOpRefusesWhatItCannotBe(t *testing.T) {
	for want, learner := range map[string]prompt.Learner{
		"coop {Context:-1 ":            prompt.CoOp{Context: -1},
		`Position "left"`:              prompt.CoOp{Position: "left"},
		"leave the phrase out":         prompt.CoOp{Classes: 3, Phrase: "a photo"},
		`phrase "photo" has 1 tokens`:  prompt.CoOp{Context: 2, Phrase: "photo"},
		"CoOp with Classes 1000000000": prompt.CoOp{Classes: 1_000_000_000},
	} {
		refused(t, learner, wide(), want)
	}
}
