package dapt

import (
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/support/exceptions"

	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/prompt"
)

// Batch is one step's input as nodes of its graph.
type Batch struct {
	Images *Node // [batch, side, side, 3], normalised
	Masks  *Node // [batch, side, side, 1], 1 is foreground; nil without DAPT
	Grid   *Node // [1, side, side, 1] of 0 and 1, L_reo's; nil without it
	Texts  Texts
}

// Texts are the sentences of a step.
type Texts struct {
	Classes    clip.Sentences
	Background clip.Sentences // without tokens where no background text is needed
}

// View is the images where mask is 1. Masking follows normalisation, so that hidden pixels take the data set's mean
// colour and not black.
func View(images, mask *Node) *Node { return Mul(images, mask) }

// EncodeTexts returns unit text features [rows, embed] of the class rows, then of the background rows. Class rows carry
// the learner's first context at the input; the deep prompts reach every row.
func EncodeTexts(t *clip.Towers, p prompt.Prompts, texts Texts) *Node {
	return clip.Normalize(TextFeatures(t, p, texts))
}

// TextFeatures is EncodeTexts before the features are scaled to unit length.
func TextFeatures(t *clip.Towers, p prompt.Prompts, texts Texts) *Node {
	lists := []clip.Rows{t.Text.Rows(texts.Classes)}
	if len(p.Text) > 0 && p.Text[0] != nil {
		lists[0] = lists[0].Write(p.Text[0], p.Behind)
	}
	if texts.Background.Tokens != nil {
		lists = append(lists, t.Text.Rows(texts.Background))
	}
	return t.Text.Encode(lists, p.Text)
}

// Encode returns the features that phase needs. Views without a gradient are encoded apart, forward only.
func (m Method) Encode(t *clip.Towers, p prompt.Prompts, b Batch, phase Phase) Features {
	f := Features{Scale: t.Scale}
	if !m.Decouples() {
		f.Image = clip.Normalize(t.Vision.Encode(b.Images, p.Vision))
		f.Classes, _ = m.texts(t, p, Texts{Classes: b.Texts.Classes}, f.Image, phase)
		return f
	}
	second := phase != First
	features := encodeViews(t, p, []view{
		{b.Images, true},
		{View(b.Images, b.Masks), second && m.Loss.ForegroundGradient},
		{View(b.Images, OneMinus(b.Masks)), second},
	})
	f.Image, f.Foreground, f.Background = features[0], features[1], features[2]
	if m.Loss.Reo != 0 && phase != Second {
		f.Target = Target(t, b.Images, b.Grid)
	}
	f.Classes, f.Words = m.texts(t, p, b.Texts, f.Image, phase)
	return f
}

// view is what one pass of the image tower reads, and whether its features carry a gradient.
type view struct {
	images   *Node // [batch, side, side, 3]
	gradient bool
}

// encodeViews returns the unit features [batch, embed] of each view, in order. Views with a gradient are encoded as one
// batch and those without as another, so that nothing is kept for a backward pass that will not come.
func encodeViews(t *clip.Towers, p prompt.Prompts, views []view) []*Node {
	features := make([]*Node, len(views))
	for _, gradient := range []bool{true, false} {
		var images []*Node
		var at []int
		for i, v := range views {
			if v.gradient == gradient {
				images, at = append(images, v.images), append(at, i)
			}
		}
		if len(images) == 0 {
			continue
		}
		encoded := clip.Normalize(t.Vision.Encode(Concatenate(images, 0), p.Vision))
		if !gradient {
			encoded = StopGradient(encoded)
		}
		for i, part := range Split(encoded, 0, len(images)) {
			features[at[i]] = part
		}
	}
	return features
}

// EncodeEach returns the unit text features of the class rows for each image, [batch, classes, embed], by a learner whose
// context depends on it. features are those of the images, unit [batch, embed].
func EncodeEach(t *clip.Towers, p prompt.Prompts, classes clip.Sentences, features *Node) *Node {
	return clip.Normalize(t.Text.EncodeEach(t.Text.Rows(classes), p.Each(features), p.Text))
}

// texts returns the columns of the class logits and the background texts. image are unit features [batch, embed].
func (m Method) texts(t *clip.Towers, p prompt.Prompts, texts Texts, image *Node, phase Phase) (classes, words *Node) {
	background := m.Loss.Background
	if phase == First && !m.Loss.Watch && background.Negatives == 0 {
		texts.Background = clip.Sentences{}
	}
	if p.Each != nil {
		if background.Negatives > 0 {
			exceptions.Panicf("dapt: %d background texts stand beside the classes, but %s has class texts of each image's own: set Background.Negatives to 0",
				background.Negatives, m.Learner.Name())
		}
		classes = EncodeEach(t, p, texts.Classes, image)
		if texts.Background.Tokens != nil {
			words = clip.Normalize(t.Text.Encode([]clip.Rows{t.Text.Rows(texts.Background)}, p.Text))
			words = Slice(words, AxisRangeToEnd(background.Skip))
		}
		return classes, words
	}
	all := EncodeTexts(t, p, texts)
	if texts.Background.Tokens == nil {
		return all, nil
	}
	count := texts.Classes.Rows()
	return Slice(all, AxisRange(0, count+background.Negatives)), Slice(all, AxisRangeToEnd(count+background.Skip))
}

// Target is what L_reo pulls the image feature towards: the unit sum of the unit features, by CLIP without prompts, of
// the two halves that a random grid cuts the image into: [batch, embed], no gradient.
func Target(t *clip.Towers, images, grid *Node) *Node {
	halves := encodeViews(t, prompt.Prompts{}, []view{{View(images, grid), false}, {View(images, OneMinus(grid)), false}})
	return clip.Normalize(Add(halves[0], halves[1]))
}
