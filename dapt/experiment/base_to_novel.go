package experiment

import (
	"cmp"
	"context"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/train"
)

// BaseToNovel tunes on the base half of the classes, and tests on it and on the novel half, each against its own class
// names only (Zhou et al., CoCoOp, CVPR 2022).
//
// The images of a seed are those of its few-shot draw over all classes, cut to the base half afterwards. A learner that
// trains nothing runs once, with the first seed.
type BaseToNovel struct {
	Benchmarks []Benchmark
	Methods    []dapt.Method
	Shots      int   // training images a class; 0 means 16
	Seeds      []int // nil means 1, 2, 3
	// Train and Change are those of [FewShot]; what nothing was published of is tuned by [train.PaperBaseToNovel].
	Train  *train.Config
	Change func(*train.Config)
	Focus  int // test images of each half to measure [Focus] on; 0 measures none
}

// Run returns the results of all runs in the order of benchmarks, methods and seeds. Those on file are not computed
// again. When ctx is cancelled or a run fails, finished runs are on file and the same call goes on from there.
func (b BaseToNovel) Run(ctx context.Context, lab *Lab) ([]Result, error) { return lab.run(ctx, b) }

func (b BaseToNovel) plan() (plan, error) {
	return plan{
		protocol: "base_to_novel", benchmarks: b.Benchmarks, methods: b.Methods, shots: []int{cmp.Or(b.Shots, 16)}, seeds: b.Seeds,
		tuning: tuning{b.Train, train.PaperBaseToNovel(), b.Change}, focus: b.Focus, split: (*dataset.Dataset).Base, tests: halves,
	}, nil
}

// halves are the tests of the base and of the novel classes.
func halves(suffix string, m dapt.Method, d *dataset.Dataset) []test {
	b := m.Loss.Background
	words := dapt.Sentences(b.Template, b.Words)
	return []test{
		{"base" + suffix, d.Base(), words[:b.Negatives]},
		{"novel" + suffix, d.Novel(), words[:b.NewNegatives]},
	}
}
