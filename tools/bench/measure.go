package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/gomlx/compute"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/train"
	"github.com/dapt-go/dapt-go/tools/backend"
	"github.com/dapt-go/dapt-go/tools/memory"
)

// bench is what measures, and what it has measured.
type bench struct {
	options
	model  *clip.Model
	device compute.Backend
	engine *train.Engine
	config train.Config
	report report
	log    io.Writer
}

func (b *bench) close() {
	b.engine.Close()
	b.device.Finalize()
}

// task is something to measure.
type task struct {
	name  string
	units int // training steps or images in a run
	ops   int // that a unit needs
	run   func(ctx context.Context) error
	ask   string // what PyTorch is asked to do; empty leaves it out
}

// all measures every number of classes.
func (b *bench) all(ctx context.Context) error {
	for _, classes := range b.options.classes {
		w, err := newWorld(b.model, classes, b.batch, b.images)
		if err != nil {
			return err
		}
		for _, t := range b.tasks(w, classes) {
			row, err := b.measure(ctx, t)
			if err != nil {
				return fmt.Errorf("bench: %s, %d classes: %w", t.name, classes, err)
			}
			row.Classes = classes
			b.report.Rows = append(b.report.Rows, row)
			fmt.Fprintf(b.log, "%d classes, %s\n", classes, strings.Join(row.cells()[1:], "  "))
		}
	}
	return nil
}

// tasks returns what to measure on w.
func (b *bench) tasks(w *world, classes int) []task {
	over := dapt.Over(learner, mask.Whole{})
	step := func(phase dapt.Phase) func(context.Context) error {
		return func(context.Context) error {
			_, err := b.engine.Step(over, b.config, phase, 1e-5, w.input)
			return err
		}
	}
	tasks := []task{
		{name: "phase 1 step", units: 1, ops: w.work.step(dapt.First, b.batch, w.classes, w.background), run: step(dapt.First)},
		{name: "phase 2 step", units: 1, ops: w.work.step(dapt.Second, b.batch, w.classes, w.background), run: step(dapt.Second)},
		{
			name: "evaluated image", units: b.images, ops: w.work.evaluation(b.images, classes)/b.images + w.work.texts(w.classes, 0, false)/b.images,
			run: func(ctx context.Context) error {
				_, err := b.engine.Evaluate(ctx, w.data, w.data.Test, nil, b.config)
				return err
			},
		},
		{
			name: "Grad-CAM map", units: b.images, ops: w.work.heat(b.images)/b.images + w.work.texts(w.classes, 0, false)/b.images,
			run: func(ctx context.Context) error {
				_, err := b.engine.Heat(ctx, w.data, w.data.Test, nil, b.config)
				return err
			},
		},
	}
	if b.python != "" && slices.Contains(b.peers, classes) {
		for i, ask := range []string{"step %d 1", "step %d 2", "evaluate %d"} {
			tasks[i].ask = fmt.Sprintf(ask, classes)
		}
	}
	return tasks
}

// measure runs t once to compile it, then several times in turn with the matrix product, and with PyTorch if it is asked.
func (b *bench) measure(ctx context.Context, t task) (row, error) {
	var other *peer
	var theirs []reply
	if t.ask != "" {
		var err error
		if other, err = (python{b.python, b.model.Config, b.batch, b.report.Cores}).start(ctx); err != nil {
			return row{}, err
		}
		defer other.close()
		b.report.Torch = other.hello.Torch
		if _, err := other.ask(ctx, t.ask); err != nil { // its first run is slow too
			return row{}, err
		}
	}
	memory.ResetPeak()
	first, err := timed(ctx, t.run)
	if err != nil {
		return row{}, err
	}
	var times, rates []float64
	for range b.steps {
		rate, err := backend.Rate(b.device)
		if err != nil {
			return row{}, err
		}
		seconds, err := timed(ctx, t.run)
		if err != nil {
			return row{}, err
		}
		rates, times = append(rates, rate), append(times, seconds/float64(t.units))
		if other != nil {
			answer, err := other.ask(ctx, t.ask)
			if err != nil {
				return row{}, err
			}
			theirs = append(theirs, answer)
		}
	}
	r := row{Task: t.name, Times: times, Seconds: median(times), GFLOP: float64(t.ops) / 1e9, Rate: median(rates), PeakMB: memory.Peak()}
	r.Share = r.GFLOP / r.Seconds / r.Rate
	r.Compile = max(first-r.Seconds*float64(t.units), 0)
	r.compare(theirs)
	return r, nil
}

// timed returns how long run takes, in seconds, unless ctx ends it.
func timed(ctx context.Context, run func(context.Context) error) (float64, error) {
	if err := ctx.Err(); err != nil {
		return 0, err
	}
	start := time.Now()
	err := run(ctx)
	return time.Since(start).Seconds(), err
}

// median returns the middle value, or the mean of the two in the middle.
func median(values []float64) float64 {
	sorted := slices.Sorted(slices.Values(values))
	n := len(sorted)
	return (sorted[(n-1)/2] + sorted[n/2]) / 2
}
