package main

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/selection"
	"github.com/dapt-go/dapt-go/dapt/train"
	"github.com/dapt-go/dapt-go/tools/session"
)

// sweep are the flags of a whole experiment. Unset, they are those of the preset of the data.
type sweep struct {
	methods             []string
	seeds, epochs       int
	batch, focus        int
	rate                float64
	mode, final         string
	shots               []int
	ratios              []float64
	selections          []string
	pool, warmup        int
	full, allOfTraining bool
	weighted            bool
}

func (x *sweep) flags(f *pflag.FlagSet) {
	f.StringSliceVar(&x.methods, "methods", nil, "which of zero-shot, maple, maple+dapt-s (by given masks) and maple+dapt-g (by Grad-CAM)")
	f.IntVar(&x.seeds, "seeds", 3, "runs with seeds 1 to this")
	f.IntVar(&x.epochs, "epochs", 0, "epochs; 0 takes the published number of the protocol")
	f.IntVar(&x.batch, "batch", 0, "images a step; 0 takes those of the preset")
	f.Float64Var(&x.rate, "rate", 0, "learning rate; 0 takes that of the preset")
	f.StringVar(&x.mode, "mode", "", "when DAPT's losses are active: official, scaled or joint; empty takes that of the preset")
	f.StringVar(&x.final, "final", "", `which prompts to keep: "best on val" or "last step"; empty takes what the protocol publishes`)
	f.IntVar(&x.focus, "focus", -1, "test images to measure Grad-CAM energy inside the true mask on, where there are true masks; -1 takes those of the preset")
}

func newFewShot(s *session.Setup) *cobra.Command {
	x := sweep{}
	c := &cobra.Command{
		Use:   "fewshot",
		Short: "the few-shot experiment: 1, 2, 4, 8 and 16 shots, three seeds; resumes what was interrupted",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			p, err := x.preset(s, c)
			if err != nil {
				return err
			}
			f := experiment.FewShot{
				Benchmarks: []experiment.Benchmark{p.Benchmark}, Methods: p.Methods, Shots: x.shots, Seeds: seedsTo(x.seeds), Train: &p.Train, Focus: p.Focus,
			}
			return run(c, s, p.Benchmark, f, "go run ./tools/dapt dataeff")
		},
	}
	x.flags(c.Flags())
	c.Flags().IntSliceVar(&x.shots, "shots", []int{1, 2, 4, 8, 16}, "training images a class")
	return c
}

func newBaseToNovel(s *session.Setup) *cobra.Command {
	x := sweep{}
	var shots int
	c := &cobra.Command{
		Use:   "basetonovel",
		Short: "the base-to-novel experiment: half of the classes tuned, both halves tested, three seeds; resumes what was interrupted",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			x.shots = []int{shots}
			p, err := x.preset(s, c)
			if err != nil {
				return err
			}
			p.Train.Epochs = cmp.Or(x.epochs, train.PaperBaseToNovel().Epochs)
			b := experiment.BaseToNovel{
				Benchmarks: []experiment.Benchmark{p.Benchmark}, Methods: p.Methods, Shots: shots, Seeds: seedsTo(x.seeds), Train: &p.Train, Focus: p.Focus,
			}
			return run(c, s, p.Benchmark, b, "go run ./tools/dapt report")
		},
	}
	x.flags(c.Flags())
	c.Flags().IntVar(&shots, "shots", 16, "training images a class")
	return c
}

