package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/tools/session"
)

// choices are the flags of one method and its training.
type choices struct {
	overrides
	learner, settings   string
	maple               prompt.MaPLe
	masks, mode         string
	protocol, preset    string
	official            bool
	shots, seeds, focus int
	loss                dapt.Config
}

func newTrain(s *session.Setup) *cobra.Command {
	x := choices{loss: dapt.Paper()}
	c := &cobra.Command{
		Use:   "train",
		Short: "tune prompts and test them; resumes what was interrupted",
		Example: "  go run ./tools/dapt train -masks true -shots 4 -seeds 1\n" +
			"  go run ./tools/dapt train -data OxfordPets -root ~/data -clip ViT-B/16 -masks files -protocol base-to-novel\n" +
			"  go run ./tools/dapt train -learner coop -learner-settings '{\"Context\": 8}' -epochs 50",
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error { return x.run(s, c) },
	}
	x.flags(c.Flags())
	return c
}

func (x *choices) flags(f *pflag.FlagSet) {
	x.overrides.flags(f)
	f.StringVar(&x.preset, "preset", "", "run a published setting, such as maple+dapt-s/base-to-novel, with masks in files; presets lists them; with it, only -seeds and -share are read")
	f.StringVar(&x.learner, "learner", "maple", "what is tuned: "+strings.Join(learners(), ", ")+"; the other flags start from what its authors published for the protocol, the data set and the shots")
	f.StringVar(&x.settings, "learner-settings", "", `settings of the learner as JSON, such as {"Context": 4}; empty takes the published ones of the protocol`)
	f.StringVar(&x.masks, "masks", "none", "none (the learner alone), true, files, gradcam or grid")
	f.StringVar(&x.protocol, "protocol", "few-shot", "few-shot (all classes) or base-to-novel")
	f.IntVar(&x.shots, "shots", 16, "training images a class; 0 takes all")
	f.IntVar(&x.seeds, "seeds", 3, "runs with seeds 1 to this")
	f.IntVar(&x.focus, "focus", 120, "test images to measure Grad-CAM energy inside the true mask on, where there are true masks")
	f.IntVar(&x.maple.Context, "context", 2, "prompt tokens a block of maple")
	f.IntVar(&x.maple.Depth, "depth", 9, "prompted blocks of both towers, of maple")
	f.StringVar(&x.maple.Phrase, "phrase", "a photo of a", "initial phrase of maple")
	f.BoolVar(&x.maple.Random, "random", false, "draw maple's context instead of starting from the phrase")
	f.Float64Var(&x.loss.V, "v", x.loss.V, "weight of L_v")
	f.Float64Var(&x.loss.F, "f", x.loss.F, "weight of L_f")
	f.Float64Var(&x.loss.B, "b", x.loss.B, "weight of L_b")
	f.Float64Var(&x.loss.Reo, "reo", x.loss.Reo, "weight of L_reo, phase 1 only")
	f.Float64Var(&x.loss.Margin, "margin", x.loss.Margin, "of L_v")
	f.StringVar(&x.mode, "mode", string(x.loss.Mode), "when the losses are active: official, scaled or joint")
	f.IntVar(&x.loss.Switch, "switch", x.loss.Switch, "first epoch of phase 2 in mode official")
	f.BoolVar(&x.official, "official", false, "compute what the published code does: its background columns, losses and masks")
}

// learners are the names of those that train something.
func learners() []string {
	var names []string
	for _, l := range prompt.All() {
		if l.Trains() != 0 {
			names = append(names, l.Name())
		}
	}
	return names
}

// chosen is the learner of the flags. MaPLe has flags of its own, which others refuse, and which its settings go over.
func (x *choices) chosen(f *pflag.FlagSet) (prompt.Learner, error) {
	if !slices.Contains(learners(), x.learner) {
		return nil, fmt.Errorf("-learner is %q, want one of %s", x.learner, strings.Join(learners(), ", "))
	}
	if x.learner == x.maple.Name() {
		return prompt.With(x.maple, []byte(x.settings))
	}
	for _, name := range []string{"context", "depth", "phrase", "random"} {
		if f.Changed(name) {
			return nil, fmt.Errorf("-%s is of maple, not of %s: give that its settings as -learner-settings", name, x.learner)
		}
	}
	return prompt.Find(x.learner, []byte(x.settings))
}

