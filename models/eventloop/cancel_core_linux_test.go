package eventloop_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"juggle/models/eventloop"
)

// TestCancelAfterTimeout cancels a task in the tick in which the timeout of its
// wait has expired and before it has gone on. The request must not get lost in the
// timeout, whatever kind of context that was of.
func TestCancelAfterTimeout(t *testing.T) {
	checkLeftovers(t)
	errTimeout := errors.New("timeout of the test")
	for name, limit := range map[string]func(context.Context, *eventloop.Loop) (context.Context, func()){
		"scope": func(ctx context.Context, l *eventloop.Loop) (context.Context, func()) {
			s := eventloop.WithScope(ctx)
			l.CallLater(time.Second, func() { s.Cancel(errTimeout) })
			return s, s.Close
		},
		"derived": func(ctx context.Context, l *eventloop.Loop) (context.Context, func()) {
			ctx, cancel := context.WithCancelCause(ctx)
			l.CallLater(time.Second, func() { cancel(errTimeout) })
			return ctx, func() { cancel(nil) }
		},
	} {
		virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
			task := eventloop.Go(ctx, func(ctx context.Context) error {
				limited, release := limit(ctx, l)
				defer release()
				wantIs(t, name+": the wait", forever(limited), errTimeout)
				wantIs(t, name+": the next wait", eventloop.Sleep(ctx, time.Second), errTest)
				if err := eventloop.Sleep(ctx, time.Second); err != nil {
					t.Errorf("%s: delivered twice, the second time as %v", name, err)
				}
				return nil
			})
			if err := eventloop.Yield(ctx); err != nil {
				return err
			}
			l.CallLater(time.Second, func() { task.Cancel(errTest) })
			return task.Wait(ctx)
		})
	}
}

// nested returns what a task does that awaits a task that awaits a task, so deep.
func nested(depth int, all *[]*eventloop.Task) func(ctx context.Context) error {
	return func(ctx context.Context) error {
		if depth == 0 {
			return forever(ctx)
		}
		task := eventloop.Go(ctx, nested(depth-1, all))
		*all = append(*all, task)
		return task.Await(ctx)
	}
}

// TestCancelReachesEachTaskOnce cancels a chain of tasks, each of which awaits the
// next that it has begun, so that a request comes to it in two ways. It counts
// once; else it would double with each task, and this test would not end.
func TestCancelReachesEachTaskOnce(t *testing.T) {
	checkLeftovers(t)
	virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		for name, cancel := range map[string]func(*eventloop.Task, *eventloop.Scope){
			"request": func(task *eventloop.Task, _ *eventloop.Scope) { task.Cancel(errTest) },
			"scope":   func(_ *eventloop.Task, scope *eventloop.Scope) { scope.Cancel(errTest) },
		} {
			var all []*eventloop.Task
			scope := eventloop.WithScope(ctx)
			top := eventloop.Go(scope, nested(64, &all))
			if err := eventloop.Sleep(ctx, time.Second); err != nil {
				return err
			}
			cancel(top, scope)
			wantIs(t, name, top.Wait(ctx), errTest)
			scope.Close()
			for _, task := range all {
				if n := task.Cancelling(); name == "request" && n != 1 {
					t.Errorf("%s: %v has %d requests, want 1", name, task, n)
				}
			}
		}
		return nil
	})
}

// listError is an error that cannot be compared, although its type can.
type listError struct{ inner any }

func (listError) Error() string { return "a list" }

func TestCancelWithWhatCannotBeCompared(t *testing.T) {
	checkLeftovers(t)
	virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		task := eventloop.Go(ctx, func(ctx context.Context) error {
			limited, cancel := context.WithCancel(ctx)
			defer cancel()
			if err := forever(limited); err == nil || err.Error() != "a list" {
				t.Errorf("the wait says %v", err)
			}
			return eventloop.Sleep(ctx, time.Second)
		})
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
		task.Cancel(listError{[]int{1}})
		return task.Wait(ctx)
	})
}

// TestCancelledWaiterLeavesTheError cancels the only task that waits for a failing
// one, in the tick in which that has failed. Nobody has seen the error, so it is
// reported.
func TestCancelledWaiterLeavesTheError(t *testing.T) {
	checkLeftovers(t)
	errFailed := errors.New("failed")
	err := eventloop.Run(t.Context(), func(ctx context.Context) error {
		failing := eventloop.Go(ctx, func(ctx context.Context) error {
			return errors.Join(eventloop.Yield(ctx), errFailed)
		})
		waiter := eventloop.Go(ctx, func(ctx context.Context) error { return failing.Wait(ctx) })
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
		eventloop.FromContext(ctx).CallSoon(func() {
			if !failing.Done() || waiter.Done() {
				t.Error("it is not the moment that was meant")
			}
			waiter.Cancel(nil)
		})
		wantIs(t, "the waiter", waiter.Wait(ctx), context.Canceled)
		return nil
	})
	wantIs(t, "Run", err, errFailed)
}

