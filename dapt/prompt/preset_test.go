package prompt_test

import (
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/clip"
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
	words := prompt.CoOp{Context: 4, Phrase: "a photo of a"}
	shallow := prompt.PromptSRC{TextDepth: 3, VisionDepth: 3}
	four := prompt.IVLP{Text: 4, Vision: 4, TextDepth: 9, VisionDepth: 9}
	language := prompt.IVLP{Text: 4, TextOnly: true}
	pets, plain := prompt.ProGrad{Phrase: "a type of pet, a photo of a"}, prompt.ProGrad{Phrase: "a photo of a"}
	for _, c := range []struct {
		learner           prompt.Learner
		protocol, dataset string
		shots             int
		want              preset
	}{
		{prompt.CoOp{}, "few_shot", "EuroSAT", 1, preset{Learner: prompt.CoOp{}, Rate: 0.002, Epochs: 50, Batch: 32, Shots: curve}},
		{prompt.CoOp{}, "few_shot", "EuroSAT", 2, preset{Learner: prompt.CoOp{}, Rate: 0.002, Epochs: 100, Batch: 32, Shots: curve}},
		{prompt.CoOp{}, "few_shot", "EuroSAT", 4, preset{Learner: prompt.CoOp{}, Rate: 0.002, Epochs: 100, Batch: 32, Shots: curve}},
		{prompt.CoOp{}, "few_shot", "EuroSAT", 8, preset{Learner: prompt.CoOp{}, Rate: 0.002, Epochs: 200, Batch: 32, Shots: curve}},
		{prompt.CoOp{}, "data_efficient", "EuroSAT", 0, preset{Learner: prompt.CoOp{}, Rate: 0.002, Epochs: 200, Batch: 32, Shots: curve}},
		{prompt.CoOp{}, "few_shot", "ImageNet", 16, preset{Learner: prompt.CoOp{}, Rate: 0.002, Epochs: 50, Batch: 32, Shots: curve}},
		{prompt.CoOp{}, "base_to_novel", "EuroSAT", 16, preset{Learner: words, Rate: 0.002, Epochs: 200, Batch: 32, Shots: usual}},
		{prompt.CoOp{}, "base_to_novel", "ImageNet", 16, preset{Learner: words, Rate: 0.002, Epochs: 50, Batch: 32, Shots: usual}},
		{words, "cross_dataset", "ImageNet", 16, preset{Learner: words, Rate: 0.002, Epochs: 50, Batch: 32, Shots: usual}},
		{prompt.CoCoOp{}, "base_to_novel", "ImageNet", 16, preset{Learner: prompt.CoCoOp{}, Rate: 0.002, Epochs: 10, Batch: 1, Shots: usual}},
		{prompt.VPT{}, "base_to_novel", "ImageNet", 16, preset{Learner: prompt.VPT{}, Rate: 0.0025, Epochs: 5, Batch: 4, Shots: usual}},
		{prompt.IVLP{}, "base_to_novel", "ImageNet", 16, preset{Learner: prompt.IVLP{}, Rate: 0.0035, Epochs: 5, Batch: 4, Shots: usual}},
		{language, "base_to_novel", "ImageNet", 16, preset{Learner: language, Rate: 0.0025, Epochs: 5, Batch: 4, Shots: usual}},
		{four, "base_to_novel", "ImageNet", 16, preset{Learner: four, Rate: 0.0025, Epochs: 20, Batch: 4, Shots: usual}},
		{prompt.KgCoOp{}, "base_to_novel", "ImageNet", 16, preset{Learner: prompt.KgCoOp{}, Rate: 0.002, Epochs: 100, Batch: 128, Shots: usual}},
		{prompt.KgCoOp{}, "few_shot", "ImageNet", 4, preset{Learner: prompt.KgCoOp{}, Rate: 0.002, Epochs: 100, Batch: 32, Shots: []int{4}}},
		{prompt.KgCoOp{}, "domain_generalization", "ImageNet", 16, preset{Learner: prompt.KgCoOp{}, Rate: 0.002, Epochs: 25, Batch: 128, Shots: usual}},
		{prompt.ProGrad{}, "few_shot", "OxfordPets", 1, preset{Learner: pets, Rate: 0.002, Epochs: 50, Batch: 32, Shots: curve}},
		{prompt.ProGrad{}, "few_shot", "ImageNet", 16, preset{Learner: plain, Rate: 0.002, Epochs: 200, Batch: 32, Shots: curve}},
		{prompt.ProGrad{}, "base_to_novel", "OxfordPets", 4, preset{Learner: pets, Rate: 0.002, Epochs: 100, Batch: 32, Shots: []int{4}}},
		{prompt.ProGrad{}, "base_to_novel", "ImageNet", 4, preset{Learner: plain, Rate: 0.002, Epochs: 50, Batch: 32, Shots: []int{4}}},
		{prompt.ProGrad{}, "domain_generalization", "ImageNet", 4, preset{Learner: plain, Rate: 0.002, Epochs: 50, Batch: 32, Shots: []int{4}}},
		{prompt.PromptSRC{}, "base_to_novel", "DescribableTextures", 16, preset{Learner: prompt.PromptSRC{}, Rate: 0.0025, Epochs: 20, Batch: 4, Shots: usual, Average: prompt.Gaussian{Mean: 15, Deviation: 1}}},
		{prompt.PromptSRC{}, "few_shot", "DescribableTextures", 1, preset{Learner: prompt.PromptSRC{}, Rate: 0.0025, Epochs: 50, Batch: 4, Shots: curve, Average: prompt.Gaussian{Mean: 45, Deviation: 5}}},
		{prompt.PromptSRC{}, "data_efficient", "UCF101", 16, preset{Learner: prompt.PromptSRC{}, Rate: 0.0025, Epochs: 50, Batch: 4, Shots: curve, Average: prompt.Gaussian{Mean: 30, Deviation: 30}}},
		{prompt.PromptSRC{}, "cross_dataset", "ImageNet", 16, preset{Learner: shallow, Rate: 0.0025, Epochs: 20, Batch: 4, Shots: usual, Average: prompt.Gaussian{Mean: 6, Deviation: 10}}},
	} {
		if got := own(c.learner, c.protocol, c.dataset, c.shots); !reflect.DeepEqual(got, c.want) {
			t.Errorf("%s of %+v with %d shots of %s is %+v, want %+v", c.protocol, c.learner, c.shots, c.dataset, got, c.want)
		}
	}
}

