package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"juggle/models/eventloop"
)

// TestCompletedAtTheTimeout has parts end at the very time of the timeout: each is
// yielded, either with its outcome or as missing.
func TestCompletedAtTheTimeout(t *testing.T) {
	checkLeftovers(t)
	virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		var tasks []eventloop.Awaitable
		for _, d := range []time.Duration{3, 1, 3, 4} {
			tasks = append(tasks, eventloop.Go(ctx, func(ctx context.Context) error { return eventloop.Sleep(ctx, d*time.Second) }))
		}
		if err := eventloop.Yield(ctx); err != nil { // their timers are before that of Completed
			return err
		}
		seen := map[eventloop.Awaitable]int{}
		for task, err := range eventloop.Completed(ctx, 3*time.Second, tasks...) {
			seen[task]++
			if missing := errors.Is(err, context.DeadlineExceeded); missing == task.Done() {
				t.Errorf("%v: done %t, with %v", task, task.Done(), err)
			}
		}
		for _, task := range tasks {
			if seen[task] != 1 {
				t.Errorf("%v was yielded %d times", task, seen[task])
			}
		}
		return nil
	})
}

// TestCompletedWhileTheMissingAreYielded has a part end after the timeout, and before
// it was its turn to be yielded as missing.
func TestCompletedWhileTheMissingAreYielded(t *testing.T) {
	checkLeftovers(t)
	virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		f, g := eventloop.NewFuture[int](ctx), eventloop.NewFuture[int](ctx)
		var got []string
		for a, err := range eventloop.Completed(ctx, time.Second, f, g) {
			got = append(got, fmt.Sprint(a == f, a.Done(), err))
			g.Resolve(1)
		}
		if want := []string{"true false context deadline exceeded", "false true <nil>"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		f.Resolve(1)
		return nil
	})
}

// TestWaitLeavesTheNextWaitAlone has a part end at the time of the timeout. The news
// of it comes when the task waits for something else.
func TestWaitLeavesTheNextWaitAlone(t *testing.T) {
	checkLeftovers(t)
	virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		f := eventloop.NewFuture[int](ctx)
		l.CallLater(time.Second, func() { f.Resolve(1) })
		for range 2 {
			if done, _, err := eventloop.Wait(ctx, eventloop.AllDone, time.Second, f); len(done) != 1 || err != nil {
				t.Errorf("done: %v, %v", done, err)
			}
			before := l.Time()
			if err := eventloop.Sleep(ctx, time.Second); err != nil || l.Time() != before+time.Second {
				t.Errorf("slept for %v, %v", l.Time()-before, err)
			}
		}
		return nil
	})
}
