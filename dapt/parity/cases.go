package parity

import (
	"errors"
	"image"
	"maps"
	"math"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
)

// zeroShot compares CLIP without prompts, with one template and with several.
func (c *checker) zeroShot() error {
	config := c.manifest.Config
	texts := [][]string{dapt.Sentences(config.Template, config.Classes)}
	for _, template := range config.Ensemble {
		texts = append(texts, dapt.Sentences(template, config.Classes))
	}
	if err := c.tokenRows("zeroshot/tokens", texts[0]); err != nil {
		return err
	}
	results, err := program{c: c, texts: texts, build: func(in inputs) map[string]*Node {
		image := in.Vision.Encode(in.images, nil)
		text := dapt.TextFeatures(in.Towers, prompt.Prompts{}, dapt.Texts{Classes: in.texts[0]})
		results := map[string]*Node{
			"zeroshot/image_features": image, "zeroshot/text_features": text,
			"zeroshot/logits": dapt.Logits(clip.Normalize(image), clip.Normalize(text), in.Scale),
		}
		if len(in.texts) > 1 {
			sum := dapt.EncodeTexts(in.Towers, prompt.Prompts{}, dapt.Texts{Classes: in.texts[1]})
			for _, tokens := range in.texts[2:] {
				sum = Add(sum, dapt.EncodeTexts(in.Towers, prompt.Prompts{}, dapt.Texts{Classes: tokens}))
			}
			mean := clip.Normalize(sum)
			results["zeroshot_ensemble/text_features"] = mean
			results["zeroshot_ensemble/logits"] = dapt.Logits(clip.Normalize(image), mean, in.Scale)
		}
		return results
	}}.once()
	if err != nil {
		return err
	}
	return c.compare("", results)
}

// compare reports each result that the set has an expected tensor for: prefix and the result's name.
func (c *checker) compare(prefix string, results map[string][]float32) error {
	var failed []error
	for _, name := range slices.Sorted(maps.Keys(results)) {
		failed = append(failed, tensor(c, prefix+name, results[name]))
	}
	return errors.Join(failed...)
}

// tokenRows compares the token ids of texts, padded to all places.
func (c *checker) tokenRows(name string, texts []string) error {
	rows, err := c.model.Tokenizer.Tokenize(texts, c.model.Config.Context)
	if err != nil {
		return err
	}
	return tensor(c, name, slices.Concat(rows...))
}

// maple compares MaPLe's features and logits, and Grad-CAM through them.
func (c *checker) maple() error {
	learner, err := c.learner("maple")
	if err != nil {
		return err
	}
	labels, err := c.integers("labels")
	if err != nil {
		return err
	}
	classes, words := c.sentences(learner)
	if err := c.tokenRows("maple/tokens", slices.Concat(classes, words)); err != nil {
		return err
	}
	p := program{c: c, learner: learner, texts: [][]string{classes, words}, labels: labels, build: func(in inputs) map[string]*Node {
		results := evaluate(in, "maple/", len(classes))
		text := clip.Normalize(results["maple/text_features"])
		attention := in.Vision.Attend(in.images, in.prompts.Vision)
		logit := dapt.TrueLogit(attention.Features, text, in.Scale, in.labels)
		heat, gradient := mask.Saliency(attention, logit, c.model.Config.Grid())
		results["gradcam/activation"] = Transpose(attention.Activation, 0, 1)
		results["gradcam/gradient"] = Transpose(gradient, 0, 1)
		results["gradcam/map_patch"] = heat
		return results
	}}
	results, err := p.once()
	if err != nil {
		return err
	}
	return errors.Join(c.compare("", results), c.saliency(results["gradcam/map_patch"]))
}

// variant compares MaPLe of another depth or number of tokens.
func (c *checker) variant(group string) error {
	learner, err := c.learner(group)
	if err != nil {
		return err
	}
	classes, words := c.sentences(learner)
	p := program{c: c, learner: learner, texts: [][]string{classes, words}, build: func(in inputs) map[string]*Node {
		return evaluate(in, group+"/", len(classes))
	}}
	results, err := p.once()
	if err != nil {
		return err
	}
	return errors.Join(c.tokenRows(group+"/tokens", slices.Concat(classes, words)), c.compare("", results))
}

// evaluate returns the features and logits of a learner: texts are its classes, then the background.
func evaluate(in inputs, at string, classes int) map[string]*Node {
	image := in.Vision.Encode(in.images, in.prompts.Vision)
	text := dapt.TextFeatures(in.Towers, in.prompts, dapt.Texts{Classes: in.texts[0], Background: in.texts[1]})
	logits := dapt.Logits(clip.Normalize(image), clip.Normalize(text), in.Scale)
	columns := func(n int) *Node { return Slice(logits, AxisRange(), AxisRange(0, n)) }
	return map[string]*Node{
		at + "image_features": image, at + "text_features": text, at + "logits_all": logits, at + "logits_class": columns(classes),
		at + "logits_quirk":             columns(classes + dapt.OfficialBackgrounds().Negatives),
		at + "text_features_class_only": dapt.TextFeatures(in.Towers, in.prompts, dapt.Texts{Classes: in.texts[0]}),
	}
}

