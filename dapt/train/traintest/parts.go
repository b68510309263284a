package traintest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/train"
)

// outputs are what of CLIP a learner may change, in the order of reached.
var outputs = []struct {
	part prompt.Parts
	name string
}{
	{prompt.Classes, "the class texts"},
	{prompt.Images, "the features of images"},
	{prompt.Deep, "texts of other words"},
	{prompt.Images, "the second features of images, or again the first"},
	{prompt.Words, "texts of other words that its context stands before"},
}

// checkParts finds parts that Trains lists and no parameter changes, parts that it does not list and one does, and parameters
// that change nothing.
func checkParts(k *kit) error {
	byOutput, err := k.reached()
	if err != nil {
		return err
	}
	trains := k.learner.Trains()
	var wrong []error
	for o, gradients := range byOutput {
		changes := slices.ContainsFunc(gradients, func(g []float32) bool { return norm(g) > 0 })
		if of := outputs[o]; changes != trains.Has(of.part) {
			wrong = append(wrong, fmt.Errorf("that its parameters change %s is %t, but Trains says %t", of.name, changes, !changes))
		}
	}
	for i, name := range k.trainedNames() {
		if !slices.ContainsFunc(byOutput, func(gradients [][]float32) bool { return norm(gradients[i]) > 0 }) {
			wrong = append(wrong, fmt.Errorf("parameter %s changes nothing; the kit's towers have %d blocks", name, Blocks))
		}
	}
	return errors.Join(wrong...)
}

// reached are the gradients of a random mean of each of outputs for each trained parameter. What has the learner's context
// before words is only looked at where it says that it can; where it could and does not say so, that is an error.
func (k *kit) reached() ([][][]float32, error) {
	m := k.method
	m.Loss.Background.Learned = k.learner.Trains().Has(prompt.Words)
	rng := rand.New(rand.NewPCG(6, 0))
	mean := func(x *Node) *Node {
		random := make([]float32, x.Shape().Size())
		for i := range random {
			random[i] = float32(rng.NormFloat64())
		}
		return ReduceAllMean(Mul(x, Reshape(Const(x.Graph(), random), x.Shape().Dimensions...)))
	}
	unsaid := false
	p, err := k.newProbe(m, 4, func(towers *clip.Towers, values, _ prompt.Values, b dapt.Batch, _ *Node) []*Node {
		prompts := prompt.Build(k.learner, k.model.Config, values)
		shared := len(prompts.Text) > 0 && prompts.Text[0] != nil && prompts.Text[0].Rank() == 2
		unsaid = shared && !m.Loss.Background.Learned
		plain := m
		plain.Loss.Background.Learned = false
		f := plain.Encode(towers, prompts, b, dapt.Both)
		second := f.Second
		if second == nil {
			second = f.Image
		}
		means := []*Node{mean(f.Classes), mean(f.Image), mean(f.Words), mean(second)}
		if m.Loss.Background.Learned {
			means = append(means, mean(m.Encode(towers, prompts, b, dapt.Both).Words))
		}
		var list []*Node
		for _, one := range means {
			list = append(list, Gradient(one, k.trained(values)...)...)
		}
		return list
	})
	if err != nil {
		return nil, err
	}
	defer p.close()
	byOutput, err := k.gradients(p)
	if err == nil && unsaid {
		err = errors.New("its context is one for all classes and could stand before other words, but Trains does not say Words")
	}
	return byOutput, err
}

