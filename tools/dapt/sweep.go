package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/selection"
	"github.com/dapt-go/dapt-go/dapt/train"
	"github.com/dapt-go/dapt-go/tools/session"
)

// sweep are the flags of a whole experiment. Unset, they are those of the preset of the data.
type sweep struct {
	overrides
	methods             []string
	others              []dapt.Method // of methods, those that the preset does not have
	seeds, focus        int
	mode                string
	shots               []int
	ratios              []float64
	selections          []string
	pool, warmup        int
	full, allOfTraining bool
	weighted            bool
}

func (x *sweep) flags(f *pflag.FlagSet) {
	x.overrides.flags(f)
	x.methodsFlag(f)
	f.IntVar(&x.seeds, "seeds", 3, "runs with seeds 1 to this")
	f.StringVar(&x.mode, "mode", "", "when DAPT's losses are active: official, scaled or joint; empty takes that of the preset")
	f.IntVar(&x.focus, "focus", -1, "test images to measure Grad-CAM energy inside the true mask on, where there are true masks; -1 takes those of the preset")
}

func (x *sweep) methodsFlag(f *pflag.FlagSet) {
	f.StringSliceVar(&x.methods, "methods", nil, "zero-shot, or learners: "+strings.Join(learners(), ", ")+
		", each alone or with +dapt-s (DAPT by given masks) or +dapt-g (by Grad-CAM); zero-shot and all three of maple unless given")
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
			f := experiment.FewShot{Benchmarks: []experiment.Benchmark{p.Benchmark}, Shots: x.shots, Seeds: seedsTo(x.seeds), Focus: p.Focus}
			all := x.together(p, func(m []dapt.Method, t *train.Config, change func(*train.Config)) experiment.Protocol {
				f.Methods, f.Train, f.Change = m, t, change
				return f
			})
			return run(c, s, p.Benchmark, all, "go run ./tools/dapt dataeff")
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
			p.Train.Epochs = cmp.Or(x.Epochs, train.PaperBaseToNovel().Epochs)
			b := experiment.BaseToNovel{Benchmarks: []experiment.Benchmark{p.Benchmark}, Shots: shots, Seeds: seedsTo(x.seeds), Focus: p.Focus}
			all := x.together(p, func(m []dapt.Method, t *train.Config, change func(*train.Config)) experiment.Protocol {
				b.Methods, b.Train, b.Change = m, t, change
				return b
			})
			return run(c, s, p.Benchmark, all, "go run ./tools/dapt report")
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
			d, err := x.dataEfficient(p)
			if err != nil {
				return err
			}
			p.Methods = d.Methods
			all := x.together(p, func(m []dapt.Method, t *train.Config, change func(*train.Config)) experiment.Protocol {
				d.Methods, d.Train, d.Change = m, t, change
				return d
			})
			return run(c, s, p.Benchmark, all, "go run ./tools/dapt report")
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
	if p.Methods, x.others, err = x.chosen(p.Methods); err != nil {
		return p, err
	}
	for _, list := range [][]dapt.Method{p.Methods, x.others} {
		for i := range list {
			list[i].Loss.Mode = cmp.Or(dapt.Mode(x.mode), list[i].Loss.Mode)
		}
	}
	asked := dapt.Paper()
	if asked.Mode = cmp.Or(dapt.Mode(x.mode), asked.Mode); asked.Validate() != nil {
		return p, asked.Validate()
	}
	if x.DType, err = s.Compute(); err != nil {
		return p, err
	}
	if err := x.check(); err != nil {
		return p, err
	}
	x.change(&p.Train)
	if x.focus >= 0 {
		p.Focus = x.focus
	}
	for _, count := range append([]int{x.seeds}, x.shots...) {
		if count < 1 {
			return p, fmt.Errorf("-seeds or -shots has %d, want at least 1", count)
		}
	}
	return p, p.Train.Validate()
}

// chosen are the methods that -methods names: those of the preset, all if it names none, and others.
func (x *sweep) chosen(methods []dapt.Method) (own, others []dapt.Method, err error) {
	if x.methods == nil {
		return methods, nil, nil
	}
	given := slices.IndexFunc(methods, func(m dapt.Method) bool { return m.Decouples() && !m.Follows() })
	for _, name := range x.methods {
		if at := slices.IndexFunc(methods, func(m dapt.Method) bool { return m.Name() == name }); at >= 0 {
			own = append(own, methods[at])
			continue
		}
		learner, kind, over := strings.Cut(name, "+")
		if !slices.Contains(learners(), learner) || over && kind != "dapt-s" && kind != "dapt-g" {
			return nil, nil, fmt.Errorf("-methods has %q, want zero-shot or some of %s, alone or with +dapt-s or +dapt-g", name, strings.Join(learners(), ", "))
		}
		l, err := prompt.Find(learner, nil)
		if err != nil {
			return nil, nil, err
		}
		m := dapt.Method{Learner: l}
		switch kind {
		case "dapt-s":
			if given < 0 {
				return nil, nil, fmt.Errorf("%s needs masks, and these data have none: put them into the folder mask beside the images, "+
					"give -masks-root, or make them with go run ./tools/dapt masks make", name)
			}
			m = dapt.Over(l, methods[given].Masks)
		case "dapt-g":
			m = dapt.Over(l, mask.GradCAM{})
		}
		others = append(others, m)
	}
	return own, others, nil
}

// together is a protocol with the methods of the preset, tuned by its config, and with the others, tuned as their learners'
// authors published.
func (x *sweep) together(p experiment.Preset, protocol func([]dapt.Method, *train.Config, func(*train.Config)) experiment.Protocol) experiment.Protocol {
	var all experiment.Together
	if len(p.Methods) > 0 {
		all = append(all, protocol(p.Methods, &p.Train, nil))
	}
	if len(x.others) > 0 {
		all = append(all, protocol(x.others, nil, x.change))
	}
	if len(all) == 1 {
		return all[0]
	}
	return all
}

func (x *sweep) dataEfficient(p experiment.Preset) (experiment.DataEfficient, error) {
	if x.methods == nil {
		p.Methods = p.Given()
	}
	d := experiment.DataEfficient{
		Benchmarks: []experiment.Benchmark{p.Benchmark}, Methods: p.Methods, Ratios: x.ratios, Seeds: seedsTo(x.seeds),
		Shots: x.pool, Everything: x.allOfTraining, Warmup: x.warmup, Weighted: x.weighted, Focus: p.Focus,
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
