package backend

import (
	"errors"
	"fmt"
	"time"

	"github.com/gomlx/compute"
	"github.com/gomlx/gomlx/core/graph"
	"github.com/gomlx/gomlx/core/tensors"
)

// Rate measures how fast b multiplies two square float32 matrices, in GFLOP/s: the best of three products of the first side
// of 256, 512… 8192 that takes a few milliseconds, so well under a second in all.
func Rate(b compute.Backend) (float64, error) {
	const short, largest = 3 * time.Millisecond, 8192 // a shorter time would measure the call, not the product
	for side := 256; ; side *= 2 {
		best, err := timeProduct(b, side)
		if err != nil {
			return 0, fmt.Errorf("backend: measuring the matrix product: %w", err)
		}
		if best >= short || side == largest {
			n := float64(side)
			return 2 * n * n * n / best.Seconds() / 1e9, nil
		}
	}
}

// timeProduct returns the shortest of three products of side x side matrices, after one that compiles.
func timeProduct(b compute.Backend, side int) (time.Duration, error) {
	product, err := graph.NewExec(b, func(x *graph.Node) *graph.Node { return graph.ReduceAllMax(graph.MatMul(x, x)) })
	if err != nil {
		return 0, err
	}
	defer product.Finalize()
	values := make([]float32, side*side)
	for i := range values {
		values[i] = float32(i%17) / 16
	}
	input := tensors.FromFlatDataAndDimensions(values, side, side)
	defer input.FinalizeAll()
	best := time.Duration(1<<63 - 1)
	for try := range 4 {
		start := time.Now()
		output, err := product.Call1(input)
		if err != nil {
			return 0, err
		}
		_ = output.Value() // waits for the device
		if elapsed := time.Since(start); try > 0 {
			best = min(best, elapsed)
		}
		output.FinalizeAll()
	}
	return best, nil
}

// selfTest multiplies two small matrices and compares the product.
func selfTest(b compute.Backend) error {
	product, err := graph.CallOnce(b, func(x *graph.Node) *graph.Node { return graph.ReduceAllSum(graph.MatMul(x, x)) },
		[][]float32{{1, 2}, {3, 4}})
	if err != nil {
		return err
	}
	defer product.FinalizeAll()
	if got := product.Value(); got != float32(54) {
		return fmt.Errorf("the sum of the square of [[1 2] [3 4]] is %v, want 54", got)
	}
	return nil
}

// slowNotice is the line that tells why pure Go computes and what that costs.
func slowNotice(b compute.Backend, reason error) string {
	const xla, plain, vector = 405, 10, 190 // GFLOP/s of a 1024 x 1024 product on two AVX-512 cores
	slower, hint := xla/plain, fmt.Sprintf("; GOEXPERIMENT=simd makes it about %d times faster", vector/plain)
	if simd {
		slower, hint = xla/vector, ""
	}
	speed := "speed unknown"
	if rate, err := Rate(b); err == nil {
		speed = fmt.Sprintf("%.0f GFLOP/s here", rate)
	}
	why := reason.Error()
	if errors.Is(reason, ErrOffline) { // every server and folder that was tried would fill the screen
		why = "no PJRT plugin is here and no server could be reached; once online, run `go run ./tools/xla`"
	}
	return fmt.Sprintf("computing in pure Go (%s), about %d times slower than XLA%s; no XLA because %s", speed, slower, hint, why)
}
