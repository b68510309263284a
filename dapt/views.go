package dapt

import (
	"github.com/gomlx/compute/dtypes"
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

	Anchors  *Node // [classes, embed], of an [prompt.Anchored] learner; nil for others
	Teacher  *Node // logits [batch, classes], of a [prompt.Distilled] learner's teacher; nil for others
	Training bool  // a learner with statistics of batches takes those of this one, and not the running ones
}

// Texts are the sentences of a step.
type Texts struct {
	Classes    clip.Sentences
	Background clip.Sentences // without tokens where no background text is needed
	// Given are unit features [classes+words, embed] in place of sentences: those of a [prompt.Distilled] learner's teacher.
	Given *Node
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
	return t.Text.Encode(lists, p.Context())
}

// Encode returns the features that phase needs. Views without a gradient are encoded apart, forward only.
func (m Method) Encode(t *clip.Towers, p prompt.Prompts, b Batch, phase Phase) Features {
	f := Features{Scale: t.Scale, Anchors: b.Anchors, Teacher: b.Teacher, CLIP: func() *Node {
		return StopGradient(ConvertDType(clip.Normalize(t.Vision.Encode(b.Images, nil)), dtypes.Float32))
	}}
	views := []view{{b.Images, true}}
	if m.Decouples() {
		second := phase != First
		views = append(views, view{View(b.Images, b.Masks), second && m.Loss.ForegroundGradient}, view{View(b.Images, OneMinus(b.Masks)), second})
	}
	features := encodeViews(t, p, views)
	f.Buffers = features.project(p, b.Training)
	f.Image, f.Second = features.first[0], features.second
	if !m.Decouples() {
		b.Texts.Background = clip.Sentences{}
	} else {
		f.Foreground, f.Background = features.first[1], features.first[2]
		if m.Loss.Reo != 0 && phase != Second {
			f.Target = Target(t, b.Images, b.Grid)
		}
	}
	f.Classes, f.Words = m.texts(t, p, b.Texts, f.Image, phase)
	return f
}

// view is what one pass of the image tower reads, and whether its features carry a gradient.
type view struct {
	images   *Node // [batch, side, side, 3]
	gradient bool
}

// encoded are the features of views.
type encoded struct {
	views  []view
	first  []*Node // [batch, embed] each
	second *Node   // [batch, embed], of the first view; nil for learners without
}

// encodeViews returns the features of each view, in order, not of unit length yet. Views with a gradient are encoded as one
// batch and those without as another, so that nothing is kept for a backward pass that will not come.
func encodeViews(t *clip.Towers, p prompt.Prompts, views []view) encoded {
	e := encoded{views: views, first: make([]*Node, len(views))}
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
		features, second := Images(t, p, Concatenate(images, 0))
		if !gradient {
			features = StopGradient(features)
		}
		for i, part := range Split(features, 0, len(images)) {
			e.first[at[i]] = part
		}
		if second != nil && at[0] == 0 {
			e.second = Split(second, 0, len(images))[0]
		}
	}
	return e
}

// Images encodes images [batch, side, side, 3] with a learner's prompts, before any projection: [batch, embed], not of unit
// length, and the second feature of learners that have one, else nil.
func Images(t *clip.Towers, p prompt.Prompts, images *Node) (features, second *Node) {
	if p.Second == nil {
		return t.Vision.Encode(images, p.Vision), nil
	}
	features, context := t.Vision.EncodeContext(images, p.Vision)
	return features, p.Second(ConvertDType(context, dtypes.Float32))
}

// ImageFeatures are the unit features [batch, embed] that a learner's prompts make of images, in float32, as they are compared with
// texts, and the second ones of learners that have such, else nil.
func ImageFeatures(t *clip.Towers, p prompt.Prompts, images *Node) (features, second *Node) {
	e := encodeViews(t, p, []view{{images, true}})
	e.project(p, false)
	return e.first[0], e.second
}

