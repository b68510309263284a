package experiment

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/train"
)

// CrossDataset tunes on all classes of one data set, in the paper ImageNet, and tests the same prompts on it and on others,
// each against its own class names (Zhou et al., CoCoOp, CVPR 2022, section 4.2).
//
// Tests are named "source" and as the target data sets. A learner that trains nothing runs once, with the first seed.
type CrossDataset struct {
	Source  Benchmark
	Targets []Benchmark // only their test lists are read
	Methods []dapt.Method
	Shots   int   // training images a class; 0 means 16
	Seeds   []int // nil means 1, 2, 3
	// Train and Change are those of [FewShot]; what nothing was published of is tuned by [train.PaperCrossDataset].
	Train  *train.Config
	Change func(*train.Config)
}

// DomainGeneralization is [CrossDataset] on targets whose images are of the source's classes, but otherwise made: ImageNetV2,
// ImageNet-Sketch, ImageNet-A and ImageNet-R for ImageNet (Zhou et al., CoOp, IJCV 2022, section 4.3). Runs of both on one
// source share their tuned prompts.
type DomainGeneralization CrossDataset

// Run returns the results of all runs in the order of methods and seeds, as [BaseToNovel.Run] does.
func (c CrossDataset) Run(ctx context.Context, lab *Lab) ([]Result, error) { return lab.run(ctx, c) }

// Run is [CrossDataset.Run].
func (d DomainGeneralization) Run(ctx context.Context, lab *Lab) ([]Result, error) {
	return lab.run(ctx, d)
}

func (c CrossDataset) plan() (plan, error) { return c.to("cross_dataset") }

func (d DomainGeneralization) plan() (plan, error) {
	return CrossDataset(d).to("domain_generalization")
}

func (c CrossDataset) to(protocol string) (plan, error) {
	if c.Source.Dataset == nil || len(c.Targets) == 0 {
		return plan{}, fmt.Errorf("experiment: %s without a Source or without Targets, want one and at least one", protocol)
	}
	names := map[string]bool{"source": true, "average": true} // of a test, and of a column in tables
	for _, target := range c.Targets {
		if names[target.Name] || strings.HasPrefix(target.Name, "source_") {
			return plan{}, fmt.Errorf("experiment: a target of %s is called %q, as another test is: rename it", protocol, target.Name)
		}
		names[target.Name] = true
		if len(target.Test) == 0 {
			return plan{}, fmt.Errorf("experiment: target %s has no test images", target.Name)
		}
	}
	return plan{
		protocol: protocol, benchmarks: []Benchmark{c.Source}, targets: c.Targets, methods: c.Methods,
		shots: []int{cmp.Or(c.Shots, 16)}, seeds: c.Seeds, tuning: tuning{c.Train, train.PaperCrossDataset(), c.Change}, split: whole, tests: c.tests,
	}, nil
}

// tests are that of the source, and beside its own images those of the targets.
func (c CrossDataset) tests(suffix string, m dapt.Method, d *dataset.Dataset) []test {
	list := all(suffix, m, d)
	list[0].name = "source" + suffix
	if suffix != "" {
		return list
	}
	for _, target := range c.Targets {
		list = append(list, test{target.Name, target.Dataset, list[0].words})
	}
	return list
}

// Together is several protocols that run one after the other as one experiment: its runs are numbered through, and what any
// of them needs is checked before the first begins.
type Together []Protocol

// Run returns the results of all protocols, in their order.
func (t Together) Run(ctx context.Context, lab *Lab) ([]Result, error) {
	planners, err := t.planners()
	if err != nil {
		return nil, err
	}
	return lab.run(ctx, planners...)
}

func (t Together) planners() ([]planner, error) {
	var list []planner
	for _, p := range t {
		switch p := p.(type) {
		case planner:
			list = append(list, p)
		case Together:
			inner, err := p.planners()
			if err != nil {
				return nil, err
			}
			list = append(list, inner...)
		default:
			return nil, fmt.Errorf("experiment: %T cannot run together with others: run it apart", p)
		}
	}
	return list, nil
}
