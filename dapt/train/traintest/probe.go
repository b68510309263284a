package traintest

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/prompt"
	"github.com/dapt-go/dapt-go/dapt/train"
)

// place draws parameters that are no special place of any loss: the initial ones, off by random numbers of a seed.
func (k *kit) place(seed uint64) error {
	var err error
	if k.list, err = k.learner.Parameters(k.model, rand.New(rand.NewPCG(3, 0))); err != nil {
		return err
	}
	k.values = map[string][]float32{}
	rng := rand.New(rand.NewPCG(4, seed))
	for _, p := range k.list {
		value := slices.Clone(p.Value)
		for i := range value {
			if !p.Buffer {
				value[i] += float32(0.3 * rng.NormFloat64())
			}
		}
		k.values[p.Name] = value
	}
	return nil
}

// trainedNames are those of the parameters without buffers.
func (k *kit) trainedNames() []string {
	var names []string
	for _, p := range k.list {
		if !p.Buffer {
			names = append(names, p.Name)
		}
	}
	return names
}

// trained are the nodes of trainedNames.
func (k *kit) trained(values prompt.Values) []*Node {
	var nodes []*Node
	for _, name := range k.trainedNames() {
		nodes = append(nodes, values[name])
	}
	return nodes
}

// batch are the images of so many training items, each of another class than the one before.
func (k *kit) batch(m dapt.Method, count int) (train.Input, error) {
	items := slices.Clone(k.data.Train)
	for i := range items {
		items[i] = k.data.Train[(i*5)%len(items)]
	}
	e := k.engine
	if k.teacher != nil {
		e = k.teacher
	}
	in, err := e.Batch(context.Background(), m, k.data, items[:count])
	side := k.model.Config.Side
	in.Grid = make([]float32, side*side)
	for i := range in.Grid {
		in.Grid[i] = float32(i / 4 % 2)
	}
	if k.teacher != nil {
		k.teach(&in)
	}
	return in, err
}

// teach gives a batch what a teacher might say: any texts, and any logits.
func (k *kit) teach(in *train.Input) {
	rng := rand.New(rand.NewPCG(8, 0))
	in.Anchors, in.Given = nil, make([]float32, (in.Classes.Rows()+in.Background.Rows())*k.model.Config.Embed)
	for i := range in.Given {
		in.Given[i] = float32(rng.NormFloat64())
	}
	for row := range slices.Chunk(in.Given, k.model.Config.Embed) {
		for i, length := 0, norm(row); i < len(row); i++ {
			row[i] /= float32(length)
		}
	}
	for range len(in.Labels) * in.Classes.Rows() {
		in.Teacher = append(in.Teacher, float32(rng.NormFloat64()))
	}
}

// graph is what a probe computes, of parameters that may be changed, the same unchanged, and a batch.
type graph func(towers *clip.Towers, moved, still prompt.Values, b dapt.Batch, labels *Node) []*Node

// probe is a program of the kit's own, of a learner's parameters and one batch. It shares nothing with the steps of train but
// the batch.
type probe struct {
	k     *kit
	in    train.Input
	store *model.Store
	exec  *model.Exec
}

// newProbe makes a program of so many images, with the texts of a method.
func (k *kit) newProbe(m dapt.Method, images int, build graph) (*probe, error) {
	in, err := k.batch(m, images)
	if err != nil {
		return nil, err
	}
	p := &probe{k: k, in: in, store: model.NewStore()}
	if err := k.model.Store(p.store, dtypes.Float32); err != nil {
		return nil, err
	}
	p.exec, err = model.NewExec(k.backend, p.store, func(_ *model.Scope, nodes []*Node) []*Node {
		moved, still := prompt.Values{}, prompt.Values{}
		for i, parameter := range k.list {
			moved[parameter.Name], still[parameter.Name] = nodes[i], nodes[len(k.list)+i]
		}
		nodes = nodes[2*len(k.list):]
		b := dapt.Batch{Images: nodes[1], Masks: nodes[2], Grid: nodes[3], Texts: dapt.Texts{
			Classes:    clip.Sentences{Layout: in.Classes.Layout, Tokens: nodes[4]},
			Background: clip.Sentences{Layout: in.Background.Layout, Tokens: nodes[5]},
		}}
		rest := nodes[6:]
		for _, of := range []struct {
			values []float32
			node   **Node
		}{{in.Anchors, &b.Anchors}, {in.Given, &b.Texts.Given}, {in.Teacher, &b.Teacher}} {
			if of.values != nil {
				*of.node, rest = rest[0], rest[1:]
			}
		}
		return build(clip.Bind(p.store, nodes[0].Graph(), k.model.Config), moved, still, b, nodes[0])
	})
	return p, err
}

func (p *probe) close() {
	p.exec.Finalize()
	p.store.Finalize()
}

// at returns what the program makes of the kit's place, with the parameter of that name changed to value; "" changes none.
func (p *probe) at(name string, value []float32) ([][]float32, error) {
	var moved, still []any
	for _, parameter := range p.k.list {
		v := tensors.FromFlatDataAndDimensions(p.k.values[parameter.Name], parameter.Dims...)
		still = append(still, v)
		if parameter.Name == name {
			v = tensors.FromFlatDataAndDimensions(value, parameter.Dims...)
		}
		moved = append(moved, v)
	}
	batch, config := len(p.in.Labels), p.k.model.Config
	inputs := append(append(moved, still...),
		tensors.FromFlatDataAndDimensions(p.in.Labels, batch, 1),
		tensors.FromFlatDataAndDimensions(p.in.Images, batch, config.Side, config.Side, 3),
		tensors.FromFlatDataAndDimensions(p.in.Masks, batch, config.Side, config.Side, 1),
		tensors.FromFlatDataAndDimensions(p.in.Grid, 1, config.Side, config.Side, 1),
		p.in.Classes.Tokens, p.in.Background.Tokens)
	for _, of := range []struct {
		values  []float32
		columns int
	}{{p.in.Anchors, config.Embed}, {p.in.Given, config.Embed}, {p.in.Teacher, p.in.Classes.Rows()}} {
		if of.values != nil {
			inputs = append(inputs, tensors.FromFlatDataAndDimensions(of.values, len(of.values)/of.columns, of.columns))
		}
	}
	outputs, err := p.exec.Call(inputs...)
	if err != nil {
		return nil, fmt.Errorf("traintest: %w", err)
	}
	lists := make([][]float32, len(outputs))
	for i, output := range outputs {
		if lists[i], err = values(output); err != nil {
			return nil, err
		}
	}
	return lists, nil
}

// values copies a tensor from the device and frees it.
func values(t *tensors.Tensor) ([]float32, error) {
	defer t.MustFinalizeAll()
	return tensors.CopyFlatData[float32](t)
}
