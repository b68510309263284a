package train

import (
	"context"
	"time"
)

// Feed is how long it took to read batches of images and to work on them, and how much of that the device waited for
// images. What is read while the device works is not waited for.
type Feed struct {
	Seconds float64 `json:"seconds"` // of steps, tests, maps, and the check of all images before the first step
	Waited  float64 `json:"waited"`  // seconds of those in which there was no batch to work on
}

// Share returns the part of the time that was waited, 0 to 1.
func (f Feed) Share() float64 {
	if f.Seconds == 0 {
		return 0
	}
	return f.Waited / f.Seconds
}

// Plus returns the sum of both.
func (f Feed) Plus(other Feed) Feed { return Feed{f.Seconds + other.Seconds, f.Waited + other.Waited} }

// Since returns what was added after an earlier moment.
func (f Feed) Since(earlier Feed) Feed {
	return Feed{f.Seconds - earlier.Seconds, f.Waited - earlier.Waited}
}

// ahead makes values in a goroutine of its own while others are worked on: when one is ready, the next is being made.
type ahead[Out any] struct {
	ready chan made[Out]
	stop  context.CancelFunc
}

// made is a value or why there is none.
type made[Out any] struct {
	value Out
	err   error
}

// begin starts to make the values of inputs, in their order. Who does not work on them with each calls end.
func begin[In, Out any](ctx context.Context, inputs []In, prepare func(context.Context, In) (Out, error)) *ahead[Out] {
	ctx, stop := context.WithCancel(ctx)
	a := &ahead[Out]{make(chan made[Out], 1), stop}
	go func() {
		defer close(a.ready)
		for _, in := range inputs {
			value, err := prepare(ctx, in)
			select {
			case a.ready <- made[Out]{value, err}:
			case <-ctx.Done():
				return
			}
		}
	}()
	return a
}

// each hands on the values as they get ready, and tells spent after each how long that took. It ends with the first error.
func (a *ahead[Out]) each(ctx context.Context, spent func(Feed), work func(Out) error) error {
	defer a.end()
	for {
		start := time.Now()
		m, more := <-a.ready
		waited := time.Since(start)
		if m.err != nil {
			return m.err
		}
		if !more || ctx.Err() != nil {
			return ctx.Err()
		}
		err := work(m.value)
		spent(Feed{time.Since(start).Seconds(), waited.Seconds()})
		if err != nil {
			return err
		}
	}
}

// end stops the making, and waits until nothing is read any more.
func (a *ahead[Out]) end() {
	a.stop()
	for range a.ready {
	}
}
