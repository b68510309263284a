package experiment

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/train"
)

// Protocol is an experiment: [FewShot], [LinearProbe], [BaseToNovel], [DataEfficient], [CrossDataset],
// [DomainGeneralization], or several [Together].
type Protocol interface {
	// Run returns the results of all runs. Those on file are not computed again. When ctx is cancelled or a run fails,
	// finished runs are on file and the same call goes on from there.
	Run(ctx context.Context, lab *Lab) ([]Result, error)
}

// run is one run to do, whatever the protocol.
type run struct {
	method dapt.Method
	config train.Config
	data   *dataset.Dataset // to tune on
	share  *share           // which part of that; nil means all
	tests  []test
	truth  mask.Source // of the test images; nil without
	clean  int         // how many of tests, from the first, are the benchmark's own, and no further condition
	focus  int         // images of each of those to measure Focus on
	trains bool
	// teacher is tuned before a student of it; nil without. Its own run teaches.
	teacher *run
	teaches bool
	source  bool   // some tests are of other data sets: the tuned prompts are shared by all runs that tune on the same
	result  Result // as far as it is known before
}

// test is one list of images, its data's Test, scored against its data's classes and further sentences.
type test struct {
	name  string
	data  *dataset.Dataset
	words []string
}

// describe fills in what identifies the run's result.
func (r *run) describe(lab *Lab, protocol string, shots int) error {
	s := newSettings(r.method, r.config, r.focus, r.share)
	s.Template, s.Teacher = r.data.OwnTemplate(), r.tellTeacher(lab)
	for _, t := range r.tests {
		if own := t.data.OwnTemplate(); own != "" && t.data.Name != r.data.Name {
			if s.Templates == nil {
				s.Templates = map[string]string{}
			}
			s.Templates[t.name] = own
		}
	}
	config, err := json.Marshal(s)
	if err != nil {
		return fmt.Errorf("experiment: encoding the settings: %w", err)
	}
	r.result = Result{
		Protocol: protocol, Dataset: r.data.Name, Method: r.method.Name(), Seed: int(r.config.Seed), Shots: shots, Config: config,
		SplitHash: r.splitHash(), Code: version(), Backbone: lab.Model.Name + " " + lab.Model.Fingerprint(), Backend: lab.Info,
	}
	if r.source {
		r.result.SourceHash = hash(r.labelled().Hash())
	}
	return nil
}

// splitHash is of the labelled training and validation images and of every test.
func (r *run) splitHash() string {
	var text strings.Builder
	text.WriteString(r.labelled().Hash())
	for _, t := range r.tests {
		text.WriteString(t.data.Hash())
	}
	return hash(text.String())
}

// Units of work: the forward pass of an image is 1; measured on the mini CLIP.
const (
	plainStep = 4 // an image of a step of the learner alone
	daptStep  = 6 // of a step with DAPT
)

// step is the work of an image of a step.
func (r run) step() int {
	work := plainStep
	if r.method.Decouples() {
		work = daptStep
	}
	if r.teacher != nil {
		work++ // which looks at each image too
	}
	return work
}

// cost is the run's work, for the progress bar.
func (r run) cost() int {
	work, images := 0, len(r.data.Train)
	for _, t := range r.tests {
		work += len(t.data.Test)
	}
	if r.share != nil {
		images = r.share.Budget(images)
	}
	if r.trains {
		work += r.config.Epochs * (images*r.step() + len(r.data.Val))
	}
	if r.method.Follows() {
		work += r.config.Epochs * images
	}
	if r.teacher != nil {
		work += r.teacher.cost()
		if r.method.Decouples() {
			work += images // which the teacher labels
		}
	}
	return work
}

// results is the run's result.
func (r run) results() []Result { return []Result{r.result} }

