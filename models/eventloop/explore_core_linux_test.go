package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"juggle/models/eventloop"
)

// TestCancelInEveryOrder has a future resolved, the scope of a wait for it cancelled,
// and the waiting task too, all in one tick and in every order. The task is told of
// its cancellation once, in this wait or in the next.
func TestCancelInEveryOrder(t *testing.T) {
	checkLeftovers(t)
	seen := map[string]bool{}
	errScope := errors.New("of the scope")
	found, err := eventloop.Explore(t.Context(), 0, func(ctx context.Context) error {
		future := eventloop.NewFuture[int](ctx)
		var first, second, third error
		task := eventloop.Go(ctx, func(ctx context.Context) error {
			scope := eventloop.WithScope(ctx)
			defer scope.Close()
			eventloop.FromContext(ctx).CallAt(time.Second, func() { scope.Cancel(errScope) })
			first = future.Wait(scope)
			second = eventloop.Sleep(ctx, time.Second)
			third = eventloop.Sleep(ctx, time.Second)
			return nil
		})
		l := eventloop.FromContext(ctx)
		l.CallAt(time.Second, func() { future.Resolve(1) })
		l.CallAt(time.Second, func() { task.Cancel(errTest) })
		// A task, which is ready together with these and goes on to the same end.
		other := eventloop.Go(ctx, func(ctx context.Context) error {
			err := eventloop.Sleep(ctx, time.Second)
			return errors.Join(err, eventloop.Yield(ctx))
		})
		if err := errors.Join(task.Wait(ctx), other.Wait(ctx)); err != nil {
			return err
		}
		told := 0
		for _, err := range []error{first, second, third} {
			if errors.Is(err, errTest) {
				told++
			}
		}
		outcome := fmt.Sprintf("%v, %v, %v", first, second, third)
		seen[outcome] = true
		if told != 1 || third != nil || l.Time() > 3*time.Second {
			return errors.New(outcome)
		}
		return nil
	})
	if err != nil || found.Err != nil || !found.Complete {
		t.Errorf("%+v, %v", found, err)
	}
	if len(seen) != 2 {
		t.Errorf("in %d orders it saw %v", found.Runs, seen)
	}
}

// TestCancelOfDescendantsInEveryOrder has a task and what it awaits, and a scope
// around both, be cancelled in every order: all end, with one of the causes.
func TestCancelOfDescendantsInEveryOrder(t *testing.T) {
	checkLeftovers(t)
	errScope := errors.New("of the scope")
	found, err := eventloop.Explore(t.Context(), 0, func(ctx context.Context) error {
		scope := eventloop.WithScope(ctx)
		defer scope.Close()
		var child *eventloop.Task
		cleaned := 0
		parent := eventloop.Go(scope, func(ctx context.Context) error {
			child = eventloop.Go(ctx, func(ctx context.Context) error {
				err := eventloop.Sleep(ctx, time.Hour)
				cleanUp := eventloop.WithTimeout(context.WithoutCancel(ctx), time.Minute)
				defer cleanUp.Close()
				if eventloop.Sleep(cleanUp, time.Second) == nil {
					cleaned++
				}
				return err
			})
			return child.Await(ctx)
		})
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
		l := eventloop.FromContext(ctx)
		l.CallSoon(func() { scope.Cancel(errScope) })
		l.CallSoon(func() { parent.Cancel(errTest) })
		if child != nil {
			l.CallSoon(func() { child.Cancel(errTest) })
		}
		err := parent.Wait(ctx)
		if !errors.Is(err, errScope) && !errors.Is(err, errTest) {
			return fmt.Errorf("the parent: %w", err)
		}
		if child != nil && (!child.Done() || child.Err() != err || cleaned > 1) {
			return fmt.Errorf("the child has ended: %t with %w, cleaned up: %d", child.Done(), child.Err(), cleaned)
		}
		return nil
	})
	if err != nil || found.Err != nil || !found.Complete {
		t.Errorf("%+v, %v", found, err)
	}
}