// TestNothingIsMadeUp: what was never published has no preset.
func TestNothingIsMadeUp(t *testing.T) {
	for _, l := range []prompt.Learner{prompt.ZeroShot{}, prompt.MaPLe{}, prompt.CoCoOp{}, prompt.VPT{}, prompt.IVLP{}} {
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

// TestProGradStartsAsPublished: its phrase fills the last places of the context, by words, so that of one with a comma the last
// token stands behind the context.
func TestProGradStartsAsPublished(t *testing.T) {
	tokenizer := clip.NewTokenizer().Cut([]string{"a type of pet, a photo of a"})
	m := wide()
	m.Tokenizer = tokenizer
	table := make([]float32, tokenizer.Vocabulary()*512)
	for i := range table {
		table[i] = float32(i + 1)
	}
	m.Values["token_embedding.weight"] = table
	for dataset, want := range map[string]struct {
		words, frozen int
		template      string
	}{
		"OxfordPets": {8, 1, strings.Repeat("X ", 8) + "a type of pet, a photo of a {}."},
		"ImageNet":   {4, 0, strings.Repeat("X ", 12) + "a photo of a {}."},
	} {
		p, _ := prompt.ProGrad{}.Preset(prompt.Task{Protocol: "few_shot", Dataset: dataset})
		if got := p.Learner.Template("{} texture."); got != want.template {
			t.Errorf("Template on %s = %q, want %q", dataset, got, want.template)
		}
		list, err := p.Learner.Parameters(m, rand.New(rand.NewPCG(1, 2)))
		if err != nil {
			t.Fatal(err)
		}
		ids := tokenizer.Encode(p.Learner.(prompt.ProGrad).Phrase)
		expected := make([]float32, (16-want.words)*512)
		for _, id := range ids[:want.words] {
			expected = append(expected, table[int(id)*512:][:512]...)
		}
		if !slices.Equal(list[0].Value, expected) || len(ids)-want.words != want.frozen {
			t.Errorf("on %s the context is not zeros and then %d tokens of %q", dataset, want.words, ids)
		}
	}
	if _, err := (prompt.ProGrad{Context: 2, Phrase: "a photo of"}).Parameters(m, rand.New(rand.NewPCG(1, 2))); err == nil || !strings.Contains(err.Error(), "of 3 words, want at most the 2") {
		t.Errorf("a phrase that is longer than the context: %v, want an error", err)
	}
}

func TestAnchorsAreTheSentencesOfThePublishedCode(t *testing.T) {
	for _, c := range []struct {
		learner       prompt.Anchored
		dataset, want string
	}{
		{prompt.ProGrad{}, "OxfordPets", "a type of pet, a photo of a {}."},
		{prompt.ProGrad{}, "DescribableTextures", "a texture of {}."},
		{prompt.ProGrad{}, "EuroSAT", "hand {}."},
		{prompt.KgCoOp{}, "OxfordPets", "hand {}."},
		{prompt.KgCoOp{}, "DescribableTextures", "a photo of a {}, a type of texture."},
	} {
		if got, err := c.learner.Anchors(c.dataset, "hand {}."); err != nil || !slices.Equal(got.Templates, []string{c.want}) {
			t.Errorf("Anchors of %s on %s = %+v, %v, want %q", c.learner.Name(), c.dataset, got, err, c.want)
		}
	}
}