// runAll does those runs of the lab's share that are not on file, and returns the results of the share, in their order.
func (l *Lab) runAll(ctx context.Context, runs []run) ([]Result, error) {
	runs, err := begin(l, runs)
	if err != nil {
		return nil, err
	}
	bar := meter{report: l.Report}
	bar.at.Runs = len(runs)
	l.meter = &bar
	for _, r := range runs {
		if _, ok := l.find(r.result); !ok {
			bar.at.Total += r.cost()
		}
	}
	var results []Result
	for i, r := range runs {
		done, ok := l.find(r.result)
		if !ok {
			bar.at.Number = i + 1
			bar.begin(&r)
			var took Time
			var err error
			if done, took, err = r.do(ctx, l, &bar); err != nil {
				return results, fmt.Errorf("experiment: %s, %s, seed %d: %w", r.result.Dataset, r.result.Method, r.result.Seed, err)
			}
			if err := l.add(done, took); err != nil {
				return results, err
			}
		}
		results = append(results, done)
	}
	return results, nil
}

// do tunes and tests.
func (r *run) do(ctx context.Context, lab *Lab, bar *meter) (Result, Time, error) {
	engine, err := r.engine(lab)
	if err != nil {
		return Result{}, Time{}, err
	}
	engine.Seen = bar.seen
	defer func() { engine.Seen = nil }()
	result, data := r.result, r.data
	if r.share != nil {
		if data, result.Selection, err = r.choose(ctx, lab); err != nil {
			return Result{}, Time{}, err
		}
	}
	tuning := train.Run{
		Engine: engine, Method: r.method, Data: data, Config: r.config, Folder: lab.RunFolder(result),
		Weights: r.share.weights(result.Selection), Report: func(p train.Progress) { bar.step("tuning", p, r.step()) },
	}
	if r.teacher != nil {
		if tuning.Teacher, tuning.Tested, err = r.prepare(ctx, lab, bar); err != nil {
			return Result{}, Time{}, err
		}
		defer func() { tuning.Teacher.Seen = nil }()
	}
	outcome, err := tuning.Tune(ctx)
	if err != nil {
		return Result{}, Time{}, err
	}
	result.Epochs, result.Final = outcome.Epochs, outcome.Final
	for _, t := range r.tests {
		bar.doing("testing " + t.name)
		score, err := engine.Evaluate(ctx, t.data, t.data.Test, t.words, r.config)
		if err != nil {
			return Result{}, Time{}, err
		}
		result.Tests = append(result.Tests, Test{
			Name: t.name, Images: score.Images, Accuracy: score.Accuracy, MacroF1: score.MacroF1, Classes: t.data.Classes, PerClass: score.PerClass,
		})
	}
	if r.truth != nil && r.focus > 0 {
		bar.doing("looking where it looks")
		result.Focus, err = r.measureFocus(ctx, lab)
	}
	return result, Time{result.folder(), outcome.Seconds, outcome.Feed, revision()}, err
}

// meter adds up the work of all runs.
type meter struct {
	report func(Progress)
	at     Progress
}

func (m *meter) begin(r *run) {
	m.at.Method = r.result.Method
	m.at.Run = fmt.Sprintf("%s %s", r.result.Dataset, r.result.Method)
	if r.result.Shots > 0 && r.share == nil {
		m.at.Run += fmt.Sprintf(" %d shots", r.result.Shots)
	}
	m.at.Run += fmt.Sprintf(" seed %d", r.result.Seed)
	if r.share != nil {
		m.at.Run += fmt.Sprintf(" %s %g", r.share.Method, r.share.Ratio)
	}
	m.doing("preparing")
}

func (m *meter) doing(what string) {
	m.at.Doing, m.at.Loss, m.at.Step, m.at.Steps = what, 0, 0, 0
	m.send()
}

// seen counts images that were encoded outside of steps.
func (m *meter) seen(images int) {
	m.at.Loss, m.at.Step, m.at.Steps = 0, 0, 0
	m.at.Done += images
	m.send()
}

func (m *meter) step(what string, p train.Progress, work int) {
	m.at.Doing = fmt.Sprintf("%s, epoch %d of %d", what, p.Epoch+1, p.Epochs)
	m.at.Done += p.Images * work
	m.at.Loss, m.at.Step, m.at.Steps = p.Loss, p.Step, p.Steps
	m.send()
}

func (m *meter) send() {
	m.at.Done = min(m.at.Done, m.at.Total)
	if m.report != nil {
		m.report(m.at)
	}
}
