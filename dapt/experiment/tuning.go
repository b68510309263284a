package experiment

import (
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/train"
)

// tuning is how a protocol's methods are tuned.
type tuning struct {
	given  *train.Config       // for all methods; nil tunes each as its learner's authors published
	other  train.Config        // where they published nothing
	change func(*train.Config) // what else is to be; nil changes nothing
}

// of is how a method is tuned for a task. Settings that its learner leaves open are those that were published with the config.
func (t tuning) of(m dapt.Method, task prompt.Task) (dapt.Method, train.Config) {
	config := t.other
	preset, published := prompt.PresetOf(m.Learner, task)
	switch {
	case t.given != nil:
		config = *t.given
	case published:
		config = train.ConfigOf(preset)
		m.Learner = preset.Learner
	}
	if t.change != nil {
		t.change(&config)
	}
	m.Learner = on(m.Learner, task)
	return m, config
}

// on is a learner with its settings for a task.
func on(l prompt.Learner, task prompt.Task) prompt.Learner {
	if a, ok := l.(prompt.Adapter); ok {
		return a.On(task)
	}
	return l
}

// Tuned is one way in which methods are tuned.
type Tuned struct {
	Methods  []string
	Datasets []string
	Shots    []int // training images a class; 0 is all
	Learner  prompt.Learner
	Config   train.Config
	Source   string // of what was published of the learner; "" where it is not tuned after that
}

// Images are the training images a class that its methods see.
func (t Tuned) Images() string {
	texts := make([]string, len(t.Shots))
	for i, n := range t.Shots {
		texts[i] = strconv.Itoa(n)
		if n == 0 {
			texts[i] = "all"
		}
	}
	text := strings.Join(texts, ", ")
	if _, student := t.Learner.(prompt.Distilled); student {
		return "all, without labels (the teacher: " + text + ")"
	}
	return text
}

// Tuning lists how a protocol's methods are tuned, each way once; none where nothing is, as with linear probes. A protocol that
// cannot be has none either: running it tells why.
func Tuning(p Protocol) []Tuned {
	planners, err := Together{p}.planners()
	if err != nil {
		return nil
	}
	var all []Tuned
	for _, one := range planners {
		made, err := one.plan()
		if err != nil {
			return nil
		}
		for _, b := range made.benchmarks {
			all = append(all, made.tuning.list(made.methods, prompt.Task{Protocol: made.protocol, Dataset: b.Name}, made.shots)...)
		}
	}
	all = merge(all, func(a *Tuned) *[]string { return &a.Methods })
	return merge(all, func(a *Tuned) *[]string { return &a.Datasets })
}

// list is how methods are tuned for a task with these numbers of shots.
func (t tuning) list(methods []dapt.Method, task prompt.Task, shots []int) []Tuned {
	var all []Tuned
	for _, m := range methods {
		if m.Learner.Trains() == 0 {
			continue
		}
		first := len(all)
		for _, task.Shots = range shots {
			tuned, config := t.of(m, task)
			preset, _ := prompt.PresetOf(m.Learner, task)
			if t.given != nil {
				preset.Source = ""
			}
			at := slices.IndexFunc(all[first:], func(a Tuned) bool {
				return a.Config == config && a.Source == preset.Source && reflect.DeepEqual(a.Learner, tuned.Learner)
			})
			if at < 0 {
				at = len(all) - first
				all = append(all, Tuned{[]string{m.Name()}, []string{task.Dataset}, nil, tuned.Learner, config, preset.Source})
			}
			all[first+at].Shots = append(all[first+at].Shots, task.Shots)
		}
	}
	return all
}

// merge makes one of those that differ in a list only.
func merge(all []Tuned, list func(*Tuned) *[]string) []Tuned {
	var merged []Tuned
	for _, a := range all {
		at := slices.IndexFunc(merged, func(b Tuned) bool {
			*list(&b) = *list(&a)
			return reflect.DeepEqual(a, b)
		})
		if at < 0 {
			merged = append(merged, a)
			continue
		}
		*list(&merged[at]) = append(*list(&merged[at]), *list(&a)...)
	}
	return merged
}

// fits refuses a learner whose prompts are of the classes that it is tuned on, one by one, tests of others.
func (r *run) fits() error {
	parts := r.method.Learner.Trains()
	if !parts.Has(prompt.Classes) || parts&(prompt.Words|prompt.Deep) != 0 {
		return nil
	}
	for _, t := range r.tests {
		if !slices.Equal(t.data.Classes, r.data.Classes) {
			return fmt.Errorf("experiment: %s on %s has a context for each class that it is tuned on, and the test %s is of others: take the learner with one context for all classes, or few-shot tuning",
				r.method.Name(), r.data.Name, t.name)
		}
	}
	return nil
}
