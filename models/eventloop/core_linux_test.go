package eventloop_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"juggle/models/eventloop"
)

// virtually runs main in a loop with virtual time and returns how much of it
// passed.
func virtually(t *testing.T, main func(ctx context.Context, l *eventloop.Loop) error) time.Duration {
	t.Helper()
	l, err := eventloop.New(eventloop.Options{VirtualTime: true})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.Run(t.Context(), func(ctx context.Context) error { return main(ctx, l) }); err != nil {
		t.Error(err)
	}
	passed := l.Time()
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	return passed
}

func TestVirtualTimeJumps(t *testing.T) {
	checkLeftovers(t)
	passed := virtually(t, func(ctx context.Context, _ *eventloop.Loop) error {
		for i := range 3 {
			if err := eventloop.Sleep(ctx, time.Duration(i+1)*time.Hour); err != nil {
				return err
			}
		}
		return nil
	})
	if passed != 6*time.Hour {
		t.Errorf("%v passed, want 6h", passed)
	}
}

func TestVirtualTimeFindsDeadlocks(t *testing.T) {
	checkLeftovers(t)
	l, err := eventloop.New(eventloop.Options{VirtualTime: true})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	err = l.Run(t.Context(), func(ctx context.Context) error { return eventloop.NewFuture[int](ctx).Wait(ctx) })
	wantIs(t, "Run", err, eventloop.ErrDeadlock)
}

func TestLoopRunsSeveralTimes(t *testing.T) {
	checkLeftovers(t)
	l, err := eventloop.New(eventloop.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var events []string
	var left *eventloop.Task
	for _, name := range []string{"first", "second"} {
		err := l.Run(t.Context(), func(ctx context.Context) error {
			events = append(events, name)
			if left == nil {
				left = eventloop.Go(ctx, func(ctx context.Context) error {
					events = append(events, "left over")
					return forever(ctx)
				})
				return nil
			}
			return eventloop.Yield(ctx)
		})
		if err != nil {
			t.Error(err)
		}
	}
	wantIs(t, "Run inside", l.Run(t.Context(), func(context.Context) error { return l.Run(t.Context(), nil) }), eventloop.ErrRunning)
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	wantIs(t, "Run after Close", l.Run(t.Context(), nil), eventloop.ErrClosed)
	if want := []string{"first", "left over", "second"}; !slices.Equal(events, want) {
		t.Errorf("%q, want %q", events, want)
	}
	wantIs(t, "the task that was left", left.Wait(t.Context()), eventloop.ErrMainEnded)
}

func TestScope(t *testing.T) {
	checkLeftovers(t)
	passed := virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		outer := eventloop.WithTimeout(ctx, 3*time.Second)
		defer outer.Close()
		inner := eventloop.WithTimeout(outer, time.Second)
		for range 2 { // it stays
			wantIs(t, "inner", forever(inner), context.DeadlineExceeded)
		}
		if !inner.Expired() || outer.Expired() || ctx.Err() != nil || inner.Err() != context.DeadlineExceeded && inner.Err() != context.Canceled {
			t.Errorf("inner %v %v, outer %v", inner.Expired(), inner.Err(), outer.Expired())
		}
		inner.Close()
		child := eventloop.Go(outer, forever)
		shield := eventloop.WithShield(outer)
		defer shield.Close()
		wantIs(t, "outer", forever(outer), context.DeadlineExceeded)
		wantIs(t, "child", child.Wait(ctx), context.DeadlineExceeded)
		if err := eventloop.Sleep(shield, time.Second); err != nil {
			t.Errorf("behind the shield: %v", err)
		}
		shield.SetShield(false)
		wantIs(t, "without the shield", forever(shield), context.DeadlineExceeded)
		return nil
	})
	if passed != 4*time.Second {
		t.Errorf("%v passed, want 4s", passed)
	}
}

