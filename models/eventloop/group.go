package eventloop

import (
	"context"
	"errors"
	"fmt"
)

// ErrGroupDone is what a [Group] returns that takes no more tasks: because all have
// ended, or because it is being ended.
var ErrGroupDone = errors.New("eventloop: the group has ended or is being ended, and takes no more tasks")

// A Group is tasks that end together; see [RunGroup]. Its methods are for the tasks
// of its loop.
type Group struct {
	scope   *Scope
	task    *Task    // that runs the group
	before  int      // how often that was asked to end when the group began
	live    int      // tasks that have not ended
	errs    []error  // of those that have failed
	end     groupEnd // the cause with which the group ends by itself
	queued  bool     // step is to be called
	joining bool     // the body has returned
	done    bool
}

// A groupEnd is the cause with which one group ends what is in it. Each has its own,
// since in a group that is within another one, both may come.
type groupEnd struct{ of *Group }

func (e *groupEnd) Error() string { return "eventloop: the group was cancelled: context canceled" }

func (e *groupEnd) Unwrap() error { return context.Canceled }

// RunGroup runs body, waits until all tasks that were begun in its group have
// ended, and returns. No task outlives it. It is asyncio.TaskGroup and trio's
// nursery.
//
// When a task fails, or body does, all others are cancelled: the context that body
// and the tasks are given ends, as a [Scope] does, so that no task that goes on
// nevertheless keeps the group from ending. Then RunGroup returns a [*GroupError]
// with the errors of all that failed. A task that was cancelled has not failed. If
// ctx ends, or the calling task is cancelled, the group is cancelled too, and
// RunGroup returns the cause; or, if a task failed as well, that, and the next wait
// of the calling task returns the cause. Waiting for the tasks cannot be cut short.
//
// If body panics, the tasks are cancelled and waited for before the panic goes on;
// their errors are among those that nobody has seen.
func RunGroup(ctx context.Context, body func(ctx context.Context, g *Group) error) error {
	t := running(ctx)
	g := &Group{scope: WithScope(ctx), task: t, before: t.Cancelling()}
	g.end.of = g
	returned := false
	defer func() {
		if !returned {
			g.unwind(ctx)
		}
		g.scope.Close()
	}()
	err := body(g.scope, g)
	returned = true
	return g.outcome(ctx, g.sort(err))
}

// sort fails the group with what the body has returned, unless that only says that
// it was to end: by its group, or from outside, which is returned.
func (g *Group) sort(err error) (outside error) {
	cause := g.scope.cause
	ended := errors.Is(err, context.Canceled) || errors.Is(err, ErrGroupDone)
	switch {
	case err == nil:
	case cause != nil && (ended || errors.Is(err, cause)):
		if cause == &g.end {
			return nil
		}
		if errors.Is(err, ErrGroupDone) {
			return cause
		}
		return err
	case g.asked() && (ended || errors.Is(err, g.task.requested())):
		g.scope.Cancel(g.task.requested())
		return err
	default:
		g.fail(err)
	}
	return nil
}

// asked reports whether the task was asked to end since the group began.
func (g *Group) asked() bool { return g.task.Cancelling() > g.before }

// outcome waits for the tasks and returns what becomes of the group. outside is why
// it was ended from outside, as far as that is known.
func (g *Group) outcome(ctx context.Context, outside error) error {
	if cause := g.join(ctx); outside == nil {
		outside = cause
	}
	if len(g.errs) == 0 {
		return outside
	}
	if g.asked() {
		g.task.extra.put(g.task.requested()) // the errors come instead of it
	}
	return &GroupError{g.errs}
}

// join waits until all tasks have ended, and returns why the waiting task was told
// to end meanwhile, nil if it was not. Being told once more is the same.
func (g *Group) join(ctx context.Context) (cause error) {
	defer func() { g.done = true }()
	g.joining = true
	merge := false
	for g.live > 0 {
		if cause != nil {
			g.task.suspendAnyway(g)
		} else if cause = g.task.suspend(ctx, g); cause != nil {
			merge = g.asked() && same(cause, g.task.requested())
			g.scope.Cancel(cause)
		}
	}
	if merge {
		g.task.undelivered()
	}
	return cause
}

// unwind ends the group when its body panics or calls runtime.Goexit.
func (g *Group) unwind(ctx context.Context) {
	g.scope.cancelNow(&g.end)
	g.join(ctx)
	if len(g.errs) > 0 {
		g.task.loop.report(&GroupError{g.errs})
	}
}

// fail notes an error, and ends the group with the first.
func (g *Group) fail(err error) {
	g.errs = append(g.errs, err)
	g.scope.cancelNow(&g.end)
}

// settled takes note that a task has ended.
func (g *Group) settled(p *promise) {
	if err := p.look(); err != nil && !p.dropped {
		g.errs = append(g.errs, err)
	}
	g.left()
}

// left takes note that there is a task less. What follows is for the next tick.
func (g *Group) left() {
	g.live--
	if !g.queued && (g.live == 0 || len(g.errs) > 0) {
		g.queued = true
		g.task.loop.ready.push(g)
	}
}

func (g *Group) step() {
	g.queued = false
	if len(g.errs) > 0 {
		g.scope.cancelNow(&g.end)
	}
	if g.live == 0 && g.joining {
		g.task.wake(nil)
	}
}

// refusal returns why the group takes no more tasks, or nil.
func (g *Group) refusal() error {
	if g.done || g.scope.closed || g.scope.cause != nil {
		return ErrGroupDone
	}
	return nil
}

// Cancel ends the group without an error: its context ends, and RunGroup returns
// nil when all tasks have ended, unless one fails. A second Cancel does nothing. It
// is TaskGroup.cancel of Python 3.15.
func (g *Group) Cancel() {
	if !g.done {
		g.scope.cancelNow(&g.end)
	}
}

// Len returns how many tasks of the group have not ended.
func (g *Group) Len() int { return g.live }

// parts returns the tasks that the group waits for, for those who ask.
func (g *Group) parts() []Awaitable {
	var tasks []Awaitable
	for c := g.scope.child; c != nil && c != &gone; c = c.next {
		if t, ok := c.owner.(*Task); ok {
			tasks = append(tasks, t)
		}
	}
	return tasks
}

// String says how many tasks of the group have not ended.
func (g *Group) String() string { return fmt.Sprintf("Group (%d left)", g.live) }
