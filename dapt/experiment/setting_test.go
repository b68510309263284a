package experiment

import (
	"reflect"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/train"
)

func TestEverySettingIsAnExperimentOfItsProtocol(t *testing.T) {
	on := Material{Benchmarks: []Benchmark{newBenchmark()}, Targets: []Benchmark{elsewhere("Half", 1)}, Masks: mask.Files{}, Seeds: []int{3}}
	for _, s := range Settings() {
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
		if m := made.methods[0]; made.protocol != s.Protocol || m.Name() != s.Learner.Name()+string(s.Masks) || m.Decouples() != (s.Masks != Alone) {
			t.Errorf("%s is %s by %s", s.Name(), made.protocol, m.Name())
		}
		if !reflect.DeepEqual(made.train, s.Train) || !reflect.DeepEqual(made.seeds, on.Seeds) || !reflect.DeepEqual(made.shots, s.Shots) {
			t.Errorf("%s: shots %v, seeds %v, %+v", s.Name(), made.shots, made.seeds, made.train)
		}
	}
}

// The numbers of method.md, section 7, and of protocols.md.
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
		"maple+dapt-s/domain-generalization": {0.0026, 2, 4, train.LastStep},
	} {
		s, err := FindSetting(name)
		if c := s.Train; err != nil || c.Rate != want.rate || c.Epochs != want.epochs || c.Batch != want.batch || c.Final != want.final || c.Warmup != 1e-5 || c.Decay != 5e-4 || c.Momentum != 0.9 {
			t.Errorf("%s is %+v, %v, want %+v", name, c, err, want)
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
