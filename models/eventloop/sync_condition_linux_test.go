package eventloop_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"juggle/models/eventloop"
)

// crowd is a Condition and how tasks use it.
type crowd struct {
	*scene
	c *eventloop.Condition
}

// waiter begins a task that waits, and notes that it went on.
func (s crowd) waiter(name string) *eventloop.Task {
	return s.start(name, func(ctx context.Context) error {
		if err := s.c.Lock(ctx); err != nil {
			return err
		}
		defer s.c.Unlock()
		before := s.c.Owner()
		err := s.c.Wait(ctx)
		s.equal("holds the lock after Wait", s.c.Owner() == before, true)
		return err
	})
}

// locked does f with the lock held.
func (s crowd) locked(f func()) {
	s.must(s.c.Lock(s.ctx))
	f()
	s.c.Unlock()
}

// three begins three tasks that wait.
func (s crowd) three() (first *eventloop.Task) {
	first = s.waiter("1")
	s.waiter("2")
	s.waiter("3")
	s.want("")
	s.equal("waiters", s.c.Waiters(), 3)
	return first
}

// TestConditionBehaviours covers Condition of the checklist's section 1c: Wait has
// the lock again even when it is cancelled, in a loop, and returns the last cause; a
// notification that it consumed goes on; Notify without the lock; WaitFor.
func TestConditionBehaviours(t *testing.T) { perform(t, conditionEpisodes) }

func crowded(act func(s crowd)) func(s *scene) {
	return func(s *scene) { act(crowd{s, new(eventloop.Condition)}) }
}

var conditionEpisodes = []episode{
	{"test_wait, test_notify", "wakes as many as it is told in their order", crowded(func(s crowd) {
		s.three()
		s.locked(func() { s.c.Notify(0); s.c.Notify(-1) })
		s.want("")
		s.locked(func() { s.c.Notify(1) })
		s.want("1")
		s.locked(func() { s.c.Notify(2048) })
		s.want("2, 3")
	})},
	{"test_notify_all", "wakes all", crowded(func(s crowd) {
		s.three()
		s.locked(s.c.NotifyAll)
		s.want("1, 2, 3")
	})},
	{"", "does not keep a notification for later", crowded(func(s crowd) {
		s.locked(s.c.NotifyAll)
		s.waiter("1")
		s.want("")
	})},
	{"test_wait", "goes on when the lock is free", crowded(func(s crowd) {
		s.waiter("1")
		s.want("")
		s.locked(func() {
			s.c.Notify(1)
			s.want("")
		})
		s.want("1")
	})},
	{"test_wait_cancel", "wakes nobody else when one is cancelled that was told nothing", crowded(func(s crowd) {
		s.three().Cancel(errTest)
		s.want("1 cancelled")
		s.equal("waiters", s.c.Waiters(), 2)
	})},
	{"test_wait_cancel_contested", "has the lock again though it is cancelled", crowded(func(s crowd) {
		first := s.three()
		s.locked(func() {
			first.Cancel(errTest)
			s.want("")
		})
		s.want("1 cancelled")
	})},
	{"test_cancelled_error_wakeup, test_cancelled_error_re_aquire", "returns the last cause", crowded(func(s crowd) {
		last := errors.New("last")
		waiter := s.waiter("1")
		s.want("")
		s.locked(func() {
			waiter.Cancel(errTest)
			s.want("")
			waiter.Cancel(errTest)
			waiter.Cancel(last)
			s.want("")
		})
		s.want("1 failed: last")
	})},
	{"test_wait_cancel_after_notify, test_cancelled_wakeup", "passes on what a cancelled one was told", crowded(func(s crowd) {
		first := s.three()
		s.locked(func() {
			s.c.Notify(1)
			first.Cancel(errTest) // it has not run
		})
		s.want("1 cancelled, 2")
	})},
	{"test_cancelled_wakeup_relock", "passes on what one was told that is cancelled at the lock", crowded(func(s crowd) {
		first := s.three()
		s.locked(func() {
			s.c.Notify(1)
			s.want("")
			first.Cancel(errTest) // it waits for the lock
			s.want("")
		})
		s.want("1 cancelled, 2")
	})},
	{"test_wait_unacquired, test_wait_for_unacquired", "cannot be waited for without the lock", crowded(func(s crowd) {
		s.panics("does not hold", func() { _ = s.c.Wait(s.ctx) })
		s.panics("does not hold", func() { _ = s.c.WaitFor(s.ctx, func() bool { return true }) })
	})},
	{"test_notify_unacquired, test_notify_all_unacquired", "cannot notify without the lock", crowded(func(s crowd) {
		s.panics("does not hold", func() { s.c.Notify(1) })
		s.panics("does not hold", s.c.NotifyAll)
		s.start("1", s.c.Lock)
		s.want("1")
		s.panics("does not hold", s.c.NotifyAll) // another task does
	})},
	{"test_repr", "says who waits", crowded(func(s crowd) {
		s.three()
		s.equal("text", s.c.String(), "Condition (3 waiting)")
	})},
}

// TestConditionWaitFor covers wait_for of asyncio.Condition.
func TestConditionWaitFor(t *testing.T) {
	perform(t, []episode{
		{"test_wait_for", "waits until the predicate is true", func(s *scene) {
			c, ready := new(eventloop.Condition), false
			crowd := crowd{s, c}
			s.start("1", func(ctx context.Context) error {
				s.must(c.Lock(ctx))
				defer c.Unlock()
				return c.WaitFor(ctx, func() bool { return ready })
			})
			s.want("")
			crowd.locked(c.NotifyAll)
			s.want("")
			ready = true
			crowd.locked(c.NotifyAll)
			s.want("1")
		}},
		{"test_timeout_in_block", "has the lock when it is late", func(s *scene) {
			c := new(eventloop.Condition)
			s.start("1", func(ctx context.Context) error {
				s.must(c.Lock(ctx))
				defer c.Unlock() // panics if it is not held
				scope := eventloop.WithTimeout(ctx, time.Hour)
				defer scope.Close()
				return c.WaitFor(scope, func() bool { return false })
			})
			s.must(eventloop.Sleep(s.ctx, 2*time.Hour))
			s.want("1 late")
			s.must(c.Lock(s.ctx))
		}},
		{"", "fails at once with a context that has ended", func(s *scene) {
			c := new(eventloop.Condition)
			s.must(c.Lock(s.ctx))
			ended, cancel := context.WithCancelCause(s.ctx)
			cancel(errTest)
			wantIs(s.T, "Wait", c.Wait(ended), errTest)
			wantIs(s.T, "WaitFor", c.WaitFor(ended, func() bool { return true }), errTest)
			c.Unlock()
		}},
		{"test_explicit_lock, test_context_manager", "shares a lock that it is given", func(s *scene) {
			l := new(eventloop.Lock)
			full, empty := eventloop.NewCondition(l), eventloop.NewCondition(l)
			s.must(full.Lock(s.ctx))
			s.equal("held", l.Owner() != nil && empty.Owner() == l.Owner(), true)
			empty.Notify(1)
			l.Unlock()
			s.equal("own lock", eventloop.NewCondition(nil).Lock(s.ctx), nil)
		}},
	})
}
