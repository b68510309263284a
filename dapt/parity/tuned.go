package parity

import (
	"errors"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/prompt"
)

// tuned compares a learner with the parameters ‹group›/param/…, tuned with cross-entropy: ‹at›/logits, loss and gradients.
func (c *checker) tuned(group, at string) error {
	learner, err := c.learner(group)
	if err != nil {
		return err
	}
	return c.compareTuned(learner, at)
}

func (c *checker) compareTuned(learner recorded, at string) error {
	labels, err := c.integers("labels")
	if err != nil {
		return err
	}
	classes := dapt.Sentences(learner.Template(c.manifest.Config.Template), c.manifest.Config.Classes)
	results, err := program{c: c, learner: learner, texts: [][]string{classes}, labels: labels, build: func(in inputs) map[string]*Node {
		f := dapt.Method{Learner: learner.Learner}.Encode(in.Towers, in.prompts, dapt.Batch{
			Images: in.images, Texts: dapt.Texts{Classes: in.texts[0]},
		}, dapt.First)
		loss := dapt.Config{}.Losses(f, in.labels, dapt.First).Total
		results := map[string]*Node{"logits": dapt.Logits(f.Image, f.Classes, f.Scale), "loss": loss}
		in.gradients(results, "", loss)
		if in.prompts.Each != nil {
			changed := in.prompts.Each(f.Image)
			results["bias"] = Squeeze(Slice(Sub(changed, BroadcastToShape(ExpandAxes(in.values["ctx"], 0), changed.Shape())), AxisRange(), AxisElem(0)), 1)
		}
		return results
	}}.once()
	if err != nil {
		return err
	}
	return c.compare(at+"/", results)
}

// coop compares CoOp with one context and with one for each class, and the class name at each position.
func (c *checker) coop() error {
	var failed []error
	for _, group := range []string{"coop/generic", "coop/csc"} {
		learner, err := c.learner(group)
		if err != nil {
			return err
		}
		l, ok := learner.Learner.(prompt.CoOp)
		if !ok {
			return errors.New("parity: " + group + " has no parameters of CoOp")
		}
		if l.Classes == 0 {
			failed = append(failed, c.tokenRows("coop/tokens", dapt.Sentences(l.Template(""), c.manifest.Config.Classes)))
		}
		for _, position := range []prompt.Position{prompt.End, prompt.Middle, prompt.Front} {
			l.Position = position
			failed = append(failed, c.compareTuned(recorded{l, learner.list}, group+"/"+string(position)))
		}
	}
	return errors.Join(failed...)
}

// shallow compares VPT with prompts in the first block alone.
func (c *checker) shallow() error {
	learner, err := c.learner("vpt")
	if err != nil {
		return err
	}
	l, ok := learner.Learner.(prompt.VPT)
	if !ok {
		return errors.New("parity: vpt has no parameters of VPT")
	}
	l.Depth = 1
	if learner, err = c.record("vpt", l); err != nil {
		return err
	}
	return c.compareTuned(learner, "vpt_shallow")
}
