package train

import (
	"cmp"
	"context"
	"fmt"
	"slices"

	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"gonum.org/v1/gonum/floats"

	"github.com/dapt-go/dapt-go/dapt/dataset"
	"github.com/dapt-go/dapt-go/dapt/selection"
	"github.com/dapt-go/dapt-go/dapt/transform"
)

// DeepFool says how long an image is changed.
type DeepFool struct {
	Steps   int // at most; 0 means 50
	Classes int // how many of the likeliest other classes an image is pushed towards; 0 means 10
	// Overshoot lengthens the change by this part before its class is looked at, so that it does end past the border; the
	// paper has 0.02. The published code has 0, and may creep towards the border to the last step.
	Overshoot float64
}

// Robustness returns for each of items the squared length of the change, in normalised pixels, by which DeepFool makes the
// engine's present prompts choose another class (Moosavi-Dezfooli et al., CVPR 2016; deepcore/methods/deepfool.py). Each
// step goes to the nearest border of the classes' linear approximations. An image that keeps its class to the last step
// has the length of what was tried.
func (e *Engine) Robustness(ctx context.Context, data *dataset.Dataset, items []dataset.Item, f DeepFool, c Config) ([]float64, error) {
	lengths := make([]float64, len(items))
	return lengths, e.stream(ctx, e.newLoader(data, items), nil, c, transform.Eval, func(p *pixels, texts *tensors.Tensor) error {
		squares, _, err := e.fool(ctx, p, texts, f)
		if err != nil {
			return err
		}
		e.seen(len(p.items))
		for i, item := range p.items {
			lengths[item] = squares[i]
		}
		return nil
	})
}

// Fool is [Engine.Robustness] for count images [count, side, side, 3] as they are, and returns their logits
// [count, classes] before any change too.
func (e *Engine) Fool(ctx context.Context, images []float32, count int, data *dataset.Dataset, f DeepFool) (squares []float64, logits []float32, err error) {
	texts, err := e.encodeTexts(data, nil)
	if err != nil {
		return nil, nil, err
	}
	defer texts.MustFinalizeAll()
	p := &pixels{items: make([]int, count), labels: make([]int32, count), images: slices.Clone(images)}
	return e.fool(ctx, p, texts, f)
}

// pushed is one image that is being changed.
type pushed struct {
	image   []float32 // as it is now
	start   []float32 // as it was
	change  []float64
	first   int   // class before any change
	targets []int // other classes, likeliest first
	done    bool
}

// fool changes the images of a batch in place, but for the blank ones that fill it up.
func (e *Engine) fool(ctx context.Context, p *pixels, texts *tensors.Tensor, f DeepFool) (squares []float64, before []float32, err error) {
	exec, err := e.program(e.pushGraph, "push")
	if err != nil {
		return nil, nil, err
	}
	push := pusher{exec: exec, engine: e, texts: texts, pixels: p.images, list: make([]pushed, len(p.labels))}
	for step := range cmp.Or(f.Steps, 50) {
		logits, gradients, err := push.call(0)
		if err != nil {
			return nil, nil, err
		}
		if step == 0 {
			before = logits
			push.begin(logits, cmp.Or(f.Classes, 10), len(p.items))
			if _, gradients, err = push.call(0); err != nil { // towards the targets that are known now
				return nil, nil, err
			}
		}
		if push.settle(logits) {
			break
		}
		if err := push.step(ctx, logits, gradients, 1+f.Overshoot); err != nil {
			return nil, nil, err
		}
	}
	squares = make([]float64, len(push.list))
	for i, image := range push.list {
		squares[i] = floats.Dot(image.change, image.change)
	}
	return squares, before, nil
}

// pushGraph maps images, unit texts and labels first and target, [batch, 1] each, to the logits [batch, classes] and to
// the gradient of target's less first's, [batch, side, side, 3]; by the first feature alone of learners that have two.
func (e *Engine) pushGraph(inputs []*Node) []*Node {
	_, logits := e.logits(inputs[0], inputs[1], nil)
	hot := func(labels *Node) *Node { return OneHot(Squeeze(labels, -1), logits.Shape().Dim(1), logits.DType()) }
	difference := ReduceAllSum(Mul(logits, Sub(hot(inputs[3]), hot(inputs[2]))))
	return []*Node{logits, Gradient(difference, inputs[0])[0]}
}

