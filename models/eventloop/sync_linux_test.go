package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"juggle/models/eventloop"
)

// turns lets the other tasks run until whatever they wake one another for is
// over.
func turns(ctx context.Context) error {
	for range 8 {
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
	}
	return nil
}

// wantPanic fails the test unless f panics with one line that contains want.
func wantPanic(t *testing.T, want string, f func()) {
	t.Helper()
	defer func() {
		t.Helper()
		text := fmt.Sprint(recover())
		if !strings.Contains(text, want) || strings.Contains(text, "\n") {
			t.Errorf("panicked with %q, want one line with %q", text, want)
		}
	}()
	f()
}

func wantEqual(t *testing.T, what string, got, want any) {
	t.Helper()
	if !reflect.DeepEqual(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
}

func TestLockExcludesAcrossWaits(t *testing.T) {
	checkLeftovers(t)
	var lock eventloop.Lock
	var order []int
	run(t, func(ctx context.Context) error {
		inside := 0
		return each(ctx, 5, func(ctx context.Context, i int) error {
			if err := lock.Lock(ctx); err != nil {
				return err
			}
			defer lock.Unlock()
			inside++
			wantEqual(t, "tasks inside", inside, 1)
			order = append(order, i)
			err := turns(ctx)
			inside--
			return err
		})
	})
	wantEqual(t, "order", order, []int{0, 1, 2, 3, 4})
}

// TestNewcomersDoNotOvertake has the task that gives a lock or a permit back ask
// for it again before the task that was woken has run.
func TestNewcomersDoNotOvertake(t *testing.T) {
	checkLeftovers(t)
	var lock eventloop.Lock
	semaphore := eventloop.NewSemaphore(1)
	run(t, func(ctx context.Context) error {
		return errors.Join(
			overtake(ctx, t, lock.Lock, lock.Unlock),
			overtake(ctx, t, semaphore.Acquire, semaphore.Release),
		)
	})
}

func overtake(ctx context.Context, t *testing.T, acquire func(context.Context) error, release func()) error {
	var order []string
	hold := func(ctx context.Context, who string) error {
		if err := acquire(ctx); err != nil {
			return err
		}
		order = append(order, who)
		return nil
	}
	if err := hold(ctx, "first"); err != nil {
		return err
	}
	waiter := eventloop.Go(ctx, func(ctx context.Context) error {
		err := hold(ctx, "waiter")
		release()
		return err
	})
	if err := turns(ctx); err != nil {
		return err
	}
	release()
	if err := hold(ctx, "newcomer"); err != nil {
		return err
	}
	release()
	wantEqual(t, "order", order, []string{"first", "waiter", "newcomer"})
	return waiter.Wait(ctx)
}

func TestLockStatistics(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		var lock eventloop.Lock
		if err := lock.Lock(ctx); err != nil {
			return err
		}
		if lock.Owner() == nil {
			t.Error("no owner of a held lock")
		}
		waiters := []*eventloop.Task{}
		for range 3 {
			waiters = append(waiters, eventloop.Go(ctx, lock.Lock))
		}
		if err := turns(ctx); err != nil {
			return err
		}
		wantEqual(t, "waiters", lock.Waiters(), 3)
		lock.Unlock()
		wantEqual(t, "owner until the woken task runs", lock.Owner(), (*eventloop.Task)(nil))
		wantEqual(t, "waiters", lock.Waiters(), 2)
		if err := turns(ctx); err != nil {
			return err
		}
		if lock.Owner() != waiters[0] {
			t.Error("the owner is not the first that waited")
		}
		return nil
	})
}

// TestCancelledAfterWakeUp wakes a task, cancels it before it runs, and expects
// the next one to get what it was woken for.
func TestCancelledAfterWakeUp(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		var lock eventloop.Lock
		var semaphore eventloop.Semaphore
		var items eventloop.Queue[string]
		wantIs(t, "Lock", lock.Lock(ctx), nil)
		get := func(ctx context.Context) error {
			v, err := items.Get(ctx)
			if err == nil {
				wantEqual(t, "item", v, "the item")
			}
			return err
		}
		put := func() { wantIs(t, "TryPut", items.TryPut("the item"), nil) }
		for _, p := range []struct {
			name    string
			acquire func(context.Context) error
			release func()
		}{{"Lock", lock.Lock, lock.Unlock}, {"Semaphore", semaphore.Acquire, semaphore.Release}, {"Queue", get, put}} {
			first, second := eventloop.Go(ctx, p.acquire), eventloop.Go(ctx, p.acquire)
			if err := turns(ctx); err != nil {
				return err
			}
			p.release()
			first.Cancel(errTest)
			wantIs(t, p.name+" first", first.Wait(ctx), errTest)
			if err := turns(ctx); err != nil {
				return err
			}
			if !second.Done() {
				t.Errorf("%s: the wake-up was lost", p.name)
				second.Cancel(errTest)
			}
			wantIs(t, p.name+" second", second.Wait(ctx), nil)
		}
		return nil
	})
}

