package train

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/dapt-go/dapt-go/dapt/clip"
)

// compared are the weights of CLIP that tell one from another, all small.
var compared = []string{"logit_scale", "visual.class_embedding", "visual.proj", "visual.ln_post.weight", "text_projection", "ln_final.weight"}

// compare notes which of CLIP's weights in the file are not m's. Half precision is no difference, nor is PromptSRC's mean
// over the epochs, which is summed up in half precision.
func (r recognized) compare(m *clip.Model) []string {
	var notes []string
	for _, name := range compared {
		t, ok := r.rest[name]
		own := m.Values[name]
		if !ok || own == nil {
			continue
		}
		values, err := t.read()
		if err != nil || len(values) != len(own) {
			notes = append(notes, fmt.Sprintf("%s in the checkpoint is %v: the prompts were tuned in another CLIP than %s", name, t.dims, m.Name))
			continue
		}
		if i := differs(values, own); i >= 0 {
			notes = append(notes, fmt.Sprintf("%s in the checkpoint has %g at place %d, but %s has %g: the prompts were tuned in another CLIP, where alone they mean something",
				name, values[i], i, m.Name, own[i]))
		}
	}
	if spare := r.deeper(m.Config); len(spare) > 0 {
		notes = append(notes, fmt.Sprintf("%d prompts are not read, such as %s: nothing is wrong if they were tuned in it", len(spare), spare[0]))
	}
	return append(notes, r.comparePhrase(m)...)
}

// differs returns the first place where a is not b by more than fifty sums in half precision make of it; -1 if there is none.
func differs(a, b []float32) int {
	for i, v := range a {
		if want := float64(b[i]); !(math.Abs(float64(v)-want) <= 1e-2*math.Abs(want)+1e-5) {
			return i
		}
	}
	return -1
}

// comparePhrase notes if the words of the sentence that the context leaves are not those of the file's token_suffix
// [classes, places, width], which are the embeddings of all that follows the context.
func (r recognized) comparePhrase(m *clip.Model) []string {
	suffix, ok := r.rest["token_suffix"]
	ctx := r.prompts["ctx"]
	before, _, _ := strings.Cut(r.learner.Template("{}"), "{}")
	ids := m.Tokenizer.Encode(before)
	width := m.Config.Text.Width
	if !ok || len(suffix.dims) != 3 || suffix.dims[2] != width || len(ctx.dims) != 2 || len(ids) <= ctx.dims[0] {
		return nil
	}
	values, err := suffix.read()
	if left := ids[ctx.dims[0]:]; err == nil && len(values) >= len(left)*width {
		for i, id := range left {
			if differs(values[i*width:][:width], m.Values["token_embedding.weight"][int(id)*width:][:width]) >= 0 {
				return []string{fmt.Sprintf("the sentences of the checkpoint do not go on as %q does: give the initial phrase that its trainer had, as the setting Phrase", before)}
			}
		}
	}
	return nil
}

// few joins the first four.
func few(list []string) string {
	if len(list) > 4 {
		list = append(slices.Clone(list[:4]), fmt.Sprintf("and %d more", len(list)-4))
	}
	return strings.Join(list, "; ")
}
