package main

import (
	"fmt"
	"math"
	"strings"

	"github.com/gomlx/compute"
	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/shapes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/ml/train/loss"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/transform"
)

// Settings of AdamW, as CLIP was pretrained with (Radford et al., 2021, table 18).
const (
	beta1, beta2 = 0.9, 0.98
	tiny         = 1e-6
	decay        = 0.1 // of matrices only
	clipNorm     = 1.0
)

// pretrainer holds CLIP's weights and AdamW's two moments on the device.
type pretrainer struct {
	config      clip.Config
	store       *model.Store
	names       []string
	step, score *model.Exec
}

func newPretrainer(backend compute.Backend, w *clip.Weights) (*pretrainer, error) {
	p := &pretrainer{config: w.Config, store: model.NewStore()}
	p.store.SetParam(model.ParamInitialSeed, int64(1))
	if err := w.Store(p.store, dtypes.Float32); err != nil {
		return nil, err
	}
	for _, weight := range w.Config.Parameters() {
		p.names = append(p.names, weight.Name)
		for _, scope := range []string{"/first/", "/second/"} {
			zeros := tensors.FromShape(p.variable(clip.Scope+"/", weight.Name).Shape())
			if _, err := p.store.CreateVariable(scope+weight.Name, zeros); err != nil {
				return nil, err
			}
		}
	}
	var err error
	if p.step, err = model.NewExec(backend, p.store, p.stepGraph); err != nil {
		return nil, err
	}
	p.score, err = model.NewExec(backend, p.store, p.scoreGraph)
	return p, err
}

func (p *pretrainer) variable(scope, name string) *model.Variable {
	return p.store.GetVariable(scope + name)
}

// stepGraph is one step of AdamW on the symmetric contrastive loss of images [batch, side, side, 3], bytes, and token
// ids [batch, places]. keep is the selection matrix of [clip.Vision.EncodeSome]; rate and count, from 1, are scalars.
func (p *pretrainer) stepGraph(_ *model.Scope, inputs []*Node) *Node {
	images, tokens, keep, rate, count := inputs[0], inputs[1], inputs[2], inputs[3], inputs[4]
	g := images.Graph()
	towers := clip.Bind(p.store, g, p.config)
	image := clip.Normalize(towers.Vision.EncodeSome(normalize(images), keep))
	text := clip.Normalize(towers.Text.EncodeRows(p.embed(g, tokens), ArgMax(tokens, -1), clip.Context{}))
	logits := dapt.Logits(image, text, towers.Scale)
	labels := Iota(g, shapes.Make(dtypes.Int32, tokens.Shape().Dim(0), 1), 0)
	total := MulScalar(Add(
		crossEntropy(labels, logits), crossEntropy(labels, Transpose(logits, 0, 1))), 0.5)
	p.update(total, rate, count)
	return total
}

// embed looks up tokens by a product with one-hot rows, whose gradient is a product too.
func (p *pretrainer) embed(g *Graph, tokens *Node) *Node {
	table := p.variable(clip.Scope+"/", "token_embedding.weight").NodeValue(g)
	return Einsum("bpv,vw->bpw", OneHot(tokens, p.config.Vocabulary, table.DType()), table)
}

func crossEntropy(labels, logits *Node) *Node {
	return ReduceAllMean(loss.SparseCategoricalCrossEntropyLogits([]*Node{labels}, []*Node{logits}))
}

// update is AdamW with gradients clipped to norm 1; the logit scale is capped at 100.
func (p *pretrainer) update(total, rate, count *Node) {
	g := total.Graph()
	weights := make([]*Node, len(p.names))
	for i, name := range p.names {
		weights[i] = p.variable(clip.Scope+"/", name).NodeValue(g)
	}
	gradients := Gradient(total, weights...)
	norm := ScalarZero(g, dtypes.Float32)
	for _, gradient := range gradients {
		norm = Add(norm, ReduceAllSum(Square(gradient)))
	}
	shrink := MinScalar(Reciprocal(AddScalar(Sqrt(norm), 1e-6)), clipNorm)
	debias1 := OneMinus(Pow(Scalar(g, dtypes.Float32, beta1), count))
	debias2 := OneMinus(Pow(Scalar(g, dtypes.Float32, beta2), count))
	for i, name := range p.names {
		gradient := Mul(gradients[i], shrink)
		first, second := p.variable("/first/", name), p.variable("/second/", name)
		m := Add(MulScalar(first.NodeValue(g), beta1), MulScalar(gradient, 1-beta1))
		v := Add(MulScalar(second.NodeValue(g), beta2), MulScalar(Square(gradient), 1-beta2))
		first.SetNodeValue(m)
		second.SetNodeValue(v)
		change := Div(Div(m, debias1), AddScalar(Sqrt(Div(v, debias2)), tiny))
		if weights[i].Rank() > 1 && !strings.Contains(name, "embedding") {
			change = Add(change, MulScalar(weights[i], decay))
		}
		value := Sub(weights[i], Mul(change, rate))
		if name == "logit_scale" {
			value = MinScalar(value, math.Log(100))
		}
		p.variable(clip.Scope+"/", name).SetNodeValue(value)
	}
}

// normalize maps bytes [batch, side, side, 3] to CLIP's mean 0 and deviation 1.
func normalize(images *Node) *Node {
	x := DivScalar(ConvertDType(images, dtypes.Float32), 255)
	x = Sub(x, ExpandLeftToRank(Const(x.Graph(), transform.Mean[:]), 4))
	return Div(x, ExpandLeftToRank(Const(x.Graph(), transform.Std[:]), 4))
}

// scoreGraph returns the nearest class of each image, [batch], for class sentences [classes, places].
func (p *pretrainer) scoreGraph(_ *model.Scope, images, tokens *Node) *Node {
	towers := clip.Bind(p.store, images.Graph(), p.config)
	image := clip.Normalize(towers.Vision.Encode(normalize(images), nil))
	text := clip.Normalize(towers.Text.EncodeRows(towers.Text.Embed(tokens), ArgMax(tokens, -1), clip.Context{}))
	return ArgMax(dapt.Logits(image, text, towers.Scale), -1, dtypes.Int32)
}

// values copies a scope's values back from the device.
func (p *pretrainer) values(scope string) (map[string][]float32, error) {
	values := map[string][]float32{}
	for _, name := range p.names {
		value, err := p.variable(scope, name).Value()
		if err != nil {
			return nil, err
		}
		if values[name], err = tensors.CopyFlatData[float32](value); err != nil {
			return nil, fmt.Errorf("reading %s: %w", name, err)
		}
	}
	return values, nil
}
