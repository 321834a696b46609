package eventloop

import (
	"context"
	"sync/atomic"
	"time"
)

// A branch is a context that belongs to the loop: that of a task, or a [Scope].
// To make one costs nothing. What the context package needs of it (a channel,
// children, a cause) is made when somebody first asks: most tasks only ever pass
// their context to this package.
type branch struct {
	scope
	base context.Context // has its values and its deadline
	std  atomic.Pointer[standard]
}

// taskContext is a task seen as its context. Unlike the task, it may be used from
// any goroutine.
type taskContext Task

// branchKey is the key under which a context holds the branch it derives from.
type branchKey struct{}

// standard is the part of a branch that the context package made.
type standard struct {
	context.Context
	cancel context.CancelCauseFunc
}

// context returns t's context.
func (t *Task) context() context.Context { return (*taskContext)(t) }

// is reports whether ctx is t's own context, which is quicker to find out than by
// comparing interfaces.
func (t *Task) is(ctx context.Context) bool {
	c, ok := ctx.(*taskContext)
	return ok && (*Task)(c) == t
}

// task returns the task to which b belongs.
func (b *branch) task() *Task { return b.owner.holder() }

// branchOf returns the branch that ctx is or derives from, or nil.
func branchOf(ctx context.Context) *branch {
	switch c := ctx.(type) {
	case *taskContext:
		return &c.branch
	case *Scope:
		return &c.branch
	}
	b, _ := ctx.Value(branchKey{}).(*branch)
	return b
}

// owns reports whether ctx ends exactly when b does.
func (b *branch) owns(ctx context.Context) bool {
	switch c := ctx.(type) {
	case *taskContext:
		return &c.branch == b
	case *Scope:
		return &c.branch == b
	}
	done := ctx.Done()
	std := b.std.Load()
	return done != nil && std != nil && done == std.Done()
}

func (c *taskContext) Deadline() (time.Time, bool) { return c.base.Deadline() }

func (c *taskContext) Done() <-chan struct{} { return c.branch.standard().Done() }

func (c *taskContext) Err() error { return c.branch.err() }

func (c *taskContext) Value(key any) any { return c.branch.value(key) }

func (c *taskContext) String() string { return "eventloop.Task" }

// err returns what Err of a context does.
func (b *branch) err() error {
	if b.std.Load() == nil && b.task().loop.thread.Load() != 0 {
		return nil // cancelling makes std
	}
	return b.standard().Err()
}

// value returns what Value of a context does.
func (b *branch) value(key any) any {
	if key == (branchKey{}) {
		return b
	}
	// The context package looks for its own type in here, and so registers
	// derived contexts directly and finds the cause.
	if std := b.std.Load(); std != nil && std != closedScope {
		return std.Value(key)
	}
	return b.base.Value(key)
}

// standard returns what the context package has of b, in any goroutine.
func (b *branch) standard() *standard {
	s, made := b.makeStandard()
	if made && !b.task().loop.post(func() { b.orphan() }) {
		s.cancel(ErrMainEnded) // nobody else will, the loop has ended
	}
	return s
}

// makeStandard makes it if there is none. It has the values of base; that base
// ends reaches the branch through the loop instead.
func (b *branch) makeStandard() (s *standard, made bool) {
	if s := b.std.Load(); s != nil {
		return s, false
	}
	s = new(standard)
	s.Context, s.cancel = context.WithCancelCause(context.WithoutCancel(b.base))
	if b.std.CompareAndSwap(nil, s) {
		return s, true
	}
	return b.std.Load(), false // another goroutine was faster; s holds nothing to release
}

// end ends what the context package has of b.
func (b *branch) end(cause error) {
	s, _ := b.makeStandard()
	s.cancel(cause)
}

// orphan sees to it that the context ends with the loop, when its task has ended
// and the scope is no longer in the tree.
func (b *branch) orphan() {
	s := b.std.Load()
	switch root := b.task().loop.trunk; {
	case s == nil || !b.left() || b.cause != nil:
	case root.cause != nil:
		s.cancel(root.cause)
	default:
		b.task().loop.orphans.add(s)
	}
}

// cancelled is called when t's scope was cancelled for good.
func (t *Task) cancelled(cause error) {
	t.end(cause)
	if t.waiting() && t.heeds {
		t.interrupt(cause)
	}
}

func (t *Task) shields() bool { return false }

func (t *Task) holder() *Task { return t }