// project turns the features into those that are compared with texts, of unit length, and returns new values of a learner's
// buffers.
func (e *encoded) project(p prompt.Prompts, training bool) prompt.Values {
	var buffers prompt.Values
	if p.Project != nil {
		for i, features := range e.first {
			e.first[i] = ConvertDType(features, dtypes.Float32)
		}
		e.first, buffers = p.Project(e.first, training)
	}
	for i, v := range e.views {
		e.first[i] = clip.Normalize(e.first[i])
		if !v.gradient {
			e.first[i] = StopGradient(e.first[i])
		}
	}
	if e.second != nil {
		e.second = clip.Normalize(e.second)
	}
	return buffers
}

// EncodeEach returns the unit text features of the class rows for each image, [batch, classes, embed], by a learner whose
// context depends on it. features are those of the images, unit [batch, embed].
func EncodeEach(t *clip.Towers, p prompt.Prompts, classes clip.Sentences, features *Node) *Node {
	return clip.Normalize(t.Text.EncodeEach(t.Text.Rows(classes), p.Each(features), p.Context()))
}

// texts returns the columns of the class logits and the background texts. image are unit features [batch, embed].
func (m Method) texts(t *clip.Towers, p prompt.Prompts, texts Texts, image *Node, phase Phase) (classes, words *Node) {
	background := m.Loss.Background
	if phase == First && !m.Loss.Watch && background.Negatives == 0 {
		texts.Background = clip.Sentences{}
	}
	if p.Each != nil {
		return m.textsOfEach(t, p, texts, image)
	}
	all, count := texts.Given, texts.Classes.Rows()
	if all == nil {
		all = m.encodeTexts(t, p, texts)
		if texts.Background.Tokens == nil {
			return all, nil
		}
	}
	if all.Shape().Dim(0) == count {
		return all, nil
	}
	return Slice(all, AxisRange(0, count+background.Negatives)), Slice(all, AxisRangeToEnd(count+background.Skip))
}

// encodeTexts is [EncodeTexts], with the learner's context before background words too if they have it.
func (m Method) encodeTexts(t *clip.Towers, p prompt.Prompts, texts Texts) *Node {
	if !m.Loss.Background.Learned || texts.Background.Tokens == nil {
		return EncodeTexts(t, p, texts)
	}
	words := Texts{Classes: texts.Background}
	texts.Background = clip.Sentences{}
	return Concatenate([]*Node{EncodeTexts(t, p, texts), EncodeTexts(t, p, words)}, 0)
}

// textsOfEach is texts for class texts of each image's own; those of background words are the same for all images.
func (m Method) textsOfEach(t *clip.Towers, p prompt.Prompts, texts Texts, image *Node) (classes, words *Node) {
	background := m.Loss.Background
	if background.Negatives > 0 {
		exceptions.Panicf("dapt: %d background texts stand beside the classes, but %s has class texts of each image's own: set Background.Negatives to 0",
			background.Negatives, m.Learner.Name())
	}
	classes = EncodeEach(t, p, texts.Classes, image)
	if texts.Background.Tokens == nil {
		return classes, nil
	}
	rows := t.Text.Rows(texts.Background)
	if background.Learned {
		rows = rows.Write(p.Text[0], p.Behind)
	}
	words = clip.Normalize(t.Text.Encode([]clip.Rows{rows}, p.Context()))
	return classes, Slice(words, AxisRangeToEnd(background.Skip))
}

// Target is what L_reo pulls the image feature towards: the unit sum of the unit features, by CLIP without prompts, of
// the two halves that a random grid cuts the image into: [batch, embed], no gradient.
func Target(t *clip.Towers, images, grid *Node) *Node {
	halves := encodeViews(t, prompt.Prompts{}, []view{{View(images, grid), false}, {View(images, OneMinus(grid)), false}})
	halves.project(prompt.Prompts{}, false)
	return clip.Normalize(Add(halves.first[0], halves.first[1]))
}
