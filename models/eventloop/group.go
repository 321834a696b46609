package eventloop

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"strings"
)

var (
	// ErrGroupDone is what a [Group] returns that takes no more tasks: because
	// all have ended, or because it is being ended.
	ErrGroupDone = errors.New("eventloop: the group has ended or is being ended, and takes no more tasks")
	// ErrNotReady is what [StartIn] returns for a task that ended without an
	// error, and without saying that it was ready.
	ErrNotReady = errors.New("eventloop: the task ended before it said that it was ready")

	// errGroupCancelled ends the scope of a group that was cancelled.
	errGroupCancelled = fmt.Errorf("eventloop: the group was cancelled: %w", context.Canceled)
)

// A GroupError holds the errors of the tasks of a [Group] that failed, in the order
// in which they did, and before them that of the body.
type GroupError struct{ Errors []error }

func (e *GroupError) Error() string {
	if len(e.Errors) == 1 {
		return e.Errors[0].Error()
	}
	var b strings.Builder
	fmt.Fprintf(&b, "eventloop: %d tasks of a group failed", len(e.Errors))
	for _, err := range e.Errors {
		b.WriteString("\n  " + strings.ReplaceAll(err.Error(), "\n", "\n  "))
	}
	return b.String()
}

// Unwrap returns the errors, for errors.Is and errors.As.
func (e *GroupError) Unwrap() []error { return e.Errors }

// A Group is tasks that end together; see [RunGroup]. Its methods are for the tasks
// of its loop.
type Group struct {
	scope   *Scope
	live    int
	errs    []error
	waiting waitList // the task that runs the group, when its body has returned
	done    bool
}

// RunGroup runs body, waits until all tasks that were begun in its group have
// ended, and returns. No task outlives it. It is asyncio.TaskGroup and trio's
// nursery.
//
// When a task fails, or body does, all others are cancelled: the context that body
// and the tasks are given ends. Then RunGroup returns a [*GroupError] with the
// errors of all that failed. A task that was cancelled has not failed. If ctx ends,
// or the calling task is cancelled, the group is cancelled too, and RunGroup returns
// the cause; or, if a task failed as well, that, and the next wait of the calling
// task returns the cause. Waiting for the tasks cannot be cut short.
func RunGroup(ctx context.Context, body func(ctx context.Context, g *Group) error) error {
	t := running(ctx)
	g := &Group{scope: WithScope(ctx)}
	defer g.scope.Close()
	ended := false
	defer func() {
		if !ended { // a panic or Goexit of body goes on when the tasks have ended
			g.scope.Cancel(errGroupCancelled)
			g.wait(ctx, t)
		}
	}()
	err := body(g.scope, g)
	ended = true
	switch {
	case err == nil:
	case errors.Is(err, ErrGroupDone) && g.scope.cause != nil:
		if err = g.scope.cause; expected(err) {
			err = nil
		}
	case expected(err):
		err = nil
	case t.told(ctx, err):
		g.scope.Cancel(err)
	default:
		g.fail(err)
		err = nil
	}
	cause := g.wait(ctx, t)
	if cause == nil {
		cause = err
	}
	if len(g.errs) == 0 {
		return cause
	}
	if same(cause, t.requested()) {
		t.extra.put(cause) // for the next wait; a context says so again by itself
	}
	return &GroupError{g.errs}
}

// told reports whether err is why ctx has ended, or t was asked to end.
func (t *Task) told(ctx context.Context, err error) bool {
	if t.extra != nil && t.extra.cause != nil && errors.Is(err, t.extra.cause) {
		return true
	}
	return ctx.Err() != nil && errors.Is(err, context.Cause(ctx))
}

// expected reports whether err only says that the group was ended.
func expected(err error) bool {
	return errors.Is(err, errGroupCancelled)
}

// wait waits until all tasks have ended, and returns why the waiting task was told
// to end meanwhile, nil if it was not.
func (g *Group) wait(ctx context.Context, t *Task) (cause error) {
	defer func() { g.done = true }()
	for g.live > 0 {
		g.waiting.push(t)
		if cause != nil {
			t.suspendAnyway(g)
		} else if cause = t.park(ctx, g); cause != nil {
			g.scope.Cancel(cause)
		}
	}
	return cause
}

// Go begins a task in the group, from any task of the loop and at any time until
// the group has ended or is being ended; then it returns [ErrGroupDone] and the task
// does not begin.
func (g *Group) Go(body func(ctx context.Context) error) (*Task, error) {
	if g.done || g.scope.closed || g.scope.cause != nil {
		return nil, ErrGroupDone
	}
	t := Go(g.scope, body)
	g.adopt(t, func() bool { return true })
	return t, nil
}

// adopt has the group wait for t, and fail with it if counts says so.
func (g *Group) adopt(t *Task, counts func() bool) {
	g.live++
	t.OnDone(func() {
		g.live--
		if err := t.Err(); err != nil && !t.Cancelled() && counts() {
			g.fail(err)
		}
		if g.live == 0 {
			g.waiting.wakeAll(nil)
		}
	})
}

// fail notes an error, and ends the group with the first.
func (g *Group) fail(err error) {
	g.errs = append(g.errs, err)
	g.scope.Cancel(errGroupCancelled)
}

// Cancel ends the group without an error: its context ends, and RunGroup returns
// nil when all tasks have ended, unless one fails. A second Cancel does nothing. It
// is TaskGroup.cancel of Python 3.15.
func (g *Group) Cancel() { g.scope.Cancel(errGroupCancelled) }

// Len returns how many tasks of the group have not ended.
func (g *Group) Len() int { return g.live }

// String says how many tasks of the group have not ended.
func (g *Group) String() string { return fmt.Sprintf("Group (%d left)", g.live) }

// StartIn begins a task in g and waits until it says that it is ready, with a value:
// a server that listens and tells its address, for instance. A task that ends before
// gives StartIn its error, or [ErrNotReady], and the group goes on. If ctx ends
// first, or the calling task is cancelled, the new task is cancelled and waited for.
// It is trio's nursery.start.
func StartIn[T any](ctx context.Context, g *Group, body func(ctx context.Context, ready func(T)) error) (T, error) {
	if g.done || g.scope.closed || g.scope.cause != nil {
		return *new(T), ErrGroupDone
	}
	started, outcome := false, NewFuture[T](ctx)
	t := Go(g.scope, func(ctx context.Context) error {
		return body(ctx, func(v T) { started = outcome.Resolve(v) == nil || started })
	})
	t.OnDone(func() {
		if err := t.outcome().err; !outcome.Done() {
			outcome.Reject(cmp.Or(err, ErrNotReady))
		}
	})
	g.adopt(t, func() bool { return started })
	err := outcome.Wait(ctx)
	if outcome.Done() {
		return outcome.Result()
	}
	t.Cancel(err)
	t.await(context.WithoutCancel(ctx))
	return *new(T), err
}
