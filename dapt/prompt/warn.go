package prompt

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/dapt-go/dapt-go/dapt/clip"
)

// Warnings says, a sentence each, where a learner's sentences around class names go wrong: names with which the sentence is
// longer than the text tower, and a context that is written over the names, because the sentence has fewer tokens before
// them. hand is the data set's own sentence, with one {}. The context is the learner's parameter ctx, [context, textWidth] or
// [classes, context, textWidth]; without one there is none. Contexts of another number of classes are an error.
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
	contexts, context, err := contextOf(m, l)
	if err == nil && contexts > 0 && contexts != len(classes) {
		err = fmt.Errorf("prompt: %s has a context for each of %d classes, but there are %d, such as %.100q: such contexts fit only the classes that they are tuned on",
			l.Name(), contexts, len(classes), strings.Join(classes, ", "))
	}
	before, _, _ := strings.Cut(template, "{}")
	if words := len(m.Tokenizer.Encode(before)); context > words {
		warnings = append(warnings, fmt.Sprintf("the %d tokens of %s's context are written over the class names: its sentence %q has %d tokens before {}, want at least %d",
			context, l.Name(), template, words, context))
	}
	return warnings, err
}

// contextOf is how many tokens a learner writes into the first block's text, and for how many classes it has a context of
// their own; 0 if all have the same.
func contextOf(m *clip.Model, l Learner) (contexts, tokens int, err error) {
	parameters, err := l.Parameters(m, rand.New(rand.NewPCG(0, 0)))
	for _, p := range parameters {
		switch {
		case p.Name != "ctx":
		case len(p.Dims) == 3:
			return p.Dims[0], p.Dims[1], nil
		case len(p.Dims) == 2:
			return 0, p.Dims[0], nil
		}
	}
	return 0, 0, err
}
