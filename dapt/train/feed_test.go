package train

import (
	"context"
	"errors"
	"testing"
	"time"
)

func TestOnlyWhatIsNotAheadIsWaitedFor(t *testing.T) {
	const pause = 20 * time.Millisecond
	for _, test := range []struct {
		name          string
		reading, work time.Duration
		least, most   float64 // share of the time
	}{
		{"slow reading", pause, 0, 0.9, 1},
		{"slow work", 0, pause, 0, 0.2},
	} {
		var feed Feed
		var order []int
		read := func(_ context.Context, in int) (int, error) { time.Sleep(test.reading); return 10 * in, nil }
		err := begin(context.Background(), []int{1, 2, 3, 4, 5}, read).each(context.Background(), func(f Feed) { feed = feed.Plus(f) }, func(v int) error {
			order = append(order, v)
			time.Sleep(test.work)
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if len(order) != 5 || order[0] != 10 || order[4] != 50 {
			t.Errorf("%s: worked on %v, want 10 to 50", test.name, order)
		}
		if share := feed.Share(); feed.Seconds < 4*pause.Seconds() || share < test.least || share > test.most {
			t.Errorf("%s: %+v, waited %.2f of the time, want %g to %g", test.name, feed, share, test.least, test.most)
		}
	}
	if (Feed{}).Share() != 0 {
		t.Error("no time at all has a share that was waited")
	}
}

func TestReadingAheadEndsWithTheFirstError(t *testing.T) {
	broken := errors.New("broken image")
	read := func(_ context.Context, in int) (int, error) {
		if in == 3 {
			return 0, broken
		}
		return in, nil
	}
	none := func(Feed) {}
	worked := 0
	err := begin(context.Background(), []int{1, 2, 3, 4}, read).each(context.Background(), none, func(int) error { worked++; return nil })
	if !errors.Is(err, broken) || worked != 2 {
		t.Errorf("after %d values: %v, want 2 and what the third is not", worked, err)
	}
	ctx, stop := context.WithCancel(context.Background())
	err = begin(ctx, []int{1, 2, 4, 5}, read).each(ctx, none, func(v int) error {
		if v == 2 {
			stop()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: %v", err)
	}
}

func TestTuningTellsHowLongTheDeviceWaited(t *testing.T) {
	e := newEngine(t)
	c := quick()
	c.Test = 0 // fits itself
	out, _, _ := tune(t, e, methods()["dapt-g"], c, t.TempDir())
	if f := out.Feed; f.Waited <= 0 || f.Seconds < f.Waited || f.Seconds > out.Seconds {
		t.Errorf("%+v of %g s, want some waiting, less than all", f, out.Seconds)
	}
	if e.Images.Feed().Seconds < out.Feed.Seconds*(1-1e-9) { // sums of the same times in another order
		t.Errorf("the images know of %g s, want at least the %g of the run", e.Images.Feed().Seconds, out.Feed.Seconds)
	}
}

func TestEvaluationFitsItsBatchToTheTower(t *testing.T) {
	e := newEngine(t)
	c := quick()
	c.Test = 0
	if err := c.Validate(); err != nil {
		t.Errorf("a batch that fits itself: %v", err)
	}
	if size := e.BatchSize(c, 3); size < 1 || size > largestBatch {
		t.Errorf("batches of %d", size)
	}
	d, _ := newData()
	got, err := e.Evaluate(context.Background(), d, d.Test, nil, c)
	if err != nil || got.Images != len(d.Test) {
		t.Errorf("%+v, %v", got, err)
	}
	c.Test = 7
	if size := e.BatchSize(c, 3); size != 7 {
		t.Errorf("batches of %d, want the 7 asked for", size)
	}
}