// TestAwaitOfAClaimedFuture cancels a task that awaits a future which another
// goroutine has resolved a moment before, so that it cannot be cancelled any more.
func TestAwaitOfAClaimedFuture(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		f := eventloop.NewFuture[int](ctx)
		task := eventloop.Go(ctx, func(ctx context.Context) error {
			eventloop.Current(ctx).Cancel(errTest)
			resolved := make(chan error)
			go func() { resolved <- f.Resolve(1) }()
			if err := <-resolved; err != nil {
				return err
			}
			_, err := f.Await(ctx)
			if err == nil {
				err = eventloop.Yield(ctx)
			}
			return err
		})
		wantIs(t, "the task", task.Wait(ctx), errTest)
		return nil
	})
}

// TestCancelledWithTwoCauses has a task return the second of two causes.
func TestCancelledWithTwoCauses(t *testing.T) {
	checkLeftovers(t)
	other := errors.New("another cause")
	run(t, func(ctx context.Context) error {
		scope := eventloop.WithScope(ctx)
		defer scope.Close()
		task := eventloop.Go(scope, func(ctx context.Context) error {
			err := forever(ctx)
			wantIs(t, "the task", forever(ctx), other)
			return err
		})
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
		task.Cancel(errTest)
		scope.Cancel(other)
		wantIs(t, "Wait", task.Wait(ctx), errTest)
		if !task.Cancelled() {
			t.Error("a task that returned the cause it was cancelled with is not cancelled")
		}
		return nil
	})
}

// TestCancelOfACircle cancels one of two tasks that await each other.
func TestCancelOfACircle(t *testing.T) {
	checkLeftovers(t)
	virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		for name, cancel := range map[string]func(*eventloop.Task, *eventloop.Scope){
			"request": func(task *eventloop.Task, _ *eventloop.Scope) { task.Cancel(errTest) },
			"scope":   func(_ *eventloop.Task, scope *eventloop.Scope) { scope.Cancel(errTest) },
		} {
			scope := eventloop.WithScope(ctx)
			var a, b *eventloop.Task
			a = eventloop.Go(scope, func(ctx context.Context) error { return b.Await(ctx) })
			b = eventloop.Go(scope, func(ctx context.Context) error { return a.Await(ctx) })
			if err := eventloop.Yield(ctx); err != nil {
				return err
			}
			cancel(a, scope)
			wantIs(t, name+": a", a.Wait(ctx), errTest)
			wantIs(t, name+": b", b.Wait(ctx), errTest)
			scope.Close()
		}
		return nil
	})
}

// TestCancelBeforeACircle has a task that was told to end await one that awaits it.
func TestCancelBeforeACircle(t *testing.T) {
	checkLeftovers(t)
	virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		var a *eventloop.Task
		scope := eventloop.WithScope(ctx)
		defer scope.Close()
		a = eventloop.Go(scope, func(ctx context.Context) error {
			b := eventloop.GoEager(context.WithoutCancel(ctx), func(ctx context.Context) error { return a.Await(ctx) })
			wantIs(t, "a wait", forever(ctx), errTest)
			return b.Await(ctx)
		})
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
		scope.Cancel(errTest)
		wantIs(t, "the task", a.Wait(ctx), errTest)
		return nil
	})
}

// TestAwaitPassesEveryRequestOn cancels a task, which awaits another since it was
// cancelled before, again: the other one had ignored the first request.
func TestAwaitPassesEveryRequestOn(t *testing.T) {
	checkLeftovers(t)
	virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		again := errors.New("again")
		task := eventloop.Go(ctx, func(ctx context.Context) error {
			stubborn := eventloop.GoEager(context.WithoutCancel(ctx), func(ctx context.Context) error {
				wantIs(t, "the first wait", forever(ctx), errTest)
				return forever(ctx)
			})
			eventloop.Current(ctx).Cancel(errTest)
			return stubborn.Await(ctx)
		})
		if err := eventloop.Sleep(ctx, time.Second); err != nil {
			return err
		}
		task.Cancel(again)
		wantIs(t, "the task", task.Wait(ctx), again)
		return nil
	})
}
