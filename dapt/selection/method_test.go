package selection

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"gonum.org/v1/gonum/floats"
	"gonum.org/v1/gonum/mat"
)

// long is the gradient that products are of, written out.
func long(s *Scores, item int) []float64 {
	d := s.Residual(item)
	g := slices.Clone(d)
	for _, v := range d {
		for _, f := range s.Features.Row(item) {
			g = append(g, v*float64(f))
		}
	}
	return g
}

func TestProductsOfGradientsAreThoseOfTheLongVectors(t *testing.T) {
	s := newScores(3, 4, 5, 2)
	items := []int{0, 3, 5, 8, 10}
	g := Gradients{}.of(s, items)
	products, cosines, distances := g.products(g), g.cosines(), g.distances()
	for i, a := range items {
		for j, b := range items {
			x, y := long(s, a), long(s, b)
			cosine := 0.5 + 0.5*floats.Dot(x, y)/(floats.Norm(x, 2)*floats.Norm(y, 2)+1e-6)
			for name, pair := range map[string][2]float64{
				"product": {products.At(i, j), floats.Dot(x, y)}, "cosine": {cosines.At(i, j), cosine}, "distance": {distances.At(i, j), floats.Distance(x, y, 2)},
			} {
				if math.Abs(pair[0]-pair[1]) > 2e-6 {
					t.Errorf("%s of %d and %d = %g, want %g", name, a, b, pair[0], pair[1])
				}
			}
		}
	}
}

func TestGradientsOfTheLastBatchAreLargerAsPublished(t *testing.T) {
	s := newScores(3, 5)
	plain, scaled := GraNd{}.Norms(s, []int{0, 4}), GraNd{Gradients{Batch: 4}}.Norms(s, []int{0, 4})
	if math.Abs(scaled[0]-plain[0]/4) > 1e-12 || math.Abs(scaled[1]-plain[1]) > 1e-12 {
		t.Errorf("lengths %v become %v in batches of 4, want a quarter, and the last as it is", plain, scaled)
	}
}

// objectives of the same similarities.
func objectives(similar *mat.Dense) map[Function]func() objective {
	return map[Function]func() objective{
		GraphCut:         func() objective { return newCut(similar) },
		FacilityLocation: func() objective { return newCoverage(similar) },
		LogDeterminant:   func() objective { return newDeterminant(similar) },
	}
}

func TestLazyGreedyChoosesWhatGreedyDoes(t *testing.T) {
	for seed := range uint64(20) {
		s := newScores(seed, 15)
		items := []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14}
		similar := Gradients{}.of(s, items).cosines()
		for name, f := range objectives(similar) {
			if a, b := lazy(15, 6, f()), naive(15, 6, f()); !slices.Equal(a, b) {
				t.Errorf("seed %d, %s: lazy greedy chooses %v, greedy %v", seed, name, a, b)
			}
		}
	}
}

func TestGainsAreWhatTheFunctionGrowsBy(t *testing.T) {
	s := newScores(5, 8)
	similar := Gradients{}.of(s, []int{0, 1, 2, 3, 4, 5, 6, 7}).cosines()
	value := map[Function]func(set []int) float64{
		GraphCut: func(set []int) float64 {
			sum := 0.0
			for _, j := range set {
				sum += mat.Sum(similar.ColView(j))
				for _, i := range set {
					if i != j {
						sum -= similar.At(i, j)
					}
				}
			}
			return sum
		},
		FacilityLocation: func(set []int) float64 {
			sum := 0.0
			for i := range 8 {
				best := 0.0
				for _, j := range set {
					best = max(best, similar.At(i, j))
				}
				sum += best
			}
			return sum
		},
		LogDeterminant: func(set []int) float64 {
			sub := mat.NewDense(len(set), len(set), nil)
			for i, a := range set {
				for j, b := range set {
					sub.Set(i, j, similar.At(a, b))
				}
			}
			return mat.Det(sub)
		},
	}
	for name, f := range objectives(similar) {
		o, set := f(), []int{}
		before := 0.0
		if name == LogDeterminant {
			before = 1
		}
		for _, j := range []int{4, 1, 6, 2} {
			gain := o.gain(j)
			o.add(j)
			set = append(set, j)
			after := value[name](set)
			want := after - before
			if name == LogDeterminant {
				want = after / before
			}
			if math.Abs(gain-want) > 1e-9 {
				t.Errorf("%s: adding %d gains %g, want %g", name, j, gain, want)
			}
			before = after
		}
	}
}

func TestGlisterLooksAtTheImagesWithoutValidation(t *testing.T) {
	pool := newPool(30, 30)
	with := choose(t, GLISTER{}, pool, 0.3)
	pool.Val = nil
	without := choose(t, GLISTER{}, pool, 0.3)
	pool.Val = fixed(&Scores{})
	if empty := choose(t, GLISTER{}, pool, 0.3); !slices.Equal(empty.Items, without.Items) || slices.Equal(with.Items, without.Items) {
		t.Errorf("kept %v with validation images, %v without, %v with none of them; want the last two to be the same", with.Items, without.Items, empty.Items)
	}
}

