package train

import (
	"cmp"
	"context"
	"math"
	"slices"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/internal/parallel"
)

// Guess is a class that an image is taken for.
type Guess struct {
	Class string
	Share float64 // its probability, 0 to 1
}

// Predict returns for each item the top classes of data, likeliest first, with the engine's present prompts. Labels of
// items are not read.
func (e *Engine) Predict(ctx context.Context, data *dataset.Dataset, items []dataset.Item, top int, c Config) ([][]Guess, error) {
	unlabelled := slices.Clone(items)
	for i := range unlabelled {
		unlabelled[i].Label = 0
	}
	scores, err := e.Scores(ctx, data, unlabelled, c)
	if err != nil {
		return nil, err
	}
	all := make([][]Guess, len(items))
	for i := range all {
		guesses := softmax(scores.Logits.Row(i), data.Classes)
		slices.SortStableFunc(guesses, func(a, b Guess) int { return cmp.Compare(b.Share, a.Share) })
		all[i] = guesses[:min(top, len(guesses))]
	}
	return all, nil
}

// Readable returns the items whose images can be decoded, and for each of the others what is wrong with it. err is that of ctx.
// As far as there is room, the images stay in memory for what follows.
func (e *Engine) Readable(ctx context.Context, data *dataset.Dataset, items []dataset.Item) (good []dataset.Item, broken []error, err error) {
	l, failed := e.newLoader(data, items), make([]error, len(items))
	err = parallel.Each(ctx, len(items), func(i int) error {
		_, failed[i] = l.image(i)
		return ctx.Err()
	})
	for i, item := range items {
		if failed[i] == nil {
			good = append(good, item)
			continue
		}
		broken = append(broken, failed[i])
	}
	return good, broken, err
}

func softmax(logits []float32, classes []string) []Guess {
	largest, sum := float64(slices.Max(logits)), 0.0
	guesses := make([]Guess, len(logits))
	for i, logit := range logits {
		share := math.Exp(float64(logit) - largest)
		guesses[i], sum = Guess{classes[i], share}, sum+share
	}
	for i := range guesses {
		guesses[i].Share /= sum
	}
	return guesses
}