// TestEndedContext says that nothing is taken with a context that has ended,
// even if it could be had at once.
func TestEndedContext(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		ended, cancel := context.WithCancelCause(ctx)
		cancel(errTest)
		var lock eventloop.Lock
		wantIs(t, "Lock", lock.Lock(ended), errTest)
		wantEqual(t, "owner", lock.Owner(), (*eventloop.Task)(nil))
		semaphore := eventloop.NewSemaphore(1)
		wantIs(t, "Acquire", semaphore.Acquire(ended), errTest)
		wantEqual(t, "free", semaphore.Free(), 1)
		var event eventloop.Event
		event.Set()
		wantIs(t, "Event", event.Wait(ended), errTest)
		var items eventloop.Queue[int]
		wantIs(t, "Put", items.Put(ended, 1), errTest)
		wantIs(t, "TryPut", items.TryPut(1), nil)
		_, err := items.Get(ended)
		wantIs(t, "Get", err, errTest)
		wantIs(t, "Join", items.Join(ended), errTest)
		wantEqual(t, "items", items.Len(), 1)
		return nil
	})
}

func TestTimeoutEndsTheWait(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		short, cancel := context.WithTimeout(ctx, time.Millisecond)
		defer cancel()
		var semaphore eventloop.Semaphore
		wantIs(t, "Acquire", semaphore.Acquire(short), context.DeadlineExceeded)
		wantEqual(t, "waiters", semaphore.Waiters(), 0)
		semaphore.Release()
		return semaphore.Acquire(ctx)
	})
}

func TestMisusePanics(t *testing.T) {
	checkLeftovers(t)
	var lock eventloop.Lock
	bounded := eventloop.NewBoundedSemaphore(2)
	var items eventloop.Queue[int]
	wantPanic(t, "Unlock of a Lock that no task holds", lock.Unlock)
	wantPanic(t, "Release of a bounded Semaphore", bounded.Release)
	wantPanic(t, "TaskDone for more items", items.TaskDone)
	wantPanic(t, "negative", func() { eventloop.NewSemaphore(-1) })
	wantPanic(t, "without a permit", func() { eventloop.NewBoundedSemaphore(0) })
	wantPanic(t, "carries no loop", func() { _ = lock.Lock(t.Context()) })
	run(t, func(ctx context.Context) error {
		if err := lock.Lock(ctx); err != nil {
			return err
		}
		lock.Unlock()
		wantPanic(t, "no task holds", lock.Unlock)
		return nil
	})
	run(t, func(ctx context.Context) error {
		wantPanic(t, "used in another loop", func() { _ = lock.Lock(ctx) })
		return nil
	})
}

func TestEvent(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		var event eventloop.Event
		var order []int
		var waiters []*eventloop.Task
		for i := range 4 {
			waiters = append(waiters, eventloop.Go(ctx, func(ctx context.Context) error {
				err := event.Wait(ctx)
				if err == nil {
					order = append(order, i)
				}
				return err
			}))
		}
		if err := turns(ctx); err != nil {
			return err
		}
		wantEqual(t, "waiters", event.Waiters(), 4)
		waiters[1].Cancel(errTest)
		event.Set()
		waiters[2].Cancel(errTest)
		event.Clear()
		wantEqual(t, "set", event.IsSet(), false)
		for i, want := range []error{nil, errTest, errTest, nil} {
			wantIs(t, fmt.Sprint("waiter ", i), waiters[i].Wait(ctx), want)
		}
		wantEqual(t, "order", order, []int{0, 3})

		late := eventloop.Go(ctx, event.Wait)
		if err := turns(ctx); err != nil {
			return err
		}
		wantEqual(t, "late one done after Clear", late.Done(), false)
		event.Set()
		return errors.Join(event.Wait(ctx), late.Wait(ctx))
	})
}

func TestQueueHandsOverInOrder(t *testing.T) {
	checkLeftovers(t)
	for _, capacity := range []int{-1, 0, 1, 3} {
		var got []int
		run(t, func(ctx context.Context) error {
			items := eventloop.NewQueue[int](capacity)
			producer := eventloop.Go(ctx, func(ctx context.Context) error {
				for i := range 10 {
					if err := items.Put(ctx, i); err != nil {
						return err
					}
					if capacity > 0 && items.Len() > capacity {
						t.Errorf("%d items in a queue for %d", items.Len(), capacity)
					}
				}
				items.Shutdown()
				return nil
			})
			for {
				v, err := items.Get(ctx)
				if err == eventloop.ErrShutdown {
					return producer.Wait(ctx)
				}
				if err != nil {
					return err
				}
				got = append(got, v)
			}
		})
		wantEqual(t, fmt.Sprint("capacity ", capacity), got, []int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9})
	}
}

