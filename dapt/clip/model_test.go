package clip

import (
	"slices"
	"testing"

	"github.com/gomlx/compute/dtypes"
	"github.com/gomlx/compute/dtypes/float16"
	"github.com/gomlx/gomlx/core/tensors"
)

// TestSmallWeightsAreKeptInHalfPrecision: compute's own rounding makes them 0.
func TestSmallWeightsAreKeptInHalfPrecision(t *testing.T) {
	got, err := tensors.CopyFlatData[float16.Float16](toTensor([]float32{1, 1e-5, -0x1p-24, 0x1p-14}, []int{4}, dtypes.Float16))
	if want := []float16.Float16{0x3c00, 0x00a8, 0x8001, 0x0400}; err != nil || !slices.Equal(got, want) {
		t.Errorf("toTensor = %#x, %v, want %#x", got, err, want)
	}
}