// pusher changes a batch of images.
type pusher struct {
	exec    *model.Exec
	engine  *Engine
	texts   *tensors.Tensor
	pixels  []float32
	list    []pushed
	classes int
}

// call computes the logits, and the gradients towards each image's target of this rank.
func (p *pusher) call(rank int) (logits, gradients []float32, err error) {
	first, target := make([]int32, len(p.list)), make([]int32, len(p.list))
	for i, image := range p.list {
		if len(image.targets) > 0 {
			first[i], target[i] = int32(image.first), int32(image.targets[rank])
		}
	}
	side := p.engine.Model.Config.Side
	outputs, err := p.exec.Call(
		tensors.FromFlatDataAndDimensions(p.pixels, len(p.list), side, side, 3), p.texts,
		tensors.FromFlatDataAndDimensions(first, len(first), 1), tensors.FromFlatDataAndDimensions(target, len(target), 1),
	)
	if err != nil {
		return nil, nil, fmt.Errorf("train: looking for the nearest border: %w", err)
	}
	defer func() {
		for _, output := range outputs {
			output.MustFinalizeAll()
		}
	}()
	if logits, err = tensors.CopyFlatData[float32](outputs[0]); err != nil {
		return nil, nil, err
	}
	gradients, err = tensors.CopyFlatData[float32](outputs[1])
	return logits, gradients, err
}

// begin notes each image's class, and so many of the likeliest others. Those from place images on are done before they
// begin.
func (p *pusher) begin(logits []float32, targets, images int) {
	p.classes = len(logits) / len(p.list)
	size := len(p.pixels) / len(p.list)
	for i := range p.list {
		row := logits[i*p.classes:][:p.classes]
		order := make([]int, p.classes)
		for class := range order {
			order[class] = class
		}
		slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(row[b], row[a]) })
		p.list[i] = pushed{
			image: p.pixels[i*size:][:size], start: slices.Clone(p.pixels[i*size:][:size]), change: make([]float64, size),
			first: order[0], targets: order[1:min(1+targets, p.classes)], done: i >= images,
		}
	}
}

// settle marks the images whose class has changed, and tells whether all have.
func (p *pusher) settle(logits []float32) bool {
	all := true
	scores := selection.Matrix{Columns: p.classes, Values: logits}
	for i := range p.list {
		image := &p.list[i]
		image.done = image.done || scores.Best(i) != image.first || len(image.targets) == 0
		all = all && image.done
	}
	return all
}

// step moves each image that is not done to the nearest border, and as many times farther as reach says. gradients are
// those towards the first targets.
func (p *pusher) step(ctx context.Context, logits, gradients []float32, reach float64) error {
	size := len(p.pixels) / len(p.list)
	best := make([]float64, len(p.list)) // squared distances
	moves := make([][]float64, len(p.list))
	for rank := range p.list[0].targets {
		if err := ctx.Err(); err != nil {
			return err
		}
		if rank > 0 {
			var err error
			if _, gradients, err = p.call(rank); err != nil {
				return err
			}
		}
		for i, image := range p.list {
			if image.done {
				continue
			}
			w := toDouble(gradients[i*size:][:size])
			row := logits[i*p.classes:][:p.classes]
			gap, square := float64(row[image.first])-float64(row[image.targets[rank]]), floats.Dot(w, w)
			if square == 0 || moves[i] != nil && gap*gap/square >= best[i] {
				continue
			}
			floats.Scale(gap/square, w)
			best[i], moves[i] = gap*gap/square, w
		}
	}
	for i, move := range moves {
		if move == nil {
			continue
		}
		image := p.list[i]
		floats.Add(image.change, move)
		for j, v := range image.change {
			image.image[j] = image.start[j] + float32(reach*v)
		}
	}
	return nil
}

func toDouble(values []float32) []float64 {
	wide := make([]float64, len(values))
	for i, v := range values {
		wide[i] = float64(v)
	}
	return wide
}
