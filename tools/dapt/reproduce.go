package main

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/report"
	"github.com/dapt-go/dapt-go/tools/memory"
	"github.com/dapt-go/dapt-go/tools/session"
	tasks "github.com/dapt-go/dapt-go/tools/sweep"
)

// tables are the published tables that can be reproduced, with the protocol of each.
var tables = []struct{ name, protocol, about string }{
	{"zero-shot", "base_to_novel", "the first gate: CLIP as it is, the first row of base-to-novel tables"},
	{"base-to-novel", "base_to_novel", "the main table"},
	{"few-shot", "few_shot", "1 to 16 shots"},
	{"linear-probe", "linear_probe", "its baseline without texts; on ImageNet, C is chosen on test images, as in CoOp's code"},
	{"data-efficient", "data_efficient", "parts of 16 shots that nine selection methods choose"},
	{"cross-dataset", "cross_dataset", "ImageNet to the ten others"},
	{"domain-generalization", "domain_generalization", "ImageNet to ImageNetV2, -Sketch, -A and -R"},
}

// reproduction is a table to reproduce, and of it.
type reproduction struct {
	table              string
	datasets, settings []string
	seeds              int
	only, unmeasured   bool
}

func newReproduce(s *session.Setup) *cobra.Command {
	x := reproduction{}
	var long strings.Builder
	fmt.Fprintln(&long, "Reproduce a published table with its published settings, and set the result beside it. Before it starts, it says how many")
	fmt.Fprintln(&long, "runs and images that is, and how long it takes, from measured steps. It resumes what was interrupted.")
	fmt.Fprintln(&long, "\nTables:")
	for _, table := range tables {
		fmt.Fprintf(&long, "  %-22s %s\n", table.name, table.about)
	}
	c := &cobra.Command{
		Use:   "reproduce TABLE",
		Short: "reproduce a published table with its published settings, and set the result beside it",
		Long:  long.String(),
		Example: "  go run ./tools/dapt reproduce zero-shot -root ~/data\n" +
			"  go run ./tools/dapt reproduce base-to-novel -root ~/data -datasets OxfordPets,EuroSAT -plan",
		Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if c.Flags().Changed("data") {
				return errors.New("a table has data sets of its own; choose some of them with -datasets")
			}
			if !c.Flags().Changed("clip") {
				s.CLIP = "ViT-B/16"
			}
			x.table = args[0]
			return x.run(s, c)
		},
	}
	f := c.Flags()
	f.StringSliceVar(&x.datasets, "datasets", nil, "some of the table's data sets, or of its targets; all unless given")
	f.StringSliceVar(&x.settings, "settings", nil, "some of the table's settings, as presets names them; unless given, zero-shot CLIP, MaPLe and DAPT over it as DAPT's authors ran them")
	f.IntVar(&x.seeds, "seeds", 3, "runs with seeds 1 to this")
	f.BoolVar(&x.only, "plan", false, "say what there is to do and how long it takes, and stop")
	f.BoolVar(&x.unmeasured, "no-estimate", false, "start without measuring how long it takes")
	return c
}

func (x *reproduction) run(s *session.Setup, c *cobra.Command) error {
	protocol, settings, err := x.chosen()
	if err != nil {
		return err
	}
	on, err := x.material(s, c, protocol)
	if err != nil {
		return err
	}
	all, err := protocolOf(settings, on, s, c)
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
	results, err := perform(c, s, lab, on.Benchmarks[0], all, "go run ./tools/dapt report")
	if err != nil || results == nil {
		return err
	}
	beside, err := report.PublishedTable(results)
	if err != nil {
		return err
	}
	fmt.Fprintln(c.OutOrStdout(), beside.Text(session.Width()))
	for _, note := range beside.Notes {
		fmt.Fprintln(c.OutOrStdout(), "note:", note)
	}
	return nil
}

// protocolOf is what the settings run together; without any, linear probes.
func protocolOf(settings []experiment.Setting, on experiment.Material, s *session.Setup, c *cobra.Command) (experiment.Protocol, error) {
	var err error
	if on.DType, err = s.Compute(); err != nil {
		return nil, err
	}
	if len(settings) == 0 {
		fmt.Fprintln(c.ErrOrStderr(), "linear-probe\n  after KaiyangZhou/CoOp lpclip\n  target few-shot, average of eleven data sets, linear probe")
		return experiment.LinearProbe{Benchmarks: on.Benchmarks, Seeds: on.Seeds, DType: on.DType, ValFromTest: true}, nil
	}
	var all experiment.Together
	for _, setting := range settings {
		p, err := setting.Experiment(on)
		if err != nil {
			return nil, err
		}
		all = append(all, p)
		fmt.Fprintf(c.ErrOrStderr(), "%s\n  after %s\n  target %s\n", setting.Name(), setting.Source, setting.Target)
	}
	return all, nil
}

// chosen are the protocol of the table and its settings, of which linear probes have none.
func (x *reproduction) chosen() (protocol string, settings []experiment.Setting, err error) {
	var names []string
	for _, table := range tables {
		names = append(names, table.name)
		if table.name != x.table {
			continue
		}
		for _, s := range experiment.Settings() {
			zero := x.table != "zero-shot" || s.Learner.Name() == "zero-shot"
			if s.Protocol == table.protocol && zero && (s.Variant == "" && s.Train != nil && x.settings == nil || slices.Contains(x.settings, s.Name())) {
				settings = append(settings, s)
			}
		}
		if x.settings != nil && len(settings) != len(x.settings) {
			return "", nil, fmt.Errorf("-settings has %q, of which the table %s has %d: go run ./tools/dapt presets lists them", x.settings, x.table, len(settings))
		}
		return table.protocol, settings, nil
	}
	return "", nil, fmt.Errorf("there is no table %q, want one of %s", x.table, strings.Join(names, ", "))
}

