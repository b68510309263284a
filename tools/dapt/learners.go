package main

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/report"
	"github.com/dapt-go/dapt-go/dapt/train"
	"github.com/dapt-go/dapt-go/tools/session"
	tasks "github.com/dapt-go/dapt-go/tools/sweep"
)

// ofLearners are the flags of the study of learners.
type ofLearners struct {
	learners, protocols []string
	seeds, shots, few   int
	most                int // epochs
	only, unmeasured    bool
	markdown            string
}

func newLearners(s *session.Setup) *cobra.Command {
	x := ofLearners{}
	c := &cobra.Command{
		Use:   "learners",
		Short: "every learner alone and with DAPT-S and DAPT-G: base-to-novel and few-shot, with a paired test; resumes what was interrupted",
		Long: "Tune every learner as its authors published, or as DAPT was where they published nothing, alone, with DAPT by given masks (DAPT-S) and with DAPT by Grad-CAM (DAPT-G), in\n" +
			"DAPT's mode joint, beside zero-shot CLIP. Before it starts, it says how many runs that is, and how long it takes, from\n" +
			"measured steps. It writes a page, Markdown and figures; docs/learners.md says what the paired test can and cannot tell.",
		Example: "  go run ./tools/dapt learners -plan\n  go run ./tools/dapt learners -learners coop,maple -seeds 1",
		Args:    cobra.NoArgs,
		RunE:    func(c *cobra.Command, _ []string) error { return x.run(s, c) },
	}
	f := c.Flags()
	f.StringSliceVar(&x.learners, "learners", nil, "some of "+strings.Join(learners(), ", ")+"; all unless given")
	f.StringSliceVar(&x.protocols, "protocols", []string{"base-to-novel", "few-shot"}, "base-to-novel, few-shot or both")
	f.IntVar(&x.seeds, "seeds", 3, "runs with seeds 1 to this")
	f.IntVar(&x.shots, "shots", 16, "training images a class in base-to-novel")
	f.IntVar(&x.few, "few-shots", 4, "training images a class in few-shot")
	f.IntVar(&x.most, "most-epochs", 0, "tune no learner for more epochs than these; 0 tunes each as published")
	f.BoolVar(&x.only, "plan", false, "say what there is to do and how long it takes, and stop")
	f.BoolVar(&x.unmeasured, "no-estimate", false, "start without measuring how long it takes")
	f.StringVar(&x.markdown, "markdown", "", "file for the Markdown, such as docs/results/learners.md, with its figures beside it; empty puts it beside the page")
	return c
}

func (x *ofLearners) run(s *session.Setup, c *cobra.Command) error {
	wanted, err := x.chosen()
	if err != nil {
		return err
	}
	b, err := s.Benchmark(c.Context())
	if err != nil {
		return err
	}
	for _, note := range s.Notes(b) {
		fmt.Fprintln(c.ErrOrStderr(), "note:", note)
	}
	p := s.Preset(b)
	methods, said := experiment.Learners(wanted, given(p))
	for _, line := range said {
		fmt.Fprintln(c.ErrOrStderr(), "note:", line)
	}
	all, err := x.protocol(s, p.Benchmark, methods)
	if err != nil {
		return err
	}
	lab, done, err := openLab(c, s)
	if err != nil {
		return err
	}
	defer done()
	if err := look(c, lab, all, !x.unmeasured); err != nil || x.only {
		return err
	}
	results, err := compute(c, s, lab, all)
	if err != nil || results == nil {
		return err
	}
	if err := x.present(s, c, all, results); err != nil {
		return err
	}
	_, err = fmt.Fprintf(c.OutOrStdout(), "results: %s\nnext:    %s\n", lab.ResultsPath(), again(s, "go run ./tools/dapt report"))
	return err
}

