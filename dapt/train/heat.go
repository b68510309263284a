package train

import (
	"context"
	"fmt"
	"image"
	"slices"

	"github.com/gomlx/gomlx/core/tensors"

	"github.com/dapt-go/dapt-go/dapt/dataset"
)

// Heat returns the Grad-CAM map of each item's own class, with the engine's present prompts: [grid, grid], row-major,
// over the whole image resized to a square. words are those of [Engine.Evaluate].
func (e *Engine) Heat(ctx context.Context, data *dataset.Dataset, items []dataset.Item, words []string, c Config) ([][]float32, error) {
	return e.heatOf(ctx, e.newLoader(data, items), words, c, squash)
}

func (e *Engine) heatOf(ctx context.Context, l *loader, words []string, c Config, view func(*image.NRGBA, int) *image.NRGBA) ([][]float32, error) {
	cells := e.Model.Config.Patches()
	maps := make([][]float32, len(l.items))
	return maps, e.stream(ctx, l, words, c, view, func(p *pixels, texts *tensors.Tensor) error {
		heat, err := e.heat.Call1(e.imageTensor(p), texts, labelTensor(p))
		if err != nil {
			return fmt.Errorf("train: Grad-CAM: %w", err)
		}
		defer heat.MustFinalizeAll()
		e.seen(len(p.items))
		return tensors.ConstFlatData(heat, func(flat []float32) {
			for i, item := range p.items {
				maps[item] = slices.Clone(flat[i*cells : (i+1)*cells])
			}
		})
	})
}

func labelTensor(p *pixels) *tensors.Tensor {
	return tensors.FromFlatDataAndDimensions(p.labels, len(p.labels), 1)
}
