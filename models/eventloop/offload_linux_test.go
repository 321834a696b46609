package eventloop_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"juggle/models/eventloop"
)

// An executorFunc is an Executor.
type executorFunc func(f func())

func (e executorFunc) Execute(f func()) { e(f) }

// TestOffloadToAnyExecutor covers the row run_in_executor for executors of the
// caller.
func TestOffloadToAnyExecutor(t *testing.T) {
	checkLeftovers(t)
	kept := make(chan func(), 1)
	for _, test := range []struct {
		name    string
		execute executorFunc
		err     error
		calls   int
	}{
		{"a goroutine each", func(f func()) { go f() }, nil, 1},
		{"the task itself", func(f func()) { f() }, nil, 1},
		{"twice", func(f func()) { go func() { f(); f() }() }, nil, 1},
		{"refuses", func(func()) { panic(errTest) }, errTest, 0},
		{"later than the cancellation", func(f func()) { kept <- f }, eventloop.ErrMainEnded, 0},
	} {
		calls := 0
		var task *eventloop.Task
		run(t, func(ctx context.Context) error {
			task = eventloop.Go(ctx, func(ctx context.Context) error {
				got, err := eventloop.OffloadTo(ctx, test.execute, func() (int, error) { calls++; return 7, nil })
				if err == nil && got != 7 {
					t.Errorf("%s: got %d", test.name, got)
				}
				return err
			})
			if test.err == eventloop.ErrMainEnded {
				return eventloop.Yield(ctx)
			}
			wantIs(t, test.name, task.Wait(ctx), test.err)
			return nil
		})
		select {
		case f := <-kept:
			f()
		default:
		}
		wantIs(t, test.name, task.Err(), test.err)
		wantEqual(t, test.name+": calls", calls, test.calls)
	}
}

// TestOffloadKeepsTheResult cancels a task when its helper is through and the loop
// does not know yet: the result is returned, and the next wait is cancelled.
func TestOffloadKeepsTheResult(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		helpers := eventloop.FromContext(ctx).Helpers()
		release := make(chan struct{})
		task := eventloop.Go(ctx, func(ctx context.Context) error {
			got, err := eventloop.Offload(ctx, func() (int, error) { <-release; return 7, nil })
			if got != 7 || err != nil {
				t.Errorf("got %d, %v", got, err)
			}
			return eventloop.Yield(ctx)
		})
		if err := yieldUntil(ctx, func() bool { return helpers.Busy() == 1 }); err != nil {
			return err
		}
		close(release)
		for helpers.Busy() > 0 { // on purpose without a wait in the loop
			runtime.Gosched()
		}
		task.Cancel(errTest)
		wantIs(t, "Wait", task.Wait(ctx), errTest)
		return nil
	})
}

// TestOffloadHoldsVirtualTime has a helper work while nothing else can go on: a
// timer beside it does not run out before.
func TestOffloadHoldsVirtualTime(t *testing.T) {
	checkLeftovers(t)
	passed := virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		release := make(chan struct{})
		early := l.CallLater(time.Hour, func() { t.Error("time has passed") })
		go func() {
			for range 100 {
				runtime.Gosched()
			}
			close(release)
		}()
		_, err := eventloop.Offload(ctx, func() (int, error) { <-release; return 0, nil })
		early.Cancel()
		return err
	})
	wantEqual(t, "time", passed, time.Duration(0))
}

// TestOffloadSaysWhatItWaitsFor looks at a task that is in Offload.
func TestOffloadSaysWhatItWaitsFor(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		release := make(chan struct{})
		eventloop.Go(ctx, func(ctx context.Context) error {
			_, err := eventloop.Offload(ctx, func() (int, error) { <-release; return 0, nil })
			return err
		}).SetName("the one")
		defer close(release)
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
		for _, state := range eventloop.FromContext(ctx).Dump().Tasks {
			if state.Name == "the one" {
				wantEqual(t, "WaitsFor", state.WaitsFor, "Offload")
				return nil
			}
		}
		t.Error("the task is not in the dump")
		return nil
	})
}
