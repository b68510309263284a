package prompt

import (
	"github.com/gomlx/gomlx/core/graph"
)

// What only some learners need is an interface of its own here. Learners that have none of it implement [Learner] alone.

// Parts are what of CLIP's outputs a learner's parameters change. Where nothing of a loss depends on them, that loss trains
// nothing: see dapt.Method.
type Parts uint8

const (
	// Classes are the texts of the classes.
	Classes Parts = 1 << iota
	// Words are all sentences that the first of [Prompts.Text] is written into, such as those of background words: it belongs
	// to no class of its own.
	Words
	// Deep are all texts, by prompts of blocks past the first.
	Deep
	// Images are the features of images.
	Images
)

// Has tells whether all of other are among the parts.
func (p Parts) Has(other Parts) bool { return p&other == other }

// Conditional is a learner whose text context depends on the image.
type Conditional interface {
	Learner
	// Condition returns the context of the class rows of each image, [batch, context, textWidth], by the parameters and the
	// unit image features [batch, embed]. The first of [Prompts.Text] is the context before an image changes it.
	Condition(p Values, features *graph.Node) *graph.Node
}

// Adapter is a learner some of whose settings depend on what it is tuned for.
type Adapter interface {
	Learner
	// On returns the learner with the settings of the task where its own are 0. Asked again, it changes nothing.
	On(t Task) Learner
}

// Task is what a learner is tuned for.
type Task struct {
	Protocol string // "base_to_novel", "few_shot", "data_efficient", "cross_dataset" or "domain_generalization"; "" is any
	Dataset  string // such as "EuroSAT"; "" is any
	Shots    int    // training images a class; 0 is all
	Classes  int    // that are tuned on; 0 if that is not known
	Teacher  int    // numbers of the joint embedding of a [Distilled] learner's teacher; 0 without
}

// Objective is a learner with a loss of its own in place of cross-entropy.
type Objective interface {
	Learner
	// Terms are what its loss adds up.
	Terms() []Term
	// Loss returns the terms in that order, each a scalar before its weight.
	Loss(s Step) []*graph.Node
}

// Term is a part of a loss.
type Term struct {
	Name   string  // in logs: "cls" for the cross-entropy of the class logits, else one that is not among dapt.Names
	Weight float64 // in the sum
}

// Plain are the terms of a learner that is no [Objective].
func Plain() []Term { return []Term{{"cls", 1}} }

// TermsOf are the terms of any learner's loss.
func TermsOf(l Learner) []Term {
	if o, ok := l.(Objective); ok {
		return o.Terms()
	}
	return Plain()
}

// Step is what a loss may read of one batch, in float32. All of it is of the whole view.
type Step struct {
	Values
	Image   *graph.Node // unit features [batch, embed]
	Second  *graph.Node // unit features [batch, embed] of [Prompts.Second]; nil without
	Texts   *graph.Node // unit class texts [classes, embed]; or [batch, classes, embed], each image's own
	Anchors *graph.Node // unit class texts [classes, embed] of CLIP without prompts; nil for learners that are not [Anchored]
	Teacher *graph.Node // logits [batch, classes] of a [Distilled] learner's teacher, without a gradient; nil for others
	Scale   *graph.Node // exp(logit_scale), a scalar
	// CLIP encodes the batch without prompts: unit features [batch, embed], without a gradient. It costs nothing unless called.
	CLIP func() *graph.Node
	// CrossEntropy is that of the logits of unit features [batch, embed] and Texts with the labels, in the mean over the
	// batch, whose images it weighs if they have weights.
	CrossEntropy func(features *graph.Node) *graph.Node
}

// Logits are [batch, classes] of unit features [batch, embed] and texts [classes, embed].
func (s Step) Logits(features, texts *graph.Node) *graph.Node {
	return graph.Mul(graph.Einsum("be,ce->bc", features, texts), s.Scale)
}

// Anchored is an [Objective] or [Steered] learner that compares its class texts with CLIP's own.
type Anchored interface {
	Learner
	// Anchors are the sentences of those, on a data set of this name whose own hand-crafted sentence is hand.
	Anchors(dataset, hand string) (Anchors, error)
}

// Anchors are sentences whose mean feature stands for a class.
type Anchors struct {
	Templates []string // each with one {}
	Raw       bool     // averages features as they are, not of unit length; the mean is of unit length either way
}

// Steered is a learner whose gradient is turned by that of a second loss, parameter by parameter.
type Steered interface {
	Learner
	// Guide is the second loss, a scalar. Nothing minimises it.
	Guide(s Step) *graph.Node
	// Steer returns what the optimiser is handed for a parameter, of the gradients of the loss and of Guide.
	Steer(gradient, guide *graph.Node) *graph.Node
}

// Distilled is an [Objective] that learns from a teacher instead of labels, on all training images of all classes. Its
// prompts are compared with the teacher's texts, in the teacher's joint embedding.
type Distilled interface {
	Objective
	// Taught is the learner that teaches, which is tuned first, on the labelled images; perhaps in another CLIP.
	Taught() Learner
	// Lesson is how the teacher was tuned by the student's authors, for a task of its own; false where they did not say, and the
	// teacher is tuned as its own authors did.
	Lesson(t Task) (Preset, bool)
}

// Published is a learner whose authors published how to tune it. Others, such as [MaPLe], are tuned as DAPT's configurations
// tune MaPLe.
type Published interface {
	Learner
	// Preset is how, for a task; false where nothing was published. Its Learner is this one, with what the task settles in fields
	// that are zero.
	Preset(t Task) (Preset, bool)
}

// Varied is a learner that was published with several settings.
type Varied interface {
	Published
	// Variants are those beside the usual one.
	Variants() []Variant
}

// Variant is a learner with further published settings.
type Variant struct {
	Name     string // such as "language-only"
	Learner  Published
	Protocol string // that it was published for; "" is all that it has a preset for
}

// Recognizer is a learner that finds its parameters in checkpoints of other programs.
type Recognizer interface {
	Learner
	// Recognize tells what the names and shapes of all tensors of a checkpoint say; false if they are not its.
	Recognize(shapes map[string][]int) (Recognition, bool)
}

// Recognition is what a learner makes of the tensors of a checkpoint.
type Recognition struct {
	Learner Learner  // with the settings that names and shapes tell
	Tensors int      // how many of the tensors are its; of several learners, the one with the most is taken
	Beside  []string // beginnings of names of parameters that stand beside prompt_learner, but for deep prompts
	Unread  []string // beginnings of names of parameters that the published code saves and never reads
}
