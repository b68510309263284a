package prompt_test

import (
	"reflect"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/prompt"
)

var protocols = []string{"", "base_to_novel", "few_shot", "data_efficient", "cross_dataset", "domain_generalization"}

// TestPublishedSettings: by learner, protocol, data set and shots, as in the configuration files of the published codes.
func TestPublishedSettings(t *testing.T) {
	own := func(l prompt.Learner, protocol, dataset string, shots int) prompt.Preset {
		p, ok := prompt.PresetOf(l, prompt.Task{Protocol: protocol, Dataset: dataset, Shots: shots})
		if !ok {
			t.Errorf("%s has no preset of %s", l.Name(), protocol)
		}
		p.Source, p.Target = "", ""
		return p
	}
	type preset = prompt.Preset
	curve, usual := []int{16, 1, 2, 4, 8}, []int{16}
	words := found(t, "coop", `{"Context": 4, "Phrase": "a photo of a"}`)
	shallow := found(t, "promptsrc", `{"TextDepth": 3, "VisionDepth": 3}`)
	four := found(t, "ivlp", `{"Text": 4, "Vision": 4, "TextDepth": 9, "VisionDepth": 9}`)
	language := found(t, "ivlp", `{"Text": 4, "TextOnly": true}`)
	pets, plain := found(t, "prograd", `{"Phrase": "a type of pet, a photo of a"}`), found(t, "prograd", `{"Phrase": "a photo of a"}`)
	for _, c := range []struct {
		learner           prompt.Learner
		protocol, dataset string
		shots             int
		want              preset
	}{
		{found(t, "coop", ""), "few_shot", "EuroSAT", 1, preset{Learner: found(t, "coop", ""), Rate: 0.002, Epochs: 50, Batch: 32, Shots: curve}},
		{found(t, "coop", ""), "few_shot", "EuroSAT", 2, preset{Learner: found(t, "coop", ""), Rate: 0.002, Epochs: 100, Batch: 32, Shots: curve}},
		{found(t, "coop", ""), "few_shot", "EuroSAT", 4, preset{Learner: found(t, "coop", ""), Rate: 0.002, Epochs: 100, Batch: 32, Shots: curve}},
		{found(t, "coop", ""), "few_shot", "EuroSAT", 8, preset{Learner: found(t, "coop", ""), Rate: 0.002, Epochs: 200, Batch: 32, Shots: curve}},
		{found(t, "coop", ""), "data_efficient", "EuroSAT", 0, preset{Learner: found(t, "coop", ""), Rate: 0.002, Epochs: 200, Batch: 32, Shots: curve}},
		{found(t, "coop", ""), "few_shot", "ImageNet", 16, preset{Learner: found(t, "coop", ""), Rate: 0.002, Epochs: 50, Batch: 32, Shots: curve}},
		{found(t, "coop", ""), "base_to_novel", "EuroSAT", 16, preset{Learner: words, Rate: 0.002, Epochs: 200, Batch: 32, Shots: usual}},
		{found(t, "coop", ""), "base_to_novel", "ImageNet", 16, preset{Learner: words, Rate: 0.002, Epochs: 50, Batch: 32, Shots: usual}},
		{words, "cross_dataset", "ImageNet", 16, preset{Learner: words, Rate: 0.002, Epochs: 50, Batch: 32, Shots: usual}},
		{found(t, "cocoop", ""), "base_to_novel", "ImageNet", 16, preset{Learner: found(t, "cocoop", ""), Rate: 0.002, Epochs: 10, Batch: 1, Shots: usual}},
		{found(t, "vpt", ""), "base_to_novel", "ImageNet", 16, preset{Learner: found(t, "vpt", ""), Rate: 0.0025, Epochs: 5, Batch: 4, Shots: usual}},
		{found(t, "ivlp", ""), "base_to_novel", "ImageNet", 16, preset{Learner: found(t, "ivlp", ""), Rate: 0.0035, Epochs: 5, Batch: 4, Shots: usual}},
		{language, "base_to_novel", "ImageNet", 16, preset{Learner: language, Rate: 0.0025, Epochs: 5, Batch: 4, Shots: usual}},
		{four, "base_to_novel", "ImageNet", 16, preset{Learner: four, Rate: 0.0025, Epochs: 20, Batch: 4, Shots: usual}},
		{found(t, "kgcoop", ""), "base_to_novel", "ImageNet", 16, preset{Learner: found(t, "kgcoop", ""), Rate: 0.002, Epochs: 100, Batch: 128, Shots: usual}},
		{found(t, "kgcoop", ""), "few_shot", "ImageNet", 4, preset{Learner: found(t, "kgcoop", ""), Rate: 0.002, Epochs: 100, Batch: 32, Shots: []int{4}}},
		{found(t, "kgcoop", ""), "domain_generalization", "ImageNet", 16, preset{Learner: found(t, "kgcoop", ""), Rate: 0.002, Epochs: 25, Batch: 128, Shots: usual}},
		{found(t, "prograd", ""), "few_shot", "OxfordPets", 1, preset{Learner: pets, Rate: 0.002, Epochs: 50, Batch: 32, Shots: curve}},
		{found(t, "prograd", ""), "few_shot", "ImageNet", 16, preset{Learner: plain, Rate: 0.002, Epochs: 50, Batch: 32, Shots: curve}},
		{found(t, "prograd", ""), "base_to_novel", "OxfordPets", 4, preset{Learner: pets, Rate: 0.002, Epochs: 100, Batch: 32, Shots: []int{4}}},
		{found(t, "prograd", ""), "base_to_novel", "ImageNet", 4, preset{Learner: plain, Rate: 0.002, Epochs: 50, Batch: 32, Shots: []int{4}}},
		{found(t, "prograd", ""), "domain_generalization", "ImageNet", 4, preset{Learner: plain, Rate: 0.002, Epochs: 50, Batch: 32, Shots: []int{4}}},
		{found(t, "promptsrc", ""), "base_to_novel", "DescribableTextures", 16, preset{Learner: found(t, "promptsrc", ""), Rate: 0.0025, Epochs: 20, Batch: 4, Shots: usual, Average: prompt.Gaussian{Mean: 15, Deviation: 1}}},
		{found(t, "promptsrc", ""), "few_shot", "DescribableTextures", 1, preset{Learner: found(t, "promptsrc", ""), Rate: 0.0025, Epochs: 50, Batch: 4, Shots: curve, Average: prompt.Gaussian{Mean: 45, Deviation: 5}}},
		{found(t, "promptsrc", ""), "data_efficient", "UCF101", 16, preset{Learner: found(t, "promptsrc", ""), Rate: 0.0025, Epochs: 50, Batch: 4, Shots: curve, Average: prompt.Gaussian{Mean: 30, Deviation: 30}}},
		{found(t, "promptsrc", ""), "cross_dataset", "ImageNet", 16, preset{Learner: shallow, Rate: 0.0025, Epochs: 20, Batch: 4, Shots: usual, Average: prompt.Gaussian{Mean: 6, Deviation: 10}}},
	} {
		if got := own(c.learner, c.protocol, c.dataset, c.shots); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s of %+v with %d shots of %s is %+v, want %+v", c.protocol, c.learner, c.shots, c.dataset, got, c.want)
		}
	}
}

