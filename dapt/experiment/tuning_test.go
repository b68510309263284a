package experiment

import (
	"context"
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/train"
)

// called returns a learner by its name.
func called(t *testing.T, name, settings string) prompt.Learner {
	t.Helper()
	l, err := prompt.Find(name, []byte(settings))
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func tuned(protocol string, shots int, l prompt.Learner, given *train.Config) (prompt.Learner, train.Config) {
	m, config := tuning{given, train.PaperBaseToNovel(), nil}.of(dapt.Method{Learner: l}, prompt.Task{Protocol: protocol, Dataset: "EuroSAT", Shots: shots, Classes: 10})
	return m.Learner, config
}

func TestWithoutTrainEachLearnerIsTunedAsItsAuthorsDid(t *testing.T) {
	given := train.Paper()
	for name, c := range map[string]struct {
		learner, want prompt.Learner
		given         *train.Config
		epochs        int
	}{
		"what is not published is as DAPT's MaPLe":     {prompt.MaPLe{}, prompt.MaPLe{}, nil, 5},
		"a zero learner has the task's settings":       {called(t, "coop", ""), called(t, "coop", `{"Context": 4, "Phrase": "a photo of a"}`), nil, 200},
		"a learner with settings keeps them":           {called(t, "coop", `{"Context": 8}`), called(t, "coop", `{"Context": 8}`), nil, 200},
		"a given config is for all":                    {called(t, "coop", ""), called(t, "coop", ""), &given, 10},
		"what depends on the task is settled anyway":   {called(t, "prograd", ""), called(t, "prograd", `{"Lambda": 1}`), &given, 10},
		"class-specific contexts count their classes":  {called(t, "coop", `{"PerClass": true}`), called(t, "coop", `{"PerClass": true, "Classes": 10}`), &given, 10},
		"what is published and depends on the dataset": {called(t, "prograd", ""), called(t, "prograd", `{"Lambda": 1, "Phrase": "a centered satellite photo of"}`), nil, 100},
		"a setting leaves the others to the task":      {called(t, "prograd", `{"Lambda": 0.8}`), called(t, "prograd", `{"Lambda": 0.8, "Phrase": "a centered satellite photo of"}`), nil, 100},
		"a random start has no phrase of the task":     {called(t, "prograd", `{"Lambda": 1, "Random": true}`), called(t, "prograd", `{"Lambda": 1, "Random": true}`), nil, 100},
	} {
		if l, config := tuned("base_to_novel", 16, c.learner, c.given); l != c.want || config.Epochs != c.epochs {
			t.Errorf("%s: %+v with %d epochs, want %+v and %d", name, l, config.Epochs, c.want, c.epochs)
		}
	}
	if l, _ := tuned("few_shot", 16, called(t, "prograd", ""), &given); l != called(t, "prograd", `{"Lambda": 0.8}`) {
		t.Errorf("in few-shot learning ProGrad is %+v, want its smaller lambda", l)
	}
	if _, config := tuned("few_shot", 16, called(t, "cocoop", ""), nil); config != train.PaperBaseToNovel() {
		t.Errorf("where nothing was published: %+v", config)
	}
}

// TestTuningSaysHow: each way once, with the methods and shots that it is for.
func TestTuningSaysHow(t *testing.T) {
	b := newBenchmark()
	p := FewShot{
		Benchmarks: []Benchmark{b}, Methods: []dapt.Method{{Learner: prompt.ZeroShot{}}, {Learner: prompt.MaPLe{}}, dapt.Over(prompt.MaPLe{}, mask.Files{}), {Learner: called(t, "coop", "")}, {Learner: called(t, "cocoop", "")}},
		Shots: []int{1, 16}, Change: func(c *train.Config) { c.Batch = 2 },
	}
	var got [][]string
	for _, way := range Tuning(Together{p}) {
		got = append(got, way.Methods)
		if way.Config.Batch != 2 || !slices.Equal(way.Datasets, []string{"Tiny"}) {
			t.Errorf("%+v, want the changed batch and the data set", way)
		}
		if published := way.Methods[0] == "coop"; published != (way.Source != "") {
			t.Errorf("%+v, want a source of what was published, which is CoOp's alone", way)
		}
	}
	if want := [][]string{{"maple", "maple+dapt-s"}, {"coop"}, {"coop"}, {"cocoop"}}; !reflect.DeepEqual(got, want) {
		t.Errorf("methods are %q, want %q", got, want)
	}
	if list := Tuning(LinearProbe{Benchmarks: []Benchmark{b}}); list != nil {
		t.Errorf("linear probes are tuned as %+v", list)
	}
}

// TestARunRecordsWhatItWasTunedWith: the learner's own settings and config, not those of the protocol.
func TestARunRecordsWhatItWasTunedWith(t *testing.T) {
	b := BaseToNovel{
		Benchmarks: []Benchmark{newBenchmark()}, Methods: []dapt.Method{{Learner: called(t, "coop", "")}}, Shots: 1, Seeds: []int{1},
		Change: func(c *train.Config) { c.Epochs, c.Test = 1, 4 },
	}
	results, err := b.Run(context.Background(), newLab(t, t.TempDir()))
	if err != nil {
		t.Fatal(err)
	}
	var got struct {
		Options json.RawMessage
		Train   train.Config
	}
	if err := json.Unmarshal(results[0].Config, &got); err != nil {
		t.Fatal(err)
	}
	want := train.Paper()
	want.Rate, want.Epochs, want.Batch, want.Final, want.Test, want.Seed = 0.002, 1, 32, train.LastStep, 4, 1
	options, err := prompt.Find("coop", got.Options)
	if err != nil {
		t.Fatal(err)
	}
	if options != called(t, "coop", `{"Context": 4, "Phrase": "a photo of a"}`) || got.Train != want || len(results[0].Epochs) != 1 {
		t.Errorf("on file are %+v, want %+v with CoOp's words", got, want)
	}
}

// TestResultsOnFileAreFoundAgain: the names of runs of DAPT over MaPLe, which are hashes of all their settings, as they were
// when all methods of a protocol had one config.
func TestResultsOnFileAreFoundAgain(t *testing.T) {
	lab, benchmarks := newLab(t, t.TempDir()), []Benchmark{newBenchmark()}
	methods := []dapt.Method{{Learner: prompt.MaPLe{}}, dapt.Over(prompt.MaPLe{}, mask.Files{})}
	for _, c := range []struct {
		protocol planner
		want     []string
	}{
		{BaseToNovel{Benchmarks: benchmarks, Methods: methods, Seeds: []int{1}}, []string{"0315c187", "a4eb7846"}},
		{FewShot{Benchmarks: benchmarks, Methods: methods, Seeds: []int{1}, Shots: []int{4}}, []string{"536a16da", "e3afe39c"}},
		{DataEfficient{Benchmarks: benchmarks, Methods: methods, Seeds: []int{1}, Ratios: []float64{1}}, []string{"43fc56a1", "66c87255"}},
		{CrossDataset{Source: benchmarks[0], Targets: []Benchmark{elsewhere("Half", 1)}, Methods: methods, Seeds: []int{1}}, []string{"e56e6cbe", "1b57c927"}},
	} {
		runs, _, err := lab.plan(c.protocol)
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range runs {
			_, hash, _ := strings.Cut(r.result.run(), "seed1-")
			got = append(got, hash)
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("runs of %T are called %q, want %q", c.protocol, got, c.want)
		}
	}
}

// TestClassSpecificContextsAreRefusedOtherClasses: before anything is tuned; tests of the same classes are none of others.
func TestClassSpecificContextsAreRefusedOtherClasses(t *testing.T) {
	benchmark := newBenchmark()
	methods := []dapt.Method{{Learner: called(t, "coop", `{"Context": 2, "PerClass": true}`)}}
	same := Benchmark{Dataset: benchmark.Dataset}
	renamed := *benchmark.Dataset
	renamed.Name = "Again"
	same.Dataset = &renamed
	for _, c := range []struct {
		protocol planner
		refused  string
	}{
		{BaseToNovel{Benchmarks: []Benchmark{benchmark}, Methods: methods}, "the test novel is of others"},
		{CrossDataset{Source: benchmark, Targets: []Benchmark{elsewhere("Half", 1)}, Methods: methods}, "the test Half is of others"},
		{DomainGeneralization{Source: benchmark, Targets: []Benchmark{same}, Methods: methods}, ""},
		{FewShot{Benchmarks: []Benchmark{benchmark}, Methods: methods}, ""},
	} {
		_, _, err := newLab(t, t.TempDir()).plan(c.protocol)
		if (err == nil) != (c.refused == "") || err != nil && !strings.Contains(err.Error(), c.refused) {
			t.Errorf("%T: %v, want an error with %q", c.protocol, err, c.refused)
		}
	}
}
