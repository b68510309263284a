package train

import (
	"context"
	"errors"
	"fmt"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"

	"github.com/dapt-go/dapt-go/dapt"
	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/internal/parallel"
	"github.com/dapt-go/dapt-go/dapt/mask"
	"github.com/dapt-go/dapt-go/dapt/transform"
)

// Batch returns items as a step reads them, but by the test transform: the same crop each time, and of the mask too. Masks
// that follow the prompts are an error: see [mask.Refresher].
func (e *Engine) Batch(ctx context.Context, m dapt.Method, data *dataset.Dataset, items []dataset.Item) (Input, error) {
	if len(items) == 0 {
		return Input{}, errors.New("train: no batch: the list of images is empty")
	}
	if e.distilled() {
		return Input{}, fmt.Errorf("train: the losses of %s need its teacher's logits, which only a run has: look at another learner", e.Learner.Name())
	}
	l := e.newLoader(data, items)
	if err := l.labelled(); err != nil {
		return Input{}, err
	}
	_, lists, err := e.tokenize(m, data)
	if err != nil {
		return Input{}, err
	}
	all := make([]int, len(items))
	for i := range all {
		all[i] = i
	}
	p, err := l.plain(ctx, all, len(all), transform.Eval)
	if err != nil {
		return Input{}, err
	}
	in := Input{Images: p.images, Labels: p.labels, Classes: lists[0], Background: lists[1]}
	if m.Decouples() {
		if in.Masks, err = l.foregrounds(ctx, mask.For(m.Masks, data)); err != nil {
			return Input{}, err
		}
	}
	in.Anchors, err = e.Anchors(data)
	return in, err
}

// foregrounds are the masks of all items by the test transform, [items, side, side, 1].
func (l *loader) foregrounds(ctx context.Context, masks mask.Source) ([]float32, error) {
	area := l.side * l.side
	all := make([]float32, area*len(l.items))
	return all, parallel.Each(ctx, len(l.items), func(i int) error {
		img, err := l.image(i)
		if err != nil {
			return err
		}
		return l.foreground(ctx, all[i*area:][:area], i, masks, img)
	})
}

// Decoupled is what DAPT makes of one image.
type Decoupled struct {
	Item   dataset.Item
	Share  [3]float64 // probability of its class, 0 to 1: by the image, by its foreground, by its background
	Near   float64    // distance of the image's unit feature to its foreground's
	Far    float64    // to its background's
	Word   string     // the background text that its background is nearest to
	Losses []float64  // of this image alone, in the order of [dapt.Names], the learner's own loss as L_cls; L_reo is left out
}

// Decouple looks at items as DAPT's losses do, with the engine's present prompts, and changes nothing. The means of the
// losses over a batch are what [Engine.Step] minimises in phase [dapt.Both] on the same [Engine.Batch].
func (e *Engine) Decouple(ctx context.Context, m dapt.Method, data *dataset.Dataset, items []dataset.Item) ([]Decoupled, error) {
	if !m.Decouples() {
		return nil, fmt.Errorf("train: %s has no masks to decouple images by; put DAPT over it", m.Name())
	}
	m.Loss.Reo = 0
	m, lists, err := e.tokenize(m, data)
	if err != nil {
		return nil, err
	}
	found := make([]Decoupled, len(items))
	for i, item := range items {
		in, err := e.Batch(ctx, m, data, items[i:i+1])
		if err != nil {
			return nil, err
		}
		if err := e.takes(m, in); err != nil {
			return nil, err
		}
		slots := e.slots(m, in)
		exec, err := e.program(func(nodes []*Node) []*Node {
			return []*Node{e.decoupleGraph(m, [2]clip.Layout{lists[0].Layout, lists[1].Layout}, named(slots, nodes))}
		}, "decouple", m.Loss, lists[0].Layout, lists[1].Layout, slotNames(slots))
		if err != nil {
			return nil, err
		}
		numbers, err := exec.Call1(values(slots)...)
		if err != nil {
			return nil, fmt.Errorf("train: decoupling: %w", err)
		}
		flat, err := tensors.CopyFlatData[float32](numbers)
		numbers.MustFinalizeAll()
		if err != nil {
			return nil, err
		}
		found[i] = newDecoupled(item, m, flat)
	}
	return found, nil
}

// decoupleGraph returns as one vector, of the one image of inputs, what [Decoupled] holds. Inputs are by name.
func (e *Engine) decoupleGraph(m dapt.Method, lists [2]clip.Layout, in map[string]*Node) *Node {
	towers, values, prompts := e.bind(in["images"].Graph())
	m.Loss.Watch = true
	f := m.Encode(towers, prompts, batchOf(in, lists), dapt.Both)
	labels := in["labels"]
	own := OneHot(Squeeze(labels, -1), f.Classes.Shape().Dim(-2), f.Image.DType())
	var numbers []*Node
	for _, view := range []*Node{f.Image, f.Foreground, f.Background} {
		numbers = append(numbers, ReduceAllSum(Mul(own, Softmax(dapt.Logits(view, f.Classes, f.Scale), -1))))
	}
	numbers = append(numbers, ReduceAllSum(dapt.Distance(f.Image, f.Foreground)), ReduceAllSum(dapt.Distance(f.Image, f.Background)),
		ConvertDType(ReduceAllSum(dapt.PseudoLabels(f.Background, f.Words)), dtypes.Float32))
	l := m.Losses(values, f, labels, dapt.Both)
	return Stack(append(numbers, orZero(l.Total, l.Own, l.V, l.F, l.B, l.Reo)...), 0)
}

// orZero returns terms of a loss, of which the first is there, with 0 for those that were not computed.
func orZero(terms ...*Node) []*Node {
	for i, term := range terms {
		if term == nil {
			terms[i] = ScalarZero(terms[0].Graph(), dtypes.Float32)
		}
	}
	return terms
}

func newDecoupled(item dataset.Item, m dapt.Method, flat []float32) Decoupled {
	background := m.Loss.Background
	d := Decoupled{Item: item, Near: float64(flat[3]), Far: float64(flat[4]), Word: background.Words[background.Skip+int(flat[5])]}
	for i := range d.Share {
		d.Share[i] = float64(flat[i])
	}
	for _, loss := range flat[6:] {
		d.Losses = append(d.Losses, float64(loss))
	}
	return d
}