// saliency enlarges the maps, scales them by the maximum of the batch, as published, and cuts them at one half. Pixels
// that stand nearer to it than the tolerance may fall on either side.
func (c *checker) saliency(heat []float32) error {
	config := c.model.Config
	var enlarged []float64
	for cells := range slices.Chunk(heat, config.Patches()) {
		enlarged = append(enlarged, mask.Enlarge(cells, config.Grid(), image.Pt(config.Side, config.Side))...)
	}
	largest, margin := slices.Max(enlarged), math.Inf(1)
	cut := make([]float32, len(enlarged))
	for i := range enlarged {
		enlarged[i] /= largest + 1e-6
		margin = min(margin, math.Abs(enlarged[i]-0.5))
		if enlarged[i] >= 0.5 {
			cut[i] = 1
		}
	}
	if e, ok := c.manifest.Tensors["gradcam/saliency"]; ok && e.Tolerance != nil && c.has("gradcam/mask") {
		want, err := c.floats("gradcam/mask")
		if err != nil {
			return err
		}
		for i := range min(len(cut), len(want)) {
			if math.Abs(enlarged[i]-0.5) <= *e.Tolerance {
				cut[i] = want[i]
			}
		}
	}
	return errors.Join(tensor(c, "gradcam/saliency", enlarged), tensor(c, "gradcam/mask", cut), tensor(c, "gradcam/threshold_margin", []float64{margin}))
}

// decoupled compares the views, the losses and their gradients, for each kind of mask.
func (c *checker) decoupled() error {
	learner, err := c.learner("maple")
	if err != nil {
		return err
	}
	labels, err := c.integers("labels")
	if err != nil {
		return err
	}
	masks := []string{"ones", "zeros"}
	if c.has("mask") {
		masks = append(masks, "mask")
	}
	classes, words := c.sentences(learner)
	m := method(learner, 0)
	all, err := program{
		c: c, learner: learner, texts: [][]string{classes, words}, labels: labels, masks: masks,
		build: func(in inputs) map[string]*Node { return losses(m, in) },
	}.run()
	if err != nil {
		return err
	}
	failed := []error{c.compare("dapt/", all[0])} // the texts, which are the same for all masks
	for i, results := range all {
		failed = append(failed, c.compare("dapt/"+masks[i]+"/", results))
	}
	return errors.Join(failed...)
}

// losses are the results of one kind of mask. Both phases are built on features with every gradient that one of them
// needs; the losses themselves cut the others off.
func losses(m dapt.Method, in inputs) map[string]*Node {
	f := m.Encode(in.Towers, in.prompts, dapt.Batch{
		Images: in.images, Masks: in.masks, Texts: dapt.Texts{Classes: in.texts[0], Background: in.texts[1]},
	}, dapt.Both)
	l := m.Loss.Losses(f, in.labels, dapt.First)
	cosines := Einsum("be,ce->bc", f.Background, f.Words)
	best := ReduceAndKeep(cosines, ReduceMax, -1)
	others := Where(Equal(cosines, best), AddScalar(cosines, -4), cosines)
	results := map[string]*Node{
		"text_fg": f.Classes, "text_bg": f.Words, "feat_image": f.Image, "feat_fg": f.Foreground, "feat_bg": f.Background,
		"logits": dapt.Logits(f.Image, f.Classes, f.Scale), "pseudo_label": dapt.PseudoLabels(f.Background, f.Words),
		"pseudo_label_margin": Sub(Squeeze(best, -1), ReduceMax(others, -1)),
		"ce":                  l.Host[0], "triplet": l.V, "loss_fg": l.F, "loss_bg": l.B,
		"dist_fg": dapt.Distance(f.Image, f.Foreground), "dist_bg": dapt.Distance(f.Image, f.Background),
	}
	for phase, name := range map[dapt.Phase]string{dapt.First: "phase1/", dapt.Second: "phase2/"} {
		total := m.Loss.Losses(f, in.labels, phase).Total
		results[name+"total"] = total
		in.gradients(results, name, total)
	}
	return results
}

// reordered compares L_reo, whose grid the set gives as its mask.
func (c *checker) reordered() error {
	learner, err := c.learner("maple")
	if err != nil {
		return err
	}
	labels, err := c.integers("labels")
	if err != nil {
		return err
	}
	classes, words := c.sentences(learner)
	m := method(learner, 1)
	all, err := program{
		c: c, learner: learner, texts: [][]string{classes, words}, labels: labels, masks: []string{"mask"},
		build: func(in inputs) map[string]*Node {
			f := m.Encode(in.Towers, in.prompts, dapt.Batch{
				Images: in.images, Masks: in.masks, Grid: in.masks, Texts: dapt.Texts{Classes: in.texts[0], Background: in.texts[1]},
			}, dapt.First)
			half := func(mask *Node) *Node { return clip.Normalize(in.Vision.Encode(dapt.View(in.images, mask), nil)) }
			reo := m.Loss.Losses(f, in.labels, dapt.First).Reo
			results := map[string]*Node{"fg_ori": half(in.masks), "bg_ori": half(OneMinus(in.masks)), "target": f.Target, "loss": reo}
			in.gradients(results, "", reo)
			return results
		},
	}.run()
	if err != nil {
		return err
	}
	return c.compare("dapt/reo/", all[0])
}
