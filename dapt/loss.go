package dapt

import (
	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/train/loss"

	"github.com/dapt-go/dapt-go/dapt/clip"
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
}

// Losses are the terms, each a scalar and unweighted; those that were not computed are nil. Total is what a step
// minimises.
type Losses struct{ Total, Cls, V, F, B, Reo *Node }

// Names are the terms of a run's log in the order of [Losses.List].
func Names() []string { return []string{"total", "cls", "v", "f", "b", "reo"} }

// List returns the terms in the order of [Names].
func (l Losses) List() []*Node { return []*Node{l.Total, l.Cls, l.V, l.F, l.B, l.Reo} }

// Losses computes the terms that phase minimises, and with Watch those of the other phase too. Labels are [batch, 1].
func (c Config) Losses(f Features, labels *Node, phase Phase) Losses {
	truth := []*Node{labels}
	if f.Weights != nil {
		truth = append(truth, f.Weights)
	}
	l := Losses{Cls: crossEntropy(f.Image, f.Classes, f.Scale, truth)}
	if f.Foreground != nil && f.Background != nil && (c.Watch || phase != Second) {
		l.V = Triplet(f.Image, StopGradient(f.Foreground), StopGradient(f.Background), c.Margin)
	}
	if f.Foreground != nil && (c.Watch || phase != First) {
		l.F = CrossEntropy(f.Foreground, f.Classes, f.Scale, labels)
	}
	if f.Background != nil && f.Words != nil && (c.Watch || phase != First) {
		l.B = CrossEntropy(f.Background, f.Words, f.Scale, PseudoLabels(f.Background, f.Words))
	}
	if f.Target != nil {
		l.Reo = ReduceAllMean(Abs(Sub(StopGradient(f.Target), f.Image)))
	}
	l.Total = l.Cls
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
