// Package sam2 makes foreground masks with SAM2 (Ravi et al., SAM 2: Segment Anything in Images and Videos, 2024), by the port of
// its image part in github.com/gomlx/go-huggingface, for [mask.Make] to write to files.
//
// SAM2 wants to be shown the object. DAPT has no human to do so, so that the prompt comes from CLIP: from the place that Grad-CAM
// of the image's class looks at most, and a box around what it looks at there. Without a map, the prompt is a box in the middle.
// Of SAM2's three proposals, that with the largest predicted IoU is the mask.
package sam2

import (
	"cmp"
	"context"
	"fmt"
	"image"
	"math"
	"slices"
	"sync"

	"github.com/gomlx/compute"
	"github.com/gomlx/go-huggingface/models/sam2"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
	"github.com/gomlx/gomlx/support/exceptions"
	"golang.org/x/image/draw"
)

// side is that of the square that SAM2 sees, in pixels.
const side = 1024

// Model is SAM2 on a backend. It is safe for several goroutines, of which one computes at a time: the port takes one image.
type Model struct {
	Name   string // as it was asked for
	config *sam2.Config
	store  *model.Store
	exec   *model.Exec
	lock   sync.Mutex
}

// newModel moves weights to the backend. They are by name as in the store.
func newModel(backend compute.Backend, config *sam2.Config, weights map[string]*tensors.Tensor) (*Model, error) {
	m := &Model{config: config, store: model.NewStore()}
	m.store.SetParam(model.ParamInitialSeed, int64(1)) // nothing is drawn; unset, GoMLX would seed from the clock
	for name, value := range weights {
		variable, err := m.store.CreateVariable(name, value)
		if err == nil {
			variable.SetTrainable(false)
			err = value.ToDevice(backend, 0)
		}
		if err != nil {
			return nil, fmt.Errorf("sam2: moving weight %s to the device: %w", name, err)
		}
	}
	exec, err := model.NewExec(backend, m.store, func(scope *model.Scope, pixels, points, labels *Node) []*Node {
		return m.graph(scope, weights, pixels, points, labels)
	})
	m.exec = exec
	return m, err
}

// graph maps pixels [1, 3, side, side], points [1, 1, count, 2] and labels [1, 1, count] to the logits of three masks
// [1, 3, cells, cells] and their predicted IoU [1, 3].
func (m *Model) graph(scope *model.Scope, weights map[string]*tensors.Tensor, pixels, points, labels *Node) []*Node {
	logits, scores := m.forward(scope, pixels, points, labels)
	for variable := range m.store.IterVariables() {
		if _, given := weights[variable.Path()]; !given {
			exceptions.Panicf("sam2: the weights lack %s, which the config asks for", variable.Path())
		}
	}
	return []*Node{logits, scores}
}

// Close frees the device memory.
func (m *Model) Close() {
	m.exec.Finalize()
	m.store.Finalize()
}

// Prompt shows SAM2 the object, in pixels of the image from its upper left corner.
type Prompt struct {
	Box    image.Rectangle // around it; empty means none
	Points []image.Point   // on it
}

// encode returns a prompt's points in the square that SAM2 sees, and their kinds: 1 is a point on the object, 2 and 3 are the box's
// first and last corner (facebookresearch/sam2 sam2_image_predictor.py: the box comes first). A box ends with its last pixel.
func (p Prompt) encode(size image.Point) (points []float32, labels []int32) {
	add := func(at image.Point, label int32) {
		points = append(points, float32(at.X)*side/float32(size.X), float32(at.Y)*side/float32(size.Y))
		labels = append(labels, label)
	}
	if !p.Box.Empty() {
		add(p.Box.Min, 2)
		add(p.Box.Max.Sub(image.Pt(1, 1)), 3)
	}
	for _, point := range p.Points {
		add(point, 1)
	}
	return points, labels
}

// Proposal is what SAM2 takes for the object.
type Proposal struct {
	Mask *image.Gray // of the image's bounds, 255 is the object
	IoU  float64     // with the object, as SAM2 predicts, 0 to 1
}

