package eventloop_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"juggle/models/eventloop"
)

// TestWaitForTellsWhy is the row of wait_for: a timeout is one however the inner one
// says that it was cancelled, and who waits can be cancelled while that cleans up.
func TestWaitForTellsWhy(t *testing.T) {
	checkLeftovers(t)
	passed := virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		_, err := eventloop.WaitFor(ctx, eventloop.GoValue(ctx, func(ctx context.Context) (int, error) {
			if forever(ctx) == nil {
				t.Error("it ended")
			}
			return 0, ctx.Err()
		}), time.Second)
		wantIs(t, "an inner one that returns ctx.Err()", err, context.DeadlineExceeded)

		// The inner one has a timeout of its own at the same time.
		for _, first := range []time.Duration{2, 1} {
			inner := eventloop.GoValue(ctx, func(ctx context.Context) (int, error) {
				for n := 0; ; n++ { // its limit may run out just before that of WaitFor
					scope := eventloop.WithTimeout(ctx, first*time.Second)
					err := forever(scope)
					scope.Close()
					if !errors.Is(err, context.DeadlineExceeded) {
						return 0, err
					}
					if n > 5 {
						return 0, errors.New("it was never cancelled")
					}
				}
			})
			if err := eventloop.Yield(ctx); err != nil {
				return err
			}
			_, err = eventloop.WaitFor(ctx, inner, 2*time.Second)
			wantIs(t, "an inner one that tries again", err, context.DeadlineExceeded)
		}

		scope := eventloop.WithScope(ctx)
		defer scope.Close()
		l.CallLater(time.Second, func() { scope.Cancel(errTest) })
		_, err = eventloop.WaitFor(scope, eventloop.GoValue(context.WithoutCancel(ctx), func(ctx context.Context) (int, error) {
			return 0, errors.Join(context.Canceled, forever(ctx))
		}), time.Hour)
		wantIs(t, "within a scope that is cancelled", err, errTest)

		shielded := eventloop.Go(ctx, func(ctx context.Context) error {
			_, err := eventloop.WaitFor(context.WithoutCancel(ctx), eventloop.NoValue(eventloop.Go(context.WithoutCancel(ctx), forever)), 2*time.Second)
			wantIs(t, "behind a shield", err, context.DeadlineExceeded)
			return eventloop.Sleep(ctx, time.Hour)
		})
		l.CallLater(time.Second, func() { shielded.Cancel(errTest) })
		wantIs(t, "the wait after that", shielded.Wait(ctx), errTest)

		outer := eventloop.Go(ctx, func(ctx context.Context) error {
			_, err := eventloop.WaitFor(ctx, eventloop.GoValue(context.WithoutCancel(ctx), func(ctx context.Context) (int, error) {
				err := forever(ctx)
				eventloop.Sleep(ctx, 2*time.Second) // is cut short
				return 0, err
			}), time.Second)
			return err
		})
		l.CallLater(2*time.Second, func() { outer.Cancel(errTest) })
		wantIs(t, "who is cancelled during the clean-up", outer.Wait(ctx), errTest)
		return nil
	})
	if passed != 10*time.Second {
		t.Errorf("%v passed, want 10s", passed)
	}
}

// TestWaitForInACircle has a task wait for one that awaits it: the limit ends both.
func TestWaitForInACircle(t *testing.T) {
	checkLeftovers(t)
	passed := virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		var first, second *eventloop.Task
		first = eventloop.Go(ctx, func(ctx context.Context) error {
			_, err := eventloop.WaitFor(ctx, eventloop.NoValue(second), time.Second)
			return err
		})
		second = eventloop.Go(ctx, func(ctx context.Context) error { return first.Await(ctx) })
		wantIs(t, "the first", first.Wait(ctx), context.Canceled)
		wantIs(t, "the second", second.Wait(ctx), context.Canceled)

		// Somebody else cancels them.
		first = eventloop.Go(ctx, func(ctx context.Context) error {
			_, err := eventloop.WaitFor(ctx, eventloop.NoValue(second), time.Hour)
			return err
		})
		second = eventloop.Go(ctx, func(ctx context.Context) error { return first.Await(ctx) })
		if err := eventloop.Sleep(ctx, time.Second); err != nil {
			return err
		}
		second.Cancel(errTest)
		wantIs(t, "the second", second.Wait(ctx), errTest)
		wantIs(t, "the first", first.Wait(ctx), errTest)
		return nil
	})
	if passed != 2*time.Second {
		t.Errorf("%v passed, want 2s", passed)
	}
}
