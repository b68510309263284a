package train

import (
	"fmt"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/dapt-go/dapt-go/dapt/clip"
)

// Words are the tokens that a vector of a text prompt is nearest to.
type Words struct {
	Block   int         `json:"block"`           // of the text tower that the vector is written before, from 1
	Class   string      `json:"class,omitempty"` // whose context it is, where each class has its own
	Vector  int         `json:"vector"`          // place in the context, from 1
	Nearest []clip.Word `json:"nearest"`         // nearest first
}

// Words reads the engine's present text prompts as words: block by block, for each vector the top tokens of the vocabulary
// whose embeddings are nearest to it (Ferenas/DAPT interpret_prompts/interpret_prompt.py, which calls blocks layers). Where
// each class has a context of its own, [classes, context, width], they are listed by class; the original refuses those. nil
// classes, which prompts of another program do not tell, are numbered from 1.
// Prompts of blocks past the tower's end, which nothing reads, are left out. It is an error if there are no text prompts.
func (e *Engine) Words(classes []string, top int) ([]Words, error) {
	contexts, err := e.textPrompts()
	if err != nil {
		return nil, err
	}
	var list []Words
	for block, context := range contexts {
		if context.Shape().Rank() == 0 { // the block has none
			continue
		}
		words, err := e.wordsOf(context, classes, top)
		if err != nil {
			return nil, fmt.Errorf("train: prompts of block %d: %w", block+1, err)
		}
		for _, w := range words {
			w.Block = block + 1
			list = append(list, w)
		}
	}
	if len(list) == 0 {
		return nil, fmt.Errorf("train: %s has no text prompts to read", e.Learner.Name())
	}
	return list, nil
}

// wordsOf are those of one block.
func (e *Engine) wordsOf(context *tensors.Tensor, classes []string, top int) ([]Words, error) {
	values, err := tensors.CopyFlatData[float32](context)
	if err != nil {
		return nil, err
	}
	dims := context.Shape().Dimensions
	own := len(dims) == 3
	if own && classes == nil {
		for i := range dims[0] {
			classes = append(classes, fmt.Sprintf("class %d", i+1))
		}
	}
	if own && dims[0] != len(classes) {
		return nil, fmt.Errorf("they are of %d classes, but %d are named", dims[0], len(classes))
	}
	tokens, width := dims[len(dims)-2], dims[len(dims)-1]
	var list []Words
	for i := range len(values) / width {
		w := Words{Vector: i%tokens + 1}
		if own {
			w.Class = classes[i/tokens]
		}
		if w.Nearest, err = e.Model.Nearest(values[i*width:(i+1)*width], top); err != nil {
			return nil, fmt.Errorf("vector %d: %w", w.Vector, err)
		}
		list = append(list, w)
	}
	return list, nil
}

// textPrompts computes what the text tower reads before each block, so that learners may call their parameters what they
// like. A block without prompts has a scalar.
func (e *Engine) textPrompts() ([]*tensors.Tensor, error) {
	exec, err := e.program(func(inputs []*Node) []*Node {
		zero := inputs[0]
		_, _, prompts := e.bind(zero.Graph())
		nodes := make([]*Node, e.Model.Config.Text.Layers)
		for i := range nodes {
			nodes[i] = zero
			if i < len(prompts.Text) && prompts.Text[i] != nil {
				nodes[i] = Add(prompts.Text[i], zero) // GoMLX's Go backend fails on a graph that returns a variable as it is
			}
		}
		return nodes
	}, "text prompts")
	if err != nil {
		return nil, err
	}
	return exec.Call(float32(0))
}
