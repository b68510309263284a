// Package clip is CLIP (Radford et al., ICML 2021): the byte-pair tokenizer, the weights in the formats they are
// published in, and the two vision-transformer towers as functions of bound weights.
//
// Weights are frozen: they live in a [model.Store] as variables that are never trained, are bound to a graph once
// ([Bind]) and the towers are then pure functions of nodes, so that one graph may encode several views. Prompt tokens
// are arguments of the towers; what they are is package prompt's business.
package clip

import (
	"fmt"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/dtypes/bfloat16"
	"github.com/gomlx/compute/dtypes/float16"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/dapt-go/dapt-go/dapt/internal/safetensors"
)

// Model is a CLIP: its weights and the tokenizer that they were trained with.
type Model struct {
	*Weights
	Tokenizer *Tokenizer
}

// Scope is where a store holds CLIP's weights, under OpenAI's names.
const Scope = "/clip"

// Store writes the weights into store under [Scope], as untrained variables. dtype is what the towers compute in,
// Float32, BFloat16 or Float16; LayerNorm's parameters and the logit scale stay float32. Float16 is what the published code
// tunes in; it holds embeddings in float32, but rounds what it looks up (openai/CLIP clip/model.py convert_weights).
func (w *Weights) Store(store *model.Store, dtype dtypes.DType) error {
	if dtype != dtypes.Float32 && dtype != dtypes.BFloat16 && dtype != dtypes.Float16 {
		return fmt.Errorf("clip: cannot compute in %s, want Float32, BFloat16 or Float16", dtype)
	}
	for _, p := range w.Config.Parameters() {
		if w.Values[p.Name] == nil {
			return errReleased(p.Name)
		}
		of := dtypes.Float32
		if len(p.Dims) > 1 {
			of = dtype
		}
		value := toTensor(w.Values[p.Name], p.Dims, of)
		variable, err := store.CreateVariable(Scope+"/"+p.Name, value)
		if err != nil {
			return fmt.Errorf("clip: storing weight %s: %w", p.Name, err)
		}
		variable.SetTrainable(false)
	}
	return nil
}

func toTensor(values []float32, dims []int, dtype dtypes.DType) *tensors.Tensor {
	switch dtype {
	case dtypes.BFloat16:
		return tensors.FromFlatDataAndDimensions(rounded(values, bfloat16.FromFloat32), dims...)
	case dtypes.Float16:
		return tensors.FromFlatDataAndDimensions(rounded(values, half), dims...)
	}
	return tensors.FromFlatDataAndDimensions(values, dims...)
}

// half is float16.FromFloat32 for all numbers: that loses those below 2^-14, of which CLIP's weights hold many.
func half(v float32) float16.Float16 { return float16.FromBits(safetensors.HalfBits(v)) }

func rounded[T any](values []float32, round func(float32) T) []T {
	list := make([]T, len(values))
	for i, v := range values {
		list[i] = round(v)
	}
	return list
}

// Towers are both towers bound to one graph.
type Towers struct {
	Vision Vision
	Text   Text
	Scale  *Node // exp(logit_scale), a float32 scalar
}

// Checkpoint makes the backward pass compute the insides of every block again instead of keeping them: about a third more
// time, far less memory.
func (t *Towers) Checkpoint() { t.Vision.checkpoint, t.Text.checkpoint = true, true }

// Bind reads CLIP's weights from store into g, once, and checks each shape against the config. It panics, as graph
// functions do, if [Weights.Store] was not called before.
func Bind(store *model.Store, g *Graph, config Config) *Towers {
	b := binder{store, g, map[string][]int{}}
	for _, p := range config.Parameters() {
		b.dims[p.Name] = p.Dims
	}
	return &Towers{
		Vision: Vision{
			config:     config,
			patches:    b.weight("visual.conv1.weight"),
			class:      b.weight("visual.class_embedding"),
			positions:  b.weight("visual.positional_embedding"),
			pre:        b.norm("visual.ln_pre"),
			post:       b.norm("visual.ln_post"),
			blocks:     b.blocks("visual.transformer", config.Vision),
			projection: b.weight("visual.proj"),
		},
		Text: Text{
			config:     config,
			table:      b.weight(tokenTable),
			positions:  b.weight("positional_embedding"),
			final:      b.norm("ln_final"),
			blocks:     b.blocks("transformer", config.Text),
			projection: b.weight("text_projection"),
		},
		Scale: Exp(b.weight("logit_scale")),
	}
}

// binder turns weight names into nodes.
type binder struct {
	store *model.Store
	g     *Graph
	dims  map[string][]int
}

func (b binder) weight(name string) *Node {
	variable := b.store.GetVariable(Scope + "/" + name)
	if variable == nil {
		panic(fmt.Errorf("clip: the store has no weight %s; call Weights.Store first", name))
	}
	node := variable.NodeValue(b.g)
	node.AssertDims(b.dims[name]...)
	return node
}

func (b binder) norm(name string) norm {
	return norm{b.weight(name + ".weight"), b.weight(name + ".bias")}
}

func (b binder) linear(name string) linear {
	weight := b.weight(name + ".weight")
	return linear{weight, ConvertDType(b.weight(name+".bias"), weight.DType())}
}

func (b binder) blocks(name string, tower Tower) []*block {
	blocks := make([]*block, tower.Layers)
	for i := range blocks {
		at := fmt.Sprintf("%s.resblocks.%d", name, i)
		packed := b.weight(at + ".attn.in_proj_weight")
		blocks[i] = &block{
			heads:  tower.Heads,
			before: b.norm(at + ".ln_1"),
			then:   b.norm(at + ".ln_2"),
			qkv:    linear{packed, ConvertDType(b.weight(at+".attn.in_proj_bias"), packed.DType())},
			out:    b.linear(at + ".attn.out_proj"),
			up:     b.linear(at + ".mlp.c_fc"),
			down:   b.linear(at + ".mlp.c_proj"),
		}
	}
	return blocks
}

// Normalize scales features to unit length along the last axis, in float32.
func Normalize(features *Node) *Node {
	x := ConvertDType(features, dtypes.Float32)
	return Div(x, Sqrt(ReduceAndKeep(Square(x), ReduceSum, -1)))
}
