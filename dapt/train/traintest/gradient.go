package traintest

import (
	"errors"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/prompt"
)

// Differences are central, with two strides along a direction of length 1, from which their error of second order falls out.
// What is left of it, at the kit's place, is below half of these.
const (
	stride    = 0.01
	tolerance = 0.004 // of the length of a parameter's gradient
	rounding  = 3e-7  // of a loss, in float32
)

// termNames are the losses that the method computes, and the one that steers the gradient if there is one.
func (k *kit) termNames() []string {
	names := k.method.Terms(dapt.Both)[1:]
	if _, ok := k.learner.(prompt.Steered); ok {
		names = append(names, "guide")
	}
	return names
}

// terms are the losses of features in the order of termNames.
func (k *kit) terms(p prompt.Values, f dapt.Features, labels *Node) []*Node {
	l := k.method.Losses(p, f, labels, dapt.Both)
	var list []*Node
	for _, term := range append(l.List()[1:], l.Guide) {
		if term != nil {
			list = append(list, term)
		}
	}
	return list
}

// encode are the features of a training step.
func (k *kit) encode(towers *clip.Towers, p prompt.Values, b dapt.Batch) dapt.Features {
	b.Training = true
	return k.method.Encode(towers, prompt.Build(k.learner, k.model.Config, p), b, dapt.Both)
}

// differentials makes the program of the gradients of each term for each trained parameter, by what a step differentiates.
func (k *kit) differentials() (*probe, error) {
	return k.newProbe(k.method, 4, func(towers *clip.Towers, values, _ prompt.Values, b dapt.Batch, labels *Node) []*Node {
		var list []*Node
		for _, term := range k.terms(values, k.encode(towers, values, b), labels) {
			list = append(list, Gradient(term, k.trained(values)...)...)
		}
		return list
	})
}

// termGradients are the gradients of each term for each trained parameter, where the kit looks at the learner.
func (k *kit) termGradients() ([][][]float32, error) {
	p, err := k.differentials()
	if err != nil {
		return nil, err
	}
	defer p.close()
	return k.gradients(p)
}

// differences makes the program of the terms alone. What the method detaches is of the parameters that stay: the foreground and
// the background of L_v, the foreground of L_f unless it has a gradient, and the nearest words of L_b.
func (k *kit) differences() (*probe, error) {
	return k.newProbe(k.method, 4, func(towers *clip.Towers, moved, still prompt.Values, b dapt.Batch, labels *Node) []*Node {
		f, fixed := k.encode(towers, moved, b), k.encode(towers, still, b)
		triplet := f
		triplet.Foreground, triplet.Background = fixed.Foreground, fixed.Background
		if !k.method.Loss.ForegroundGradient {
			f.Foreground = fixed.Foreground
		}
		terms, apart := k.terms(moved, f, labels), k.terms(moved, triplet, labels)
		for i, name := range k.termNames() {
			switch name {
			case "v":
				terms[i] = apart[i]
			case "b":
				terms[i] = dapt.CrossEntropy(f.Background, f.Words, f.Scale, dapt.PseudoLabels(fixed.Background, fixed.Words))
			}
		}
		return []*Node{Stack(terms, 0)}
	})
}

// gradients are what differentials make of the kit's place, by term and trained parameter.
func (k *kit) gradients(p *probe) ([][][]float32, error) {
	flat, err := p.at("", nil)
	return slices.Collect(slices.Chunk(flat, len(k.trainedNames()))), err
}

// checkGradients compares each term's gradient for each parameter with differences, along itself, so that its length is right,
// and along a random direction, in which what it lacks would show. What is off is looked at again in other places, since one
// may be where the absolute value of one of a loss's many numbers has its kink; a gradient that is wrong is so everywhere.
func checkGradients(k *kit) error {
	p, err := k.differentials()
	if err != nil {
		return err
	}
	defer p.close()
	d, err := k.differences()
	if err != nil {
		return err
	}
	defer d.close()
	var off map[pair]error
	for seed := range uint64(4) {
		if err := k.place(seed); err != nil {
			return err
		}
		byTerm, err := k.gradients(p)
		if err != nil {
			return err
		}
		if off, err = d.compare(byTerm, off); err != nil {
			return err
		}
		if len(off) == 0 {
			break
		}
	}
	return errors.Join(errors.Join(slices.Collect(maps.Values(off))...), k.place(0))
}

// pair is a parameter, among those that are trained, and a term.
type pair struct{ parameter, term int }

// compare returns the gradients that are off, among those of only; nil is all.
func (p *probe) compare(byTerm [][][]float32, only map[pair]error) (map[pair]error, error) {
	rng := rand.New(rand.NewPCG(5, 0))
	off := map[pair]error{}
	for i, name := range p.k.trainedNames() {
		random := make([]float32, len(p.k.values[name]))
		for j := range random {
			random[j] = float32(rng.NormFloat64())
		}
		across, err := p.slopes(name, random)
		if err != nil {
			return nil, err
		}
		for t, term := range p.k.termNames() {
			at, g := pair{i, t}, byTerm[t][i]
			if only != nil && only[at] == nil {
				continue
			}
			wrong := across.compare(t, term, g)
			if wrong == nil && norm(g) > 0 {
				along, err := p.slopes(name, g)
				if err != nil {
					return nil, err
				}
				wrong = along.compare(t, term, g)
			}
			if wrong != nil {
				off[at] = wrong
			}
		}
	}
	return off, nil
}

// slopes are how steep the terms are along a direction of one parameter.
type slopes struct {
	parameter string
	direction []float32 // of any length
	sizes     []float64 // of the terms
	steep     []float64 // by a length of 1
}

// slopes takes them by differences.
func (p *probe) slopes(name string, direction []float32) (slopes, error) {
	s := slopes{parameter: name, direction: direction}
	at := func(step float64) ([]float32, error) {
		moved := slices.Clone(p.k.values[name])
		for j := range moved {
			moved[j] += float32(step/norm(direction)) * direction[j]
		}
		terms, err := p.at(name, moved)
		if err != nil {
			return nil, err
		}
		return terms[0], nil
	}
	var values [4][]float32
	for i, step := range []float64{stride, -stride, stride / 2, -stride / 2} {
		var err error
		if values[i], err = at(step); err != nil {
			return s, err
		}
	}
	for t, v := range values[0] {
		long := float64(v-values[1][t]) / (2 * stride)
		short := float64(values[2][t]-values[3][t]) / stride
		s.steep = append(s.steep, (4*short-long)/3)
		s.sizes = append(s.sizes, math.Abs(float64(v)))
	}
	return s, nil
}

// compare finds a gradient of term t that the slopes belie. One that is nothing but rounding, as that of a bias before a batch
// norm, is taken for 0.
func (s slopes) compare(t int, term string, gradient []float32) error {
	want := 0.0
	for j, g := range gradient {
		want += float64(g) * float64(s.direction[j]) / norm(s.direction)
	}
	size, noise := norm(gradient), rounding*s.sizes[t]/stride
	if size < noise {
		noise *= 5
	}
	if got := s.steep[t]; !(math.Abs(got-want) <= tolerance*size+noise) {
		return fmt.Errorf("the gradient of loss %s for %s is %.4g along a direction in which the loss rises by %.4g", term, s.parameter, want, got)
	}
	return nil
}

func norm(v []float32) float64 {
	sum := 0.0
	for _, x := range v {
		sum += float64(x) * float64(x)
	}
	return math.Sqrt(sum)
}
