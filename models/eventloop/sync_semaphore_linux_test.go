package eventloop_test

import (
	"context"
	"testing"

	"juggle/models/eventloop"
)

// TestSemaphoreBehaviours covers Semaphore and BoundedSemaphore of the checklist's
// section 1c: FIFO also against newcomers, a waiter that is cancelled after it was
// woken gives the permit on, release beyond the bound.
func TestSemaphoreBehaviours(t *testing.T) { perform(t, semaphoreEpisodes) }

var semaphoreEpisodes = []episode{
	{"test_initial_value_zero", "may begin without a permit", func(s *scene) {
		n := eventloop.NewSemaphore(0)
		s.equal("free", n.Free(), 0)
		s.start("1", n.Acquire)
		s.want("")
		n.Release()
		s.want("1")
	}},
	{"test_semaphore_value", "cannot begin with less", func(s *scene) {
		s.panics("negative", func() { eventloop.NewSemaphore(-1) })
	}},
	{"test_semaphore, test_release_no_waiters", "counts permits", func(s *scene) {
		n := eventloop.NewBoundedSemaphore(1)
		s.must(n.Acquire(s.ctx))
		s.equal("free", n.Free(), 0)
		n.Release()
		s.equal("free", n.Free(), 1)
	}},
	{"test_acquire", "goes to as many tasks as there are permits", func(s *scene) {
		n := eventloop.NewSemaphore(3)
		s.must(n.Acquire(s.ctx))
		s.must(n.Acquire(s.ctx))
		for _, name := range []string{"1", "2", "3", "4"} {
			s.start(name, n.Acquire)
		}
		s.want("1")
		s.equal("waiters", n.Waiters(), 3)
		n.Release()
		n.Release()
		s.want("2, 3")
		n.Release()
		s.want("4")
	}},
	{"test_acquire_cancel", "forgets a waiter that is cancelled", func(s *scene) {
		n := eventloop.NewSemaphore(0)
		waiter := s.start("1", n.Acquire)
		s.want("")
		waiter.Cancel(errTest)
		s.want("1 cancelled")
		s.equal("waiters", n.Waiters(), 0)
	}},
	{"test_acquire_cancel_before_awoken", "goes past waiters that were cancelled", func(s *scene) {
		n := eventloop.NewSemaphore(0)
		waiters := []*eventloop.Task{s.start("1", n.Acquire), s.start("2", n.Acquire)}
		s.start("3", n.Acquire)
		s.start("4", n.Acquire)
		s.want("")
		waiters[0].Cancel(errTest)
		waiters[1].Cancel(errTest)
		n.Release()
		s.want("1 cancelled, 2 cancelled, 3")
		s.equal("waiters", n.Waiters(), 1)
	}},
	{"test_acquire_hang", "is not lost with a waiter that is cancelled", func(s *scene) {
		n := eventloop.NewSemaphore(0)
		waiter := s.start("1", n.Acquire)
		s.start("2", n.Acquire)
		s.want("")
		n.Release()
		waiter.Cancel(errTest)
		s.want("1 cancelled, 2")
		s.equal("free", n.Free(), 0)
	}},
	{"test_acquire_no_hang", "comes back from a waiter that is cancelled after it was woken", func(s *scene) {
		n := eventloop.NewSemaphore(1)
		var second *eventloop.Task
		s.start("1", func(ctx context.Context) error {
			s.must(n.Acquire(ctx))
			s.must(eventloop.Yield(ctx))
			n.Release()
			second.Cancel(errTest)
			return nil
		})
		second = s.start("2", n.Acquire)
		s.want("1, 2 cancelled")
		s.must(n.Acquire(s.ctx))
	}},
	{"test_release_not_acquired", "is bounded if so made", func(s *scene) {
		s.panics("has all its permits", eventloop.NewBoundedSemaphore(1).Release)
		n := eventloop.NewSemaphore(1)
		n.Release()
		s.equal("free", n.Free(), 2)
	}},
	{"test_acquire_fifo_order, _2, _3", "goes to those who wait before a newcomer", func(s *scene) {
		n := eventloop.NewSemaphore(1)
		s.must(n.Acquire(s.ctx))
		s.start("1", n.Acquire)
		s.start("2", n.Acquire)
		s.want("")
		n.Release()
		s.start("3", n.Acquire) // while 1 was woken and has not run
		n.Release()
		s.want("1, 2")
		n.Release()
		s.want("3")
	}},
	{"test_acquire_fifo_order_4", "wakes several when there are several permits", func(s *scene) {
		n := eventloop.NewSemaphore(0)
		s.start("1", n.Acquire)
		s.start("2", func(ctx context.Context) error {
			n.Release()
			n.Release()
			n.Release()
			s.equal("free", n.Free(), 3)
			return n.Acquire(ctx) // behind 1, though there are enough
		})
		s.start("3", n.Acquire)
		s.want("1, 2, 3")
		s.equal("free", n.Free(), 0)
	}},
	{"test_repr", "says how many permits are free", func(s *scene) {
		s.equal("new", eventloop.NewSemaphore(4).String(), "Semaphore (4 free, 0 waiting)")
	}},
}
