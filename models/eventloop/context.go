package eventloop

import (
	"context"
	"sync/atomic"
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

func (c *taskContext) Done() <-chan struct{} { return standardOf(&c.std, c.base).Done() }

func (c *taskContext) Err() error {
	if std := c.std.Load(); std != nil {
		return std.Err()
	}
	return nil // cancelling makes std
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

// standardOf returns what std holds, and makes it first if that is nil. It has
// the values of base; base's end reaches the task through the loop instead.
func standardOf(std *atomic.Pointer[standard], base context.Context) *standard {
	if s := std.Load(); s != nil {
		return s
	}
	s := new(standard)
	s.Context, s.cancel = context.WithCancelCause(context.WithoutCancel(base))
	if std.CompareAndSwap(nil, s) {
		return s
	}
	return std.Load() // another goroutine was faster; s holds nothing to release
}
