package mini

import (
	"math/rand/v2"
	"slices"
	"strings"
)

// The sentences of pretraining. {} is the object, <> the background.
var (
	objectTemplates = []string{
		"a photo of a {}.",
		"a photo of a {}.",
		"a photo of the {}.",
		"a {}.",
		"{}.",
		"a picture of a {}.",
		"a drawing of a {}.",
		"a clean origami {}.",
		"an image of a small {}.",
		"a photo of a large {}.",
		"a rendering of a {}.",
		"a cartoon {}.",
		"a toy {}.",
		"a good photo of one {}.",
		"a blurry photo of a {}.",
	}
	sceneTemplates = []string{
		"a {} on the <>.",
		"a photo of a {} in front of a <>.",
		"a photo of a {} and a <>.",
		"a picture of a {} with a <> behind it.",
		"a {} near the <>.",
		"a photo of a {} by the <>.",
		"a {} in front of the <>.",
	}
	backgroundTemplates = []string{
		"a photo of a <>.",
		"a photo of the <>.",
		"a <>.",
		"a clean origami <>.",
		"a picture of a <>.",
		"the <>.",
		"an empty <>.",
		"a <> and nothing else.",
	}
)

// caption describes a picture: of the object on the background, or of the background alone if e is nil.
func caption(rnd *rand.Rand, e *emoji, background string) string {
	if e == nil {
		return fill(pick(rnd, backgroundTemplates), "", background)
	}
	name := pick(rnd, names(*e))
	if len(e.Keywords) > 0 && chance(rnd, 0.2) {
		name += ", " + pick(rnd, e.Keywords)
	}
	templates := objectTemplates
	if chance(rnd, 0.4) {
		templates = sceneTemplates
	}
	return fill(pick(rnd, templates), name, background)
}

func fill(template, object, background string) string {
	return strings.NewReplacer("{}", object, "<>", background).Replace(template)
}

// names are what an emoji may be called: its own name and that of its class.
func names(e emoji) []string {
	if e.class < 0 || loadIndex().Classes[e.class].Name == e.Name {
		return []string{e.Name}
	}
	return []string{e.Name, loadIndex().Classes[e.class].Name}
}

// Captions returns sentences that together hold every word, in every place it
// may take, of the pretraining captions and of the hand-crafted templates; it is the
// corpus from which the small CLIP's vocabulary is cut. Each sentence occurs once.
func Captions() []string {
	all := loadIndex()
	var objects, sentences []string
	for _, e := range all.Emoji {
		objects = append(objects, names(e)...)
		for _, keyword := range e.Keywords {
			objects = append(objects, e.Name+", "+keyword)
		}
	}
	for _, template := range slices.Concat(objectTemplates, sceneTemplates) {
		for i, object := range objects {
			sentences = append(sentences, fill(template, object, all.Backgrounds[i%len(all.Backgrounds)]))
		}
	}
	for _, template := range slices.Concat(backgroundTemplates, sceneTemplates) {
		for _, background := range all.Backgrounds {
			sentences = append(sentences, fill(template, all.Classes[0].Name, background))
		}
	}
	slices.Sort(sentences)
	return slices.Compact(sentences)
}
