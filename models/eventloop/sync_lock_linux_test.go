package eventloop_test

import (
	"context"
	"testing"

	"juggle/models/eventloop"
)

// TestLockBehaviours covers Lock of the checklist's section 1c: strict FIFO, no
// barging, a cancelled waiter passes the wake-up on, release of an unlocked lock.
// LockTests.test_lock_by_with_statement and test_lock_doesnt_accept_loop_parameter
// are about Python's syntax.
func TestLockBehaviours(t *testing.T) { perform(t, lockEpisodes) }

// held has main hold a lock.
func held(act func(s *scene, l *eventloop.Lock)) func(s *scene) {
	return func(s *scene) {
		l := new(eventloop.Lock)
		s.must(l.Lock(s.ctx))
		act(s, l)
	}
}

var lockEpisodes = []episode{
	{"test_lock, test_release_no_waiters, test_context_manager", "has an owner from Lock to Unlock", held(func(s *scene, l *eventloop.Lock) {
		s.equal("held", l.Owner() != nil, true)
		l.Unlock()
		s.equal("owner", l.Owner(), (*eventloop.Task)(nil))
	})},
	{"test_acquire", "goes to one task per Unlock in their order", held(func(s *scene, l *eventloop.Lock) {
		s.start("1", l.Lock)
		s.start("2", l.Lock)
		s.want("")
		l.Unlock()
		s.want("1")
		s.start("3", l.Lock)
		l.Unlock()
		s.want("2")
		l.Unlock()
		s.want("3")
	})},
	{"test_acquire_cancel", "forgets a waiter that is cancelled", held(func(s *scene, l *eventloop.Lock) {
		waiter := s.start("1", l.Lock)
		s.want("")
		waiter.Cancel(errTest)
		s.want("1 cancelled")
		s.equal("waiters", l.Waiters(), 0)
	})},
	{"test_cancel_race", "goes past a waiter that is cancelled before Unlock", held(func(s *scene, l *eventloop.Lock) {
		waiter := s.start("1", l.Lock)
		s.start("2", l.Lock)
		s.want("")
		waiter.Cancel(errTest)
		l.Unlock()
		s.want("1 cancelled, 2")
	})},
	{"test_cancel_release_race", "goes on from a waiter that is cancelled after Unlock", held(func(s *scene, l *eventloop.Lock) {
		waiter := s.start("1", l.Lock)
		s.start("2", l.Lock)
		s.want("")
		l.Unlock()
		waiter.Cancel(errTest)
		s.want("1 cancelled, 2")
	})},
	{"test_finished_waiter_cancelled", "is free for a newcomer when the one woken is cancelled", held(func(s *scene, l *eventloop.Lock) {
		waiter := s.start("1", l.Lock)
		s.want("")
		l.Unlock()
		waiter.Cancel(errTest)
		s.start("2", l.Lock)
		s.want("1 cancelled, 2")
	})},
	{"", "is not had twice by one task", held(func(s *scene, l *eventloop.Lock) {
		s.start("1", l.Lock)
		wantIs(s.T, "again", l.Lock(s.ctx), eventloop.ErrReentrant)
		l.Unlock()
		s.want("1")
	})},
	{"test_release_not_acquired", "cannot be given back by nobody", func(s *scene) {
		s.panics("no task holds", new(eventloop.Lock).Unlock)
	}},
	{"test_repr", "names its owner", func(s *scene) {
		l := new(eventloop.Lock)
		s.equal("free", l.String(), "Lock (free, 0 waiting)")
		s.start("owner", func(ctx context.Context) error { return l.Lock(ctx) }).SetName("owner")
		s.start("waiter", l.Lock)
		s.want("owner")
		s.equal("held", l.String(), "Lock (held by owner, 1 waiting)")
	}},
}

// TestEventBehaviours covers Event of the checklist's section 1c: Set and an
// immediate Clear still wake all who wait.
func TestEventBehaviours(t *testing.T) { perform(t, eventEpisodes) }

var eventEpisodes = []episode{
	{"test_wait", "wakes all in their order", func(s *scene) {
		var e eventloop.Event
		s.start("1", e.Wait)
		s.start("2", e.Wait)
		s.want("")
		s.start("3", e.Wait) // finds it set before the others run
		e.Set()
		s.want("3, 1, 2")
	}},
	{"test_wait_on_set", "does not hold up who comes later", func(s *scene) {
		var e eventloop.Event
		e.Set()
		s.must(e.Wait(s.ctx))
	}},
	{"test_wait_cancel", "forgets a waiter that is cancelled", func(s *scene) {
		var e eventloop.Event
		waiter := s.start("1", e.Wait)
		s.want("")
		waiter.Cancel(errTest)
		s.want("1 cancelled")
		s.equal("waiters", e.Waiters(), 0)
	}},
	{"test_clear", "is as new when it is cleared", func(s *scene) {
		var e eventloop.Event
		e.Set()
		s.equal("set", e.IsSet(), true)
		e.Clear()
		s.equal("set", e.IsSet(), false)
		s.start("1", e.Wait)
		s.want("")
	}},
	{"test_clear_with_waiters", "wakes those present though it is cleared at once", func(s *scene) {
		var e eventloop.Event
		s.start("1", e.Wait)
		s.want("")
		e.Set()
		e.Clear()
		e.Set()
		e.Set()
		e.Clear()
		s.want("1")
	}},
	{"test_repr", "says whether it is set", func(s *scene) {
		var e eventloop.Event
		s.start("1", e.Wait)
		s.want("")
		s.equal("not set", e.String(), "Event (not set, 1 waiting)")
		e.Set()
		s.equal("set", e.String(), "Event (set, 0 waiting)")
	}},
}
