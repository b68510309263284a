// Command bench measures how long training steps, evaluation and Grad-CAM take, what part that is of the machine's own
// rate of matrix products, and how PyTorch fares at the same work.
//
//	go run ./tools/bench [-classes 10,50,250,500,1000] [-pytorch python3]
//
// Weights are random: speed does not depend on them. What each step needs is counted in count.go; PyTorch's side is
// pytorch_step.py, which runs in turn with ours, so that both meet the same moods of the machine.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"runtime"
	"slices"
	"strconv"
	"strings"

	"github.com/gomlx/compute/dtypes"

	"github.com/dapt-go/dapt-go/dapt/train"
	"github.com/dapt-go/dapt-go/tools/backend"
	"github.com/dapt-go/dapt-go/tools/memory"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	err := run(ctx, os.Args[1:], os.Stdout, os.Stderr)
	switch {
	case err == nil || errors.Is(err, flag.ErrHelp):
	case errors.Is(err, context.Canceled):
		fmt.Fprintln(os.Stderr, "bench: stopped; what is above is all that was measured")
		os.Exit(130)
	default:
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// counts is a flag of numbers of classes.
type counts []int

func (c counts) String() string {
	return strings.ReplaceAll(strings.Trim(fmt.Sprint([]int(c)), "[]"), " ", ",")
}

// Set reads "10,50".
func (c *counts) Set(text string) error {
	*c = nil
	for field := range strings.SplitSeq(text, ",") {
		n, err := strconv.Atoi(field)
		if err != nil || n < 1 || n > maxClasses {
			return fmt.Errorf("%q is no number of classes from 1 to %d", field, maxClasses)
		}
		*c = append(*c, n)
	}
	return nil
}

// options are what the flags choose.
type options struct {
	classes, peers            counts
	steps, batch, images      int
	model, backend, dtype     string
	python, plot              string
	checkpoint, json, asTable bool
}

func parse(args []string, log io.Writer) (options, error) {
	o := options{classes: counts{10, 50, 250, 500, 1000}, peers: counts{50, 500}}
	f := flag.NewFlagSet("bench", flag.ContinueOnError)
	f.SetOutput(log)
	f.Var(&o.classes, "classes", "numbers of classes to measure")
	f.IntVar(&o.steps, "steps", 5, "how often each is measured, after a first time that compiles; the median counts")
	f.IntVar(&o.batch, "batch", 4, "images a training step")
	f.IntVar(&o.images, "images", 96, "images to evaluate and map")
	f.StringVar(&o.model, "model", models[0], strings.Join(models, " or ")+", with random weights the former")
	f.StringVar(&o.backend, "backend", os.Getenv("GOMLX_BACKEND"), "go, xla:cpu, xla:cuda or xla:/path/to/plugin.so; empty picks the fastest")
	f.StringVar(&o.dtype, "dtype", "float32", "what the towers compute in: float32 or bfloat16; PyTorch stays at float32")
	f.BoolVar(&o.checkpoint, "checkpoint", false, "compute the insides of blocks again in the backward pass instead of keeping them")
	f.StringVar(&o.python, "pytorch", "", "a Python that has PyTorch, such as python3: measure it too")
	f.Var(&o.peers, "pytorch-classes", "numbers of classes to measure PyTorch at; 500 take it some 20 GB")
	f.BoolVar(&o.json, "json", false, "print JSON")
	f.BoolVar(&o.asTable, "markdown", false, "print a Markdown table")
	f.StringVar(&o.plot, "plot", "", "write a plot of the step's time against classes to this .svg, .pdf or .png")
	if err := f.Parse(args); err != nil {
		return o, err
	}
	return o, o.check(f)
}

func (o options) check(f *flag.FlagSet) error {
	if f.NArg() > 0 {
		return fmt.Errorf("bench: unexpected argument %q, see -help", f.Arg(0))
	}
	for name, n := range map[string]int{"steps": o.steps, "batch": o.batch, "images": o.images} {
		if n < 1 {
			return fmt.Errorf("bench: -%s is %d, want at least 1", name, n)
		}
	}
	if !slices.Contains(models, o.model) {
		return fmt.Errorf("bench: -model is %q, want %s", o.model, strings.Join(models, " or "))
	}
	if o.dtype != "float32" && o.dtype != "bfloat16" {
		return fmt.Errorf("bench: -dtype is %q, want float32 or bfloat16", o.dtype)
	}
	return nil
}

// run measures and prints: results to out, progress to log. What was measured before an error is printed.
func run(ctx context.Context, args []string, out, log io.Writer) error {
	o, err := parse(args, log)
	if err != nil {
		return err
	}
	b, err := open(ctx, o, log)
	if err != nil {
		return err
	}
	defer b.close()
	err = b.all(ctx)
	if len(b.report.Rows) == 0 {
		return err
	}
	return errors.Join(err, b.report.print(o, out))
}

// open starts the backend and moves the weights there.
func open(ctx context.Context, o options, log io.Writer) (*bench, error) {
	m, err := newModel(o.model)
	if err != nil {
		return nil, err
	}
	device, info, err := backend.Open(ctx, backend.Options{
		Want: o.backend, Install: true, BFloat16: o.dtype == "bfloat16", Notice: func(line string) { fmt.Fprintln(log, "note:", line) },
	})
	if err != nil {
		return nil, err
	}
	dtype := dtypes.Float32
	if o.dtype == "bfloat16" {
		dtype = dtypes.BFloat16
	}
	engine, err := train.NewEngine(device, m, learner, dtype)
	if err != nil {
		device.Finalize()
		return nil, err
	}
	m.Weights.Release() // the device has them
	b := &bench{options: o, model: m, device: device, engine: engine, log: log}
	b.config = train.Paper()
	b.config.DType, b.config.Checkpoint = dtype, o.checkpoint
	b.report = report{
		Backend: info, CPU: memory.ProcLine("/proc/cpuinfo", "model name"), Cores: runtime.GOMAXPROCS(0), MemoryMB: memory.Total(),
		Model: o.model, DType: o.dtype, Batch: o.batch, Images: o.images, Checkpoint: o.checkpoint,
	}
	return b, nil
}