// TestNothingIsMadeUp: what was never published has no preset.
func TestNothingIsMadeUp(t *testing.T) {
	for _, l := range []prompt.Learner{prompt.ZeroShot{}, prompt.MaPLe{}, found(t, "cocoop", ""), found(t, "vpt", ""), found(t, "ivlp", "")} {
		if p, ok := prompt.PresetOf(l, prompt.Task{Protocol: "few_shot"}); ok {
			t.Errorf("%s has the few-shot preset %+v, want none", l.Name(), p)
		}
	}
	for _, l := range prompt.All() {
		if p, ok := prompt.PresetOf(l, prompt.Task{Protocol: "linear_probe"}); ok {
			t.Errorf("%s has the preset %+v of linear probes", l.Name(), p)
		}
	}
}

// TestEveryPresetSaysWhereItIsFrom: of each learner and variant; a preset is of its own learner, and of transfer the same for
// both protocols, which share their tuned prompts.
func TestEveryPresetSaysWhereItIsFrom(t *testing.T) {
	for _, l := range prompt.All() {
		list := []prompt.Learner{l}
		if varied, ok := l.(prompt.Varied); ok {
			for _, v := range varied.Variants() {
				list = append(list, v.Learner)
			}
		}
		for _, l := range list {
			found := map[string]prompt.Preset{}
			for _, protocol := range protocols {
				p, ok := prompt.PresetOf(l, prompt.Task{Protocol: protocol, Dataset: "ImageNet", Shots: 16})
				if ok && (!strings.Contains(p.Source, "/") || p.Learner == nil || p.Learner.Name() != l.Name() || len(p.Shots) == 0) {
					t.Errorf("%s of %+v is %+v, want a Source, Shots and its Learner", protocol, l, p)
				}
				p.Source, p.Target = "", ""
				found[protocol] = p
			}
			if !reflect.DeepEqual(found["cross_dataset"], found["domain_generalization"]) {
				t.Errorf("%s is tuned as %+v and as %+v, want the same source", l.Name(), found["cross_dataset"], found["domain_generalization"])
			}
		}
	}
}

// found returns a learner by its name.
func found(t *testing.T, name, settings string) prompt.Learner {
	t.Helper()
	l, err := prompt.Find(name, []byte(settings))
	if err != nil {
		t.Fatal(err)
	}
	return l
}
