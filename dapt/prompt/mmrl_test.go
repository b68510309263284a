package prompt_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/prompt/prompttest"
	"github.com/dapt-go/dapt-go/dapt/train/traintest"
)

func TestMMRLKeepsTheContract(t *testing.T) {
	for _, l := range []prompt.MMRL{{Tokens: 2, Width: 7}, {Width: 16, Depth: 2, Share: 1}, {Tokens: 9, Width: 5, Weight: -1}} {
		t.Run(called(l), func(t *testing.T) {
			prompttest.Run(t, l)
			traintest.Run(t, l)
		})
	}
}

// base is the size of ViT-B/16.
func base() *clip.Model {
	m := wide()
	m.Config.Vision.Layers, m.Config.Text.Layers = 12, 12
	return m
}

func TestMMRLStartsAsPublished(t *testing.T) {
	for l, want := range map[prompt.MMRL]int{{}: 4992256, {Width: 2048}: 18762496} {
		list, err := l.Parameters(base(), rand.New(rand.NewPCG(1, 2)))
		if err != nil {
			t.Fatal(err)
		}
		total, layers := 0, 0
		for _, p := range list {
			total += len(p.Value)
			bound := 1 / math.Sqrt(float64(max(l.Width, 512)))
			switch _, family, ok := strings.Cut(p.Name, "_r2"); {
			case ok:
				layers++
				first := list[slices.IndexFunc(list, func(q prompt.Parameter) bool {
					return strings.HasSuffix(q.Name, family[:5]+".0."+p.Name[strings.LastIndex(p.Name, ".")+1:])
				})]
				if !slices.Equal(first.Value, p.Value) {
					t.Errorf("%s is not %s, but all blocks' layers start as copies of one", p.Name, first.Name)
				}
				if largest := float64(slices.Max(p.Value)); largest > bound || largest < 0.95*bound {
					t.Errorf("the largest of %s is %g, want uniform numbers within %g of 0", p.Name, largest, bound)
				}
			case p.Name == "representation_learner.compound_rep_tokens":
				deviates(t, p, 0.02)
			default:
				deviates(t, p, 1/math.Sqrt(768))
			}
		}
		if total != want || layers != 28 {
			t.Errorf("%+v has %d numbers and %d tensors of projections, want %d and 28", l, total, layers, want)
		}
	}
}

// deviates checks the deviation of normal numbers.
func deviates(t *testing.T, p prompt.Parameter, want float64) {
	t.Helper()
	sum := 0.0
	for _, v := range p.Value {
		sum += float64(v) * float64(v)
	}
	if got := math.Sqrt(sum / float64(len(p.Value))); math.Abs(got/want-1) > 0.05 {
		t.Errorf("%s has the deviation %g, want %g", p.Name, got, want)
	}
}

// TestMMRLFitsTowersOfAllDepths: tokens stand in the last blocks, and at least in one, but never in the first.
func TestMMRLFitsTowersOfAllDepths(t *testing.T) {
	for layers, want := range map[int]int{2: 1, 3: 1, 4: 2, 6: 3, 12: 7, 24: 14} {
		m := base()
		m.Config.Vision.Layers, m.Config.Text.Layers = layers+12, layers
		list, err := prompt.MMRL{Width: 1}.Parameters(m, rand.New(rand.NewPCG(1, 2)))
		if got := (len(list) - 2) / 4; err != nil || got != want {
			t.Errorf("in a tower of %d blocks tokens are in %d, %v, want %d", layers, got, err, want)
		}
	}
	m := base()
	m.Config.Text.Layers = 6
	for want, l := range map[string]prompt.MMRL{
		"set Depth to at most 5":  {Depth: 6},
		"has the number -1":       {Tokens: -1},
		"MMRL with Width 1000000": {Width: 1_000_000},
		"MMRL with Share 1.5":     {Share: 1.5},
		"MMRL with Share NaN":     {Share: math.NaN()},
	} {
		if _, err := l.Parameters(m, rand.New(rand.NewPCG(1, 2))); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parameters of %+v: %v, want an error with %q", l, err, want)
		}
	}
	m.Config.Vision.Layers = 1
	if _, err := (prompt.MMRL{}).Parameters(m, rand.New(rand.NewPCG(1, 2))); err == nil || !strings.Contains(err.Error(), "has 1 and the first takes none") {
		t.Errorf("Parameters in a tower of one block: %v, want an error", err)
	}
}

