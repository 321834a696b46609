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
		barrier := eventloop.NewBarrier(1)
		_, err = barrier.Wait(ended)
		wantIs(t, "Barrier", err, errTest)
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
	wantPanic(t, "compares items", func() { eventloop.NewPriorityQueue[int](0, nil) })
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
	// LockTests.test_ambiguous_loops and the like of CPython's test_locks.py.
	run(t, func(ctx context.Context) error {
		wantPanic(t, "used in another loop", func() { _ = lock.Lock(ctx) })
		wantPanic(t, "used in another loop", func() { _ = eventloop.NewCondition(&lock).Lock(ctx) })
		return nil
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
