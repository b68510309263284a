package experiment

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/gomlx/compute/dtypes"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/internal/logistic"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/train"
)

// probing is the linear probes of one benchmark.
type probing struct {
	Benchmark
	dtype  dtypes.DType
	lists  []probeList // in the order of their places below, then those of conditions
	search int         // the list that C is searched on
	tests  []test      // of the lists from testList on
	runs   []probeRun
	hash   string // of the whole data set
}

// probeList is a list of images whose features are read.
type probeList struct {
	name  string
	items []dataset.Item
}

// Places of lists.
const (
	trainList = iota
	valList
	testList
)

// probeRun is one run, as far as it is known before.
type probeRun struct {
	train, val []int // places in the lists
	result     Result
}

func newProbing(b Benchmark, dtype dtypes.DType) *probing {
	p := &probing{
		Benchmark: b, dtype: dtype, search: valList, tests: all("", dapt.Method{}, b.Dataset),
		lists: []probeList{{"train", b.Train}, {"val", b.Val}, {"test", b.Test}}, hash: b.Hash(),
	}
	for _, condition := range b.Conditions {
		changed := *b.Dataset
		changed.Test = condition.Items
		p.tests = append(p.tests, all("_"+condition.Name, dapt.Method{}, &changed)...)
		p.lists = append(p.lists, probeList{condition.Name, condition.Items})
	}
	return p
}

// searched are the images that C is searched on.
func (b *probing) searched() probeList { return b.lists[b.search] }

// todo are the runs that are not on file.
func (b *probing) todo(l *Lab) []probeRun {
	return slices.DeleteFunc(slices.Clone(b.runs), func(r probeRun) bool {
		_, done := l.find(r.result)
		return done
	})
}

// wanted tells for each image of each list whether some run reads it.
func (b *probing) wanted(runs []probeRun) [][]bool {
	wanted := make([][]bool, len(b.lists))
	for i, list := range b.lists {
		wanted[i] = make([]bool, len(list.items))
		for place := range list.items {
			wanted[i][place] = i >= testList && len(runs) > 0
		}
	}
	for _, r := range runs {
		for _, place := range r.train {
			wanted[trainList][place] = true
		}
		for _, place := range r.val {
			wanted[b.search][place] = true
		}
	}
	return wanted
}

// fitCost is how many images a fit counts as in the progress: with ViT-B/16 on two cores, a second or less.
const fitCost = 16

// probe does those runs of the lab's share that are not on file, and returns the results of the share, in their order.
func (l *Lab) probe(ctx context.Context, all []*probing) ([]Result, error) {
	all, err := begin(l, all)
	if err != nil {
		return nil, err
	}
	bar := meter{report: l.Report}
	l.meter = &bar
	for _, b := range all {
		todo, images, err := b.left(l)
		if err != nil {
			return nil, err
		}
		bar.at.Total += todo*probeFits*fitCost + images
		bar.at.Runs += len(b.runs)
	}
	var results []Result
	for _, b := range all {
		done, err := b.run(ctx, l, &bar)
		if results = append(results, done...); err != nil {
			return results, err
		}
	}
	return results, nil
}

// left are the runs that are not on file, and the images whose features they lack. It finds bad files of features, too.
func (b *probing) left(l *Lab) (runs, images int, err error) {
	todo := b.todo(l)
	for i, wanted := range b.wanted(todo) {
		f, err := l.features(b.Dataset, b.lists[i].items, b.dtype)
		if err != nil {
			return 0, 0, err
		}
		images += len(f.missing(wanted))
	}
	return len(todo), images, nil
}

// cost is the work of all runs: fits, and encoding the images.
func (b *probing) cost() int {
	work := len(b.runs) * probeFits * fitCost
	for _, wanted := range b.wanted(b.runs) {
		for _, wanted := range wanted {
			if wanted {
				work++
			}
		}
	}
	return work
}

// results are those of the benchmark's runs.
func (b *probing) results() []Result {
	var list []Result
	for _, r := range b.runs {
		list = append(list, r.result)
	}
	return list
}

// run does the benchmark's runs. The first that is not on file encodes the images of all.
func (b *probing) run(ctx context.Context, l *Lab, bar *meter) ([]Result, error) {
	var results []Result
	var lists []*features
	for _, r := range b.runs {
		bar.at.Number++
		done, ok := l.find(r.result)
		if ok {
			results = append(results, done)
			continue
		}
		bar.begin(&run{result: r.result})
		var err error
		if lists == nil {
			lists, err = b.encode(ctx, l, bar)
		}
		start := time.Now()
		if err == nil {
			done, err = b.one(ctx, r, lists, bar)
		}
		if err == nil {
			err = l.add(done, Time{Run: done.folder(), Seconds: time.Since(start).Seconds(), Commit: revision()})
		}
		if err != nil {
			return results, fmt.Errorf("experiment: %s, %s, %d shots, seed %d: %w", b.Name, linearProbe, r.result.Shots, r.result.Seed, err)
		}
		results = append(results, done)
	}
	return results, nil
}

// encode returns the features of each list, as far as they are wanted.
func (b *probing) encode(ctx context.Context, l *Lab, bar *meter) ([]*features, error) {
	engine, err := l.Engine(prompt.ZeroShot{}, b.dtype)
	if err != nil {
		return nil, err
	}
	engine.Seen = bar.seen
	defer func() { engine.Seen = nil }()
	lists := make([]*features, len(b.lists))
	for i, wanted := range b.wanted(b.todo(l)) {
		if lists[i], err = l.features(b.Dataset, b.lists[i].items, b.dtype); err != nil {
			return nil, err
		}
		bar.doing("encoding " + b.lists[i].name)
		if err := lists[i].fill(ctx, engine, lists[i].missing(wanted)); err != nil {
			return nil, err
		}
	}
	return lists, nil
}

// one searches C for a run and tests what it found.
func (b *probing) one(ctx context.Context, r probeRun, lists []*features, bar *meter) (Result, error) {
	drawn, val := lists[trainList].set(r.train), lists[b.search].set(r.val)
	models := map[float64]*logistic.Model{}
	found, err := searchC(func(c float64) (float64, error) {
		bar.doing(fmt.Sprintf("fitting, C %.4g", c))
		model, err := logistic.Fit(ctx, drawn, c, probeIterations)
		if err != nil {
			return 0, err
		}
		models[c] = model
		bar.seen(fitCost)
		return percent(val.Labels, model.Predict(val.Features)), nil
	})
	if err != nil {
		return Result{}, err
	}
	bar.seen((probeFits - len(models)) * fitCost)
	chosen, result := found.Chosen().C, r.result
	result.Probe, result.Final = found, fmt.Sprintf("C %.4g, best on %s", chosen, b.searched().name)
	for i, t := range b.tests {
		f := lists[testList+i]
		score := train.NewScore(f.items, models[chosen].Predict(f.all()), len(b.Classes))
		result.Tests = append(result.Tests, Test{
			Name: t.name, Images: score.Images, Accuracy: score.Accuracy, MacroF1: score.MacroF1, Classes: b.Classes, PerClass: score.PerClass,
		})
	}
	return result, nil
}

// percent is the share of labels that are predicted.
func percent(labels, predicted []int) float64 {
	right := 0
	for i, label := range labels {
		if label == predicted[i] {
			right++
		}
	}
	return 100 * float64(right) / float64(len(labels))
}
