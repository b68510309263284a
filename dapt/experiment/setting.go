package experiment

import (
	"fmt"
	"slices"
	"strings"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/selection"
	"github.com/dapt-go/dapt-go/dapt/train"
)

// Setting is how a published number was made: a method, its hyper-parameters, and what they are to give with ViT-B/16.
//
// The published runs compute in half precision. Train has float32, which is exact on every backend; set its DType to follow
// them.
type Setting struct {
	Protocol string // as in [Result.Protocol]
	Variant  string // tells settings of one method and protocol apart; "" is the usual one
	Learner  prompt.Learner
	Masks    Kind // whether and over which masks DAPT is put over the learner
	Train    train.Config
	Shots    []int  // training images a class
	Source   string // of the hyper-parameters
	Target   string // table and row, with its numbers in percent
}

// Kind is what masks a setting has.
type Kind string

const (
	// Alone is the learner without DAPT.
	Alone Kind = ""
	// Given are masks in files: DAPT-S.
	Given Kind = "+dapt-s"
	// Followed are masks of Grad-CAM: DAPT-G.
	Followed Kind = "+dapt-g"
)

// Name is the method and the protocol, such as "maple+dapt-s/base-to-novel", and the variant if it has one.
func (s Setting) Name() string {
	name := s.Learner.Name() + string(s.Masks) + "/" + strings.ReplaceAll(s.Protocol, "_", "-")
	if s.Variant != "" {
		name += "/" + s.Variant
	}
	return name
}

// Method is the setting's method; given are the masks of DAPT-S.
func (s Setting) Method(given mask.Source) dapt.Method {
	switch s.Masks {
	case Given:
		return dapt.Over(s.Learner, given)
	case Followed:
		return dapt.Over(s.Learner, mask.GradCAM{})
	}
	return dapt.Method{Learner: s.Learner}
}

// Where settings and numbers were published.
const (
	configs    = "Ferenas/DAPT configs/trainers/MaPLe/"
	usual      = configs + "vit_b16_t.yaml"
	halves4    = configs + "vit_b16_c2_ep5_batch4_2ctx.yaml"
	halves1    = configs + "vit_b16_base.yaml"
	crossed    = configs + "vit_b16_c2_ep5_batch4_2ctx_cross_datasets.yaml"
	byHand     = "KaiyangZhou/CoOp trainers/zsclip.py: nothing is trained"
	mapleOwn   = "muzairkhattak/multimodal-prompt-learning configs/trainers/MaPLe/"
	notSeen    = "the paper shows it in a figure; no number was seen"
	baseNovel  = "base-to-novel, average of eleven data sets, base / novel / HM: "
	shotsRow   = "few-shot, average of eleven data sets, 1 / 2 / 4 / 8 / 16 shots: "
	crossRow   = "cross-dataset, ImageNet / average of ten targets: "
	generalRow = "domain generalisation, ImageNet / average of four targets: "
)

