package prompt_test

import (
	"strings"
	"testing"

	"github.com/dapt-go/dapt-go/dapt/prompt"
)

// swallower is MaPLe with the data set's own sentence, which may have too few words for the context.
type swallower struct{ prompt.MaPLe }

func (swallower) Template(hand string) string { return hand }

func TestWarningsAreOfLongNamesAndSwallowedOnes(t *testing.T) {
	model := *wide()
	m := &model
	m.Config.Context = 20
	long := strings.Repeat("cat ", m.Config.Context)
	for _, c := range []struct {
		learner prompt.Learner
		hand    string
		classes []string
		want    []string
	}{
		{prompt.ZeroShot{}, "a photo of a {}.", []string{"cat", "dog"}, nil},
		{prompt.ZeroShot{}, "{} texture.", []string{"banded"}, nil},
		{prompt.ZeroShot{}, "a {}.", []string{"cat", long, long + "cat"}, []string{"2 of 3 class names are too long for CLIP, at the worst: "}},
		{prompt.MaPLe{}, "{} texture.", []string{"banded"}, nil},
		{swallower{}, "{} texture.", []string{"banded"}, []string{`the 2 tokens of maple's context are written over the class names: its sentence "{} texture." has 0 tokens before {}, want at least 2`}},
		{swallower{}, "a {}.", []string{long}, []string{"1 of 1 class names", "has 1 tokens before {}"}},
	} {
		got, err := prompt.Warnings(m, c.learner, c.hand, c.classes)
		if err != nil || len(got) != len(c.want) {
			t.Errorf("Warnings of %T with %q = %q, %v, want %d", c.learner, c.hand, got, err, len(c.want))
			continue
		}
		for i, want := range c.want {
			if !strings.Contains(got[i], want) {
				t.Errorf("Warnings of %T with %q = %q, want %q", c.learner, c.hand, got[i], want)
			}
		}
	}
}
