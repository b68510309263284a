package experiment

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/gomlx/compute/dtypes"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/selection"
	"github.com/dapt-go/dapt-go/dapt/train"
)

// Setting is how a published number was made: a method, its hyper-parameters, and what they are to give with ViT-B/16.
//
// The published runs compute in half precision. Settings have float32, which is exact on every backend; set the DType of
// [Material] to follow them.
type Setting struct {
	Protocol string // as in [Result.Protocol]
	Variant  string // tells settings of one method and protocol apart; "" is the usual one
	Learner  prompt.Learner
	Masks    Kind          // whether and over which masks DAPT is put over the learner
	Train    *train.Config // of DAPT's own tables; nil is as the learner's authors published for the data set and the shots
	Shots    []int         // training images a class
	Source   string        // of the hyper-parameters
	Target   string        // table and row, with its numbers in percent
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
	m := dapt.Method{Learner: s.Learner}
	if s.Train == nil && s.Variant != "" {
		m.Label = m.Name() + "/" + s.Variant
	}
	return m
}

// Tuned is how the setting is tuned, by shots, on data sets of which nothing else was published.
func (s Setting) Tuned() []Tuned {
	made := tuning{given: s.Train}
	return made.list([]dapt.Method{s.Method(mask.Files{})}, prompt.Task{Protocol: s.Protocol}, s.Shots)
}

// Where settings and numbers were published.
const (
	configs  = "Ferenas/DAPT configs/trainers/MaPLe/"
	usual    = configs + "vit_b16_t.yaml"
	halves4  = configs + "vit_b16_c2_ep5_batch4_2ctx.yaml"
	halves1  = configs + "vit_b16_base.yaml"
	crossed  = configs + "vit_b16_c2_ep5_batch4_2ctx_cross_datasets.yaml"
	byHand   = "KaiyangZhou/CoOp trainers/zsclip.py: nothing is trained"
	mapleOwn = "muzairkhattak/multimodal-prompt-learning configs/trainers/MaPLe/"
	notSeen  = "the paper shows it in a figure; no number was seen"
)

