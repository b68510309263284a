package logistic

import (
	"math"
	"slices"

	"gonum.org/v1/gonum/blas"
	"gonum.org/v1/gonum/blas/blas64"
	"gonum.org/v1/gonum/floats"
)

// problem is the loss of a set as a function of all parameters: [rows, width] weights, then [rows] intercepts. Of two
// classes the first has scores of 0, as scikit-learn's binary loss, whose penalty is another than that of two rows.
type problem struct {
	classes  []int // ascending
	targets  []int // [items], indices of classes
	rows     int   // of weights
	penalty  float64
	features blas64.General // [items, width]
	at       []float64      // where slopes are known; nil before
	scores   blas64.General // [items, rows], a workspace
	slopes   []float64
}

// newProblem takes the mean over items, so that the penalty is divided by their number and by c.
func newProblem(s Set, c float64) *problem {
	classes := slices.Compact(slices.Sorted(slices.Values(s.Labels)))
	p := &problem{classes: classes, rows: rowsOf(classes), penalty: 1 / (c * float64(len(s.Labels)))}
	for _, label := range s.Labels {
		target, _ := slices.BinarySearch(classes, label)
		p.targets = append(p.targets, target)
	}
	p.features = matrix(len(s.Labels), s.Width, doubles(s.Features))
	p.scores = matrix(len(s.Labels), p.rows, make([]float64, len(s.Labels)*p.rows))
	p.slopes = make([]float64, p.size())
	return p
}

func rowsOf(classes []int) int {
	if len(classes) == 2 {
		return 1
	}
	return len(classes)
}

func matrix(rows, columns int, values []float64) blas64.General {
	return blas64.General{Rows: rows, Cols: columns, Stride: columns, Data: values}
}

func doubles(values []float32) []float64 {
	wide := make([]float64, len(values))
	for i, v := range values {
		wide[i] = float64(v)
	}
	return wide
}

func (p *problem) size() int { return p.rows * (p.features.Cols + 1) }

// cut splits parameters.
func (p *problem) cut(x []float64) (weights, intercepts []float64) {
	end := p.rows * p.features.Cols
	return x[:end:end], x[end:]
}

// gradient copies what loss has computed, which gonum asks for first.
func (p *problem) gradient(to, x []float64) {
	if !slices.Equal(p.at, x) {
		p.loss(x)
	}
	copy(to, p.slopes)
}

// loss returns the mean cross entropy with the penalty, and keeps the gradient.
func (p *problem) loss(x []float64) float64 {
	p.at = append(p.at[:0], x...)
	weights, intercepts := p.cut(x)
	score(p.scores, p.features, weights, intercepts)
	items := float64(len(p.targets))
	sum := 0.0
	for i, target := range p.targets {
		sum += surplus(p.scores.Data[i*p.rows:][:p.rows], target)
	}
	slopes, bias := p.cut(p.slopes)
	blas64.Gemm(blas.Trans, blas.NoTrans, 1/items, p.scores, p.features, 0, matrix(p.rows, p.features.Cols, slopes))
	floats.AddScaled(slopes, p.penalty, weights)
	clear(bias)
	for i := range p.targets {
		floats.AddScaled(bias, 1/items, p.scores.Data[i*p.rows:][:p.rows])
	}
	return sum/items + p.penalty/2*floats.Dot(weights, weights)
}

// score writes features [items, width] times weights [rows, width], and intercepts, to [items, rows].
func score(to, features blas64.General, weights, intercepts []float64) {
	for i := range features.Rows {
		copy(to.Data[i*to.Cols:], intercepts)
	}
	blas64.Gemm(blas.NoTrans, blas.Trans, 1, features, matrix(len(intercepts), features.Cols, weights), 1, to)
}

// surplus returns the cross entropy of an item's scores, and turns them into its derivative: how much more probable than
// it should be each row is. One score is that of the second of two classes.
func surplus(scores []float64, target int) float64 {
	if len(scores) == 1 {
		loss, wanted := binary(scores[0], target)
		scores[0] = wanted
		return loss
	}
	own, most := scores[target], floats.Max(scores)
	sum := 0.0
	for i, s := range scores {
		scores[i] = math.Exp(s - most)
		sum += scores[i]
	}
	floats.Scale(1/sum, scores)
	scores[target]--
	return math.Log(sum) + most - own
}

// binary is the cross entropy of the second of two classes, and its derivative.
func binary(score float64, target int) (loss, derivative float64) {
	loss = max(score, 0) + math.Log1p(math.Exp(-math.Abs(score))) - score*float64(target)
	return loss, 1/(1+math.Exp(-score)) - float64(target)
}

// predictedAtOnce limits the memory of Predict.
const predictedAtOnce = 1024 // items

// Predict returns the label of the highest score of each of features [items, width], of equals the lowest.
func (m *Model) Predict(features []float32) []int {
	rows := len(m.Intercepts)
	labels := make([]int, 0, len(features)/m.Width)
	for part := range slices.Chunk(features, predictedAtOnce*m.Width) {
		items := len(part) / m.Width
		scores := matrix(items, rows, make([]float64, items*rows))
		score(scores, matrix(items, m.Width, doubles(part)), m.Weights, m.Intercepts)
		for row := range slices.Chunk(scores.Data, rows) {
			labels = append(labels, m.Classes[best(row)])
		}
	}
	return labels
}

// best is the index of the class of scores.
func best(scores []float64) int {
	if len(scores) > 1 {
		return floats.MaxIdx(scores)
	}
	if scores[0] > 0 {
		return 1
	}
	return 0
}
