package eventloop_test

import (
	"context"
	"runtime"
	"slices"
	"sync/atomic"
	"testing"

	"juggle/models/eventloop"
)

// TestHelpersAreBounded covers the rows to_thread and run_in_executor: 10,000
// functions, four at once, each with its own result, and no goroutine left.
func TestHelpersAreBounded(t *testing.T) {
	checkLeftovers(t)
	helpers := eventloop.NewHelpers(4)
	var running, most atomic.Int32
	run(t, func(ctx context.Context) error {
		return each(ctx, 10_000, func(ctx context.Context, i int) error {
			got, err := eventloop.OffloadTo(ctx, helpers, func() (int, error) {
				n := running.Add(1)
				defer running.Add(-1)
				for m := most.Load(); n > m && !most.CompareAndSwap(m, n); m = most.Load() {
				}
				return i, nil
			})
			if got != i {
				t.Errorf("got %d, want %d", got, i)
			}
			return err
		})
	})
	wantIs(t, "Wait", helpers.Wait(t.Context()), nil)
	if most.Load() > 4 || helpers.Busy() != 0 || helpers.Waiting() != 0 {
		t.Errorf("up to %d at once, %d busy, %d waiting", most.Load(), helpers.Busy(), helpers.Waiting())
	}
}

// TestHelpersHaveAsManyAsPython fills the helpers of a loop that was told nothing.
func TestHelpersHaveAsManyAsPython(t *testing.T) {
	checkLeftovers(t)
	bound := min(32, runtime.NumCPU()+4)
	release := make(chan struct{})
	run(t, func(ctx context.Context) error {
		helpers := eventloop.FromContext(ctx).Helpers()
		var tasks []*eventloop.Task
		for range bound + 3 {
			tasks = append(tasks, eventloop.Go(ctx, func(ctx context.Context) error {
				_, err := eventloop.Offload(ctx, func() (int, error) { <-release; return 0, nil })
				return err
			}))
		}
		if err := yieldUntil(ctx, func() bool { return helpers.Waiting() == 3 }); err != nil {
			return err
		}
		wantEqual(t, "busy", helpers.Busy(), bound)
		close(release)
		for _, task := range tasks {
			if err := task.Wait(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

// TestHelpersServeInOrder has one helper, which is held by the first function
// until the others wait. One of them is cancelled then, and must not begin.
func TestHelpersServeInOrder(t *testing.T) {
	checkLeftovers(t)
	helpers := eventloop.NewHelpers(1)
	release := make(chan struct{})
	var order []int
	run(t, func(ctx context.Context) error {
		var tasks []*eventloop.Task
		for i := range 6 {
			tasks = append(tasks, eventloop.Go(ctx, func(ctx context.Context) error {
				_, err := eventloop.OffloadTo(ctx, helpers, func() (int, error) {
					if i == 0 {
						<-release
					}
					order = append(order, i) // one at a time
					return 0, nil
				})
				return err
			}))
		}
		if err := yieldUntil(ctx, func() bool { return helpers.Waiting() == 5 }); err != nil {
			return err
		}
		tasks[3].Cancel(errTest)
		wantIs(t, "the one that waited", tasks[3].Wait(ctx), errTest)
		close(release)
		for i, task := range tasks {
			if err := task.Wait(ctx); err != nil && i != 3 {
				t.Error(err)
			}
		}
		return nil
	})
	wantIs(t, "Wait", helpers.Wait(t.Context()), nil)
	if want := []int{0, 1, 2, 4, 5}; !slices.Equal(order, want) {
		t.Errorf("order %v, want %v", order, want)
	}
}

func TestHelpersSurviveGoexitAndPanic(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		helpers := eventloop.NewHelpers(1)
		return each(ctx, 6, func(ctx context.Context, i int) error {
			_, err := eventloop.OffloadTo(ctx, helpers, func() (int, error) {
				switch i % 3 {
				case 0:
					panic(errTest)
				case 1:
					goexit()
				}
				return 0, nil
			})
			wantIs(t, "OffloadTo", err, []error{errTest, eventloop.ErrGoexit, nil}[i%3])
			return nil
		})
	})
}

// TestHelpersAreWaitedFor covers the row shutdown_default_executor: what a
// cancelled task has begun goes on after Run has returned, and can be waited for,
// with a limit.
func TestHelpersAreWaitedFor(t *testing.T) {
	checkLeftovers(t)
	release := make(chan struct{})
	var helpers *eventloop.Helpers
	over := false
	run(t, func(ctx context.Context) error {
		helpers = eventloop.FromContext(ctx).Helpers()
		wantIs(t, "Wait of idle helpers in a task", helpers.Wait(ctx), nil)
		begun := make(chan struct{})
		eventloop.Go(ctx, func(ctx context.Context) error {
			_, err := eventloop.Offload(ctx, func() (int, error) { close(begun); <-release; over = true; return 0, nil })
			return err
		})
		if err := yieldUntil(ctx, func() bool { return helpers.Busy() == 1 }); err != nil {
			return err
		}
		<-begun // a helper that is busy begins before long
		wantIs(t, "Wait of busy helpers in a task", helpers.Wait(ctx), eventloop.ErrWouldBlock)
		return nil
	})
	short, cancel := context.WithCancelCause(t.Context())
	cancel(errTest)
	wantIs(t, "Wait that is given up", helpers.Wait(short), errTest)
	close(release)
	wantIs(t, "Wait", helpers.Wait(t.Context()), nil)
	if !over {
		t.Error("Wait has returned before the helper")
	}
}

// TestHelpersOfTheOptions covers the row set_default_executor: two loops share
// helpers, of which there is one.
func TestHelpersOfTheOptions(t *testing.T) {
	checkLeftovers(t)
	helpers := eventloop.NewHelpers(1)
	var running, most atomic.Int32
	inLoop := func() error {
		l, err := eventloop.New(eventloop.Options{Helpers: helpers})
		if err != nil {
			return err
		}
		defer l.Close()
		if l.Helpers() != helpers {
			t.Error("the loop has other helpers")
		}
		return l.Run(t.Context(), func(ctx context.Context) error {
			return each(ctx, 200, func(ctx context.Context, _ int) error {
				_, err := eventloop.Offload(ctx, func() (int, error) {
					defer running.Add(-1)
					most.Store(max(most.Load(), running.Add(1)))
					return 0, nil
				})
				return err
			})
		})
	}
	done := make(chan error)
	for range 2 {
		go func() { done <- inLoop() }()
	}
	for range 2 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
	wantEqual(t, "the most at once", most.Load(), int32(1))
}

func TestHelpersNeedABound(t *testing.T) {
	for _, limit := range []int{0, -1} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("NewHelpers(%d) does not panic", limit)
				}
			}()
			eventloop.NewHelpers(limit)
		}()
	}
}

// goexit ends the calling goroutine.
func goexit() { runtime.Goexit() }