// Targets of ImageNet, by protocol.
var targetsOf = map[string]func() []string{
	"cross_dataset":         func() []string { return specNames(dataset.Eleven()[1:]) },
	"domain_generalization": func() []string { return []string{"ImageNetV2", "ImageNetSketch", "ImageNetA", "ImageNetR"} },
}

func specNames(specs []dataset.Spec) []string {
	var names []string
	for _, spec := range specs {
		names = append(names, spec.Name)
	}
	return names
}

// material opens the data sets of a protocol.
func (x *reproduction) material(s *session.Setup, c *cobra.Command, protocol string) (experiment.Material, error) {
	if x.seeds < 1 {
		return experiment.Material{}, fmt.Errorf("-seeds is %d, want at least 1", x.seeds)
	}
	on := experiment.Material{Seeds: seedsTo(x.seeds), Masks: s.Files()}
	var err error
	known, transfers := specNames(dataset.Eleven()), false
	if targets, ok := targetsOf[protocol]; ok {
		known, transfers = targets(), true
	}
	wanted := known
	if x.datasets != nil {
		wanted = nil
		for _, name := range x.datasets {
			spec, err := dataset.Find(name)
			if err != nil {
				return on, err
			}
			if !slices.Contains(known, spec.Name) {
				return on, fmt.Errorf("-datasets has %s, which is not in the table %s: want some of %s", spec.Name, x.table, strings.Join(known, ", "))
			}
			wanted = append(wanted, spec.Name)
		}
	}
	if !transfers {
		on.Benchmarks, err = openAll(c, s, wanted)
		return on, err
	}
	opened, err := openAll(c, s, append([]string{"ImageNet"}, wanted...))
	if err != nil {
		return on, err
	}
	on.Benchmarks, on.Targets = opened[:1], opened[1:]
	return on, nil
}

// openAll opens data sets, and tells of all that cannot be opened.
func openAll(c *cobra.Command, s *session.Setup, names []string) ([]experiment.Benchmark, error) {
	var opened []experiment.Benchmark
	var failed []error
	for _, name := range names {
		one := *s
		one.Data = name
		b, err := one.Benchmark(c.Context())
		switch {
		case c.Context().Err() != nil:
			return nil, err
		case err != nil:
			failed = append(failed, err)
		default:
			opened = append(opened, b)
			if notes := one.Notes(b); len(notes) > 0 {
				fmt.Fprintln(c.ErrOrStderr(), "note:", strings.Join(notes, "; "))
			}
		}
	}
	if len(failed) > 0 {
		return nil, fmt.Errorf("%d of %d data sets are not ready:\n%w\n\"go run ./tools/dapt data check -root %s\" says what is missing and where it comes from; -datasets leaves some out",
			len(failed), len(names), errors.Join(failed...), tasks.Quote(s.Root))
	}
	return opened, nil
}

// look tells what there is to do, and, measured, how long that takes.
func look(c *cobra.Command, lab *experiment.Lab, all experiment.Protocol, measured bool) error {
	o, err := lab.Look(all)
	if err != nil {
		return err
	}
	to := c.ErrOrStderr()
	fmt.Fprintf(to, "%d runs, of which %d are on file in %s\n", o.Runs, o.Runs-o.Left, lab.Folder)
	if o.Left == 0 {
		return nil
	}
	if measured {
		memory.ResetPeak()
		if o, err = lab.Measure(c.Context(), o, func(what string) { fmt.Fprintln(to, "measuring", what) }); err != nil {
			return err
		}
	}
	printWork(to, o)
	if !measured {
		return nil
	}
	fmt.Fprintf(to, "estimate: %s on %s, %d cores, without compiling, choosing images and fitting linear probes\n", about(o.Total()), lab.Info.Name, lab.Info.Cores)
	if peak := memory.Peak(); peak > 0 {
		fmt.Fprintf(to, "memory:   %.1f GB at most while measuring, of %.1f GB", peak/1000, memory.Total()/1000)
		if strings.Contains(lab.Info.Name, "cuda") {
			fmt.Fprint(to, "; that of the GPU is not measured")
		}
		fmt.Fprintln(to)
	}
	return nil
}

// about rounds to what an estimate is good for.
func about(d time.Duration) time.Duration {
	switch {
	case d > 2*time.Hour:
		return d.Round(10 * time.Minute)
	case d > 10*time.Minute:
		return d.Round(time.Minute)
	}
	return d.Round(time.Second)
}

// printWork has a line for each method.
func printWork(to io.Writer, o experiment.Outlook) {
	type line struct {
		runs, tuned, tested, mapped int
		seconds                     float64
	}
	var methods []string
	lines := map[string]*line{}
	for _, w := range o.Work {
		l := lines[w.Method]
		if l == nil {
			l = new(line)
			lines[w.Method] = l
			methods = append(methods, w.Method)
		}
		for _, images := range w.Tuned {
			l.tuned += images
		}
		l.runs, l.tested, l.mapped, l.seconds = l.runs+w.Runs, l.tested+w.Tested, l.mapped+w.Mapped, l.seconds+o.Seconds(w)
	}
	out := tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintln(out, "method\truns\timages in steps\ttested\tmapped\ttakes\t")
	for _, method := range methods {
		l, takes := lines[method], "?"
		if len(o.Measured) > 0 {
			takes = about(time.Duration(l.seconds * float64(time.Second))).String()
		}
		fmt.Fprintf(out, "%s\t%d\t%d\t%d\t%d\t%s\t\n", method, l.runs, l.tuned, l.tested, l.mapped, takes)
	}
	_ = out.Flush() // to the terminal
}
