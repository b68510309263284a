package experiment

import (
	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/train"
)

// Quickstart is base-to-novel in a few minutes on the mini benchmark: zero-shot, MaPLe, and MaPLe with DAPT by the true
// masks (DAPT-S) and by Grad-CAM (DAPT-G). docs/results says how its settings were chosen.
func Quickstart(b Benchmark) BaseToNovel {
	config := train.PaperBaseToNovel()
	config.Epochs, config.Batch, config.Test, config.Final = 6, 16, 256, train.LastStep
	learner := prompt.MaPLe{Depth: 5}
	return BaseToNovel{
		Benchmarks: []Benchmark{b},
		Methods: []dapt.Method{
			{Learner: prompt.ZeroShot{}}, {Learner: learner}, dapt.Over(learner, b.Truth), dapt.Over(learner, mask.GradCAM{}),
		},
		Train: &config,
		Focus: 120,
	}
}
