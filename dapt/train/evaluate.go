package train

import (
	"context"
	"errors"
	"fmt"
	"image"
	"slices"

	"github.com/gomlx/gomlx/core/tensors"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/transform"
)

// Score is the evaluation of one list of images.
type Score struct {
	Images   int
	Accuracy float64   // percent
	MacroF1  float64   // percent, over the classes that the list has
	PerClass []float64 // percent, by class; -1 where the list has no image of it
}

// Evaluate classifies items of data with the engine's present prompts: the texts are encoded once, the images in
// batches. words are background texts that stand as columns beside the classes; choosing one is an error (see
// [dapt.Background]). No mask is used.
func (e *Engine) Evaluate(ctx context.Context, data *dataset.Dataset, items []dataset.Item, words []string, c Config) (Score, error) {
	if len(items) == 0 {
		return Score{}, errors.New("train: nothing to evaluate: the list of images is empty")
	}
	l := e.newLoader(data, items)
	if err := l.labelled(); err != nil {
		return Score{}, err
	}
	texts, err := e.encodeTexts(data, words)
	if err != nil {
		return Score{}, err
	}
	defer texts.MustFinalizeAll()
	labels := make([]int, 0, len(items))
	for _, item := range items {
		labels = append(labels, item.Label)
	}
	predicted := make([]int, len(items))
	err = l.stream(ctx, c.Test, transform.Eval, func(p *pixels) error {
		classes, err := e.classes.Call1(e.imageTensor(p), texts)
		if err != nil {
			return fmt.Errorf("train: classifying: %w", err)
		}
		defer classes.MustFinalizeAll()
		e.seen(len(p.items))
		return tensors.ConstFlatData(classes, func(flat []int32) {
			for i, item := range p.items {
				predicted[item] = int(flat[i])
			}
		})
	})
	return score(labels, predicted, len(data.Classes)), err
}

// encodeTexts returns the unit features of the classes' sentences and then of words: [classes+words, embed].
func (e *Engine) encodeTexts(data *dataset.Dataset, words []string) (*tensors.Tensor, error) {
	lists, err := e.pack(dapt.Sentences(e.Learner.Template(data.Template), data.Classes), words)
	if err != nil {
		return nil, err
	}
	exec, err := e.texts(lists)
	if err != nil {
		return nil, err
	}
	inputs := []any{lists[0].Tokens}
	if len(words) > 0 {
		inputs = append(inputs, lists[1].Tokens)
	}
	texts, err := exec.Call1(inputs...)
	if err != nil {
		return nil, fmt.Errorf("train: encoding the texts: %w", err)
	}
	return texts, nil
}

// stream hands on all items in batches of one size, the next made while the present one is worked on. The last batch
// repeats its last item up to the size; items holds the real ones only.
func (l *loader) stream(ctx context.Context, size int, view func(*image.NRGBA, int) *image.NRGBA, work func(*pixels) error) error {
	all := make([]int, len(l.items))
	for i := range all {
		all[i] = i
	}
	fill := func(ctx context.Context, items []int) (*pixels, error) {
		full := items
		for len(full) < min(size, len(all)) {
			full = append(slices.Clip(full), items[len(items)-1])
		}
		p, err := l.plain(ctx, full, view)
		p.items = items
		return p, err
	}
	return pipeline(ctx, slices.Collect(slices.Chunk(all, size)), fill, work)
}

// pipeline prepares one value ahead of the work on it.
func pipeline[In, Out any](ctx context.Context, inputs []In, prepare func(context.Context, In) (Out, error), work func(Out) error) error {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	type made struct {
		value Out
		err   error
	}
	ready := make(chan made, 1)
	go func() {
		defer close(ready)
		for _, in := range inputs {
			value, err := prepare(ctx, in)
			select {
			case ready <- made{value, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	for m := range ready {
		if m.err != nil {
			return m.err
		}
		if err := ctx.Err(); err != nil {
			return err
		}
		if err := work(m.value); err != nil {
			return err
		}
	}
	return ctx.Err()
}

// score compares predictions with labels of so many classes. A prediction past the classes is an error.
func score(labels, predicted []int, classes int) Score {
	right, of, said := make([]int, classes), make([]int, classes), make([]int, classes)
	total := 0
	for i, label := range labels {
		of[label]++
		if p := predicted[i]; p < classes {
			said[p]++
		}
		if predicted[i] == label {
			right[label]++
			total++
		}
	}
	s := Score{Images: len(labels), Accuracy: 100 * float64(total) / float64(len(labels)), PerClass: make([]float64, classes)}
	present := 0
	for class := range classes {
		s.PerClass[class] = -1
		if of[class] > 0 {
			present++
			s.PerClass[class] = 100 * float64(right[class]) / float64(of[class])
			s.MacroF1 += 100 * 2 * float64(right[class]) / float64(of[class]+said[class])
		}
	}
	s.MacroF1 /= float64(present)
	return s
}

// seen reports images that were encoded.
func (e *Engine) seen(images int) {
	if e.Seen != nil {
		e.Seen(images)
	}
}

func (e *Engine) imageTensor(p *pixels) *tensors.Tensor {
	side := e.Model.Config.Side
	return tensors.FromFlatDataAndDimensions(p.images, len(p.labels), side, side, 3)
}
