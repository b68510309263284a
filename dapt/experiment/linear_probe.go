package experiment

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/train"
)

// LinearProbe is the few-shot baseline without texts: logistic regressions on the features of the frozen image tower, of a
// few images a class, tested on all (Radford et al., CLIP, ICML 2021; KaiyangZhou/CoOp lpclip). Its method is called
// "linear-probe".
//
// Images are drawn by NumPy, as there, and so are others than those of [FewShot] with the same seed. Only what is drawn and
// the tests are encoded, once for all runs.
type LinearProbe struct {
	Benchmarks []Benchmark
	Shots      []int        // training images a class; nil means 1, 2, 4, 8, 16
	Seeds      []int        // nil means 1, 2, 3, as CoOp's script; its program takes 1 to 10 by itself
	DType      dtypes.DType // what the tower computes in; 0 means Float32
	// ValFromTest searches C on images of the test list where there is no validation list, as CoOp's code does on ImageNet,
	// whose validation list it takes for both. Without it that is an error.
	ValFromTest bool
}

// linearProbe is the method's name.
const linearProbe = "linear-probe"

// probeSettings are what a result's Config holds.
type probeSettings struct {
	Learner    string       `json:"learner"`
	DType      dtypes.DType `json:"dtype"`
	Search     string       `json:"search"` // the list that C is searched on: "val" or "test"
	Steps      int          `json:"steps"`
	Iterations int          `json:"iterations"`
}

// Run returns the results of all runs in the order of benchmarks, shots and seeds, as [BaseToNovel.Run] does. Features that
// were encoded are kept in the lab's folder "features", too, and are not encoded again.
//
// A share does all runs of some benchmarks, so that no image is encoded twice.
func (p LinearProbe) Run(ctx context.Context, lab *Lab) ([]Result, error) {
	all, err := p.list(lab)
	if err != nil {
		return nil, err
	}
	for _, b := range all {
		if err := b.check(ctx); err != nil {
			return nil, err
		}
	}
	return lab.probe(ctx, all)
}

// list lists the runs on each benchmark, and checks them.
func (p LinearProbe) list(lab *Lab) ([]*probing, error) {
	if p.Shots == nil {
		p.Shots = []int{1, 2, 4, 8, 16}
	}
	if p.Seeds == nil {
		p.Seeds = []int{1, 2, 3}
	}
	if p.DType == dtypes.InvalidDType {
		p.DType = dtypes.Float32
	}
	if err := p.validate(); err != nil {
		return nil, err
	}
	var all []*probing
	var runs []run
	for _, benchmark := range p.Benchmarks {
		b, err := p.prepare(lab, benchmark)
		if err != nil {
			return nil, err
		}
		all = append(all, b)
		for _, r := range b.runs {
			runs = append(runs, run{result: r.result})
		}
	}
	return all, twice(runs)
}

// look is [Lab.Look] of linear probes. Fits are not in it.
func (p LinearProbe) look(lab *Lab) (Outlook, error) {
	all, err := p.list(lab)
	if err == nil {
		all, _, err = own(lab, all)
	}
	var o Outlook
	for _, b := range all {
		todo, images, lacks := b.left(lab)
		if err = errors.Join(err, lacks); err != nil {
			return o, err
		}
		o.Runs, o.Left = o.Runs+len(b.runs), o.Left+todo
		if todo == 0 {
			continue
		}
		encoding := run{method: dapt.Method{Learner: prompt.ZeroShot{}}, config: train.Paper(), data: b.Dataset, tests: b.tests}
		encoding.config.DType = b.dtype
		o.Work = append(o.Work, Work{Dataset: b.Name, Method: linearProbe, Classes: len(b.Classes), Runs: todo, Tested: images, run: encoding})
	}
	return o, err
}

// validate finds what cannot be before anything is read.
func (p LinearProbe) validate() error {
	if len(p.Seeds) == 0 || len(p.Shots) == 0 || len(p.Benchmarks) == 0 {
		return fmt.Errorf("experiment: linear probes with %d benchmarks, %d numbers of shots and %d seeds, want at least 1 each",
			len(p.Benchmarks), len(p.Shots), len(p.Seeds))
	}
	for _, shots := range p.Shots {
		if shots < 1 {
			return fmt.Errorf("experiment: linear probes of %d shots, want at least 1", shots)
		}
	}
	for _, seed := range p.Seeds {
		if seed < 0 || seed > math.MaxUint32 {
			return fmt.Errorf("experiment: seed %d, want 0 to %d, which are NumPy's", seed, uint32(math.MaxUint32))
		}
	}
	return nil
}

// prepare lists the runs on a benchmark, and refuses one that has none.
func (p LinearProbe) prepare(lab *Lab, benchmark Benchmark) (*probing, error) {
	b := newProbing(benchmark, p.DType)
	if len(b.Val) == 0 && p.ValFromTest {
		b.search = testList
	}
	if err := b.lacks(); err != nil {
		return nil, err
	}
	for _, shots := range p.Shots {
		for _, seed := range p.Seeds {
			r, err := b.describe(lab, shots, seed)
			if err != nil {
				return nil, err
			}
			b.runs = append(b.runs, r)
		}
	}
	return b, nil
}

// lacks tells what a probe cannot do without.
func (b *probing) lacks() error {
	if len(b.Test) == 0 {
		return fmt.Errorf("experiment: %s has no test images", b.Name)
	}
	if len(b.searched().items) == 0 {
		return fmt.Errorf("experiment: %s has no validation images, which a linear probe chooses its C on: add some to the list, "+
			"or allow test images for it (ValFromTest, -val-from-test), as CoOp's code does on ImageNet", b.Name)
	}
	if len(b.Classes) < 2 {
		return fmt.Errorf("experiment: %s has %d classes, want at least 2 to tell apart", b.Name, len(b.Classes))
	}
	var without []string
	trained := placesByLabel(b.Train)
	for label, class := range b.Classes {
		if len(trained[label]) == 0 {
			without = append(without, class)
		}
	}
	if len(without) > 0 {
		return fmt.Errorf("experiment: %d of %d classes of %s have no training image, such as %q, and a linear probe knows no class by its name: "+
			"add images or leave them out", len(without), len(b.Classes), b.Name, without[0])
	}
	return nil
}

// describe draws a run's images and fills in what identifies its result.
func (b *probing) describe(lab *Lab, shots, seed int) (probeRun, error) {
	var p probeRun
	val := b.searched()
	p.train, p.val = probeDraw(b.Train, val.items, shots, uint32(seed))
	if len(p.val) == 0 {
		return p, fmt.Errorf("experiment: no class of %s that has training images has validation images: correct the lists", b.Name)
	}
	config, err := json.Marshal(probeSettings{linearProbe, b.dtype, val.name, probeSteps, probeIterations})
	if err != nil {
		return p, fmt.Errorf("experiment: encoding the settings: %w", err)
	}
	drawn := *b.Dataset
	drawn.Train, drawn.Val = choose(b.Train, p.train), choose(val.items, p.val)
	p.result = Result{
		Protocol: "linear_probe", Dataset: b.Name, Method: linearProbe, Seed: seed, Shots: shots, Config: config,
		SplitHash: (&run{data: &drawn, tests: b.tests}).splitHash(), DataHash: b.hash, Code: version(),
		Backbone: lab.Model.Name + " " + lab.Model.Fingerprint(), Backend: lab.Info,
	}
	return p, nil
}