func newDataEfficient(s *session.Setup) *cobra.Command {
	x := sweep{}
	c := &cobra.Command{
		Use:   "dataeff",
		Short: "the data-efficient experiment: parts of 16 shots chosen by every selection method; resumes what was interrupted",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			p, err := x.preset(s, c)
			if err != nil {
				return err
			}
			protocol, err := x.dataEfficient(p)
			if err != nil {
				return err
			}
			return run(c, s, p.Benchmark, protocol, "go run ./tools/dapt report")
		},
	}
	x.flags(c.Flags())
	f := c.Flags()
	f.Float64SliceVar(&x.ratios, "ratios", []float64{0.1, 0.3, 1}, "parts of each class's images to keep")
	f.BoolVar(&x.full, "full", false, "all six published ratios, three seeds: 0.05, 0.1, 0.2, 0.3, 0.5 and 1")
	f.StringSliceVar(&x.selections, "selections", nil, "selection methods, such as uniform,craig; all unless given")
	f.IntVar(&x.pool, "pool", 16, "shots that the images are chosen from")
	f.BoolVar(&x.allOfTraining, "everything", false, "choose from the whole training list instead")
	f.BoolVar(&x.weighted, "weights", false, "weigh images in the cross entropy as craig and gradmatch do")
	c.MarkFlagsMutuallyExclusive("full", "ratios")
	c.MarkFlagsMutuallyExclusive("full", "seeds")
	c.MarkFlagsMutuallyExclusive("everything", "pool")
	f.IntVar(&x.warmup, "warmup", 0, "epochs to tune before images are scored; forgetting takes 10 unless given")
	return c
}

// preset is the data's, with what the flags change.
func (x *sweep) preset(s *session.Setup, c *cobra.Command) (experiment.Preset, error) {
	b, err := s.Benchmark(c.Context())
	if err != nil {
		return experiment.Preset{}, err
	}
	p := s.Preset(b)
	if p.Methods, err = x.chosen(p.Methods); err != nil {
		return p, err
	}
	for i := range p.Methods {
		p.Methods[i].Loss.Mode = cmp.Or(dapt.Mode(x.mode), p.Methods[i].Loss.Mode)
	}
	asked := dapt.Paper()
	if asked.Mode = cmp.Or(dapt.Mode(x.mode), asked.Mode); asked.Validate() != nil {
		return p, asked.Validate()
	}
	if p.Train.DType, err = s.Compute(); err != nil {
		return p, err
	}
	t := &p.Train
	t.Epochs, t.Batch, t.Rate = cmp.Or(x.epochs, t.Epochs), cmp.Or(x.batch, t.Batch), cmp.Or(x.rate, t.Rate)
	t.Final = cmp.Or(train.Final(x.final), t.Final)
	if x.focus >= 0 {
		p.Focus = x.focus
	}
	for _, count := range append([]int{x.seeds}, x.shots...) {
		if count < 1 {
			return p, fmt.Errorf("-seeds or -shots has %d, want at least 1", count)
		}
	}
	return p, t.Validate()
}

// chosen are the methods that -methods names; all if it does not.
func (x *sweep) chosen(methods []dapt.Method) ([]dapt.Method, error) {
	if x.methods == nil {
		return methods, nil
	}
	given := slices.ContainsFunc(methods, func(m dapt.Method) bool { return m.Decouples() && !m.Follows() })
	if slices.Contains(x.methods, "maple+dapt-s") && !given {
		return nil, errors.New("maple+dapt-s needs masks, and these data have none: put them into the folder mask beside the images, " +
			"give -masks-root, or make them with go run ./tools/dapt masks make")
	}
	var chosen []dapt.Method
	for _, name := range x.methods {
		at := slices.IndexFunc(methods, func(m dapt.Method) bool { return m.Name() == name })
		if at < 0 {
			var known []string
			for _, m := range methods {
				known = append(known, m.Name())
			}
			return nil, fmt.Errorf("-methods has %q, want some of %s", name, strings.Join(known, ", "))
		}
		chosen = append(chosen, methods[at])
	}
	return chosen, nil
}

func (x *sweep) dataEfficient(p experiment.Preset) (experiment.DataEfficient, error) {
	if x.methods == nil {
		p.Methods = p.Given()
	}
	d := experiment.DataEfficient{
		Benchmarks: []experiment.Benchmark{p.Benchmark}, Methods: p.Methods, Ratios: x.ratios, Seeds: seedsTo(x.seeds),
		Shots: x.pool, Everything: x.allOfTraining, Warmup: x.warmup, Weighted: x.weighted, Train: &p.Train, Focus: p.Focus,
	}
	if x.pool < 1 {
		return d, fmt.Errorf("-pool is %d, want at least 1", x.pool)
	}
	if x.full {
		d.Ratios, d.Seeds = nil, nil
	}
	for _, name := range x.selections {
		m, err := selection.Find(name)
		if err != nil {
			return d, err
		}
		d.Selections = append(d.Selections, m)
	}
	return d, nil
}
