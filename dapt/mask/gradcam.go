package mask

import (
	"cmp"
	"context"
	"fmt"
	"image"
	"slices"

	"github.com/gomlx/compute/dtypes"
	. "github.com/gomlx/gomlx/core/graph"

	"github.com/dapt-go/dapt-go/dapt/clip"
	"github.com/dapt-go/dapt-go/dapt/dataset"
)

// Saliency is Grad-CAM (Selvaraju et al., ICCV 2017) at the output of ln_1 in the last vision block, as a graph
// function: relu(sum over channels of activation * weight), with weight the mean over the patches of the gradient of
// objective, a scalar function of a.Features. It returns the map [batch, grid, grid], in float32, and the
// gradient [batch, tokens, width]. The gradient passes the last block only (Ferenas/DAPT trainers/util.py).
func Saliency(a clip.Attention, objective *Node, grid int) (heat, gradient *Node) {
	gradient = Gradient(objective, a.Activation)[0]
	patches := func(x *Node) *Node {
		return ConvertDType(Slice(x, AxisRange(), AxisRange(1, 1+grid*grid)), dtypes.Float32)
	}
	weight := ReduceAndKeep(patches(gradient), ReduceMean, 1)
	heat = MaxScalar(ReduceSum(Mul(patches(a.Activation), weight), -1), 0)
	return Reshape(heat, -1, grid, grid), gradient
}

// Refresher is a Source whose masks follow the prompts that are being tuned. It yields no mask itself: training asks it
// for a Source of this moment's before the first epoch and after each.
type Refresher interface {
	Source
	// Refresh returns the masks of items, whose Grad-CAM maps, one [grid, grid] each and row-major, cover the whole
	// image.
	Refresh(items []dataset.Item, heat [][]float32, grid int) Source
}

// GradCAM is DAPT-G done right: maps of the image as it is, not of a random crop, for every item, each scaled by its own
// maximum. The published code maps random crops, scales by the maximum of a batch, drops the last batch, and never reads
// the result.
type GradCAM struct {
	// Threshold is the share of an image's maximum from which a pixel is foreground; 0 means 0.5.
	Threshold float64
}

// Name returns "gradcam".
func (GradCAM) Name() string { return "gradcam" }

// Mask returns an error: the map depends on prompts, see [Refresher].
func (GradCAM) Mask(_ context.Context, item dataset.Item, _ image.Image) (*image.Gray, error) {
	return nil, fmt.Errorf("mask: Grad-CAM of %s needs the model; train with it, or read masks from files", item.Path)
}

// Refresh returns the masks of these maps.
func (g GradCAM) Refresh(items []dataset.Item, heat [][]float32, grid int) Source {
	maps := heatMaps{cmp.Or(g.Threshold, 0.5), grid, map[string][]float32{}}
	for i, item := range items {
		maps.heat[item.Path] = heat[i]
	}
	return maps
}

// heatMaps are Grad-CAM masks at one moment of training.
type heatMaps struct {
	threshold float64
	grid      int
	heat      map[string][]float32 // by item path
}

// Name returns "gradcam".
func (heatMaps) Name() string { return "gradcam" }

// Mask enlarges the item's map to the image and keeps what reaches the threshold. A map of zeros gives an empty mask.
func (h heatMaps) Mask(_ context.Context, item dataset.Item, img image.Image) (*image.Gray, error) {
	heat, ok := h.heat[item.Path]
	if !ok {
		return nil, fmt.Errorf("mask: no Grad-CAM map of %s", item.Path)
	}
	size := img.Bounds().Size()
	mask := image.NewGray(image.Rectangle{Max: size})
	limit := h.threshold * (float64(slices.Max(heat)) + 1e-6)
	for i, value := range Enlarge(heat, h.grid, size) {
		if value >= limit {
			mask.Pix[i] = 255
		}
	}
	return mask, nil
}

// Enlarge resizes a [grid, grid] map to [height, width], both row-major, bilinear with aligned corners.
func Enlarge(heat []float32, grid int, size image.Point) []float64 {
	columns, rows := stretch(grid, size.X), stretch(grid, size.Y)
	out := make([]float64, 0, size.X*size.Y)
	for _, y := range rows {
		upper, lower := heat[y.low*grid:][:grid], heat[y.high*grid:][:grid]
		for _, x := range columns {
			out = append(out, y.mix(x.mix(float64(upper[x.low]), float64(upper[x.high])),
				x.mix(float64(lower[x.low]), float64(lower[x.high]))))
		}
	}
	return out
}

// between is a place between two cells of an axis, share of the way from low to high.
type between struct {
	low, high int
	share     float64
}

func (b between) mix(low, high float64) float64 { return low*(1-b.share) + high*b.share }

func stretch(grid, pixels int) []between {
	places := make([]between, pixels)
	for i := range places {
		at := float64(i) * float64(grid-1) / float64(max(pixels-1, 1))
		low := min(int(at), grid-1)
		places[i] = between{low, min(low+1, grid-1), at - float64(low)}
	}
	return places
}
