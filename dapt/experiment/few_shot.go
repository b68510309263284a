package experiment

import (
	"context"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/train"
)

// FewShot tunes on all classes with a few images each, and tests on all of them (Zhou et al., CoOp, IJCV 2022).
//
// A learner that trains nothing runs once, with the first seed.
type FewShot struct {
	Benchmarks []Benchmark
	Methods    []dapt.Method
	Shots      []int // training images a class; nil means 1, 2, 4, 8, 16
	Seeds      []int // nil means 1, 2, 3
	// Train is for all methods; its Seed is set by Seeds. nil tunes each as its learner's authors published for this protocol,
	// data set and number of shots (see [prompt.PresetOf]), and by [train.Paper] where they published nothing. With nil, a
	// learner that is the zero value of its type has the published settings of the task too.
	Train  *train.Config
	Change func(*train.Config) // edits what each run is tuned with, such as its epochs; nil changes nothing
	Focus  int                 // test images to measure [Focus] on; 0 measures none
}

// Run returns the results of all runs in the order of benchmarks, methods, shots and seeds, as [BaseToNovel.Run] does.
func (f FewShot) Run(ctx context.Context, lab *Lab) ([]Result, error) { return lab.run(ctx, f) }

func (f FewShot) plan() (plan, error) {
	shots := f.Shots
	if shots == nil {
		shots = []int{1, 2, 4, 8, 16}
	}
	return plan{
		protocol: "few_shot", benchmarks: f.Benchmarks, methods: f.Methods, shots: shots, seeds: f.Seeds,
		tuning: tuning{f.Train, train.Paper(), f.Change}, focus: f.Focus, split: whole, tests: all,
	}, nil
}

// whole leaves a draw as it is.
func whole(drawn *dataset.Dataset) *dataset.Dataset { return drawn }

// all is the test of all classes.
func all(suffix string, m dapt.Method, d *dataset.Dataset) []test {
	b := m.Loss.Background
	return []test{{"all" + suffix, d, dapt.Sentences(b.Template, b.Words)[:b.Negatives]}}
}
