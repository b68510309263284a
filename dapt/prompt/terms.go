package prompt

import (
	"github.com/gomlx/gomlx/core/graph"
)

// weight is a learner's setting for a term's weight: 0 stands for the published one, less than 0 for none.
func weight(set, published float64) float64 {
	if set == 0 {
		return published
	}
	return max(set, 0)
}

// divergence is the Kullback-Leibler divergence of the classes' probabilities by logits from those by teacher's, both
// [batch, classes], over the number of all logits.
func divergence(teacher, logits *graph.Node) *graph.Node {
	want := graph.Softmax(teacher, -1)
	return graph.ReduceAllMean(graph.Mul(want, graph.Sub(graph.LogSoftmax(teacher, -1), graph.LogSoftmax(logits, -1))))
}

// apart is 1 minus the mean cosine of unit features, row by row of a and b [rows, embed].
func apart(a, b *graph.Node) *graph.Node {
	return graph.OneMinus(graph.ReduceAllMean(graph.ReduceSum(graph.Mul(a, b), -1)))
}
