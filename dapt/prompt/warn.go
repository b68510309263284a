package prompt

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/dapt-go/dapt-go/dapt/clip"
)

// Warnings says, a sentence each, where a learner's sentences around class names go wrong: names with which the sentence is
// longer than the text tower, and a context that is written over the names, because the sentence has fewer tokens before
// them. hand is the data set's own sentence, with one {}. The context is the learner's parameter ctx [..., context,
// textWidth]; without one there is none.
func Warnings(m *clip.Model, l Learner, hand string, classes []string) ([]string, error) {
	var warnings []string
	template := l.Template(hand)
	var longest *clip.TooLongError
	count := 0
	for _, class := range classes {
		text := clip.Prompt(template, class)
		if tokens := len(m.Tokenizer.Encode(text)) + 2; tokens > m.Config.Context {
			count++
			if longest == nil || tokens > longest.Tokens {
				longest = &clip.TooLongError{Text: text, Tokens: tokens, Places: m.Config.Context}
			}
		}
	}
	if count > 0 {
		warnings = append(warnings, fmt.Sprintf("%d of %d class names are too long for CLIP, at the worst: %v", count, len(classes), longest))
	}
	context, err := contextOf(m, l)
	before, _, _ := strings.Cut(template, "{}")
	if words := len(m.Tokenizer.Encode(before)); context > words {
		warnings = append(warnings, fmt.Sprintf("the %d tokens of %s's context are written over the class names: its sentence %q has %d tokens before {}, want at least %d",
			context, l.Name(), template, words, context))
	}
	return warnings, err
}

// contextOf is how many tokens a learner writes into the first block's text.
func contextOf(m *clip.Model, l Learner) (int, error) {
	parameters, err := l.Parameters(m, rand.New(rand.NewPCG(0, 0)))
	for _, p := range parameters {
		if p.Name == "ctx" && len(p.Dims) > 1 {
			return p.Dims[len(p.Dims)-2], nil
		}
	}
	return 0, err
}