func TestFuture(t *testing.T) {
	checkLeftovers(t)
	virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		f := eventloop.NewFuture[string](ctx)
		var called []int
		f.OnDone(func() { called = append(called, 1) })
		f.OnDone(func() { called = append(called, 2) }).Cancel()
		if _, err := f.Result(); err != eventloop.ErrNotDone {
			t.Errorf("Result before: %v", err)
		}
		l.CallLater(time.Second, func() {
			if err := f.Resolve("a value"); err != nil || len(called) > 0 {
				t.Errorf("Resolve: %v, callbacks ran inside: %v", err, called)
			}
			wantIs(t, "Resolve again", f.Resolve("another"), eventloop.ErrDone)
		})
		if got, err := f.Await(ctx); got != "a value" || err != nil || f.Cancel(nil) {
			t.Errorf("got %q, %v", got, err)
		}
		f.OnDone(func() { called = append(called, 3) })
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
		if want := []int{1, 3}; !slices.Equal(called, want) {
			t.Errorf("called %v, want %v", called, want)
		}

		// Await passes a cancellation on, Wait does not.
		inner := eventloop.NewFuture[int](ctx)
		awaits := eventloop.Go(ctx, func(ctx context.Context) error { _, err := inner.Await(ctx); return err })
		other := eventloop.NewFuture[int](ctx)
		waits := eventloop.Go(ctx, func(ctx context.Context) error { return other.Wait(ctx) })
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
		awaits.Cancel(errTest)
		waits.Cancel(errTest)
		wantIs(t, "awaits", awaits.Wait(ctx), errTest)
		wantIs(t, "waits", waits.Wait(ctx), errTest)
		if !inner.Cancelled() || other.Done() {
			t.Errorf("inner cancelled: %t, other done: %t", inner.Cancelled(), other.Done())
		}
		return nil
	})
}

func TestUnseenErrors(t *testing.T) {
	checkLeftovers(t)
	l, err := eventloop.New(eventloop.Options{})
	if err != nil {
		t.Fatal(err)
	}
	errSeen := errors.New("seen")
	err = l.Run(t.Context(), func(ctx context.Context) error {
		eventloop.NewFuture[int](ctx).Reject(errTest)
		seen := eventloop.NewFuture[int](ctx)
		seen.Reject(errSeen)
		wantIs(t, "Err", seen.Err(), errSeen)
		l.CallSoon(func() { panic("in a callback") })
		return eventloop.Yield(ctx)
	})
	if err != nil {
		t.Error(err)
	}
	err = l.Close()
	var p *eventloop.PanicError
	if !errors.Is(err, errTest) || errors.Is(err, errSeen) || !errors.As(err, &p) || p.Value != "in a callback" {
		t.Errorf("Close returns %v", err)
	}
}

func TestGoEager(t *testing.T) {
	checkLeftovers(t)
	virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		var events []string
		task := eventloop.GoEager(ctx, func(context.Context) error { events = append(events, "ran"); return nil })
		if !task.Done() {
			t.Error("a task that never waits has not ended")
		}
		task = eventloop.GoEager(ctx, func(ctx context.Context) error {
			events = append(events, "began")
			err := eventloop.Sleep(ctx, time.Second)
			events = append(events, "went on")
			return err
		})
		events = append(events, "caller")
		if err := task.Wait(ctx); err != nil {
			return err
		}
		if want := []string{"ran", "began", "caller", "went on"}; !slices.Equal(events, want) {
			t.Errorf("%q, want %q", events, want)
		}
		return nil
	})
}

func TestUncancel(t *testing.T) {
	checkLeftovers(t)
	virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		var task *eventloop.Task
		task = eventloop.Go(ctx, func(ctx context.Context) error {
			task.Cancel(errTest)
			task.Cancel(errTest)
			if n := task.Uncancel(); n != 1 || ctx.Err() == nil {
				t.Errorf("%d requests left, the context says %v", n, ctx.Err())
			}
			if n := task.Uncancel() + task.Uncancel(); n != 0 || ctx.Err() != nil {
				t.Errorf("%d requests left, the context says %v", n, ctx.Err())
			}
			return eventloop.Sleep(ctx, 1)
		})
		return task.Wait(ctx)
	})
}
