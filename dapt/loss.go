package dapt

import (
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/train/loss"

	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/prompt"
)

// Features are the unit features that the losses compare, in float32. Views that a phase does not use are nil.
type Features struct {
	Image      *Node // [batch, embed]
	Foreground *Node // [batch, embed]
	Background *Node // [batch, embed]
	Target     *Node // [batch, embed], L_reo's: see [Target]
	Classes    *Node // [columns, embed]: class texts, then the Background.Negatives; or [batch, classes, embed], each image's own
	Words      *Node // [words, embed]: background texts
	Scale      *Node // exp(logit_scale), a scalar
	Weights    *Node // [batch], of each image in L_cls; nil weighs all alike

	// What only some learners read: see [prompt.Step].
	Second  *Node        // [batch, embed]
	Anchors *Node        // [classes, embed]
	Teacher *Node        // logits [batch, classes]
	CLIP    func() *Node // [batch, embed]

	Buffers prompt.Values // new values of what a learner keeps up; nil without
}

// Losses are the terms, each a scalar and unweighted; those that were not computed are nil. Total is what a step
// minimises. Guide is the loss that a [prompt.Steered] learner's gradient is turned by; nil for others.
type Losses struct {
	Total        *Node
	Host         []*Node // the learner's own, in the order of [prompt.TermsOf]: L_cls alone, for most
	Own          *Node   // their weighed sum
	V, F, B, Reo *Node
	Guide        *Node
}

// Names are the terms of a run's log in the order of [Losses.List], of a method over most learners: see [Method.Names].
func Names() []string { return Method{}.Names() }

// Names are the terms of a run's log in the order of [Losses.List].
func (m Method) Names() []string {
	names := []string{"total"}
	for _, term := range m.terms() {
		names = append(names, term.Name)
	}
	return append(names, "v", "f", "b", "reo")
}

// terms are those of the learner's own loss.
func (m Method) terms() []prompt.Term {
	if m.Learner == nil {
		return prompt.Plain()
	}
	return prompt.TermsOf(m.Learner)
}

// List returns the terms in the order of [Method.Names].
func (l Losses) List() []*Node {
	return append(append([]*Node{l.Total}, l.Host...), l.V, l.F, l.B, l.Reo)
}

// Losses computes the terms that phase minimises, and with Watch those of the other phase too, over a learner whose own loss
// is cross-entropy. Labels are [batch, 1].
func (c Config) Losses(f Features, labels *Node, phase Phase) Losses {
	return Method{Loss: c}.Losses(nil, f, labels, phase)
}

// Losses computes the terms of the learner, and of DAPT those that phase minimises, with Watch those of the other phase too.
// p are the learner's parameters, labels are [batch, 1].
func (m Method) Losses(p prompt.Values, f Features, labels *Node, phase Phase) Losses {
	l := m.host(p, f, labels)
	c := m.Loss
	if f.Foreground != nil && f.Background != nil && c.computes("v", phase) {
		l.V = Triplet(f.Image, StopGradient(f.Foreground), StopGradient(f.Background), c.Margin)
	}
	if f.Foreground != nil && c.computes("f", phase) {
		l.F = CrossEntropy(f.Foreground, f.Classes, f.Scale, labels)
	}
	if f.Background != nil && f.Words != nil && c.computes("b", phase) {
		l.B = CrossEntropy(f.Background, f.Words, f.Scale, PseudoLabels(f.Background, f.Words))
	}
	if f.Target != nil {
		l.Reo = ReduceAllMean(Abs(Sub(StopGradient(f.Target), f.Image)))
	}
	add := func(term *Node, weight float64, active bool) {
		if term != nil && active && weight != 0 {
			l.Total = Add(l.Total, MulScalar(term, weight))
		}
	}
	add(l.V, c.V, phase != Second)
	add(l.F, c.F, phase != First)
	add(l.B, c.B, phase != First)
	add(l.Reo, c.Reo, phase != Second)
	return l
}

