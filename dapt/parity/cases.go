package parity

import (
	"context"
	"errors"
	"fmt"
	"image"
	"maps"
	"math"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/prompt"
)

// given stands for masks that a set gives as tensors.
type given struct{}

func (given) Name() string { return "given" }
func (given) Mask(context.Context, dataset.Item, image.Image) (*image.Gray, error) {
	return nil, errors.New("parity: masks are given as tensors")
}

// learner is MaPLe as the set configures it.
func (s *Set) learner() prompt.MaPLe {
	config := s.manifest.Config
	return prompt.MaPLe{Context: config.Context, Depth: config.Depth, Phrase: config.Phrase, Random: config.Phrase == ""}
}

// sentences are the class sentences of MaPLe and the published background sentences.
func (s *Set) sentences() (classes, words []string) {
	b := dapt.OfficialBackgrounds()
	return dapt.Sentences(s.learner().Template(""), s.manifest.Config.Classes), dapt.Sentences(b.Template, b.Words)
}

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
	ensemble, err := program{c: c, learner: prompt.ZeroShot{}, images: "images", texts: texts, build: func(in inputs) map[string]*Node {
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
	}}.run()
	if err != nil {
		return err
	}
	return c.compare(ensemble)
}

// compare reports each result that the set has an expected tensor for.
func (c *checker) compare(results map[string][]float32) error {
	var failed []error
	for _, name := range slices.Sorted(maps.Keys(results)) {
		failed = append(failed, tensor(c, name, results[name]))
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
	classes, words := c.sentences()
	if err := c.tokenRows("maple/tokens", slices.Concat(classes, words)); err != nil {
		return err
	}
	labels, err := c.integers("labels")
	if err != nil {
		return err
	}
	results, err := program{
		c: c, learner: c.learner(), group: "maple", images: "images", texts: [][]string{classes, words}, labels: labels,
		build: func(in inputs) map[string]*Node {
			image := in.Vision.Encode(in.images, in.prompts.Vision)
			text := dapt.TextFeatures(in.Towers, in.prompts, dapt.Texts{Classes: in.texts[0], Background: in.texts[1]})
			attention := in.Vision.Attend(in.images, in.prompts.Vision)
			heat, gradient := mask.Saliency(attention, dapt.TrueLogit(attention.Features, clip.Normalize(text), in.Scale, in.labels), c.model.Config.Grid())
			logits := dapt.Logits(clip.Normalize(image), clip.Normalize(text), in.Scale)
			columns := func(n int) *Node { return Slice(logits, AxisRange(), AxisRange(0, n)) }
			return map[string]*Node{
				"maple/image_features": image, "maple/text_features": text, "maple/logits_all": logits,
				"maple/logits_class": columns(len(classes)), "maple/logits_quirk": columns(len(classes) + dapt.OfficialBackgrounds().Negatives),
				"maple/text_features_class_only": dapt.TextFeatures(in.Towers, in.prompts, dapt.Texts{Classes: in.texts[0]}),
				"gradcam/activation":             Transpose(attention.Activation, 0, 1), "gradcam/gradient": Transpose(gradient, 0, 1),
				"gradcam/map_patch": heat,
			}
		},
	}.run()
	if err != nil {
		return err
	}
	return errors.Join(c.compare(results), c.saliency(results["gradcam/map_patch"]))
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
	if e, ok := c.manifest.Tensors["gradcam/saliency"]; ok && e.Tolerance != nil {
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
	classes, words := c.sentences()
	labels, err := c.integers("labels")
	if err != nil {
		return err
	}
	m := method(c.learner(), 0)
	for _, kind := range []string{"mask", "ones", "zeros"} {
		results, err := program{
			c: c, learner: m.Learner, group: "maple", images: "images", masks: kind, texts: [][]string{classes, words}, labels: labels,
			build: func(in inputs) map[string]*Node { return losses(m, in, kind) },
		}.run()
		if err != nil {
			return err
		}
		if err := c.compare(results); err != nil {
			return err
		}
	}
	return nil
}

// losses are the results of one kind of mask. Both phases are built on features with every gradient that one of them
// needs; the losses themselves cut the others off.
func losses(m dapt.Method, in inputs, kind string) map[string]*Node {
	f := m.Encode(in.Towers, in.prompts, dapt.Batch{
		Images: in.images, Masks: in.masks, Texts: dapt.Texts{Classes: in.texts[0], Background: in.texts[1]},
	}, dapt.Both)
	l := m.Loss.Losses(f, in.labels, dapt.First)
	cosines := Einsum("be,ce->bc", f.Background, f.Words)
	best := ReduceAndKeep(cosines, ReduceMax, -1)
	others := Where(Equal(cosines, best), AddScalar(cosines, -4), cosines)
	at := "dapt/" + kind + "/"
	results := map[string]*Node{
		"dapt/text_fg": f.Classes, "dapt/text_bg": f.Words,
		at + "feat_image": f.Image, at + "feat_fg": f.Foreground, at + "feat_bg": f.Background,
		at + "logits": dapt.Logits(f.Image, f.Classes, f.Scale), at + "pseudo_label": dapt.PseudoLabels(f.Background, f.Words),
		at + "pseudo_label_margin": Sub(Squeeze(best, -1), ReduceMax(others, -1)),
		at + "ce":                  l.Cls, at + "triplet": l.V, at + "loss_fg": l.F, at + "loss_bg": l.B,
		at + "dist_fg": dapt.Distance(f.Image, f.Foreground), at + "dist_bg": dapt.Distance(f.Image, f.Background),
	}
	if kind != "mask" { // the texts are the same for all
		delete(results, "dapt/text_fg")
		delete(results, "dapt/text_bg")
	}
	for phase, name := range map[dapt.Phase]string{dapt.First: "phase1/", dapt.Second: "phase2/"} {
		total := m.Loss.Losses(f, in.labels, phase).Total
		results[at+name+"total"] = total
		in.gradients(results, at+name, total)
	}
	return results
}

// reordered compares L_reo, whose grid the set gives as its mask.
func (c *checker) reordered() error {
	if !c.has("dapt/reo/loss") {
		return nil
	}
	classes, words := c.sentences()
	labels, err := c.integers("labels")
	if err != nil {
		return err
	}
	m := method(c.learner(), 1)
	results, err := program{
		c: c, learner: m.Learner, group: "maple", images: "images", masks: "mask", texts: [][]string{classes, words}, labels: labels,
		build: func(in inputs) map[string]*Node {
			f := m.Encode(in.Towers, in.prompts, dapt.Batch{
				Images: in.images, Masks: in.masks, Grid: in.masks, Texts: dapt.Texts{Classes: in.texts[0], Background: in.texts[1]},
			}, dapt.First)
			half := func(mask *Node) *Node { return clip.Normalize(in.Vision.Encode(dapt.View(in.images, mask), nil)) }
			reo := m.Loss.Losses(f, in.labels, dapt.First).Reo
			results := map[string]*Node{
				"dapt/reo/fg_ori": half(in.masks), "dapt/reo/bg_ori": half(OneMinus(in.masks)), "dapt/reo/target": f.Target, "dapt/reo/loss": reo,
			}
			in.gradients(results, "dapt/reo/", reo)
			return results
		},
	}.run()
	if err != nil {
		return err
	}
	return c.compare(results)
}

// depthOne compares MaPLe with prompts at the input alone.
func (c *checker) depthOne() error {
	if !c.has("maple_depth1/logits_class") {
		return nil
	}
	learner := c.learner()
	learner.Context, learner.Depth = c.manifest.Config.Depth1, 1
	classes := dapt.Sentences(learner.Template(""), c.manifest.Config.Classes)
	results, err := program{
		c: c, learner: learner, group: "maple_depth1", images: "images", texts: [][]string{classes},
		build: func(in inputs) map[string]*Node {
			image := clip.Normalize(in.Vision.Encode(in.images, in.prompts.Vision))
			text := dapt.EncodeTexts(in.Towers, in.prompts, dapt.Texts{Classes: in.texts[0]})
			return map[string]*Node{"maple_depth1/logits_class": dapt.Logits(image, text, in.Scale)}
		},
	}.run()
	if err != nil {
		return fmt.Errorf("parity: depth 1: %w", err)
	}
	return c.compare(results)
}