func TestGlistersStepIsThatOfTheLongGradients(t *testing.T) {
	pool := newPool(8)
	s, _ := pool.Train(context.Background())
	val, _ := pool.Val(context.Background())
	g, items := GLISTER{Rate: 0.5}, []int{0, 1, 2, 3, 4, 5, 6, 7}
	a, err := g.agreement(context.Background(), &pool, s, items)
	if err != nil {
		t.Fatal(err)
	}
	var sum []float64
	for n, j := range []int{2, 5, 0} {
		a.add(j)
		if sum == nil {
			sum = make([]float64, len(long(s, j)))
		}
		floats.Add(sum, long(s, j))
		mean := slices.Clone(sum)
		floats.Scale(1/float64(n+1), mean)
		for _, candidate := range items {
			want := 0.0
			for v := range val.Labels {
				want += floats.Dot(long(s, candidate), long(moved(val, v, mean, 0.5), v)) / float64(len(val.Labels))
			}
			if got := a.gain(candidate); math.Abs(got-want) > 1e-5 {
				t.Errorf("after %d steps the gain of %d is %g, want %g", n+1, candidate, got, want)
			}
		}
	}
}

// moved are scores whose logits of one image went a step of rate along a gradient.
func moved(s *Scores, item int, gradient []float64, rate float64) *Scores {
	out := *s
	out.Logits.Values = slices.Clone(s.Logits.Values)
	classes, row := s.Logits.Columns, out.Logits.Row(item)
	f := widen(s.Features.Row(item))
	for class := range classes {
		weights := gradient[classes+class*len(f):][:len(f)]
		row[class] -= float32(rate * (gradient[class] + floats.Dot(weights, f)))
	}
	return &out
}

func TestNonNegativeLeastSquaresFindsTheBestOfAllSubsets(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 1))
	for range 200 {
		n := 1 + rng.IntN(5)
		root := mat.NewDense(n, n, nil)
		root.Apply(func(_, _ int, _ float64) float64 { return rng.NormFloat64() }, root)
		var a mat.SymDense
		a.SymOuterK(1, root)
		b := make([]float64, n)
		for i := range b {
			a.SetSym(i, i, a.At(i, i)+1)
			b[i] = rng.NormFloat64()
		}
		x, err := nonNegative(&a, b)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := misfit(&a, b, x), leastMisfit(t, &a, b); got > want+1e-9 || slices.Min(x) < 0 {
			t.Errorf("nonNegative = %v with error %g, want one of %g and no number below 0", x, got, want)
		}
	}
}

func misfit(a *mat.SymDense, b, x []float64) float64 {
	r := mat.NewVecDense(len(b), nil)
	r.MulVec(a, mat.NewVecDense(len(x), x))
	return floats.Distance(r.RawVector().Data, b, 2)
}

// leastMisfit tries every set of numbers that are not 0.
func leastMisfit(t *testing.T, a *mat.SymDense, b []float64) float64 {
	t.Helper()
	n := len(b)
	best := floats.Norm(b, 2)
	for set := 1; set < 1<<n; set++ {
		var places []int
		for i := range n {
			if set>>i&1 == 1 {
				places = append(places, i)
			}
		}
		sub := mat.NewDense(n, len(places), nil)
		for i := range n {
			for j, p := range places {
				sub.Set(i, j, a.At(i, p))
			}
		}
		var free mat.VecDense
		if err := free.SolveVec(sub, mat.NewVecDense(n, b)); err != nil {
			t.Fatal(err)
		}
		x := make([]float64, n)
		for j, p := range places {
			x[p] = free.AtVec(j)
		}
		if slices.Min(x) >= 0 {
			best = min(best, misfit(a, b, x))
		}
	}
	return best
}

func TestWeightsOfCraigCountEveryImage(t *testing.T) {
	pool := newPool(10, 6)
	pick := choose(t, CRAIG{}, pool, 0.3)
	if got, want := floats.Sum(pick.Weights), float64(10+6+len(pick.Items)); got != want {
		t.Errorf("weights %v add up to %g, want %g: each image once, and one more for each that is kept", pick.Weights, got, want)
	}
}

func TestMemoryCountsFromRightToWrong(t *testing.T) {
	m := NewMemory([]bool{true, false})
	for _, right := range []bool{false, true, true, false, false} {
		m.Visit(0, right)
		m.Visit(1, !right)
	}
	if want := []int{2, 1}; !slices.Equal(m.Events, want) {
		t.Errorf("events %v, want %v", m.Events, want)
	}
}

func TestEqualScoresKeepTheLowerIndex(t *testing.T) {
	pool := newPool(6)
	pool.Forgotten = fixed([]int{1, 2, 2, 0, 2, 1})
	if got, want := choose(t, Forgetting{}, pool, 0.6).Items, []int{1, 2, 4, 0}; !slices.Equal(got, want) {
		t.Errorf("Forgetting keeps %v, want %v", got, want)
	}
	if got, want := choose(t, Forgetting{LastFirst: true}, pool, 0.6).Items, []int{4, 2, 1, 5}; !slices.Equal(got, want) {
		t.Errorf("Forgetting as published keeps %v, want %v", got, want)
	}
}

// BenchmarkSelect is of 16 images a class and as many classes as ImageNet has at the end.
func BenchmarkSelect(b *testing.B) {
	for _, classes := range []int{100, 300, 1000} {
		counts := make([]int, classes)
		for i := range counts {
			counts[i] = 16
		}
		s := newScores(1, counts...)
		pool := Pool{Labels: s.Labels, Classes: classes, Seed: 1, Train: fixed(s)}
		for _, m := range All() {
			if m.Name() == "forgetting" || m.Name() == "deepfool" {
				continue // sort given numbers
			}
			b.Run(fmt.Sprintf("%s/images=%d", m.Name(), 16*classes), func(b *testing.B) {
				b.ReportAllocs()
				for b.Loop() {
					if _, err := (Keep{Ratio: 0.3}).Select(context.Background(), pool, m); err != nil {
						b.Fatal(err)
					}
				}
			})
		}
	}
}