// checkTerms finds terms of DAPT that are kept and train nothing, and such as are left out without a word.
func checkTerms(k *kit) error {
	byTerm, err := k.termGradients()
	if err != nil {
		return err
	}
	loss, said := k.method.Loss, strings.Join(k.said, " ")
	var wrong []error
	for name, weight := range map[string]float64{"v": loss.V, "f": loss.F, "b": loss.B, "reo": loss.Reo} {
		t := slices.Index(k.termNames(), name)
		switch {
		case name == "reo" && loss.V == 0: // both are of images, and the first speaks for both
		case weight == 0 && !strings.Contains(said, "L_"+name+" "):
			wrong = append(wrong, fmt.Errorf("dapt's L_%s is left out, but dapt.Config.For says only %q", name, k.said))
		case weight != 0 && !slices.ContainsFunc(byTerm[t], func(g []float32) bool { return norm(g) > 0 }):
			wrong = append(wrong, fmt.Errorf("dapt's L_%s has the weight %g, but no parameter has a gradient of it", name, weight))
		}
	}
	full := k.method
	full.Loss = whole()
	if refused := full.Check(0); (refused != nil) != (len(k.said) > 0) {
		wrong = append(wrong, fmt.Errorf("dapt.Config.For says %q, but dapt.Method.Check of the losses before it %v", k.said, refused))
	}
	return errors.Join(append(wrong, k.method.Check(config().Epochs))...)
}

// checkStep compares what one step of the engine moves, alone and under DAPT, with the weighed sum of the gradients of the
// terms, steered by a learner that does so.
func checkStep(k *kit) error {
	byTerm, err := k.termGradients()
	if err != nil {
		return err
	}
	in, err := k.batch(k.method, 4)
	if err != nil {
		return err
	}
	for _, m := range []dapt.Method{k.alone(), k.method} {
		if err := k.compareStep(m, in, byTerm); err != nil {
			return fmt.Errorf("%s: %w", m.Name(), err)
		}
	}
	return nil
}

func (k *kit) compareStep(m dapt.Method, in train.Input, byTerm [][][]float32) error {
	const rate = 1024 // so large that what a parameter was does not round off how far it moves
	if err := k.engine.SetParameters(k.values); err != nil {
		return err
	}
	c := config()
	c.Momentum, c.Decay = 0, 0
	if _, err := k.engine.Step(m, c, dapt.Both, rate, in); err != nil {
		return err
	}
	after, err := k.engine.Parameters()
	if err != nil {
		return err
	}
	largest, apart := 0.0, map[string]float64{}
	for i, name := range k.trainedNames() {
		want := make([]float32, len(after[name]))
		for t, weight := range k.weights(m) {
			for j, g := range byTerm[t][i] {
				want[j] += float32(weight) * g
			}
		}
		if s, ok := k.learner.(prompt.Steered); ok {
			if want, err = k.steered(s, want, byTerm[len(byTerm)-1][i]); err != nil {
				return err
			}
		}
		off := make([]float32, len(want))
		for j := range want {
			off[j] = (k.values[name][j]-after[name][j])/rate - want[j]
		}
		size := norm(want)
		largest = max(largest, size)
		apart[name] = norm(off) - 1e-4*size
	}
	var wrong []error
	for _, name := range k.trainedNames() {
		if far := apart[name]; !(far <= 1e-6*largest) { // as much is rounding in a gradient that is 0
			wrong = append(wrong, fmt.Errorf("a step moves %s apart from its gradient, by %.3g where the largest gradient is %.3g", name, far, largest))
		}
	}
	return errors.Join(wrong...)
}

// weights are those of the terms in what a step of m minimises, in the order of termNames.
func (k *kit) weights(m dapt.Method) []float64 {
	var list []float64
	for _, term := range prompt.TermsOf(k.learner) {
		if term.Weight != 0 { // others are not computed
			list = append(list, term.Weight)
		}
	}
	if m.Decouples() {
		for _, weight := range []float64{m.Loss.V, m.Loss.F, m.Loss.B, m.Loss.Reo} {
			if weight != 0 {
				list = append(list, weight)
			}
		}
	}
	return list
}

func (k *kit) steered(s prompt.Steered, gradient, guide []float32) ([]float32, error) {
	exec, err := model.NewExec(k.backend, model.NewStore(), func(_ *model.Scope, gradient, guide *Node) *Node { return s.Steer(gradient, guide) })
	if err != nil {
		return nil, err
	}
	defer exec.Finalize()
	steered, err := exec.Call1(gradient, guide)
	if err != nil {
		return nil, err
	}
	return values(steered)
}
