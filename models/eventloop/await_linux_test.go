package eventloop_test

import (
	"context"
	"sync"
	"testing"

	"juggle/models/eventloop"
)

func TestAwait(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		// At once, and only the first counts.
		got, err := eventloop.AwaitFunc(ctx, func(resolve func(string, error)) {
			resolve("first", errTest)
			resolve("second", nil)
		})
		if got != "first" || err != errTest {
			t.Errorf("got %q, %v", got, err)
		}
		// By another task.
		got, err = eventloop.AwaitFunc(ctx, func(resolve func(string, error)) {
			eventloop.Go(ctx, func(context.Context) error { resolve("from a task", nil); return nil })
		})
		if got != "from a task" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
		// While start itself still waits.
		got, err = eventloop.AwaitFunc(ctx, func(resolve func(string, error)) {
			var wg sync.WaitGroup
			wg.Go(func() { resolve("early", nil) })
			wg.Wait()
			if err := eventloop.Yield(ctx); err != nil {
				t.Error(err)
			}
		})
		if got != "early" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
		return nil
	})
}

// TestAwaitMany resolves from many goroutines at once.
func TestAwaitMany(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		return each(ctx, 500, func(ctx context.Context, i int) error {
			for range 4 {
				got, err := eventloop.Offload(ctx, func() (int, error) { return i, nil })
				if err != nil {
					return err
				}
				if got != i {
					t.Errorf("task %d got the result of %d", i, got)
				}
			}
			return nil
		})
	})
}

func TestAwaitIsCancelled(t *testing.T) {
	checkLeftovers(t)
	release := make(chan struct{})
	var late func(int, error)
	run(t, func(ctx context.Context) error {
		short, cancel := context.WithCancelCause(ctx)
		defer cancel(nil)
		offloaded := eventloop.Go(short, func(ctx context.Context) error {
			_, err := eventloop.Offload(ctx, func() (int, error) { <-release; return 0, nil })
			return err
		})
		awaiting := eventloop.Go(short, func(ctx context.Context) error {
			_, err := eventloop.AwaitFunc(ctx, func(resolve func(int, error)) { late = resolve })
			if err := eventloop.Yield(context.WithoutCancel(ctx)); err != nil {
				t.Error(err)
			}
			_, again := eventloop.AwaitFunc(ctx, func(func(int, error)) { t.Error("started although the context has ended") })
			wantIs(t, "Await after the end", again, errTest)
			return err
		})
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
		cancel(errTest)
		for _, task := range []*eventloop.Task{offloaded, awaiting} {
			wantIs(t, "Wait", task.Wait(ctx), errTest)
		}
		late(1, nil)
		return eventloop.Yield(ctx)
	})
	close(release) // its result comes when the loop is gone
	late(2, nil)
}

// TestAwaitKeepsTheValue resolves and cancels in the same tick: the value was
// there and is returned, and the next wait tells of the cancellation.
func TestAwaitKeepsTheValue(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		var resolve func(int, error)
		task := eventloop.Go(ctx, func(ctx context.Context) error {
			got, err := eventloop.AwaitFunc(ctx, func(r func(int, error)) { resolve = r })
			if got != 7 || err != nil {
				t.Errorf("got %d, %v", got, err)
			}
			return eventloop.Yield(ctx)
		})
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
		resolve(7, nil)
		task.Cancel(errTest)
		wantIs(t, "Wait", task.Wait(ctx), errTest)
		return nil
	})
}
