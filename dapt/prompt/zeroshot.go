package prompt

import (
	"math/rand/v2"

	"github.com/dapt-go/dapt-go/dapt/clip"
)

// ZeroShot is CLIP as it is: a hand-crafted sentence for each class, nothing to train
// (KaiyangZhou/CoOp trainers/zsclip.py).
type ZeroShot struct{}

// Name returns "zero-shot".
func (ZeroShot) Name() string { return "zero-shot" }

// Trains says nothing.
func (ZeroShot) Trains() Parts { return 0 }

// Template returns the data set's hand-crafted sentence.
func (ZeroShot) Template(hand string) string { return hand }

// Parameters returns none.
func (ZeroShot) Parameters(*clip.Model, *rand.Rand) ([]Parameter, error) { return nil, nil }

// Prompts returns none: both towers stay frozen.
func (ZeroShot) Prompts(Values) Prompts { return Prompts{} }
