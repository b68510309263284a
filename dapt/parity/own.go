package parity

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/prompt"
)

// own is a learner with a loss of its own, computed with another group's parameters.
type own struct {
	recorded
	templates []string // of its anchors
	labels    []int32
	name      func(prompt.Term) (name string, weighted bool) // of a term in the set; "" if it has none
}

// results are the terms of the loss, the total, its gradients, and what the set keeps of the anchors.
func (c *checker) own(o own) (map[string][]float32, error) {
	config := c.manifest.Config
	anchors := prompt.Anchors{Templates: o.templates}
	if a, ok := o.Learner.(prompt.Anchored); ok {
		its, err := a.Anchors("", config.Template)
		if err != nil {
			return nil, err
		}
		anchors.Raw = its.Raw
	}
	texts := [][]string{dapt.Sentences(o.Template(config.Template), config.Classes)}
	for _, template := range anchors.Templates {
		texts = append(texts, dapt.Sentences(template, config.Classes))
	}
	m := dapt.Method{Learner: o.Learner}
	return program{c: c, learner: o.recorded, texts: texts, labels: o.labels, build: func(in inputs) map[string]*Node {
		fixed := meanOf(in, anchors)
		f := m.Encode(in.Towers, in.prompts, dapt.Batch{Images: in.images, Texts: dapt.Texts{Classes: in.texts[0]}, Anchors: fixed}, dapt.Both)
		l := m.Losses(in.values, f, in.labels, dapt.Both)
		results := map[string]*Node{"text_old": fixed, "logits_old": dapt.Logits(f.CLIP(), fixed, f.Scale), "total": l.Total}
		for i, term := range prompt.TermsOf(o.Learner) {
			if name, weighted := o.name(term); name != "" {
				results[name] = l.Host[i]
				if weighted {
					results[name] = MulScalar(l.Host[i], term.Weight)
				}
			}
		}
		in.gradients(results, "", l.Total)
		if s, ok := o.Learner.(prompt.Steered); ok {
			in.steered(results, s, l)
		}
		return results
	}}.once()
}

// meanOf are the unit features of the mean over the sentences of anchors, all texts but the first.
func meanOf(in inputs, anchors prompt.Anchors) *Node {
	var sum *Node
	for _, tokens := range in.texts[1:] {
		features := dapt.TextFeatures(in.Towers, prompt.Prompts{}, dapt.Texts{Classes: tokens})
		if !anchors.Raw {
			features = clip.Normalize(features)
		}
		if sum == nil {
			sum = features
			continue
		}
		sum = Add(sum, features)
	}
	return StopGradient(clip.Normalize(sum))
}

// steered adds the guide's gradients, the cosines with those of the loss, and what the optimiser is handed, of the parameter
// ctx.
func (in inputs) steered(results map[string]*Node, s prompt.Steered, l dapt.Losses) {
	ctx := in.values["ctx"]
	of := func(loss *Node) *Node { return Gradient(loss, ctx)[0] }
	gradient, guide := of(l.Total), of(l.Guide)
	length := func(x *Node) *Node { return Sqrt(ReduceAllSum(Square(x))) }
	results["kl"], results["grad_xe"], results["grad_kl"] = l.Guide, gradient, guide
	results["cos"] = Div(ReduceAllSum(Mul(gradient, guide)), Mul(length(gradient), length(guide)))
	results["grad"] = s.Steer(gradient, guide)
}

// kgcoop compares KgCoOp, and the texts of CLIP that it and ProGrad start from.
func (c *checker) kgcoop() error {
	learner, err := c.learnerNamed("kgcoop", "coop/generic", `{"Random": true}`)
	if err != nil {
		return err
	}
	labels, err := c.integers("labels")
	if err != nil {
		return err
	}
	results, err := c.own(own{learner, []string{c.manifest.Config.Template}, labels, func(t prompt.Term) (string, bool) {
		return map[string]string{"text": "score"}[t.Name], false
	}})
	if err != nil {
		return err
	}
	return errors.Join(c.compare("kgcoop/", results), c.compare("baseline/", results))
}

// prograd compares ProGrad for each list of labels, prograd/‹case›/labels.
func (c *checker) prograd() error {
	learner, err := c.learnerNamed("prograd", "coop/generic", "")
	if err != nil {
		return err
	}
	var failed []error
	for _, name := range c.missing("prograd/") {
		at, ok := strings.CutSuffix(name, "labels")
		if !ok {
			continue
		}
		labels, err := c.integers(name)
		if err != nil {
			return err
		}
		it := strings.TrimSuffix(strings.TrimPrefix(at, "prograd/"), "/")
		if asked, ok := c.manifest.Config.ProGrad[it]; ok && !slices.Equal(asked, labels) {
			return fmt.Errorf("parity: %s is %v, but manifest.json has %v", name, labels, asked)
		}
		results, err := c.own(own{learner, []string{c.manifest.Config.Template}, labels, func(prompt.Term) (string, bool) { return "xe", false }})
		if err != nil {
			return err
		}
		failed = append(failed, tensor(c, name, labels), c.compare(at, results))
	}
	return errors.Join(failed...)
}

// promptsrc compares PromptSRC with the parameters of IVLP and the set's own sentences.
func (c *checker) promptsrc() error {
	learner, err := c.learnerNamed("promptsrc", "ivlp", "")
	if err != nil {
		return err
	}
	labels, err := c.integers("labels")
	if err != nil {
		return err
	}
	results, err := c.own(own{learner, c.manifest.Config.Ensemble, labels, func(t prompt.Term) (string, bool) {
		return "scl_" + t.Name, true
	}})
	if err != nil {
		return err
	}
	results["fixed_text"] = results["text_old"]
	return c.compare("promptsrc/", results)
}
