package train

import (
	"fmt"
	"math"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/clip"
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
	mean, err := e.mean(prompt.Anchors{Templates: templates}, data.Classes)
	if err != nil {
		return nil, err
	}
	return tensors.FromFlatDataAndDimensions(mean, len(data.Classes), e.Model.Config.Embed), nil
}

// Anchors are the unit features, by CLIP without prompts, of the sentences that the learner compares its class texts with,
// [classes, embed] in the order of data's classes; nil if it is not [prompt.Anchored]. Those of the last data set are kept.
func (e *Engine) Anchors(data *dataset.Dataset) ([]float32, error) {
	l, ok := e.Learner.(prompt.Anchored)
	if !ok {
		return nil, nil
	}
	anchors, err := l.Anchors(data.Name, data.Template)
	if err != nil {
		return nil, err
	}
	key := fmt.Sprintf("%+v %q", anchors, data.Classes)
	if e.anchored != key {
		if e.anchors, err = e.mean(anchors, data.Classes); err != nil {
			return nil, err
		}
		e.anchored = key
	}
	return e.anchors, nil
}

// mean averages the features, by CLIP without prompts, of several sentences for each class: [classes, embed], of unit length.
func (e *Engine) mean(anchors prompt.Anchors, classes []string) ([]float32, error) {
	embed := e.Model.Config.Embed
	sum := make([]float64, len(classes)*embed)
	lists, places := make([][][]int32, len(anchors.Templates)), 0
	for i, template := range anchors.Templates {
		var err error
		if lists[i], err = e.rows(dapt.Sentences(template, classes)); err != nil {
			return nil, err
		}
		places = max(places, longest(lists[i]))
	}
	for _, rows := range lists {
		texts, err := e.frozenTexts(rows, places)
		if err != nil {
			return nil, err
		}
		if !anchors.Raw {
			texts = unit(texts, embed)
		}
		for i, v := range texts {
			sum[i] += v
		}
	}
	list := make([]float32, len(sum))
	for i, v := range unit(sum, embed) {
		list[i] = float32(v)
	}
	return list, nil
}

// frozenTexts are the features of token rows by CLIP without prompts, [rows, embed], not of unit length. All are written out to
// so many places, so that one program does for all sentences of the same classes.
func (e *Engine) frozenTexts(rows [][]int32, places int) ([]float64, error) {
	layout := clip.Layout{Groups: []clip.Group{{Rows: len(rows), Places: places}}}
	exec, err := e.program(func(inputs []*Node) []*Node {
		texts := dapt.Texts{Classes: clip.Sentences{Layout: layout, Tokens: inputs[0]}}
		features := dapt.TextFeatures(clip.Bind(e.store, inputs[0].Graph(), e.Model.Config), prompt.Prompts{}, texts)
		return []*Node{ConvertDType(features, dtypes.Float32)}
	}, "frozen texts", layout)
	if err != nil {
		return nil, err
	}
	texts, err := exec.Call1(padded(rows, places))
	if err != nil {
		return nil, fmt.Errorf("train: encoding the sentences of classes: %w", err)
	}
	defer texts.MustFinalizeAll()
	list := make([]float64, 0, len(rows)*e.Model.Config.Embed)
	err = tensors.ConstFlatData(texts, func(flat []float32) {
		for _, v := range flat {
			list = append(list, float64(v))
		}
	})
	return list, err
}

// unit makes each row of so many numbers one of length 1.
func unit(rows []float64, columns int) []float64 {
	list := make([]float64, len(rows))
	for start := 0; start < len(rows); start += columns {
		sum := 0.0
		for _, v := range rows[start : start+columns] {
			sum += v * v
		}
		for i, v := range rows[start : start+columns] {
			list[start+i] = v / math.Sqrt(sum)
		}
	}
	return list
}
