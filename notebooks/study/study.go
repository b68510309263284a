// Package study is what the notebooks share with the programs exported from them: it opens what a notebook works on, runs
// experiments with live progress, and shows tables and pictures, in a notebook as rich output and elsewhere as text and
// files.
//
// Nothing here returns an error: a cell has no room for one. What goes wrong ends the cell with a message that says what to
// do; an interrupted cell keeps what is on file, and goes on from there when it is run again.
package study

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"sync"
	"syscall"

	"github.com/janpfeifer/gonb/gonbui"

	"github.com/dapt-go/dapt-go/dapt/experiment"
	"github.com/dapt-go/dapt-go/dapt/selection"
	"github.com/dapt-go/dapt-go/dapt/train"
	"github.com/dapt-go/dapt-go/tools/clone"
	"github.com/dapt-go/dapt-go/tools/session"
)

// Setting is what a notebook works on: the one thing to change in it.
type Setting struct {
	CLIP   string      // "mini", "ViT-B/16", "ViT-B/32", "ViT-L/14", or a file of weights
	Data   string      // "mini", a benchmark's name such as "OxfordPets", the path of a folder of your own images, or [Sample]
	Root   string      // folder that holds the benchmarks' folders, such as "~/data"
	Shots  []int       // training images a class; nil means 16
	Seeds  []int       // nil means 1, 2, 3
	Epochs int         // 0 means those of the preset of the data, 10
	DType  string      // what the towers compute in, "float32" or "bfloat16"; "" means float32
	Final  train.Final // which prompts to keep; "" means those of the preset, the best on validation images
}

// Environment variables that change every setting.
const (
	sizeVariable    = "DAPT_SIZE"     // "small" cuts each setting to one epoch, one seed, two numbers of shots, two selections and one ratio
	outVariable     = "DAPT_OUT"      // folder for results; unset, it is dapt-results in the clone
	backendVariable = "GOMLX_BACKEND" // what computes; unset, it is the fastest
	resultsFolder   = "dapt-results"
)

func isSmall() bool { return os.Getenv(sizeVariable) == "small" }

// small cuts a setting to what runs in a minute or so.
func (s Setting) small() Setting {
	s.Epochs, s.Seeds, s.Shots = 1, s.Seeds[:min(1, len(s.Seeds))], s.Shots[:min(2, len(s.Shots))]
	return s
}

// Study is an open setting.
type Study struct {
	*experiment.Lab
	experiment.Preset
	Shots, Seeds []int
	data         string // of the setting
	ctx          context.Context
	done         func()
}

// Open opens CLIP, the data, the backend and the results on file. The caller closes it.
func Open(s Setting) *Study {
	if len(s.Shots) == 0 {
		s.Shots = []int{16}
	}
	if len(s.Seeds) == 0 {
		s.Seeds = []int{1, 2, 3}
	}
	if isSmall() {
		s = s.small()
	}
	ctx := interruptible()
	check(ctx.Err())
	setup := session.Setup{
		CLIP: s.CLIP, Data: s.Data, Root: s.Root, Out: out(), Backend: os.Getenv(backendVariable), DType: s.DType,
	}
	if setup.Data == Sample {
		setup.Data = sampleImages()
	}
	b := Get(setup.Benchmark(ctx))
	p := setup.Preset(b)
	p.Train.DType = Get(setup.Compute())
	p.Train.Epochs, p.Train.Final = cmp.Or(s.Epochs, p.Train.Epochs), cmp.Or(s.Final, p.Train.Final)
	lab, done, err := setup.Lab(ctx, session.Teller{Notice: notice, Download: session.DownloadBar})
	check(err)
	return &Study{Lab: lab, Preset: p, Shots: s.Shots, Seeds: s.Seeds, data: s.Data, ctx: ctx, done: done}
}

// notice says what computes, on the standard error of a program; in a notebook it would be red in every cell, and the
// report has it.
func notice(line string) {
	if told[line] || gonbui.IsNotebook && !strings.HasPrefix(line, "note:") {
		return
	}
	told[line] = true
	fmt.Fprintln(os.Stderr, line)
}

