package main

import (
	"context"
	"log"
	"math"
	"slices"

	"github.com/gomlx/gomlx/core/tensors"

	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/mini"
	"github.com/dapt-go/dapt-go/dapt/transform"
)

// places cut every caption: the longest of the corpus, start and end token included, has 20.
const places = 20

// batch is one step's input.
type batch struct {
	images *tensors.Tensor // [batch, side, side, 3] bytes
	tokens *tensors.Tensor // [batch, places]
	err    error
}

// feed makes batches ahead of the device.
type feed struct {
	tokenizer *clip.Tokenizer
	ready     chan batch
}

func newFeed(ctx context.Context, s settings, tokenizer *clip.Tokenizer, first int) *feed {
	f := &feed{tokenizer, make(chan batch, 2)}
	go func() {
		defer close(f.ready)
		source := mini.Pretrain(s.seed)
		for step := first; step < s.steps; step++ {
			select {
			case f.ready <- f.make(source, step, s.batch):
			case <-ctx.Done():
				return
			}
		}
	}()
	return f
}

func (f *feed) make(source *mini.Pretraining, step, size int) batch {
	pixels, captions := source.Batch(step, size)
	tokens, err := tokenize(f.tokenizer, captions)
	return batch{tensors.FromFlatDataAndDimensions(pixels, size, mini.Side, mini.Side, 3), tokens, err}
}

func (f *feed) next(ctx context.Context) (batch, error) {
	select {
	case b, ok := <-f.ready:
		if !ok {
			return b, ctx.Err()
		}
		return b, b.err
	case <-ctx.Done():
		return batch{}, ctx.Err()
	}
}

func tokenize(tokenizer *clip.Tokenizer, texts []string) (*tensors.Tensor, error) {
	rows, err := tokenizer.Tokenize(texts, places)
	if err != nil {
		return nil, err
	}
	return tensors.FromFlatDataAndDimensions(slices.Concat(rows...), len(rows), places), nil
}

// keep selects the class token and, in the first part of the run, half of the patches: [kept, 1+patches].
func (s settings) keep(step, patches int) *tensors.Tensor {
	chosen := transform.Stream(s.seed, "patches", uint64(step)).Perm(patches)
	if float64(step) < math.Round(s.dropped*float64(s.steps)) {
		chosen = chosen[:patches/2]
	}
	slices.Sort(chosen)
	rows := make([]float32, (1+len(chosen))*(1+patches))
	rows[0] = 1
	for i, patch := range chosen {
		rows[(1+i)*(1+patches)+1+patch] = 1
	}
	return tensors.FromFlatDataAndDimensions(rows, 1+len(chosen), 1+patches)
}

// probe prints the zero-shot accuracy over the 60 classes in a style seen in pretraining and in the benchmark's own.
func (p *pretrainer) probe(tokenizer *clip.Tokenizer) error {
	var sentences []string
	for _, class := range mini.Classes() {
		sentences = append(sentences, clip.Prompt("a photo of a {}.", class))
	}
	texts, err := tokenize(tokenizer, sentences)
	if err != nil {
		return err
	}
	for _, style := range []string{"noto", "fluent"} {
		const images = 600
		pixels, labels, err := mini.Probe(style, images, 1)
		if err != nil {
			return err
		}
		predicted, err := p.score.Call1(tensors.FromFlatDataAndDimensions(pixels, images, mini.Side, mini.Side, 3), texts)
		if err != nil {
			return err
		}
		right := 0
		for i, class := range tensors.MustCopyFlatData[int32](predicted) {
			if int(class) == labels[i] {
				right++
			}
		}
		log.Printf("  zero-shot on %s: %.1f %%", style, 100*float64(right)/images)
	}
	return nil
}