// method is what the flags choose to tune.
func (x *choices) method(s *session.Setup, b experiment.Benchmark, learner prompt.Learner) (dapt.Method, error) {
	masks, err := s.Masks(x.masks, b)
	if err != nil {
		return dapt.Method{}, err
	}
	x.loss.Mode = dapt.Mode(x.mode)
	loss := x.attached(learner)
	if x.official {
		loss.Watch, loss.Background = true, dapt.OfficialBackgrounds()
		if files, ok := masks.(mask.Files); ok {
			files.Decode = mask.Official
			masks = files
		}
	}
	m := dapt.Method{Learner: learner, Masks: masks, Loss: loss}
	if x.official && m.Decouples() {
		m.Label = m.Name() + " (official)"
	}
	return m, m.Check(0)
}

// attached are the losses as they attach to a learner, but for the weights that flags give.
func (x *choices) attached(learner prompt.Learner) dapt.Config {
	loss, _ := x.loss.For(learner)
	for name, weight := range map[string]struct{ to, from *float64 }{
		"v": {&loss.V, &x.loss.V}, "f": {&loss.F, &x.loss.F}, "b": {&loss.B, &x.loss.B}, "reo": {&loss.Reo, &x.loss.Reo},
	} {
		if x.set.Changed(name) {
			*weight.to = *weight.from
		}
	}
	return loss
}

// published runs a published setting.
func (x *choices) published(s *session.Setup, c *cobra.Command) error {
	var others []string
	c.LocalNonPersistentFlags().VisitAll(func(f *pflag.Flag) {
		if f.Changed && !slices.Contains([]string{"preset", "seeds", "share"}, f.Name) {
			others = append(others, "-"+f.Name)
		}
	})
	if len(others) > 0 {
		return fmt.Errorf("a preset has its own %s: leave that out, or leave out -preset", strings.Join(others, ", "))
	}
	setting, err := experiment.FindSetting(x.preset)
	if err != nil {
		return err
	}
	if _, transfers := targetsOf[setting.Protocol]; transfers {
		return fmt.Errorf("%s tests on other data sets: use reproduce, crossdata or domaingen", setting.Name())
	}
	b, err := s.Benchmark(c.Context())
	if err != nil {
		return err
	}
	on := experiment.Material{Benchmarks: []experiment.Benchmark{b}, Seeds: seedsTo(x.seeds), Masks: s.Files()}
	if on.DType, err = s.Compute(); err != nil {
		return err
	}
	p, err := setting.Experiment(on)
	if err != nil {
		return err
	}
	return run(c, s, b, p, "go run ./tools/dapt report")
}

func (x *choices) run(s *session.Setup, c *cobra.Command) error {
	if x.seeds < 1 {
		return fmt.Errorf("-seeds is %d, want at least 1", x.seeds)
	}
	if x.preset != "" {
		return x.published(s, c)
	}
	if err := x.check(); err != nil {
		return err
	}
	learner, err := x.chosen(c.Flags())
	if err != nil {
		return err
	}
	b, err := s.Benchmark(c.Context())
	if err != nil {
		return err
	}
	m, err := x.method(s, b, learner)
	if err != nil {
		return err
	}
	if x.DType, err = s.Compute(); err != nil {
		return err
	}
	var p experiment.Protocol
	switch x.protocol {
	case "few-shot":
		p = experiment.FewShot{
			Benchmarks: []experiment.Benchmark{b}, Methods: []dapt.Method{m}, Shots: []int{x.shots}, Seeds: seedsTo(x.seeds), Change: x.change, Focus: x.focus,
		}
	case "base-to-novel":
		p = experiment.BaseToNovel{
			Benchmarks: []experiment.Benchmark{b}, Methods: []dapt.Method{m}, Shots: x.shots, Seeds: seedsTo(x.seeds), Change: x.change, Focus: x.focus,
		}
	default:
		return fmt.Errorf("-protocol is %q, want few-shot or base-to-novel", x.protocol)
	}
	return run(c, s, b, p, "go run ./tools/dapt report")
}

// seedsTo are the seeds 1 to last.
func seedsTo(last int) []int {
	seeds := make([]int, last)
	for i := range seeds {
		seeds[i] = i + 1
	}
	return seeds
}
