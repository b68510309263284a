package train

import (
	"context"
	"errors"
	"fmt"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/selection"
	"github.com/dapt-go/dapt-go/dapt/transform"
)

// Reset puts the prompts that a run with this seed starts from into the engine.
func (e *Engine) Reset(seed uint64) error {
	initial, err := e.Learner.Parameters(e.Model, transform.Stream(seed, "init"))
	if err != nil {
		return err
	}
	values := map[string][]float32{}
	for _, p := range initial {
		values[p.Name] = p.Value
	}
	e.tuned = dataset.Dataset{}
	return e.SetParameters(values)
}

// Scores returns what the engine's present prompts make of items, by the test transform: features and texts of unit length
// and the logits of data's classes. Where texts depend on the image, they are those before an image changes them.
func (e *Engine) Scores(ctx context.Context, data *dataset.Dataset, items []dataset.Item, c Config) (*selection.Scores, error) {
	s := &selection.Scores{Features: e.table(len(items)), Logits: selection.Matrix{Columns: len(data.Classes)}, Texts: e.table(len(data.Classes))}
	s.Logits.Values = make([]float32, len(items)*s.Logits.Columns)
	for _, item := range items {
		s.Labels = append(s.Labels, item.Label)
	}
	return s, e.stream(ctx, e.newLoader(data, items), nil, c, transform.Eval, func(p *pixels, texts *tensors.Tensor) error {
		features, logits, err := e.score(p, texts, data)
		if err != nil {
			return err
		}
		e.seen(len(p.items))
		for row, item := range p.items {
			copy(s.Features.Row(item), features[row*s.Features.Columns:])
			copy(s.Logits.Row(item), logits[row*s.Logits.Columns:])
		}
		if p.items[0] > 0 {
			return nil
		}
		return e.copyTexts(s.Texts.Values, data, texts) // with the first batch
	})
}

// score returns the unit features [batch, embed] and the logits [batch, classes] of a batch. texts are those of
// [Engine.encodeTexts] for data's classes.
func (e *Engine) score(p *pixels, texts *tensors.Tensor, data *dataset.Dataset) (features, logits []float32, err error) {
	exec, err := e.program(func(inputs []*Node) []*Node {
		features, logits := e.logits(inputs[0], inputs[1], inputs[2])
		return []*Node{features, logits}
	}, "scores")
	if err != nil {
		return nil, nil, err
	}
	outputs, err := exec.Call(e.imageTensor(p), texts, e.tunedOn(data))
	if err != nil {
		return nil, nil, fmt.Errorf("train: scoring: %w", err)
	}
	for i, to := range []*[]float32{&features, &logits} {
		var wrong error
		*to, wrong = tensors.CopyFlatData[float32](outputs[i])
		err = errors.Join(err, wrong, outputs[i].FinalizeAll())
	}
	return features, logits, err
}

// table has a row of features for each of so many.
func (e *Engine) table(rows int) selection.Matrix {
	embed := e.embed()
	return selection.Matrix{Columns: embed, Values: make([]float32, rows*embed)}
}

// logits are the unit features [batch, embed] of images and their logits [batch, columns] for texts, those of
// [Engine.encodeTexts]. tuned, a scalar, is 1 if the texts are of the classes that the prompts were tuned on, else 0; nil is 0.
// It is read of learners with a second feature.
func (e *Engine) logits(images, texts, tuned *Node) (features, logits *Node) {
	towers, _, prompts := e.bind(images.Graph())
	features, second := dapt.ImageFeatures(towers, prompts, images)
	texts = columns(towers, prompts, features, texts)
	logits = dapt.Logits(features, texts, towers.Scale)
	if second == nil || tuned == nil {
		return features, logits
	}
	share := MulScalar(tuned, prompts.Share)
	return features, Add(Mul(logits, OneMinus(share)), Mul(dapt.Logits(second, texts, towers.Scale), share))
}

// tunes says what the present prompts are tuned on.
func (e *Engine) tunes(name string, classes []string) { e.tuned.Name, e.tuned.Classes = name, classes }

// tunedOn is the input of [Engine.logits]: whether the prompts were tuned on data's classes, for learners that ask.
func (e *Engine) tunedOn(data *dataset.Dataset) float32 {
	if slices.Equal(e.tuned.Classes, data.Classes) && e.tuned.Name == data.Name {
		return 1
	}
	return 0
}

// remember starts to count what is forgotten: it finds out which training images are right now.
func (t *tuning) remember(ctx context.Context) error {
	if !t.Forgetting {
		return nil
	}
	s, err := t.Engine.Scores(ctx, t.Data, t.Data.Train, t.Config)
	if err != nil {
		return err
	}
	right := make([]bool, len(s.Labels))
	for i, label := range s.Labels {
		right[i] = s.Logits.Best(i) == label
	}
	t.state.Memory = selection.NewMemory(right)
	return nil
}

// visit classifies a batch as training sees it, before its step, if forgetting is counted.
func (t *tuning) visit(p *pixels) error {
	if !t.Forgetting {
		return nil
	}
	texts, err := t.Engine.encodeTexts(t.Data, t.negatives)
	if err != nil {
		return err
	}
	defer texts.MustFinalizeAll()
	classes, err := t.Engine.classes.Call1(t.Engine.imageTensor(p), texts, t.Engine.tunedOn(t.Data))
	if err != nil {
		return fmt.Errorf("train: classifying training images: %w", err)
	}
	defer classes.MustFinalizeAll()
	return tensors.ConstFlatData(classes, func(flat []int32) {
		for i, item := range p.items {
			t.state.Memory.Visit(item, flat[i] == p.labels[i])
		}
	})
}
