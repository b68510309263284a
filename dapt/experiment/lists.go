package experiment

import (
	"fmt"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/train"
)

// lists looks, before anything is tuned, whether the data sets have what the runs need.
type lists struct {
	lab  *Lab
	seen map[string]bool // sentences that were looked at, and notices that were given
}

// checkLists finds lists of images that runs need and their data set does not have, and class names that do not fit into
// CLIP's sentences. It gives notice where the last step's prompts will be kept for want of validation images.
func checkLists(lab *Lab, runs []run) error {
	l := lists{lab, map[string]bool{}}
	for _, r := range runs {
		if err := l.check(r); err != nil {
			return err
		}
	}
	return nil
}

func (l lists) check(r run) error {
	if r.trains && len(r.data.Train) == 0 {
		return fmt.Errorf("experiment: %s has no training images, and %s is tuned on some: add a list train to the data set, or test zero-shot CLIP or prompts that were tuned elsewhere",
			r.data.Name, r.method.Name())
	}
	if r.trains && len(r.data.Val) == 0 && r.config.Final == train.BestOnVal {
		l.notice(r.data.Name + " has no validation images to choose an epoch by: the prompts of the last step are kept")
	}
	if r.trains {
		l.few(r)
		for _, remark := range r.method.Remarks(r.config.Epochs) {
			l.notice(r.method.Name() + ": " + remark)
		}
	}
	if r.teacher != nil {
		if err := l.teacher(r); err != nil {
			return err
		}
	}
	m := r.clip(l.lab)
	if err := l.names(m, r.method.Learner, r.data); err != nil {
		return err
	}
	for _, t := range r.tests {
		if len(t.data.Test) == 0 {
			return fmt.Errorf("experiment: %s has no images for the test %s: add a list test to the data set, with images of its classes, %.200s", r.data.Name, t.name, fmt.Sprintf("%q", t.data.Classes))
		}
		if err := l.names(m, r.method.Learner, t.data); err != nil {
			return err
		}
	}
	return nil
}

// teacher looks at what a student's teacher is tuned on, and whether all names that it is asked for fit into its CLIP's sentences.
func (l lists) teacher(r run) error {
	if err := l.check(*r.teacher); err != nil {
		return err
	}
	if r.source {
		l.notice(r.method.Learner.Name() + " sees the images of the source here; for the published numbers it was tuned anew on the unlabelled images of each target")
	}
	for _, data := range append(r.tested(), r.data) {
		if err := l.names(l.lab.teacher(), r.teacher.method.Learner, data); err != nil {
			return err
		}
	}
	return nil
}

// few tells of classes that have fewer images than shots, of which all are taken.
func (l lists) few(r run) {
	count := make([]int, len(r.data.Classes))
	for _, item := range r.data.Train {
		count[item.Label]++
	}
	for label, images := range count {
		if images < r.result.Shots {
			l.notice(fmt.Sprintf("%s has only %d training images of class %q, and perhaps of others: where there are fewer than shots, all are taken",
				r.data.Name, images, r.data.Classes[label]))
			return
		}
	}
}

// names checks that a learner's sentences around class names fit into the text tower.
func (l lists) names(m *clip.Model, learner prompt.Learner, d *dataset.Dataset) error {
	sentences := dapt.Sentences(learner.Template(d.Template), d.Classes)
	key := fmt.Sprintf("%p %s %+v %q", m, learner.Name(), learner, sentences)
	if l.seen[key] {
		return nil
	}
	l.seen[key] = true
	if _, err := m.Tokenizer.Tokenize(sentences, m.Config.Context); err != nil {
		return fmt.Errorf("experiment: class names of %s: %w", d.Name, err)
	}
	warnings, err := prompt.Warnings(m, learner, d.Template, d.Classes)
	for _, warning := range warnings {
		l.notice(warning)
	}
	if err != nil {
		return fmt.Errorf("experiment: %s: %w", d.Name, err)
	}
	return nil
}

// notice tells a sentence once.
func (l lists) notice(line string) {
	if l.lab.Notice != nil && !l.seen[line] {
		l.seen[line] = true
		l.lab.Notice(line)
	}
}
