package parity

import (
	"errors"
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dapt-go/dapt-go/dapt"
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
		f := dapt.Method{}.Encode(in.Towers, in.prompts, dapt.Batch{
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
		for _, position := range []string{"end", "middle", "front"} {
			learner, err := c.learnerNamed("coop", group, fmt.Sprintf(`{"Position": %q}`, position))
			if err != nil {
				return err
			}
			if position == "end" && group == "coop/generic" {
				failed = append(failed, c.tokenRows("coop/tokens", dapt.Sentences(learner.Template(""), c.manifest.Config.Classes)))
			}
			failed = append(failed, c.compareTuned(learner, group+"/"+position))
		}
	}
	return errors.Join(failed...)
}

// shallow compares VPT with prompts in the first block alone.
func (c *checker) shallow() error {
	learner, err := c.learnerNamed("vpt", "vpt", `{"Depth": 1}`)
	if err != nil {
		return err
	}
	return c.compareTuned(learner, "vpt_shallow")
}