// Segment returns SAM2's three proposals, the best first.
func (m *Model) Segment(ctx context.Context, img image.Image, p Prompt) ([]Proposal, error) {
	bounds := img.Bounds()
	points, labels := p.encode(bounds.Size())
	if len(labels) == 0 || bounds.Empty() {
		return nil, fmt.Errorf("sam2: a prompt of %d points and box %v on an image of %v, want at least a point or a box", len(p.Points), p.Box, bounds.Size())
	}
	logits, scores, err := m.run(ctx, input(img), points, labels)
	if err != nil {
		return nil, err
	}
	proposals := make([]Proposal, len(scores))
	for i, score := range scores {
		proposals[i] = Proposal{enlarge(logits[i*len(logits)/len(scores):][:len(logits)/len(scores)], bounds), float64(score)}
	}
	slices.SortStableFunc(proposals, func(a, b Proposal) int { return cmp.Compare(b.IoU, a.IoU) })
	return proposals, nil
}

// run returns the logits of three masks and their predicted IoU.
func (m *Model) run(ctx context.Context, pixels []float32, points []float32, labels []int32) (logits, scores []float32, err error) {
	m.lock.Lock()
	defer m.lock.Unlock()
	if err := ctx.Err(); err != nil {
		return nil, nil, err
	}
	inputs := []any{
		tensors.FromFlatDataAndDimensions(pixels, 1, 3, side, side),
		tensors.FromFlatDataAndDimensions(points, 1, 1, len(labels), 2), tensors.FromFlatDataAndDimensions(labels, 1, 1, len(labels)),
	}
	out, err := m.exec.Call(inputs...)
	for _, t := range inputs {
		t.(*tensors.Tensor).MustFinalizeAll()
	}
	if err != nil {
		return nil, nil, fmt.Errorf("sam2: segmenting: %w", err)
	}
	defer func() {
		for _, t := range out {
			t.MustFinalizeAll()
		}
	}()
	if logits, err = tensors.CopyFlatData[float32](out[0]); err != nil {
		return nil, nil, err
	}
	scores, err = tensors.CopyFlatData[float32](out[1])
	return logits, scores, err
}

// Mean and deviation of ImageNet's colours, in which SAM2 was trained.
var mean, deviation = [3]float32{0.485, 0.456, 0.406}, [3]float32{0.229, 0.224, 0.225}

// input is what SAM2 sees of an image, [3, side, side]: all of it, resized to a square, bilinear and widened where it shrinks.
func input(img image.Image) []float32 {
	square := image.NewRGBA(image.Rect(0, 0, side, side))
	draw.BiLinear.Scale(square, square.Rect, img, img.Bounds(), draw.Src, nil)
	pixels := make([]float32, 3*side*side)
	for i := range side * side {
		for c := range 3 {
			pixels[c*side*side+i] = (float32(square.Pix[4*i+c])/255 - mean[c]) / deviation[c]
		}
	}
	return pixels
}

// enlarge resizes logits of a square to bounds, bilinear by the centres of pixels, and makes what is above 0 the object
// (facebookresearch/sam2 sam2/utils/transforms.py, postprocess_masks).
func enlarge(logits []float32, bounds image.Rectangle) *image.Gray {
	from := int(math.Round(math.Sqrt(float64(len(logits)))))
	mask := image.NewGray(bounds)
	columns, rows := stretch(from, bounds.Dx()), stretch(from, bounds.Dy())
	for y, row := range rows {
		upper, lower := logits[row.low*from:][:from], logits[row.high*from:][:from]
		for x, column := range columns {
			above := upper[column.low]*(1-column.share) + upper[column.high]*column.share
			below := lower[column.low]*(1-column.share) + lower[column.high]*column.share
			if above*(1-row.share)+below*row.share > 0 {
				mask.Pix[y*mask.Stride+x] = 255
			}
		}
	}
	return mask
}

// between is a place between two cells of an axis, share of the way from low to high.
type between struct {
	low, high int
	share     float32
}

func stretch(from, to int) []between {
	places := make([]between, to)
	for i := range places {
		at := max((float64(i)+0.5)*float64(from)/float64(to)-0.5, 0)
		low := min(int(at), from-1)
		places[i] = between{low, min(low+1, from-1), float32(at - float64(low))}
	}
	return places
}
