package experiment

import (
	"slices"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/train"
)

// Preset is what protocols are run with.
type Preset struct {
	Benchmark Benchmark
	Methods   []dapt.Method // zero-shot, MaPLe, and MaPLe with DAPT by given masks (DAPT-S) and by Grad-CAM (DAPT-G)
	Train     train.Config
	Focus     int // test images to measure [Focus] on
}

// Given are the methods without those whose masks follow the prompts (DAPT-G), whose maps take as long as their steps.
func (p Preset) Given() []dapt.Method {
	return slices.DeleteFunc(slices.Clone(p.Methods), dapt.Method.Follows)
}

// Published is the paper's setting: few-shot and data-efficient ones run it for 10 epochs, base-to-novel for 5. masks are
// those of DAPT-S.
func Published(b Benchmark, masks mask.Source) Preset {
	return newPreset(b, masks, prompt.MaPLe{}, dapt.Literal, train.Paper())
}

// ForMini is the setting of the mini benchmark and of the embedded CLIP, with the true masks of the benchmark, or masks in
// files where it has none. Of each further condition it tests every fourth image.
//
// Batch and depth are what fits into minutes. The rate was chosen for MaPLe alone, and DAPT's mode for DAPT-S, on the
// validation images of base-to-novel with 8 shots; docs/results/mini.md has all that was tried.
func ForMini(b Benchmark) Preset {
	config := train.Paper()
	config.Batch, config.Rate = 16, 0.01
	var conditions []Condition
	for _, c := range b.Conditions {
		var some []dataset.Item
		for i := 0; i < len(c.Items); i += 4 {
			some = append(some, c.Items[i])
		}
		conditions = append(conditions, Condition{c.Name, some})
	}
	b.Conditions = conditions
	masks := b.Truth
	if masks == nil {
		masks = mask.Files{FS: b.FS}
	}
	p := newPreset(b, masks, prompt.MaPLe{Depth: 5}, dapt.Joint, config)
	p.Focus = 40
	return p
}

func newPreset(b Benchmark, masks mask.Source, learner prompt.Learner, mode dapt.Mode, config train.Config) Preset {
	methods := []dapt.Method{{Learner: prompt.ZeroShot{}}, {Learner: learner}}
	for _, source := range []mask.Source{masks, mask.GradCAM{}} {
		method := dapt.Over(learner, source)
		method.Loss.Mode = mode
		methods = append(methods, method)
	}
	return Preset{Benchmark: b, Methods: methods, Train: config}
}

// Quickstart is base-to-novel in a few minutes on the mini benchmark, with 8 shots.
func Quickstart(b Benchmark) BaseToNovel {
	p := ForMini(b)
	p.Train.Epochs, p.Train.Final = train.PaperBaseToNovel().Epochs, train.LastStep
	return BaseToNovel{Benchmarks: []Benchmark{p.Benchmark}, Methods: p.Methods, Shots: 8, Train: &p.Train, Focus: p.Focus}
}