// Settings are the published ones, by protocol: first those of DAPT's own tables, in the order of the paper's methods, then
// those of other learners' authors, in the order of [prompt.All], each with DAPT over it too.
func Settings() []Setting {
	list := ofDAPT()
	for _, l := range prompt.All() {
		list = append(list, ofAuthors(l, "", "")...)
		if varied, ok := l.(prompt.Varied); ok {
			for _, v := range varied.Variants() {
				list = append(list, ofAuthors(v.Learner, v.Name, v.Protocol)...)
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Setting) int {
		return slices.Index(protocols, a.Protocol) - slices.Index(protocols, b.Protocol)
	})
	return list
}

var protocols = []string{"base_to_novel", "few_shot", "data_efficient", "cross_dataset", "domain_generalization"}

// ofDAPT are the settings of DAPT's tables: over MaPLe, beside it and zero-shot CLIP.
func ofDAPT() []Setting {
	few, halves, transfer := train.Paper(), train.PaperBaseToNovel(), train.PaperCrossDataset()
	last, one := halves, halves
	last.Final = train.LastStep
	one.Batch = 1
	all, usually := []int{1, 2, 4, 8, 16}, []int{16}
	zero, maple := prompt.ZeroShot{}, prompt.MaPLe{}
	row := func(numbers string) string { return prompt.Row("base_to_novel", numbers) }
	list := []Setting{
		{"base_to_novel", "", zero, Alone, &halves, usually, byHand, row("69.34 / 74.22 / 71.70")},
		{"base_to_novel", "", maple, Alone, &last, usually, mapleOwn + "vit_b16_c2_ep5_batch4_2ctx.yaml", row("82.28 / 75.14 / 78.55")},
		{"base_to_novel", "", maple, Given, &halves, usually, halves4, row("83.95 / 75.23 / 79.35")},
		{"base_to_novel", "", maple, Followed, &halves, usually, halves4, row("83.13 / 74.14 / 78.38")},
		{"base_to_novel", "batch-1", maple, Given, &one, usually, halves1, row("83.95 / 75.23 / 79.35")},
		{"base_to_novel", "batch-1", maple, Followed, &one, usually, halves1, row("83.13 / 74.14 / 78.38")},
		{"few_shot", "", zero, Alone, &few, []int{0}, byHand, "few-shot, average of eleven data sets, zero-shot: 65.36"},
		{"few_shot", "", maple, Alone, &few, all, usual + " (ours: MaPLe's was never published)", prompt.Row("few_shot", "69.27 / 72.58 / 75.37 / 78.89 / 81.79")},
		{"few_shot", "", maple, Given, &few, all, usual, notSeen},
		{"few_shot", "", maple, Followed, &few, all, usual, notSeen},
		{"data_efficient", "", zero, Alone, &few, usually, byHand, notSeen},
		{"data_efficient", "", maple, Alone, &few, usually, usual, notSeen},
		{"data_efficient", "", maple, Given, &few, usually, usual, notSeen},
		{"data_efficient", "", maple, Followed, &few, usually, usual, notSeen},
	}
	for protocol, numbers := range map[string][2]string{"cross_dataset": {"", "70.72 / 66.30"}, "domain_generalization": {"66.73 / 57.18", "70.72 / 60.27"}} {
		target := prompt.Row(protocol, numbers[1])
		list = append(list,
			Setting{protocol, "", zero, Alone, &transfer, usually, byHand, cmp.Or(prompt.Row(protocol, numbers[0]), "no row of CLIP was seen")},
			Setting{protocol, "", maple, Alone, &transfer, usually, crossed, "MaPLe's own row is of depth 3"},
			Setting{protocol, "", maple, Given, &transfer, usually, crossed, "no row of DAPT was seen"},
			Setting{protocol, "", maple, Followed, &transfer, usually, crossed, "no row of DAPT was seen"},
			Setting{protocol, "depth-3", prompt.MaPLe{Depth: 3}, Alone, &transfer, usually, mapleOwn + "vit_b16_c2_ep5_batch4_2ctx_cross_datasets.yaml", target})
	}
	return list
}

// attached are the published numbers of DAPT over others' learners. The paper does not say over which masks.
var attached = map[string]string{
	"promptsrc+dapt-s/base-to-novel": "86.11 / 77.05 / 81.32 (of masks that the paper does not name)",
	"promptkd+dapt-s/base-to-novel":  "88.05 / 81.14 / 84.45 (of masks that the paper does not name)",
}

// ofAuthors are the settings that a learner's authors published, for one protocol or all, and with the usual ones DAPT over it.
func ofAuthors(l prompt.Learner, variant, protocol string) []Setting {
	var list []Setting
	for _, p := range protocols {
		preset, published := prompt.PresetOf(l, prompt.Task{Protocol: p})
		if !published || p == "data_efficient" || protocol != "" && p != protocol {
			continue
		}
		shots := preset.Shots[:1]
		if p == "few_shot" {
			shots = slices.Sorted(slices.Values(preset.Shots))
		}
		s := Setting{Protocol: p, Variant: variant, Learner: l, Shots: shots, Source: preset.Source, Target: cmp.Or(preset.Target, "no row was seen")}
		list = append(list, s)
		for _, s.Masks = range []Kind{Given, Followed} {
			if variant != "" || s.Method(mask.Files{}).Check(preset.Epochs) != nil {
				continue
			}
			s.Source = preset.Source + "; how DAPT attaches is this project's"
			s.Target = cmp.Or(prompt.Row(p, attached[s.Name()]), "no row of DAPT was seen")
			list = append(list, s)
		}
	}
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
	Benchmarks []Benchmark  // of cross-dataset transfer and domain generalisation, the source alone
	Targets    []Benchmark  // of those two
	Masks      mask.Source  // of DAPT-S
	Seeds      []int        // nil means 1, 2, 3
	DType      dtypes.DType // what the towers compute in; 0 means float32
}

// Experiment is the setting's protocol on these data.
func (s Setting) Experiment(on Material) (Protocol, error) {
	methods := []dapt.Method{s.Method(on.Masks)}
	change := func(c *train.Config) { c.DType = cmp.Or(on.DType, c.DType) }
	switch s.Protocol {
	case "base_to_novel":
		return BaseToNovel{Benchmarks: on.Benchmarks, Methods: methods, Shots: s.Shots[0], Seeds: on.Seeds, Train: s.Train, Change: change}, nil
	case "few_shot":
		return FewShot{Benchmarks: on.Benchmarks, Methods: methods, Shots: s.Shots, Seeds: on.Seeds, Train: s.Train, Change: change}, nil
	case "data_efficient":
		return DataEfficient{
			Benchmarks: on.Benchmarks, Methods: methods, Selections: selection.Published(), Shots: s.Shots[0], Seeds: on.Seeds, Train: s.Train, Change: change,
		}, nil
	}
	if len(on.Benchmarks) != 1 {
		return nil, fmt.Errorf("experiment: %s on %d sources, want 1", s.Name(), len(on.Benchmarks))
	}
	transfer := CrossDataset{Source: on.Benchmarks[0], Targets: on.Targets, Methods: methods, Shots: s.Shots[0], Seeds: on.Seeds, Train: s.Train, Change: change}
	if s.Protocol == "domain_generalization" {
		return DomainGeneralization(transfer), nil
	}
	return transfer, nil
}
