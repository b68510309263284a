package train

import (
	"context"
	"fmt"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/selection"
	"github.com/dapt-go/dapt-go/dapt/transform"
)

// Features hands on what the frozen image tower, without any prompt, makes of items by the test transform: [batch, embed] in
// float32, not of unit length, a batch of items after the other in their order (KaiyangZhou/CoOp lpclip/feat_extractor.py).
// Labels are not read. What is handed on is overwritten afterwards. It ends with keep's first error.
func (e *Engine) Features(ctx context.Context, data *dataset.Dataset, items []dataset.Item, c Config, keep func(selection.Matrix) error) error {
	exec, err := e.program(func(inputs []*Node) []*Node {
		towers, _, _ := e.bind(inputs[0].Graph())
		return []*Node{ConvertDType(towers.Vision.Encode(inputs[0], nil), dtypes.Float32)}
	}, "features")
	if err != nil {
		return err
	}
	return e.newLoader(data, items).stream(ctx, e.BatchSize(c, 1), transform.Eval, func(p *pixels) error {
		features, err := exec.Call1(e.imageTensor(p))
		if err != nil {
			return fmt.Errorf("train: encoding images: %w", err)
		}
		defer features.MustFinalizeAll()
		e.seen(len(p.items))
		var kept error
		err = tensors.ConstFlatData(features, func(flat []float32) {
			embed := e.Model.Config.Embed
			kept = keep(selection.Matrix{Columns: embed, Values: flat[:len(p.items)*embed]})
		})
		if err != nil {
			return err
		}
		return kept
	})
}

// NewScore compares predictions with the labels of items, of so many classes.
func NewScore(items []dataset.Item, predicted []int, classes int) Score {
	labels := make([]int, len(items))
	for i, item := range items {
		labels[i] = item.Label
	}
	return score(labels, predicted, classes)
}
