package eventloop

import (
	"context"
	"errors"
	"sync/atomic"
)

// ErrNotReady is what [StartIn] returns for a task that ended without an error, and
// without saying that it was ready.
var ErrNotReady = errors.New("eventloop: the task ended before it said that it was ready")

// StartIn begins a task in g and waits until it says that it is ready, with a value:
// a server that listens and tells its address, for instance. It is trio's
// nursery.start.
//
// A task that ends before gives StartIn its error, or [ErrNotReady], and the group
// goes on. If ctx ends first, or the calling task is cancelled, the new task is
// cancelled and waited for, and StartIn returns the cause; or, if the task failed
// instead of obeying, its error, and the next wait returns the cause. Once the task
// is ready, it is as if [Group.Go] had begun it.
//
// ready may be called from any goroutine. It panics if it is called twice.
func StartIn[T any](ctx context.Context, g *Group, body func(ctx context.Context, ready func(T)) error) (T, error) {
	t := running(ctx)
	if err := t.ended(ctx); err != nil {
		return *new(T), err
	}
	if err := g.refusal(); err != nil {
		return *new(T), err
	}
	s := &start[T]{group: g, by: t}
	g.admit(&s.task, &s.membership, s, func(ctx context.Context) error { return body(ctx, s.tell) })
	err := t.suspend(ctx, s)
	if s.ready {
		t.putOff(err) // the value is there, and shall not be lost
		return s.value, nil
	}
	if err != nil {
		s.over = true
		s.task.Cancel(err)
		for !s.task.done {
			s.task.waiters.push(t)
			t.suspendAnyway(s)
		}
	}
	return *new(T), s.failure(err)
}

// failure returns why there is no value. cancelled is why the caller gave up, or nil.
func (s *start[T]) failure(cancelled error) error {
	switch err := s.task.look(); {
	case cancelled == nil && err == nil:
		return ErrNotReady
	case cancelled == nil:
		return err
	case err == nil || s.task.dropped:
		return cancelled
	default:
		s.by.putOff(cancelled)
		return err
	}
}

// A start is a StartIn under way, with the task that it begins.
type start[T any] struct {
	member
	group *Group
	by    *Task // that waits for it
	value T
	told  atomic.Bool
	ready bool
	over  bool // the caller has given up
}

// tell is what the task calls when it is ready.
func (s *start[T]) tell(v T) {
	if !s.told.CompareAndSwap(false, true) {
		panic("eventloop: ready was called twice; a task is ready once")
	}
	s.task.loop.call(func() {
		if s.over || s.task.done {
			return
		}
		s.value, s.ready = v, true
		s.link.by = s.group
		s.by.wake(nil)
	})
}

// settled is called when the task has ended and was not ready.
func (s *start[T]) settled(*promise) {
	s.group.left()
	s.by.wake(nil)
}

func (s *start[T]) parts() []Awaitable { return []Awaitable{&s.task} }

func (s *start[T]) String() string { return "start of " + s.task.Name() }
