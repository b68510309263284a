package selection

import (
	"math"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// Gradients says how gradients are scaled.
type Gradients struct {
	// Batch divides each image's gradient by the number of images in its loader batch, as the published code does: this
	// many, fewer in the last. 0 does not divide.
	Batch int `json:",omitempty"`
}

// gradients are those of each image's cross entropy for a linear classifier on top of the features: for image i,
// [d, vec(d f^T)] with d = p - onehot(label), [classes (1 + embed)] numbers. They are kept as d and f, since all that is
// needed of them is products, and g_i g_j = (d_i d_j)(1 + f_i f_j).
type gradients struct {
	residuals *mat.Dense // d, [images, classes]
	features  *mat.Dense // f, [images, embed]
}

// of returns the gradients of items, images of s.
func (c Gradients) of(s *Scores, items []int) gradients {
	g := gradients{mat.NewDense(len(items), s.Logits.Columns, nil), mat.NewDense(len(items), s.Features.Columns, nil)}
	for i, item := range items {
		g.features.SetRow(i, widen(s.Features.Row(item)))
		g.residuals.SetRow(i, s.Residual(item))
		if c.Batch > 0 {
			first := item / c.Batch * c.Batch
			floats.Scale(1/float64(min(c.Batch, len(s.Labels)-first)), g.residuals.RawRowView(i))
		}
	}
	return g
}

// Residual returns the gradient of item's cross entropy with respect to its logits, p - onehot(label): [classes].
func (s *Scores) Residual(item int) []float64 {
	d := softmax(widen(s.Logits.Row(item)))
	d[s.Labels[item]]--
	return d
}

// products returns g_i h_j, [images of g, images of h].
func (g gradients) products(h gradients) *mat.Dense {
	var residuals, features mat.Dense
	residuals.Mul(g.residuals, h.residuals.T())
	features.Mul(g.features, h.features.T())
	residuals.Apply(func(i, j int, v float64) float64 { return v * (1 + features.At(i, j)) }, &residuals)
	return &residuals
}

// meanProducts returns the products of each of g with the mean of h.
func (g gradients) meanProducts(h gradients) []float64 {
	products := g.products(h)
	means := make([]float64, products.RawMatrix().Rows)
	for i := range means {
		means[i] = floats.Sum(products.RawRowView(i)) / float64(products.RawMatrix().Cols)
	}
	return means
}

// cosines returns half of 1 + cos(g_i, g_j) (deepcore/methods/methods_utils/cossim.py).
func (g gradients) cosines() *mat.Dense {
	k := g.products(g)
	norms := diagonal(k)
	for i := range norms {
		norms[i] = math.Sqrt(norms[i])
	}
	k.Apply(func(i, j int, v float64) float64 { return 0.5 + 0.5*v/(norms[i]*norms[j]+1e-6) }, k)
	return k
}

// distances returns the lengths of g_i - g_j, 1e-6 at least (euclidean_dist_pair_np in methods_utils/euclidean.py).
func (g gradients) distances() *mat.Dense {
	k := g.products(g)
	squares := diagonal(k)
	k.Apply(func(i, j int, v float64) float64 { return math.Sqrt(max(squares[i]+squares[j]-2*v, 1e-12)) }, k)
	return k
}

func diagonal(k *mat.Dense) []float64 {
	values := make([]float64, k.RawMatrix().Rows)
	for i := range values {
		values[i] = k.At(i, i)
	}
	return values
}
