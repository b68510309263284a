package experiment

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/gomlx/compute/dtypes"

	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/train"
)

func TestEverySettingIsAnExperimentOfItsProtocol(t *testing.T) {
	on := Material{
		Benchmarks: []Benchmark{newBenchmark()}, Targets: []Benchmark{elsewhere("Half", 1)}, Masks: mask.Files{}, Seeds: []int{3}, DType: dtypes.Float16,
	}
	names := map[string]bool{}
	for _, s := range Settings() {
		if names[s.Name()] || s.Source == "" || s.Target == "" {
			t.Errorf("%s is there twice, or has no Source or Target: %+v", s.Name(), s)
		}
		names[s.Name()] = true
		p, err := s.Experiment(on)
		if err != nil {
			t.Errorf("%s: %v", s.Name(), err)
			continue
		}
		made, err := p.(planner).plan()
		if err != nil {
			t.Errorf("%s: %v", s.Name(), err)
			continue
		}
		m := made.methods[0]
		want := s.Learner.Name() + string(s.Masks)
		if s.Train == nil && s.Variant != "" {
			want += "/" + s.Variant
		}
		if made.protocol != s.Protocol || m.Name() != want || m.Decouples() != (s.Masks != Alone) {
			t.Errorf("%s is %s by %s", s.Name(), made.protocol, m.Name())
		}
		if !reflect.DeepEqual(made.tuning.given, s.Train) || !reflect.DeepEqual(made.seeds, on.Seeds) || !reflect.DeepEqual(made.shots, s.Shots) {
			t.Errorf("%s: shots %v, seeds %v, %+v", s.Name(), made.shots, made.seeds, made.tuning)
		}
		for _, shots := range s.Shots {
			m, config := made.tuning.of(m, prompt.Task{Protocol: s.Protocol, Dataset: "Tiny", Shots: shots})
			if err := config.Validate(); err != nil || m.Check(config.Epochs) != nil || config.DType != dtypes.Float16 {
				t.Errorf("%s with %d shots: %v, %v, %+v", s.Name(), shots, err, m.Check(config.Epochs), config)
			}
		}
	}
}

// The numbers of method.md, section 7, of protocols.md and of learners.md.
func TestSettingsAreThePublishedOnes(t *testing.T) {
	for name, want := range map[string]struct {
		rate          float64
		epochs, batch int
		final         train.Final
	}{
		"maple/base-to-novel":                {0.0035, 5, 4, train.LastStep},
		"maple+dapt-s/base-to-novel":         {0.0035, 5, 4, train.BestOnVal},
		"maple+dapt-s/base-to-novel/batch-1": {0.0035, 5, 1, train.BestOnVal},
		"maple+dapt-g/few-shot":              {0.0035, 10, 4, train.BestOnVal},
		"maple+dapt-s/data-efficient":        {0.0035, 10, 4, train.BestOnVal},
		"maple/cross-dataset":                {0.0026, 2, 4, train.LastStep},
		"maple/cross-dataset/depth-3":        {0.0026, 2, 4, train.LastStep},
		"maple+dapt-s/domain-generalization": {0.0026, 2, 4, train.LastStep},
		"coop/base-to-novel":                 {0.002, 200, 32, train.LastStep},
		"coop+dapt-s/cross-dataset":          {0.002, 50, 32, train.LastStep},
		"cocoop/base-to-novel":               {0.002, 10, 1, train.LastStep},
		"ivlp/base-to-novel/language-only":   {0.0025, 5, 4, train.LastStep},
		"kgcoop/few-shot":                    {0.002, 100, 32, train.LastStep},
		"promptsrc+dapt-g/few-shot":          {0.0025, 50, 4, train.MeanOfEpochs},
	} {
		s, err := FindSetting(name)
		if err != nil {
			t.Error(err)
			continue
		}
		all := s.Tuned()
		if c := all[0].Config; len(all) != 1 || c.Rate != want.rate || c.Epochs != want.epochs || c.Batch != want.batch || c.Final != want.final || c.Warmup != 1e-5 || c.Decay != 5e-4 || c.Momentum != 0.9 {
			t.Errorf("%s is %+v, want %+v", name, all, want)
		}
	}
	few, err := FindSetting("maple+dapt-s/data-efficient")
	if err != nil {
		t.Fatal(err)
	}
	p, err := few.Experiment(Material{Benchmarks: []Benchmark{newBenchmark()}, Masks: mask.Files{}})
	if d := p.(DataEfficient); err != nil || len(d.Selections) != 9 {
		t.Errorf("the data-efficient table has %d selection methods, %v, want 9", len(d.Selections), err)
	}
}

// TestEpochsDependOnShots: as CoOp's authors published.
func TestEpochsDependOnShots(t *testing.T) {
	s, err := FindSetting("coop/few-shot")
	if err != nil {
		t.Fatal(err)
	}
	got := map[int][]int{}
	for _, way := range s.Tuned() {
		got[way.Config.Epochs] = way.Shots
	}
	if want := (map[int][]int{50: {1}, 100: {2, 4}, 200: {8, 16}}); !reflect.DeepEqual(got, want) {
		t.Errorf("shots by epochs are %v, want %v", got, want)
	}
}

// TestDAPTsOwnRowsAreTheFirst: by protocol, with the names that they always had.
func TestDAPTsOwnRowsAreTheFirst(t *testing.T) {
	var names []string
	for _, s := range Settings() {
		if s.Train != nil && s.Protocol == "base_to_novel" {
			names = append(names, s.Name())
		}
	}
	want := []string{"zero-shot", "maple", "maple+dapt-s", "maple+dapt-g", "maple+dapt-s batch-1", "maple+dapt-g batch-1"}
	for i, name := range want {
		method, variant, _ := strings.Cut(name, " ")
		want[i] = strings.TrimSuffix(method+"/base-to-novel/"+variant, "/")
	}
	if !slices.Equal(names, want) {
		t.Errorf("the rows are %q, want %q", names, want)
	}
}
