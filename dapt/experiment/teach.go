package experiment

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/train"
	"github.com/dapt-go/dapt-go/dapt/transform"
)

// A [prompt.Distilled] learner runs twice: its teacher is tuned on the labelled draw that other learners are tuned on, then the
// student on all training images of all classes, without their labels. So it has seen images of novel classes (Li et al.,
// PromptKD, CVPR 2024, section 3: transductive). Students that differ in themselves only share their teacher.

// teacherSettings are what a result's Config tells of a teacher.
type teacherSettings struct {
	Learner  string         `json:"learner"`
	Options  prompt.Learner `json:"options"` // of the learner
	Train    train.Config   `json:"train"`
	Backbone string         `json:"backbone"` // name and fingerprint of its CLIP
	Images   string         `json:"images"`   // hash of the lists whose training images the student sees; the result's split hash is of the labelled draw
}

// teach makes a run of a distilled learner that of its student, and puts the tuning of its teacher before it.
func (p plan) teach(lab *Lab, b Benchmark, r *run, shots int) error {
	student, ok := r.method.Learner.(prompt.Distilled)
	if !ok {
		return nil
	}
	if _, err := student.Parameters(lab.Model, transform.Stream(0, "init")); err != nil { // and so no teacher
		return err
	}
	name, m := student.Name(), lab.teacher()
	switch {
	case p.shares != nil:
		return fmt.Errorf("experiment: %s learns from all images, without their labels, so that %s has none to choose for it: leave it out", name, p.protocol)
	case m.Config.Side != lab.Model.Config.Side:
		return fmt.Errorf("experiment: %s looks at images of %d pixels a side, and its teacher %s at %d, but both see the same ones: take a teacher of one image size",
			name, lab.Model.Config.Side, m.Name, m.Config.Side)
	case r.config.Batch < 2:
		return fmt.Errorf("experiment: a step of %s has %d image, want at least 2, over which it normalises", name, r.config.Batch)
	}
	task := prompt.Task{Protocol: p.protocol, Dataset: b.Name, Shots: shots, Classes: len(r.data.Classes)}
	teacher := run{method: dapt.Method{Learner: student.Taught()}, config: r.config, data: r.data, source: r.source, teaches: true}
	teacher.adopt(student, task, p.tuning.change)
	teacher.trains = teacher.method.Learner.Trains() != 0
	teacher.result = Result{Protocol: p.protocol, Dataset: b.Name, Method: teacher.method.Name() + " as teacher", Seed: int(r.config.Seed), Shots: shots}
	whole := *b.Dataset
	whole.Val = nil
	task.Classes, task.Teacher = len(whole.Classes), m.Config.Embed
	r.method.Learner, r.data, r.teacher = on(student, task), &whole, &teacher
	return nil
}

// adopt takes how a student's authors tuned its teacher, else how the teacher's own did, else what the run has. change goes over
// what was published, as over any other run.
func (r *run) adopt(student prompt.Distilled, task prompt.Task, change func(*train.Config)) {
	preset, known := student.Lesson(task)
	if own, ok := r.method.Learner.(prompt.Published); ok && !known {
		preset, known = own.Preset(task)
	}
	if known {
		config := train.ConfigOf(preset)
		config.DType, config.Test, config.Seed, config.Checkpoint = r.config.DType, r.config.Test, r.config.Seed, r.config.Checkpoint
		if change != nil {
			change(&config)
		}
		r.method.Learner, r.config = preset.Learner, config
	}
	r.method.Learner = on(r.method.Learner, task)
}

// teacher is the CLIP of teachers.
func (l *Lab) teacher() *clip.Model {
	if l.Teacher != nil {
		return l.Teacher
	}
	return l.Model
}

// engine is that of a run's learner, in the CLIP that it is tuned in.
func (r *run) engine(l *Lab) (*train.Engine, error) {
	return l.engine(r.clip(l), r.method.Learner, r.config.DType)
}

func (r *run) clip(l *Lab) *clip.Model {
	if r.teaches {
		return l.teacher()
	}
	return l.Model
}

// tellTeacher is what the run's result tells of its teacher; nil without one.
func (r *run) tellTeacher(l *Lab) *teacherSettings {
	if r.teacher == nil {
		return nil
	}
	learner, m := r.teacher.method.Learner, l.teacher()
	return &teacherSettings{learner.Name(), learner, r.teacher.config, m.Name + " " + m.Fingerprint(), r.data.Hash()}
}

// labelled are the images whose labels are learned, by the learner or by its teacher: the same draw for all methods.
func (r *run) labelled() *dataset.Dataset {
	if r.teacher != nil {
		return r.teacher.data
	}
	return r.data
}

// lessons is where a teacher keeps its checkpoint and its prompts, the same for all its students.
func (r *run) lessons(l *Lab) (string, error) {
	learner, err := learnerKey(r.method.Learner)
	if err != nil {
		return "", err
	}
	protocol := r.result.Protocol
	if r.source {
		protocol = transferred
	}
	key := hash(fmt.Sprint(r.data.Name, r.data.Template, r.data.Hash(), learner, r.config, r.clip(l).Fingerprint(), l.Info))
	return filepath.Join(l.Folder, "runs", protocol, r.data.Name, "teacher", fmt.Sprintf("seed%d-%s", r.result.Seed, key[:8])), nil
}

// taught tells whether a teacher is tuned already.
func (r *run) taught(l *Lab) (bool, error) {
	folder, err := r.lessons(l)
	if err != nil || !r.trains {
		return !r.trains, err
	}
	_, err = os.Stat(filepath.Join(folder, train.PromptsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return err == nil, err
}

// prepare puts the teacher's tuned prompts into its engine, and says what the student will be tested on. Whoever calls it ends
// the engine's Seen.
func (r *run) prepare(ctx context.Context, l *Lab, bar *meter) (*train.Engine, []*dataset.Dataset, error) {
	teacher, done := r.teacher, bar.at.Done
	engine, err := teacher.engine(l)
	if err != nil {
		return nil, nil, err
	}
	folder, err := teacher.lessons(l)
	if err != nil {
		return nil, nil, err
	}
	engine.Seen = bar.seen
	_, err = train.Run{
		Engine: engine, Method: teacher.method, Data: teacher.data, Config: teacher.config, Folder: folder,
		Report: func(p train.Progress) { bar.step("tuning the teacher", p, teacher.step()) },
	}.Tune(ctx)
	if err != nil {
		engine.Seen = nil
		return nil, nil, fmt.Errorf("tuning the teacher of %s: %w", r.result.Method, err)
	}
	bar.at.Done = done + teacher.cost() // another student may have had it tuned
	return engine, r.tested(), nil
}

// tested are the data sets of a run's tests.
func (r *run) tested() []*dataset.Dataset {
	var list []*dataset.Dataset
	for _, t := range r.tests {
		list = append(list, t.data)
	}
	return list
}
