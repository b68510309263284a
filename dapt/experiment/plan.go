package experiment

import (
	"context"
	"fmt"
	"slices"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/transform"
)

// plan is what protocols have in common: every benchmark with every method, number of shots and seed.
type plan struct {
	protocol   string
	benchmarks []Benchmark
	targets    []Benchmark // further data sets that are tested only
	methods    []dapt.Method
	shots      []int
	seeds      []int
	shares     []*share // of the training images; nil tunes on all
	tuning     tuning
	focus      int
	// split turns a few-shot draw into what is tuned on, tests into what is tested.
	split func(drawn *dataset.Dataset) *dataset.Dataset
	tests func(suffix string, m dapt.Method, d *dataset.Dataset) []test
	known map[string]bool // whether learners with these settings have anything to tune
}

// planner is a protocol whose runs can be listed before they are done.
type planner interface{ plan() (plan, error) }

// run does all runs of protocols, in the order of protocols, benchmarks, methods, shots and seeds.
func (l *Lab) run(ctx context.Context, protocols ...planner) ([]Result, error) {
	runs, checked, err := l.plan(protocols...)
	if err != nil {
		return nil, err
	}
	if err := checkLists(l, runs); err != nil {
		return nil, err
	}
	for _, benchmark := range checked {
		if err := benchmark.check(ctx); err != nil {
			return nil, err
		}
	}
	if err := checkMasks(ctx, runs); err != nil {
		return nil, err
	}
	return l.runAll(ctx, runs)
}

// plan lists the runs of protocols, and the data sets that they need, each once.
func (l *Lab) plan(protocols ...planner) (runs []run, needed []Benchmark, err error) {
	for _, protocol := range protocols {
		p, err := protocol.plan()
		if err != nil {
			return nil, nil, err
		}
		added, err := p.runs(l)
		if err != nil {
			return nil, nil, err
		}
		runs = append(runs, added...)
		for _, b := range slices.Concat(p.benchmarks, p.targets) {
			if !slices.ContainsFunc(needed, func(other Benchmark) bool { return other.Dataset == b.Dataset }) {
				needed = append(needed, b)
			}
		}
	}
	return runs, needed, twice(runs)
}

// checkMasks looks at all masks that can be looked at before anything is tuned.
func checkMasks(ctx context.Context, runs []run) error {
	seen := map[string]bool{}
	for _, r := range runs {
		checker, ok := mask.For(r.method.Masks, r.data).(mask.Checker)
		if !ok {
			continue
		}
		var items []dataset.Item
		for _, item := range r.data.Train {
			if key := r.data.Name + "|" + r.method.Name() + "|" + item.Path; !seen[key] {
				seen[key] = true
				items = append(items, item)
			}
		}
		if err := checker.Check(ctx, items); err != nil {
			return err
		}
	}
	return nil
}

// runs lists what is to be done, and checks it.
func (p plan) runs(lab *Lab) ([]run, error) {
	if p.seeds == nil {
		p.seeds = []int{1, 2, 3}
	}
	if len(p.seeds) == 0 || len(p.methods) == 0 || len(p.benchmarks) == 0 {
		return nil, fmt.Errorf("experiment: %s with %d benchmarks, %d methods and %d seeds, want at least 1 each",
			p.protocol, len(p.benchmarks), len(p.methods), len(p.seeds))
	}
	p.known = map[string]bool{}
	var runs []run
	for _, benchmark := range p.benchmarks {
		data := benchmark.Hash()
		for _, target := range p.targets {
			data = hash(data + target.Hash())
		}
		for _, method := range p.methods {
			added, err := p.of(lab, benchmark, method)
			if err != nil {
				return nil, err
			}
			for _, r := range added {
				r.result.DataHash = data
				runs = append(runs, r)
			}
		}
	}
	return runs, nil
}

// twice finds a run that is there twice, perhaps with other settings, which no table would take.
func twice(runs []run) error {
	seen := map[string]bool{}
	for _, r := range runs {
		name := fmt.Sprintf("%s on %s, %s with %d shots and seed %d", r.result.Method, r.result.Dataset, r.result.Protocol, r.result.Shots, r.result.Seed)
		if r.share != nil {
			name += fmt.Sprintf(" by %s %g", r.share.Method, r.share.Keep.Ratio)
		}
		if seen[name] {
			return fmt.Errorf("experiment: %s, is there twice, perhaps with other settings: run them apart", name)
		}
		seen[name] = true
	}
	return nil
}

// of lists the runs of one method on one benchmark: a single one if there is nothing to train.
func (p plan) of(lab *Lab, benchmark Benchmark, m dapt.Method) ([]run, error) {
	var runs []run
	for _, shots := range p.shots {
		for _, seed := range p.seeds {
			r, err := p.one(benchmark, m, shots, seed)
			if err == nil {
				err = p.teach(lab, benchmark, &r, shots)
			}
			if err != nil {
				return nil, err
			}
			if r.trains, err = p.trains(lab.Model, r.method.Learner); err != nil {
				return nil, err
			}
			shares := p.shares
			if shares == nil || !r.trains {
				shares = []*share{nil}
			}
			if !r.trains {
				shots = 0
			}
			for _, r.share = range shares {
				if err := r.describe(lab, p.protocol, shots); err != nil {
					return nil, err
				}
				runs = append(runs, r)
			}
			if !r.trains {
				return runs, nil
			}
		}
	}
	return runs, nil
}

// one prepares one run.
func (p plan) one(benchmark Benchmark, m dapt.Method, shots, seed int) (run, error) {
	if shots < 0 || seed < 0 {
		return run{}, fmt.Errorf("experiment: %d shots and seed %d, want at least 0", shots, seed)
	}
	draw := benchmark.draw
	if p.shares != nil {
		draw = benchmark.pool
	}
	drawn, err := draw(shots, seed)
	if err != nil {
		return run{}, err
	}
	data := p.split(drawn)
	m, config := p.tuning.of(m, prompt.Task{Protocol: p.protocol, Dataset: benchmark.Name, Shots: shots, Classes: len(data.Classes)})
	if err := config.Validate(); err != nil {
		return run{}, err
	}
	if m.Decouples() {
		m.Loss.Background = m.Loss.Background.Of(benchmark.Name)
	}
	if err := m.Check(config.Epochs); err != nil {
		return run{}, fmt.Errorf("experiment: %s on %s: %w", m.Name(), benchmark.Name, err)
	}
	r := run{method: m, config: config, data: data, truth: benchmark.Truth, focus: p.focus}
	r.config.Seed = uint64(seed)
	r.source = p.targets != nil
	r.tests = p.tests("", m, drawn)
	r.clean = len(r.tests)
	for _, condition := range benchmark.Conditions {
		changed := *drawn
		changed.Test = condition.Items
		r.tests = append(r.tests, p.tests("_"+condition.Name, m, &changed)...)
	}
	return r, r.fits()
}

// trains reports whether a learner has anything to tune. It looks at each once.
func (p plan) trains(m *clip.Model, learner prompt.Learner) (bool, error) {
	key, err := learnerKey(learner)
	if err != nil {
		return false, err
	}
	if trains, known := p.known[key]; known {
		return trains, nil
	}
	parameters, err := learner.Parameters(m, transform.Stream(0, "init"))
	p.known[key] = len(parameters) > 0
	return p.known[key], err
}
