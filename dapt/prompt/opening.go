package prompt

import (
	"fmt"
	"math/rand/v2"
	"strings"

	"github.com/dapt-go/dapt-go/dapt/clip"
)

// opening is what a class's sentence begins with where the context stands.
type opening struct {
	context int    // tokens
	phrase  string // whose first words the context starts as; read only if it does not start at random
	random  bool   // starts from a normal distribution, with placeholder words in the sentence
}

// text is the phrase, or placeholders.
func (o opening) text() string {
	if o.random {
		return strings.TrimSpace(strings.Repeat("X ", o.context))
	}
	return strings.ReplaceAll(o.phrase, "_", " ")
}

// template is the sentence around a class name that follows.
func (o opening) template() string { return o.text() + " {}." }

// parameter draws ctx [context, textWidth], or takes it from the words. Random numbers are drawn either way, so that what
// is drawn next does not depend on it.
func (o opening) parameter(m *clip.Model, rng *rand.Rand) (Parameter, error) {
	ctx := normal(rng, "ctx", 0.02, o.context, m.Config.Text.Width)
	if o.random {
		return ctx, nil
	}
	var err error
	ctx.Value, err = words(m, o.text(), o.context)
	return ctx, err
}

// words returns the token embeddings of the first n words of phrase.
func words(m *clip.Model, phrase string, n int) ([]float32, error) {
	ids := m.Tokenizer.Encode(phrase)
	if len(ids) < n {
		return nil, fmt.Errorf("prompt: initial phrase %q has %d tokens, want at least the %d of the context", phrase, len(ids), n)
	}
	width := m.Config.Text.Width
	table := m.Values["token_embedding.weight"]
	var values []float32
	for _, id := range ids[:n] {
		values = append(values, table[int(id)*width:(int(id)+1)*width]...)
	}
	return values, nil
}
