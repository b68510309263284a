package train

import (
	"fmt"
	"math"

	"github.com/gomlx/gomlx/core/tensors"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/prompt"
)

// meanTexts are the unit features of the mean over several sentences for each class, [classes, embed].
func (e *Engine) meanTexts(l prompt.Ensembler, data *dataset.Dataset, words []string) (*tensors.Tensor, error) {
	if len(words) > 0 {
		return nil, fmt.Errorf("train: %d background texts stand beside the classes, which %s does not do: set Background.Negatives to 0", len(words), l.Name())
	}
	templates, err := l.Templates(data.Name, data.Template)
	if err != nil {
		return nil, err
	}
	embed := e.Model.Config.Embed
	mean := make([]float64, len(data.Classes)*embed)
	for _, template := range templates {
		texts, err := e.sentenceTexts(template, data.Classes, nil)
		if err != nil {
			return nil, err
		}
		err = tensors.ConstFlatData(texts, func(flat []float32) {
			for i, v := range flat {
				mean[i] += float64(v) / float64(len(templates))
			}
		})
		texts.MustFinalizeAll()
		if err != nil {
			return nil, err
		}
	}
	return tensors.FromFlatDataAndDimensions(unit(mean, embed), len(data.Classes), embed), nil
}

// unit makes each row of so many numbers one of length 1.
func unit(rows []float64, columns int) []float32 {
	list := make([]float32, len(rows))
	for start := 0; start < len(rows); start += columns {
		sum := 0.0
		for _, v := range rows[start : start+columns] {
			sum += v * v
		}
		for i, v := range rows[start : start+columns] {
			list[start+i] = float32(v / math.Sqrt(sum))
		}
	}
	return list
}
