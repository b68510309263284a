package parallel

import (
	"context"
	"errors"
	"slices"
	"sync/atomic"
	"testing"
)

func TestEachDoesAll(t *testing.T) {
	done := make([]int, 100)
	if err := Each(t.Context(), len(done), func(i int) error { done[i]++; return nil }); err != nil {
		t.Fatal(err)
	}
	if slices.ContainsFunc(done, func(times int) bool { return times != 1 }) {
		t.Errorf("done %v times, want each once", done)
	}
}

func TestEachStopsAtAnError(t *testing.T) {
	failed := errors.New("failed")
	var begun atomic.Int32
	err := Each(t.Context(), 100_000, func(int) error { begun.Add(1); return failed })
	if !errors.Is(err, failed) || begun.Load() == 100_000 {
		t.Errorf("Each = %v after %d calls, want the error and fewer calls", err, begun.Load())
	}
	ctx, stop := context.WithCancel(t.Context())
	stop()
	if err := Each(ctx, 3, func(int) error { t.Error("called although stopped"); return nil }); !errors.Is(err, context.Canceled) {
		t.Errorf("Each that is stopped = %v, want context.Canceled", err)
	}
}
