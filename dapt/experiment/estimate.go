package experiment

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/train"
)

// Work is what is left to do of an experiment, for one method on one data set, in images.
type Work struct {
	Dataset, Method string
	Classes         int // that are tuned on
	Runs            int
	Tuned           map[dapt.Phase]int // images of steps, by phase
	Tested          int                // images that are classified, of tests and of validation
	Mapped          int                // images that Grad-CAM maps for masks

	run run // one of them
}

// Seconds are how long an image takes.
type Seconds struct {
	Tune map[dapt.Phase]float64
	Test float64
	Map  float64
}

// Outlook is what an experiment is going to take.
type Outlook struct {
	Runs, Left int    // all runs of the share, and those that are not on file
	Work       []Work // that is left, in the order of the experiment
	// Measured are the paces that were measured, by method, with as few and as many classes as the method is going to be tuned on.
	Measured []Pace
}

// Pace is how long the images of a method take with so many classes.
type Pace struct {
	Method  string
	Classes int
	Seconds
}

// Look tells what the lab's share of a protocol is going to do that is not on file yet. It computes nothing.
func (l *Lab) Look(p Protocol) (Outlook, error) {
	if probe, ok := p.(LinearProbe); ok {
		return probe.look(l)
	}
	planners, err := Together{p}.planners()
	if err != nil {
		return Outlook{}, err
	}
	runs, _, err := l.plan(planners...)
	if err != nil {
		return Outlook{}, err
	}
	if runs, _, err = own(l, runs); err != nil {
		return Outlook{}, err
	}
	o, taught := Outlook{Runs: len(runs)}, map[string]bool{}
	for _, r := range runs {
		if _, ok := l.find(r.result); ok {
			continue
		}
		o.Left++
		o.add(r)
		if r.teacher == nil {
			continue
		}
		folder, err := r.teacher.lessons(l)
		if err != nil {
			return o, err
		}
		done, err := r.teacher.taught(l)
		if err != nil {
			return o, err
		}
		if !done && !taught[folder] {
			taught[folder] = true
			o.add(*r.teacher)
		}
	}
	return o, nil
}

// add counts a run, or the tuning of a teacher.
func (o *Outlook) add(r run) {
	at := slices.IndexFunc(o.Work, func(w Work) bool {
		return w.Dataset == r.result.Dataset && w.Method == r.result.Method && w.Classes == len(r.data.Classes)
	})
	if at < 0 {
		at = len(o.Work)
		o.Work = append(o.Work, Work{Dataset: r.result.Dataset, Method: r.result.Method, Classes: len(r.data.Classes), Tuned: map[dapt.Phase]int{}, run: r})
	}
	o.Work[at].add(r)
}

// add counts the images of a run.
func (w *Work) add(r run) {
	w.Runs++
	for _, t := range r.tests {
		w.Tested += len(t.data.Test)
	}
	if !r.trains {
		return
	}
	images := len(r.data.Train)
	if r.share != nil {
		images = r.share.Budget(images)
	}
	for epoch := range r.config.Epochs {
		w.Tuned[r.phase(epoch)] += images
	}
	if r.config.Final == train.BestOnVal {
		w.Tested += r.config.Epochs * len(r.data.Val)
	}
	if r.method.Follows() {
		w.Mapped += r.config.Epochs * images
	}
	if r.teacher != nil && r.method.Decouples() {
		w.Tested += images // by the teacher
	}
}

// phase is that of the steps of an epoch.
func (r *run) phase(epoch int) dapt.Phase {
	if !r.method.Decouples() {
		return dapt.Both
	}
	return r.method.Loss.Phase(epoch, r.config.Epochs)
}

// Measure tells how long the images of what is left take, on a few of them, for each method with the fewest and with the
// most classes. report, if it is not nil, hears what is measured.
func (l *Lab) Measure(ctx context.Context, o Outlook, report func(what string)) (Outlook, error) {
	o.Measured = nil
	for _, w := range o.extremes() {
		if report != nil {
			report(fmt.Sprintf("%s with %d classes", w.Method, w.Classes))
		}
		seconds, err := l.measure(ctx, w)
		if err != nil {
			return o, fmt.Errorf("experiment: measuring %s on %s: %w", w.Method, w.Dataset, err)
		}
		o.Measured = append(o.Measured, Pace{w.Method, w.Classes, seconds})
	}
	return o, nil
}

// extremes are, of each method, the work with the fewest and that with the most classes.
func (o Outlook) extremes() []Work {
	var methods []string
	var found []Work
	for _, w := range o.Work {
		if slices.Contains(methods, w.Method) {
			continue
		}
		methods = append(methods, w.Method)
		fewest, most := w, w
		for _, other := range o.Work {
			if other.Method == w.Method && other.Classes < fewest.Classes {
				fewest = other
			}
			if other.Method == w.Method && other.Classes > most.Classes {
				most = other
			}
		}
		found = append(found, fewest)
		if most.Classes > fewest.Classes {
			found = append(found, most)
		}
	}
	return found
}