func TestQueueShutdown(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		items := eventloop.NewQueue[int](1)
		wantIs(t, "Put", items.Put(ctx, 1), nil)
		blocked := eventloop.Go(ctx, func(ctx context.Context) error { return items.Put(ctx, 2) })
		var idle eventloop.Queue[int]
		getter := eventloop.Go(ctx, func(ctx context.Context) error { _, err := idle.Get(ctx); return err })
		if err := turns(ctx); err != nil {
			return err
		}
		wantEqual(t, "putters", items.Putters(), 1)
		wantEqual(t, "getters", idle.Getters(), 1)
		items.Shutdown()
		items.Shutdown()
		idle.Shutdown()
		wantIs(t, "blocked Put", blocked.Wait(ctx), eventloop.ErrShutdown)
		wantIs(t, "blocked Get", getter.Wait(ctx), eventloop.ErrShutdown)
		wantIs(t, "Put", items.Put(ctx, 3), eventloop.ErrShutdown)
		wantIs(t, "TryPut", items.TryPut(3), eventloop.ErrShutdown)
		v, err := items.Get(ctx)
		wantIs(t, "Get drains", err, nil)
		wantEqual(t, "item", v, 1)
		_, err = items.Get(ctx)
		wantIs(t, "Get", err, eventloop.ErrShutdown)
		_, err = items.TryGet()
		wantIs(t, "TryGet", err, eventloop.ErrShutdown)
		return nil
	})
}

// TestShutdownOverWokenPutter shuts down after a putter was woken and before it
// runs.
func TestShutdownOverWokenPutter(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		items := eventloop.NewQueue[int](1)
		wantIs(t, "TryPut", items.TryPut(1), nil)
		putter := eventloop.Go(ctx, func(ctx context.Context) error { return items.Put(ctx, 2) })
		if err := turns(ctx); err != nil {
			return err
		}
		_, err := items.TryGet()
		wantIs(t, "TryGet", err, nil)
		wantIs(t, "TryPut into a place that is due to a putter", items.TryPut(3), eventloop.ErrFull)
		items.Shutdown()
		wantIs(t, "Put", putter.Wait(ctx), eventloop.ErrShutdown)
		wantEqual(t, "items", items.Len(), 0)
		return nil
	})
}

func TestTryLeavesWhatIsDueToOthers(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		var items eventloop.Queue[int]
		_, err := items.TryGet()
		wantIs(t, "TryGet", err, eventloop.ErrEmpty)
		getter := eventloop.Go(ctx, func(ctx context.Context) error {
			v, err := items.Get(ctx)
			wantEqual(t, "item", v, 1)
			return err
		})
		if err := turns(ctx); err != nil {
			return err
		}
		wantIs(t, "TryPut", items.TryPut(1), nil)
		_, err = items.TryGet()
		wantIs(t, "TryGet of an item that is due to a getter", err, eventloop.ErrEmpty)
		return getter.Wait(ctx)
	})
}

func TestQueueJoin(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		var items eventloop.Queue[int]
		wantIs(t, "Join without items", items.Join(ctx), nil)
		wantIs(t, "put", errors.Join(items.TryPut(1), items.TryPut(2)), nil)
		joiner := eventloop.Go(ctx, items.Join)
		for range 2 {
			if _, err := items.Get(ctx); err != nil {
				return err
			}
			if err := turns(ctx); err != nil {
				return err
			}
			wantEqual(t, "joined before TaskDone", joiner.Done(), false)
			items.TaskDone()
		}
		wantIs(t, "put", items.TryPut(3), nil) // after the last TaskDone, so it does not count
		return joiner.Wait(ctx)
	})
}

// TestFastPathAllocatesNothing holds the documentation to its word.
func TestFastPathAllocatesNothing(t *testing.T) {
	run(t, func(ctx context.Context) error {
		var lock eventloop.Lock
		semaphore := eventloop.NewSemaphore(1)
		wantEqual(t, "allocations", testing.AllocsPerRun(100, func() {
			if lock.Lock(ctx) == nil {
				lock.Unlock()
			}
			if semaphore.Acquire(ctx) == nil {
				semaphore.Release()
			}
		}), 0.0)
		return nil
	})
}