// host computes the learner's own loss.
func (m Method) host(p prompt.Values, f Features, labels *Node) Losses {
	truth := []*Node{labels}
	if f.Weights != nil {
		truth = append(truth, f.Weights)
	}
	step := prompt.Step{
		Values: p, Image: f.Image, Second: f.Second, Texts: f.Classes, Anchors: f.Anchors, Teacher: f.Teacher, Scale: f.Scale, CLIP: f.CLIP,
		CrossEntropy: func(features *Node) *Node { return crossEntropy(features, f.Classes, f.Scale, truth) },
	}
	var l Losses
	if o, ok := m.Learner.(prompt.Objective); ok {
		l.Host = o.Loss(step)
	} else {
		l.Host = []*Node{step.CrossEntropy(f.Image)}
	}
	for i, term := range m.terms() {
		value := l.Host[i]
		if term.Weight == 0 {
			l.Host[i] = nil // so that it is not computed
			continue
		}
		if term.Weight != 1 {
			value = MulScalar(value, term.Weight)
		}
		if l.Own == nil {
			l.Own = value
			continue
		}
		l.Own = Add(l.Own, value)
	}
	if l.Own == nil { // all of its terms are left out
		l.Own = ScalarZero(f.Image.Graph(), f.Image.DType())
	}
	l.Total = l.Own
	if s, ok := m.Learner.(prompt.Steered); ok {
		l.Guide = s.Guide(step)
	}
	return l
}

// Logits returns scale times the cosines of features [batch, embed] and texts, [columns, embed] or, each image's own,
// [batch, columns, embed]: [batch, columns].
func Logits(features, texts, scale *Node) *Node {
	if texts.Rank() == 3 {
		return Mul(Einsum("be,bce->bc", features, texts), scale)
	}
	return Mul(Einsum("be,ce->bc", features, texts), scale)
}

// CrossEntropy is the mean softmax cross-entropy of [Logits] against labels [batch, 1]: L_cls, L_f and, with
// [PseudoLabels], L_b.
func CrossEntropy(features, texts, scale, labels *Node) *Node {
	return crossEntropy(features, texts, scale, []*Node{labels})
}

// crossEntropy takes weights [batch] beside the labels.
func crossEntropy(features, texts, scale *Node, labels []*Node) *Node {
	return ReduceAllMean(loss.SparseCategoricalCrossEntropyLogits(labels, []*Node{Logits(features, texts, scale)}))
}

// PseudoLabels returns the nearest text of each feature, [batch, 1]; ties go to the lowest. No gradient passes.
func PseudoLabels(features, texts *Node) *Node {
	cosines := StopGradient(Einsum("be,ce->bc", features, texts))
	return ExpandAxes(ArgMax(cosines, -1, dtypes.Int32), -1)
}

// Triplet is L_v: the mean over the batch of max(0, d(anchor, positive) - d(anchor, negative) + margin).
func Triplet(anchor, positive, negative *Node, margin float64) *Node {
	gap := Sub(Distance(anchor, positive), Distance(anchor, negative))
	return ReduceAllMean(MaxScalar(AddScalar(gap, margin), 0))
}

// Distance is PyTorch's pairwise distance ||a - b + 1e-6||, [batch]: the shift keeps its gradient finite at a = b.
func Distance(a, b *Node) *Node {
	return Sqrt(ReduceSum(Square(AddScalar(Sub(a, b), 1e-6)), -1))
}

// TrueLogit is Grad-CAM's objective: the sum of the logits of each image's own class, over the number of all logits.
// Features are [batch, embed], not of unit length; labels [batch, 1].
func TrueLogit(features, texts, scale, labels *Node) *Node {
	logits := Logits(clip.Normalize(features), texts, scale)
	own := OneHot(Squeeze(labels, -1), texts.Shape().Dim(-2), logits.DType())
	return ReduceAllMean(Mul(logits, own))
}
