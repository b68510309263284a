package experiment

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/selection"
	"github.com/dapt-go/dapt-go/dapt/train"
)

// DataEfficient keeps a part of a few-shot draw, which a selection method chooses, tunes on that, and tests on all classes
// (Ferenas/DAPT scripts/dapt/dp_few_shot.sh).
//
// Methods see the images with the prompts that tuning starts from, so that methods over the same learner with and without
// DAPT are tuned on the same images. A learner that trains nothing runs once. Where all is kept there is one run for all
// selection methods, named "full".
type DataEfficient struct {
	Benchmarks []Benchmark
	Methods    []dapt.Method
	Selections []selection.Method // nil means [selection.All]
	Ratios     []float64          // of each class's images, over 0 and up to 1; nil means 0.05, 0.1, 0.2, 0.3, 0.5 and 1
	Shots      int                // images a class to choose from; 0 means 16
	Everything bool               // chooses from the whole training list instead; validation images stay as few
	Seeds      []int              // nil means 1, 2, 3
	// Warmup tunes the learner for so many epochs before the images are scored, on a copy and with Train's schedule, whose
	// first epoch hardly moves; 0 scores untuned prompts. Forgetting, which is nothing without, takes 10 where it is 0.
	Warmup int
	// Weighted weighs images in L_cls as the selection method does: CRAIG and GradMatch.
	Weighted bool
	// Train and Change are those of [FewShot]: nothing was published for this protocol.
	Train  *train.Config
	Change func(*train.Config)
	Focus  int // test images to measure [Focus] on; 0 measures none
}

// forgettingEpochs are those of Forgetting where no Warmup is asked for.
const forgettingEpochs = 10

// Run returns the results of all runs in the order of benchmarks, methods, seeds, selections and ratios, as
// [BaseToNovel.Run] does.
func (d DataEfficient) Run(ctx context.Context, lab *Lab) ([]Result, error) { return lab.run(ctx, d) }

func (d DataEfficient) plan() (plan, error) {
	shares, err := d.shares()
	if err != nil {
		return plan{}, err
	}
	shots := cmp.Or(d.Shots, 16)
	if d.Everything {
		shots = 0
	}
	return plan{
		protocol: "data_efficient", benchmarks: d.Benchmarks, methods: d.Methods, shots: []int{shots}, seeds: d.Seeds, shares: shares,
		tuning: tuning{d.Train, train.Paper(), d.Change}, focus: d.Focus, split: whole, tests: all,
	}, nil
}

// pool is what the images of a seed are chosen from: a few-shot draw, or for 0 shots the whole training list with the
// validation images of 16.
func (b Benchmark) pool(shots, seed int) (*dataset.Dataset, error) {
	drawn, err := b.draw(cmp.Or(shots, 16), seed)
	if err == nil && shots == 0 {
		drawn.Train = b.Train
	}
	return drawn, err
}

// shares lists what is kept, by which method.
func (d DataEfficient) shares() ([]*share, error) {
	ratios, methods := d.Ratios, d.Selections
	if ratios == nil {
		ratios = []float64{0.05, 0.1, 0.2, 0.3, 0.5, 1}
	}
	if methods == nil {
		methods = selection.All()
	}
	if err := d.validate(ratios, methods); err != nil {
		return nil, err
	}
	if !slices.ContainsFunc(methods, isFull) {
		methods = append(slices.Clip(methods), selection.Full{})
	}
	var shares []*share
	for _, m := range methods {
		for _, ratio := range ratios {
			if isFull(m) == (ratio == 1) {
				shares = append(shares, d.share(m, ratio))
			}
		}
	}
	if len(shares) == 0 {
		return nil, fmt.Errorf("experiment: %d selection methods and ratios %v leave nothing to run", len(methods), ratios)
	}
	return shares, nil
}

func isFull(m selection.Method) bool { return m == selection.Full{} }

// share leaves out what makes no difference to the method.
func (d DataEfficient) share(m selection.Method, ratio float64) *share {
	s := &share{Method: m.Name(), Options: m, Keep: selection.Keep{Ratio: ratio}, Warmup: d.Warmup}
	if _, blind := m.(selection.Blind); blind {
		s.Warmup = 0
	}
	if _, weighs := m.(selection.Weigher); weighs {
		s.Weighted = d.Weighted
	}
	if _, forgets := m.(selection.Forgetting); forgets {
		s.Warmup = cmp.Or(d.Warmup, forgettingEpochs)
	}
	return s
}

// validate finds what would fail, or be done twice, after hours.
func (d DataEfficient) validate(ratios []float64, methods []selection.Method) error {
	if d.Warmup < 0 {
		return fmt.Errorf("experiment: Warmup is %d epochs, want at least 0", d.Warmup)
	}
	for i, ratio := range ratios {
		if !(ratio > 0 && ratio <= 1) {
			return fmt.Errorf("experiment: a ratio is %g, want more than 0 and at most 1", ratio)
		}
		if slices.Contains(ratios[:i], ratio) {
			return fmt.Errorf("experiment: ratio %g is there twice", ratio)
		}
	}
	for i, m := range methods {
		if slices.ContainsFunc(methods[:i], func(other selection.Method) bool { return other.Name() == m.Name() }) {
			return fmt.Errorf("experiment: selection method %s is there twice, perhaps with other settings: run them apart", m.Name())
		}
	}
	return nil
}