func TestMMRLTakesThePublishedSettingsOfATask(t *testing.T) {
	for _, test := range []struct {
		learner prompt.MMRL
		task    prompt.Task
		want    prompt.MMRL
	}{
		{prompt.MMRL{}, prompt.Task{Dataset: "EuroSAT"}, prompt.MMRL{Width: 2048, Weight: 0.01}},
		{prompt.MMRL{Width: 64, Weight: -1}, prompt.Task{Dataset: "EuroSAT"}, prompt.MMRL{Width: 64, Weight: -1}},
		{prompt.MMRL{}, prompt.Task{Protocol: "few_shot", Dataset: "StanfordCars"}, prompt.MMRL{Weight: 7}},
		{prompt.MMRL{}, prompt.Task{Protocol: "base_to_novel", Dataset: "ImageNet"}, prompt.MMRL{Weight: 0.5}},
		{prompt.MMRL{}, prompt.Task{Protocol: "cross_dataset", Dataset: "ImageNet"}, prompt.MMRL{Weight: 0.2}},
		{prompt.MMRL{}, prompt.Task{Protocol: "few_shot", Dataset: "Mine"}, prompt.MMRL{Weight: 0.5}},
		{prompt.MMRL{}, prompt.Task{Protocol: "base_to_novel", Dataset: "Mine"}, prompt.MMRL{Weight: 1}},
	} {
		got := test.learner.On(test.task)
		if got != test.want || got.(prompt.MMRL).On(test.task) != got {
			t.Errorf("%+v on %+v is %+v, want %+v, and asked again the same", test.learner, test.task, got, test.want)
		}
	}
	if terms := (prompt.MMRL{Weight: 7}).Terms(); !slices.Equal(terms, []prompt.Term{{"cls", 0.7}, {"rep", 0.3}, {"image", 7}, {"text", 7}}) {
		t.Errorf("Terms = %v", terms)
	}
	if terms := (prompt.MMRL{Share: -1, Weight: -1}).Terms(); !slices.Equal(terms, []prompt.Term{{"cls", 1}, {"rep", 0}, {"image", 0}, {"text", 0}}) {
		t.Errorf("Terms without the others = %v", terms)
	}
}

func TestMMRLIsTunedAsPublished(t *testing.T) {
	for _, test := range []struct {
		task          prompt.Task
		epochs, batch int
		warm          bool
		weight        float64
	}{
		{prompt.Task{Protocol: "base_to_novel", Dataset: "Food101"}, 10, 4, true, 5},
		{prompt.Task{Protocol: "base_to_novel", Dataset: "ImageNet"}, 5, 32, true, 0.5},
		{prompt.Task{Protocol: "few_shot", Dataset: "UCF101"}, 50, 32, true, 3},
		{prompt.Task{Protocol: "few_shot", Dataset: "ImageNet"}, 5, 32, true, 0.5},
		{prompt.Task{Protocol: "cross_dataset", Dataset: "ImageNet"}, 1, 32, false, 0.2},
		{prompt.Task{Protocol: "domain_generalization", Dataset: "ImageNet"}, 1, 32, false, 0.2},
	} {
		p, ok := prompt.MMRL{}.Preset(test.task)
		if !ok || p.Epochs != test.epochs || p.Batch != test.batch || p.NoWarm == test.warm || p.Rate != 0.001 || !p.AdamW || p.Crop != 0.5 {
			t.Errorf("the preset for %+v is %+v, %v", test.task, p, ok)
		}
		if l := p.Learner.(prompt.MMRL); l.Weight != test.weight {
			t.Errorf("the preset for %+v has the weight %g, want %g", test.task, l.Weight, test.weight)
		}
	}
	if p, ok := (prompt.MMRL{}).Preset(prompt.Task{Protocol: "data_efficient"}); ok {
		t.Errorf("the preset for data-efficient tuning is %+v, but none was published", p)
	}
}