// told are the notices that a program has given: each of its cells opens the same.
var told = map[string]bool{}

// Close frees the device.
func (s *Study) Close() { s.done() }

// benchmarks is the setting's data set as protocols take it.
func (s *Study) benchmarks() []experiment.Benchmark { return []experiment.Benchmark{s.Benchmark} }

// FewShot runs [experiment.FewShot] with the setting's shots and seeds and the methods of its preset. Runs on file are not
// computed again.
func (s *Study) FewShot() []experiment.Result {
	return s.run(experiment.FewShot{
		Benchmarks: s.benchmarks(), Methods: s.Methods, Shots: s.Shots, Seeds: s.Seeds, Train: &s.Train, Focus: s.Focus,
	})
}

// BaseToNovel runs [experiment.BaseToNovel] with the setting's first number of shots, as FewShot does.
func (s *Study) BaseToNovel() []experiment.Result {
	return s.run(experiment.BaseToNovel{
		Benchmarks: s.benchmarks(), Methods: s.Methods, Shots: s.Shots[0], Seeds: s.Seeds, Train: &s.Train, Focus: s.Focus,
	})
}

// DataEfficient runs [experiment.DataEfficient] with the named selection methods, on parts of the setting's first number of
// shots, as FewShot does. DAPT-G is left out: its maps take as long as its steps.
func (s *Study) DataEfficient(selections []string, ratios []float64) []experiment.Result {
	if isSmall() {
		selections, ratios = selections[:min(2, len(selections))], ratios[:min(1, len(ratios))]
	}
	var chosen []selection.Method
	for _, name := range selections {
		chosen = append(chosen, Get(selection.Find(name)))
	}
	return s.run(experiment.DataEfficient{
		Benchmarks: s.benchmarks(), Methods: s.Given(), Selections: chosen, Ratios: ratios, Seeds: s.Seeds, Shots: s.Shots[0], Train: &s.Train, Focus: s.Focus,
	})
}

// run runs an experiment and shows how far it is.
func (s *Study) run(p experiment.Protocol) []experiment.Result {
	report, finish := progress(s.Lab)
	s.Report = report
	results, err := p.Run(s.ctx, s.Lab)
	finish(err)
	check(err)
	return results
}

// interruptible ends with the interrupt that a notebook's stop button sends, or Ctrl-C; the second one ends the program. It is
// one for all cells of a program.
var interruptible = sync.OnceValue(func() context.Context {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	context.AfterFunc(ctx, stop)
	return ctx
})

// Get returns the value, or ends the cell with the error.
func Get[T any](value T, err error) T {
	check(err)
	return value
}

// check ends the cell with the error, if there is one.
func check(err error) {
	if err == nil {
		return
	}
	code := 1
	if errors.Is(err, context.Canceled) {
		code, err = 130, errors.New("stopped. What was finished is on file: run this again to go on from here")
	}
	fmt.Fprintln(os.Stderr, err)
	gonbui.Sync()
	os.Exit(code)
}

// out is the folder for results.
func out() string {
	if folder := os.Getenv(outVariable); folder != "" {
		return folder
	}
	return filepath.Join(here(), resultsFolder)
}

// here is the clone that the notebook or the program is in, else the working directory.
func here() string {
	folder := cmp.Or(os.Getenv("GONB_DIR"), ".")
	if root, err := clone.Root(folder); err == nil {
		return root
	}
	return Get(filepath.Abs(folder))
}

// shown is a path below the results as it is shown: in a notebook, which others read, from the clone, or from the folder that
// it is in elsewhere.
func shown(path string) string {
	if !gonbui.IsNotebook {
		return path
	}
	for _, from := range []string{here(), filepath.Dir(out())} {
		if below, err := filepath.Rel(from, path); err == nil && filepath.IsLocal(below) {
			return filepath.ToSlash(below)
		}
	}
	return filepath.Base(path)
}
