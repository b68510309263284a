package experiment

import (
	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/train"
)

// Quickstart is base-to-novel in a few minutes on the mini benchmark: zero-shot, MaPLe, and MaPLe with DAPT by the true
// masks (DAPT-S) and by Grad-CAM (DAPT-G). Of each further condition it tests every fourth image.
//
// Shots, epochs and batch are what fits into the time. The rate was chosen for MaPLe alone, and DAPT's mode for DAPT-S, on
// the validation images; docs/results/mini.md has all that was tried.
func Quickstart(b Benchmark) BaseToNovel {
	config := train.PaperBaseToNovel()
	config.Batch, config.Rate, config.Final = 16, 0.01, train.LastStep
	learner := prompt.MaPLe{Depth: 5}
	methods := []dapt.Method{{Learner: prompt.ZeroShot{}}, {Learner: learner}}
	for _, masks := range []mask.Source{b.Truth, mask.GradCAM{}} {
		method := dapt.Over(learner, masks)
		method.Loss.Mode = dapt.Joint
		methods = append(methods, method)
	}
	var conditions []Condition
	for _, c := range b.Conditions {
		var some []dataset.Item
		for i := 0; i < len(c.Items); i += 4 {
			some = append(some, c.Items[i])
		}
		conditions = append(conditions, Condition{c.Name, some})
	}
	b.Conditions = conditions
	return BaseToNovel{Benchmarks: []Benchmark{b}, Methods: methods, Shots: 8, Train: &config, Focus: 40}
}