// Settings are the published ones, by protocol, in the order of the paper's methods.
func Settings() []Setting {
	few, halves, transfer, one := train.Paper(), train.PaperBaseToNovel(), train.PaperCrossDataset(), train.PaperBaseToNovel()
	last := halves
	last.Final = train.LastStep
	one.Batch = 1
	all := []int{1, 2, 4, 8, 16}
	zero, maple := prompt.ZeroShot{}, prompt.MaPLe{}
	list := []Setting{
		{"base_to_novel", "", zero, Alone, halves, []int{16}, byHand, baseNovel + "69.34 / 74.22 / 71.70"},
		{"base_to_novel", "", maple, Alone, last, []int{16}, mapleOwn + "vit_b16_c2_ep5_batch4_2ctx.yaml", baseNovel + "82.28 / 75.14 / 78.55"},
		{"base_to_novel", "", maple, Given, halves, []int{16}, halves4, baseNovel + "83.95 / 75.23 / 79.35"},
		{"base_to_novel", "", maple, Followed, halves, []int{16}, halves4, baseNovel + "83.13 / 74.14 / 78.38"},
		{"base_to_novel", "batch-1", maple, Given, one, []int{16}, halves1, baseNovel + "83.95 / 75.23 / 79.35"},
		{"base_to_novel", "batch-1", maple, Followed, one, []int{16}, halves1, baseNovel + "83.13 / 74.14 / 78.38"},
		{"few_shot", "", zero, Alone, few, []int{0}, byHand, "few-shot, average of eleven data sets, zero-shot: 65.36"},
		{"few_shot", "", maple, Alone, few, all, usual + " (ours: MaPLe's was never published)", shotsRow + "69.27 / 72.58 / 75.37 / 78.89 / 81.79"},
		{"few_shot", "", maple, Given, few, all, usual, notSeen},
		{"few_shot", "", maple, Followed, few, all, usual, notSeen},
		{"data_efficient", "", zero, Alone, few, []int{16}, byHand, notSeen},
		{"data_efficient", "", maple, Alone, few, []int{16}, usual, notSeen},
		{"data_efficient", "", maple, Given, few, []int{16}, usual, notSeen},
		{"data_efficient", "", maple, Followed, few, []int{16}, usual, notSeen},
	}
	for protocol, targets := range map[string][2]string{
		"cross_dataset":         {"no row of CLIP was seen", crossRow + "70.72 / 66.30"},
		"domain_generalization": {generalRow + "66.73 / 57.18", generalRow + "70.72 / 60.27"},
	} {
		list = append(list,
			Setting{protocol, "", zero, Alone, transfer, []int{16}, byHand, targets[0]},
			Setting{protocol, "", maple, Alone, transfer, []int{16}, crossed, targets[1]},
			Setting{protocol, "", maple, Given, transfer, []int{16}, crossed, "no row of DAPT was seen"},
			Setting{protocol, "", maple, Followed, transfer, []int{16}, crossed, "no row of DAPT was seen"})
	}
	protocols := []string{"base_to_novel", "few_shot", "data_efficient", "cross_dataset", "domain_generalization"}
	slices.SortStableFunc(list, func(a, b Setting) int {
		return slices.Index(protocols, a.Protocol) - slices.Index(protocols, b.Protocol)
	})
	return list
}

// FindSetting returns the setting of that name. The error lists the known ones.
func FindSetting(name string) (Setting, error) {
	var names []string
	for _, s := range Settings() {
		if s.Name() == name {
			return s, nil
		}
		names = append(names, s.Name())
	}
	return Setting{}, fmt.Errorf("experiment: no setting is called %q, want one of %s", name, strings.Join(names, ", "))
}

// Material is what a setting is run on.
type Material struct {
	Benchmarks []Benchmark // of cross-dataset transfer and domain generalisation, the source alone
	Targets    []Benchmark // of those two
	Masks      mask.Source // of DAPT-S
	Seeds      []int       // nil means 1, 2, 3
}

// Experiment is the setting's protocol on these data.
func (s Setting) Experiment(on Material) (Protocol, error) {
	methods := []dapt.Method{s.Method(on.Masks)}
	switch s.Protocol {
	case "base_to_novel":
		return BaseToNovel{Benchmarks: on.Benchmarks, Methods: methods, Shots: s.Shots[0], Seeds: on.Seeds, Train: &s.Train}, nil
	case "few_shot":
		return FewShot{Benchmarks: on.Benchmarks, Methods: methods, Shots: s.Shots, Seeds: on.Seeds, Train: &s.Train}, nil
	case "data_efficient":
		return DataEfficient{
			Benchmarks: on.Benchmarks, Methods: methods, Selections: selection.Published(), Shots: s.Shots[0], Seeds: on.Seeds, Train: &s.Train,
		}, nil
	}
	if len(on.Benchmarks) != 1 {
		return nil, fmt.Errorf("experiment: %s on %d sources, want 1", s.Name(), len(on.Benchmarks))
	}
	transfer := CrossDataset{Source: on.Benchmarks[0], Targets: on.Targets, Methods: methods, Shots: s.Shots[0], Seeds: on.Seeds, Train: &s.Train}
	if s.Protocol == "domain_generalization" {
		return DomainGeneralization(transfer), nil
	}
	return transfer, nil
}