// chosen are the learners of -learners.
func (x *ofLearners) chosen() ([]prompt.Learner, error) {
	names := x.learners
	if len(names) == 0 {
		names = learners()
	}
	var chosen []prompt.Learner
	for _, name := range names {
		if !slices.Contains(learners(), name) {
			return nil, fmt.Errorf("-learners has %q, want some of %s", name, strings.Join(learners(), ", "))
		}
		l, err := prompt.Find(name, nil)
		if err != nil {
			return nil, err
		}
		chosen = append(chosen, l)
	}
	return chosen, nil
}

// given are the masks of the preset's DAPT-S; nil if it has none.
func given(p experiment.Preset) mask.Source {
	at := slices.IndexFunc(p.Methods, func(m dapt.Method) bool { return m.Decouples() && !m.Follows() })
	if at < 0 {
		return nil
	}
	return p.Methods[at].Masks
}

// protocol is what -protocols names.
func (x *ofLearners) protocol(s *session.Setup, b experiment.Benchmark, methods []dapt.Method) (experiment.Protocol, error) {
	if x.seeds < 1 || x.shots < 1 || x.few < 1 || x.most < 0 {
		return nil, fmt.Errorf("-seeds is %d, -shots %d, -few-shots %d and -most-epochs %d, want at least 1, and of epochs 0", x.seeds, x.shots, x.few, x.most)
	}
	dtype, err := s.Compute()
	if err != nil {
		return nil, err
	}
	change := func(c *train.Config) {
		c.DType = dtype
		if x.most > 0 {
			*c = c.Shortened(x.most)
		}
	}
	of, seeds := []experiment.Benchmark{b}, seedsTo(x.seeds)
	known := map[string]experiment.Protocol{
		"base-to-novel": experiment.BaseToNovel{Benchmarks: of, Methods: methods, Shots: x.shots, Seeds: seeds, Change: change},
		"few-shot":      experiment.FewShot{Benchmarks: of, Methods: methods, Shots: []int{x.few}, Seeds: seeds, Change: change},
	}
	var all experiment.Together
	for _, name := range x.protocols {
		p, ok := known[name]
		if !ok {
			return nil, fmt.Errorf("-protocols has %q, want base-to-novel, few-shot or both", name)
		}
		all = append(all, p)
	}
	return all, nil
}

// present prints the table and the comparisons, and writes the page, Markdown and figures.
func (x *ofLearners) present(s *session.Setup, c *cobra.Command, all experiment.Protocol, results []experiment.Result) error {
	study, err := report.NewLearners(results)
	if err != nil {
		return err
	}
	study.Tuning = report.TuningList(experiment.Tuning(all))
	out := c.OutOrStdout()
	for _, list := range []report.List{study.Table(), study.Comparisons()} {
		fmt.Fprintln(out, list.Plain(session.Width()))
	}
	command := "go run ./tools/dapt " + tasks.QuoteAll(typed(c))
	page := filepath.Join(s.Out, session.FileName("learners "+results[0].Dataset, ".html"))
	path := x.markdown
	if path == "" {
		path = strings.TrimSuffix(page, ".html") + ".md"
	}
	if err := session.WriteFile(page, study.HTML(report.Options{Title: "Learners on " + results[0].Dataset, Lead: command})); err != nil {
		return err
	}
	beside := strings.TrimSuffix(filepath.Base(path), ".md")
	var files []string
	for _, f := range study.Figures() {
		test, _, _ := strings.Cut(f.Title, ":")
		file := beside + "-" + session.FileName(test, ".svg")
		if err := session.WriteFile(filepath.Join(filepath.Dir(path), file), f.File()); err != nil {
			return err
		}
		files = append(files, file)
	}
	text := fmt.Sprintf("# Learners on %s, with and without DAPT\n\n```\n%s\n```\n\n%s", results[0].Dataset, command, study.Markdown(files))
	if err := session.WriteFile(path, []byte(text)); err != nil {
		return err
	}
	_, err = fmt.Fprintf(out, "report:  %s\ntables:  %s\nfigures: %d, beside the tables\n", page, path, len(files))
	return err
}
