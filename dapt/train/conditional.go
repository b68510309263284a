package train

import (
	"fmt"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/prompt"
)

// rowsAtOnce bounds the class texts that a test encodes at once for a learner with texts of each image's own: some 200 MB
// of ViT-B/16's. An image has as many as there are classes, which is never cut.
const rowsAtOnce = 1024

// conditional tells whether texts depend on the image.
func (e *Engine) conditional() bool {
	_, ok := e.Learner.(prompt.Conditional)
	return ok
}

// sentences are the tokens of the classes' sentences, [classes, places], cut behind the longest.
func (e *Engine) sentences(data *dataset.Dataset, words []string) (*tensors.Tensor, error) {
	if len(words) > 0 {
		return nil, fmt.Errorf("train: %d background texts stand beside the classes, but %s has class texts of each image's own: set Background.Negatives to 0",
			len(words), e.Learner.Name())
	}
	rows, err := e.rows(dapt.Sentences(e.Learner.Template(data.Template), data.Classes))
	if err != nil {
		return nil, err
	}
	places := longest(rows)
	return tensors.FromFlatDataAndDimensions(padded(rows, places), len(rows), places), nil
}

// longest is the length of the longest row.
func longest(rows [][]int32) int {
	places := 0
	for _, row := range rows {
		places = max(places, len(row))
	}
	return places
}

// padded are rows one behind the other, each filled up with 0 to so many places.
func padded(rows [][]int32, places int) []int32 {
	tokens := make([]int32, len(rows)*places)
	for i, row := range rows {
		copy(tokens[i*places:], row)
	}
	return tokens
}

// rows are the tokens of texts, each up to its end token.
func (e *Engine) rows(texts []string) ([][]int32, error) {
	rows, err := e.Model.Tokenizer.Tokenize(texts, e.Model.Config.Context)
	for i, row := range rows {
		rows[i] = row[:1+slices.Index(row, e.Model.Tokenizer.End())]
	}
	return rows, err
}

// columns are the unit texts that unit features [batch, embed] are compared with, of what encodeTexts returned: those
// themselves, or each image's own, [batch, classes, embed].
func columns(t *clip.Towers, p prompt.Prompts, features, texts *Node) *Node {
	if p.Each == nil {
		return texts
	}
	layout := clip.Layout{Groups: []clip.Group{{Rows: texts.Shape().Dim(0), Places: texts.Shape().Dim(1)}}}
	return dapt.EncodeEach(t, p, clip.Sentences{Layout: layout, Tokens: Reshape(texts, -1)}, features)
}

// copyTexts copies the unit features of the classes' texts to the host. texts are those of encodeTexts.
func (e *Engine) copyTexts(to []float32, data *dataset.Dataset, texts *tensors.Tensor) error {
	if e.conditional() {
		var err error
		if texts, err = e.plainTexts(data, nil); err != nil {
			return err
		}
		defer texts.MustFinalizeAll()
	}
	return tensors.ConstFlatData(texts, func(flat []float32) { copy(to, flat) })
}
