package sam2

import (
	"math"

	"github.com/gomlx/go-huggingface/models/sam2"
	. "github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
	"github.com/gomlx/gomlx/ml/model"
)

// What is wrong with SAM2 in go-huggingface v0.4.0 (models/sam2), and is done otherwise in this package. Numbers that are not those
// of Hugging Face's Sam2Model, mended in this file by what goes into Forward and comes out of it:
//   - the positional embedding is enlarged bilinearly from corner to corner, not bicubically by centres: see positions;
//   - the heads that weigh masks and predict IoU have GELU where SAM2 has ReLU: see forward.
//
// LoadModel and LoadStore are not used: they ask the network for the newest revision each time, load the video part too, compile a
// program for every matrix to transpose it, and leave a weight that the file lacks to be drawn at random or to a nil pointer.
// Segmenter is not used: it hands prompts in pixels of the image to a network that wants those of a square of 1024, compiles
// anew for every size of image, pads a box twice, and enlarges masks without interpolation. Forward fails for more than one
// image at a time, so that [Source] does not batch.

const (
	positionName = "/vision_encoder/backbone/pos_embed"
	cells        = side / 4 // patches in each direction
)

// forward maps pixels [1, 3, side, side] and prompts to the logits [1, 3, cells, cells] of three masks and their predicted IoU
// [1, 3], as Hugging Face's Sam2Model does.
func (m *Model) forward(scope *model.Scope, pixels, points, labels *Node) (logits, scores *Node) {
	_, states := sam2.Forward(scope, pixels, points, labels, nil, nil, m.config, true)
	var weigh []*Node
	tokens := Squeeze(states.MaskTokensOut, 1) // [1, 4, 256]
	for i, head := range []string{"0", "1", "2", "3"} {
		token := Squeeze(Slice(tokens, AxisRange(), AxisElem(i)), 1)
		weigh = append(weigh, m.head("/mask_decoder/output_hypernetworks_mlps/"+head, token))
	}
	logits = Einsum("btc,bcxy->btxy", Stack(weigh, 1), states.Upscaled2)
	scores = Sigmoid(m.head("/mask_decoder/iou_prediction_head", Squeeze(states.IoUTokenOut, 1)))
	// The first is what SAM2 gives where only one mask is asked for.
	return Slice(logits, AxisRange(), AxisRange(1)), Slice(scores, AxisRange(), AxisRange(1))
}

// head is a perceptron of three layers with ReLU between them, [1, width] to [1, out].
func (m *Model) head(name string, x *Node) *Node {
	value := func(layer, kind string) *Node {
		return m.store.GetVariable(name + "/" + layer + "/dense/" + kind).NodeValue(x.Graph())
	}
	for i, layer := range []string{"proj_in", "layers/0", "proj_out"} {
		if i > 0 {
			x = MaxScalar(x, 0)
		}
		x = Add(Dot(x, value(layer, "weights")).Product(), ExpandAxes(value(layer, "biases"), 0))
	}
	return x
}

// positions enlarges a positional embedding [1, width, from, from] to [1, width, cells, cells], as PyTorch's bicubic interpolation
// does (a = -0.75, by centres, borders repeated).
func positions(values []float32, width, from int) *tensors.Tensor {
	taps := make([][4]float32, cells)
	first := make([]int, cells)
	for i := range taps {
		at := (float64(i)+0.5)*float64(from)/cells - 0.5
		first[i] = int(math.Floor(at)) - 1
		for k := range taps[i] {
			taps[i][k] = float32(cubic(at - float64(first[i]+k)))
		}
	}
	out := make([]float32, 0, width*cells*cells)
	for c := range width {
		plane := values[c*from*from:][:from*from]
		rows := make([]float32, from*cells) // enlarged to the right
		for y := range from {
			for x := range cells {
				for k, w := range taps[x] {
					rows[y*cells+x] += w * plane[y*from+min(max(first[x]+k, 0), from-1)]
				}
			}
		}
		for y := range cells {
			for x := range cells {
				sum := float32(0)
				for k, w := range taps[y] {
					sum += w * rows[min(max(first[y]+k, 0), from-1)*cells+x]
				}
				out = append(out, sum)
			}
		}
	}
	return tensors.FromFlatDataAndDimensions(out, 1, width, cells, cells)
}

func cubic(x float64) float64 {
	const a = -0.75
	switch x = math.Abs(x); {
	case x <= 1:
		return ((a+2)*x-(a+3))*x*x + 1
	case x < 2:
		return ((x-5)*x+8)*x*a - 4*a
	}
	return 0
}
