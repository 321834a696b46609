package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"juggle/models/eventloop"
)

// A closing runs main in a loop with virtual time and returns what Close reports.
func closing(t *testing.T, main func(ctx context.Context, l *eventloop.Loop) error) error {
	t.Helper()
	l, err := eventloop.New(eventloop.Options{VirtualTime: true})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.Run(t.Context(), func(ctx context.Context) error { return main(ctx, l) }); err != nil {
		t.Error(err)
	}
	return l.Close()
}

// TestCancelReachesThroughAChainOnce is behaviour 17: every task of a chain is asked
// once, though it is below the others and awaited by them.
func TestCancelReachesThroughAChainOnce(t *testing.T) {
	checkLeftovers(t)
	virtually(t, func(ctx context.Context, _ *eventloop.Loop) error {
		var tasks []*eventloop.Task
		var link func(depth int) func(ctx context.Context) error
		link = func(depth int) func(ctx context.Context) error {
			return func(ctx context.Context) error {
				if depth == 0 {
					return forever(ctx)
				}
				next := eventloop.Go(ctx, link(depth-1))
				tasks = append(tasks, next)
				return next.Await(ctx)
			}
		}
		tasks = append(tasks, eventloop.Go(ctx, link(15)))
		if err := eventloop.Sleep(ctx, time.Second); err != nil {
			return err
		}
		tasks[0].Cancel(errTest)
		for i, task := range tasks {
			wantIs(t, fmt.Sprint("task ", i), task.Wait(ctx), errTest)
			if n := task.Cancelling(); n != 1 {
				t.Errorf("task %d was asked %d times", i, n)
			}
		}
		return nil
	})
}

// TestTimeoutAndCancelAtOnce is behaviour 22: a request that comes together with a
// timeout is not lost with it, whichever is first.
func TestTimeoutAndCancelAtOnce(t *testing.T) {
	checkLeftovers(t)
	for _, timeoutFirst := range []bool{true, false} {
		virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
			var task *eventloop.Task
			task = eventloop.Go(ctx, func(ctx context.Context) error {
				scope := eventloop.WithScope(ctx)
				defer scope.Close()
				l.CallLater(time.Second, func() {
					if !timeoutFirst {
						task.Cancel(errTest)
					}
					scope.Cancel(context.DeadlineExceeded)
					if timeoutFirst {
						task.Cancel(errTest)
					}
				})
				err := forever(scope)
				if timeoutFirst {
					wantIs(t, "the wait", err, context.DeadlineExceeded)
					err = eventloop.Sleep(ctx, time.Second)
				}
				wantIs(t, "the cancelled wait", err, errTest)
				return eventloop.Sleep(ctx, time.Second) // delivered once
			})
			return task.Wait(ctx)
		})
	}
}

// TestOutcomeThatComesWithACancellation has the task that waits be cancelled after
// what it waits for has failed and before it goes on: somebody must hear of it.
func TestOutcomeThatComesWithACancellation(t *testing.T) {
	checkLeftovers(t)
	for name, wait := range map[string]func(ctx context.Context, f *eventloop.Future[int]) error{
		"Wait":  func(ctx context.Context, f *eventloop.Future[int]) error { return f.Wait(ctx) },
		"Await": func(ctx context.Context, f *eventloop.Future[int]) error { _, err := f.Await(ctx); return err },
		"WaitFor": func(ctx context.Context, f *eventloop.Future[int]) error {
			_, err := eventloop.WaitFor(ctx, f, time.Hour)
			return err
		},
	} {
		err := closing(t, func(ctx context.Context, l *eventloop.Loop) error {
			f := eventloop.NewFuture[int](ctx)
			waiter := eventloop.Go(ctx, func(ctx context.Context) error { return wait(ctx, f) })
			if err := eventloop.Sleep(ctx, time.Second); err != nil {
				return err
			}
			f.Reject(errTest)
			waiter.Cancel(errStop)
			wantIs(t, name, waiter.Wait(ctx), errStop)
			return nil
		})
		wantIs(t, name+": Close", err, errTest)
	}
}

var errStop = errors.New("asked to stop")