// measure tells it of one kind of work.
func (l *Lab) measure(ctx context.Context, w Work) (Seconds, error) {
	r := w.run
	engine, err := r.engine(l)
	if err != nil {
		return Seconds{}, err
	}
	s := Seconds{Tune: map[dapt.Phase]float64{}}
	for phase := range w.Tuned {
		if s.Tune[phase], err = r.timeSteps(ctx, l, phase); err != nil {
			return s, err
		}
	}
	if r.teaches {
		return s, nil
	}
	s.Test, err = timed(engine, func() error {
		list := r.tests[0]
		_, err := engine.Evaluate(ctx, list.data, cycle(list.data.Test, measuredBatches*engine.BatchSize(r.config, len(list.data.Classes))), list.words, r.config)
		return err
	})
	if err != nil || w.Mapped == 0 {
		return s, err
	}
	s.Map, err = timed(engine, func() error {
		_, err := engine.Heat(ctx, r.data, cycle(r.data.Train, measuredBatches*engine.BatchSize(r.config, len(r.data.Classes))), nil, r.config)
		return err
	})
	return s, err
}

// measuredBatches are measured, of which the first compiles and is left out.
const measuredBatches = 3

// cycle returns count items, the same ones again where there are too few.
func cycle(items []dataset.Item, count int) []dataset.Item {
	some := dataset.Spread(items, count)
	list := make([]dataset.Item, 0, count)
	for len(list) < count && len(some) > 0 {
		list = append(list, some[:min(len(some), count-len(list))]...)
	}
	return list
}

// timeSteps tunes a few steps of a phase, in no folder, and returns the seconds of an image.
func (r run) timeSteps(ctx context.Context, l *Lab, phase dapt.Phase) (float64, error) {
	engine, err := r.engine(l)
	if err != nil {
		return 0, err
	}
	data := *r.data
	data.Train, data.Val = cycle(data.Train, measuredBatches*r.config.Batch), nil
	config, m := r.config, r.method
	config.Epochs = 1
	if m.Decouples() {
		m.Loss.Mode, m.Loss.Switch = dapt.Literal, map[dapt.Phase]int{dapt.First: 1, dapt.Second: 0}[phase]
		if phase == dapt.Both {
			m.Loss.Mode = dapt.Joint
		}
	}
	watch := stopwatch{}
	tuning := train.Run{Engine: engine, Method: m, Data: &data, Config: config, Report: func(p train.Progress) { watch.seen(p.Images) }}
	if r.teacher != nil { // whose prompts make no difference to the time
		if tuning.Teacher, err = r.teacher.engine(l); err != nil {
			return 0, err
		}
		if err := tuning.Teacher.Reset(config.Seed); err != nil {
			return 0, err
		}
		tuning.Tested = r.tested()
	}
	_, err = tuning.Tune(ctx)
	return watch.pace(), err
}

// timed returns the seconds of an image that work evaluates or maps.
func timed(engine *train.Engine, work func() error) (float64, error) {
	watch := stopwatch{}
	engine.Seen = watch.seen
	defer func() { engine.Seen = nil }()
	err := work()
	return watch.pace(), err
}

// stopwatch takes the time between batches.
type stopwatch struct {
	first, last time.Time
	after       int // images behind the first batch
}

func (s *stopwatch) seen(images int) {
	now := time.Now()
	if s.first.IsZero() {
		s.first = now
		return
	}
	s.last, s.after = now, s.after+images
}

// pace is the seconds of an image behind the first batch, which waits for its program to compile.
func (s *stopwatch) pace() float64 { return s.last.Sub(s.first).Seconds() / float64(max(s.after, 1)) }

// Seconds is the estimate for a piece of work, from the paces of its method, between which it grows evenly with the classes.
// It is 0 where nothing was measured. Compilation, and choosing images, are not in it.
func (o Outlook) Seconds(w Work) float64 {
	var known []Pace
	for _, p := range o.Measured {
		if p.Method == w.Method {
			known = append(known, p)
		}
	}
	if len(known) == 0 {
		return 0
	}
	low, high := known[0], known[len(known)-1]
	share := 0.0
	if high.Classes > low.Classes {
		share = float64(w.Classes-low.Classes) / float64(high.Classes-low.Classes)
	}
	between := func(a, b float64) float64 { return a + share*(b-a) }
	total := between(low.Test, high.Test)*float64(w.Tested) + between(low.Map, high.Map)*float64(w.Mapped)
	for phase, images := range w.Tuned {
		total += between(low.Tune[phase], high.Tune[phase]) * float64(images)
	}
	return total
}

// Total is the estimate for all that is left.
func (o Outlook) Total() time.Duration {
	var sum float64
	for _, w := range o.Work {
		sum += o.Seconds(w)
	}
	return time.Duration(sum * float64(time.Second))
}
