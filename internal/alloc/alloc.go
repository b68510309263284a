// Package alloc holds tests to a limit of memory, above all fuzz targets: a reader of files that others made may not take more
// than some multiple of what it was given.
package alloc

import (
	"bytes"
	"image"
	"runtime"
	"runtime/metrics"
	"testing"
)

// Bound runs f, and fails t if f allocates more than limit bytes, of which some may have been freed meanwhile. It counts what
// other goroutines allocate too, so that no test may run beside it, and runs f a second time before it fails. Limits under a
// megabyte are not to be told from noise.
func Bound(t testing.TB, limit uint64, f func()) {
	t.Helper()
	before := roughly()
	f()
	if roughly()-before <= limit {
		return
	}
	if taken := exactly(f); taken > limit {
		t.Errorf("it allocates %d bytes, want at most %d", taken, limit)
	}
}

// Pixels is how many pixels the header of an image declares, width and height being filled up to whole blocks of 32, as they
// may be in a JPEG. It is 0 if there are more than most, which should be refused, or if it is no image of a format that the
// test's package reads. [Bound] can be a multiple of it.
func Pixels(data []byte, most uint64) uint64 {
	config, _, err := image.DecodeConfig(bytes.NewReader(data))
	width, height := uint64(config.Width), uint64(config.Height)
	if err != nil || config.Width <= 0 || config.Height <= 0 || width > most/height {
		return 0
	}
	return (width + 31) / 32 * ((height + 31) / 32) * 32 * 32
}

// roughly is the sum of all allocations, but for some that each processor still keeps to itself. It takes a microsecond.
func roughly() uint64 {
	sample := []metrics.Sample{{Name: "/gc/heap/allocs:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// exactly stops the world twice.
func exactly(f func()) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	f()
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
