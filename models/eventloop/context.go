package eventloop

import (
	"context"
	"time"
)

// taskContext is a task seen as its context. To make one costs nothing. What
// the context package needs of it (a channel, children, a cause) is made when
// somebody first asks: most tasks only ever pass their context to this package.
//
// Unlike a task, its context may be used from any goroutine.
type taskContext Task

// taskKey is the key under which a context holds the task it belongs to.
type taskKey struct{}

// standard is the part of a task's context that the context package made.
type standard struct {
	context.Context
	cancel context.CancelCauseFunc
}

func (t *Task) context() context.Context { return (*taskContext)(t) }

// is reports whether ctx is t's own context, which is quicker to find out than
// by comparing interfaces.
func (t *Task) is(ctx context.Context) bool {
	c, ok := ctx.(*taskContext)
	return ok && (*Task)(c) == t
}

// taskOf returns the task whose context ctx is or derives from, or nil.
func taskOf(ctx context.Context) *Task {
	if c, ok := ctx.(*taskContext); ok {
		return (*Task)(c)
	}
	t, _ := ctx.Value(taskKey{}).(*Task)
	return t
}

func (c *taskContext) Deadline() (time.Time, bool) { return c.base.Deadline() }

func (c *taskContext) Done() <-chan struct{} { return (*Task)(c).standard().Done() }

func (c *taskContext) Err() error {
	if c.std.Load() == nil && c.loop.thread.Load() != 0 {
		return nil // cancelling makes std
	}
	return (*Task)(c).standard().Err()
}

func (c *taskContext) Value(key any) any {
	if key == (taskKey{}) {
		return (*Task)(c)
	}
	// The context package looks for its own type in here, and so registers
	// derived contexts directly and finds the cause.
	if std := c.std.Load(); std != nil {
		return std.Value(key)
	}
	return c.base.Value(key)
}

func (c *taskContext) String() string { return "eventloop.Task" }

// standard returns what the context package has of t's context, in any
// goroutine.
func (t *Task) standard() *standard {
	s, made := t.makeStandard()
	if made && !t.loop.post(func() { t.orphan() }) {
		s.cancel(ErrMainEnded) // nobody else will, the loop has ended
	}
	return s
}

// makeStandard makes it if there is none. It has the values of base; that base
// ends reaches the task through the loop instead.
func (t *Task) makeStandard() (s *standard, made bool) {
	if s := t.std.Load(); s != nil {
		return s, false
	}
	s = new(standard)
	s.Context, s.cancel = context.WithCancelCause(context.WithoutCancel(t.base))
	if t.std.CompareAndSwap(nil, s) {
		return s, true
	}
	return t.std.Load(), false // another goroutine was faster; s holds nothing to release
}

// interrupt is called when t's scope is cancelled.
func (t *Task) interrupt(cause error) {
	s, _ := t.makeStandard()
	s.cancel(cause)
	if t.heeds {
		t.wake(cause)
	}
}

// orphan sees to it that t's context ends with the loop, when t has ended and
// its scope is no longer in the tree.
func (t *Task) orphan() {
	s := t.std.Load()
	switch root := &t.loop.root; {
	case s == nil || !t.done || t.scope.cause != nil:
	case root.cause != nil:
		s.cancel(root.cause)
	default:
		t.loop.orphans.add(s)
	}
}
