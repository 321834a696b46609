package eventloop

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
)

// A Task is a function that a loop runs. Its methods are for the tasks of the
// same loop, except where they say otherwise.
type Task struct {
	loop    *Loop
	body    func(ctx context.Context) error
	co      *coroutine // that runs it; nil before it begins and after it ends
	err     error
	done    bool
	counted bool // among the failures that are only counted

	// Its context; see taskContext.
	base   context.Context // has its values and its deadline
	std    atomic.Pointer[standard]
	scope  scope
	unhook func() bool // stops watching base, if that ends by itself

	// The wait it is in; see park.
	parked bool
	heeds  bool         // its own cancellation ends the wait
	on     fmt.Stringer // what it waits for, for those who ask
	turn   uint32       // counts the waits, so that a late message can be told
	result error        // of the wait
	timer  timer
	list   *waitList // the list it is on; for a failed task, the loop's
	next   *Task
	prev   *Task

	waiters waitList // tasks that wait for it
}

// Go begins a task that runs body in the loop that ctx carries. The task first
// runs in the next tick. Its context has the values of ctx and ends when ctx
// does. If ctx has ended already, body runs all the same and its first wait
// says so; thus what a task must clean up, it can.
//
// Go is to be called by a task of the loop. It panics if ctx carries no loop, or
// one that has ended. It allocates one object, and a few more if ctx was
// derived with a cancellation of its own.
func Go(ctx context.Context, body func(ctx context.Context) error) *Task {
	owner := taskOf(ctx)
	if owner == nil {
		panic("eventloop: Go with a context that carries no loop; pass on the context that a task was given")
	}
	if owner.loop.ended {
		panic("eventloop: Go in a loop that has ended")
	}
	return owner.loop.begin(ctx, owner, body)
}

// begin makes a task and makes it ready. owner is the task of ctx, nil for main.
func (l *Loop) begin(ctx context.Context, owner *Task, body func(ctx context.Context) error) *Task {
	t := &Task{loop: l, body: body, base: ctx}
	t.timer.task = t
	t.scope.task = t
	l.live++
	l.ready.push(t)
	switch {
	case owner == nil:
		t.scope.enter(&l.root)
	case owner.owns(ctx):
		if owner.is(ctx) {
			t.base = owner.base // a chain of tasks shall not keep them all
		}
		t.scope.enter(&owner.scope)
	default:
		t.scope.enter(&l.root)
		t.follow(ctx)
	}
	return t
}

// owns reports whether ctx ends exactly when t is cancelled.
func (t *Task) owns(ctx context.Context) bool {
	if t.is(ctx) {
		return true
	}
	done := ctx.Done()
	std := t.std.Load()
	return done != nil && std != nil && done == std.Done()
}

// follow cancels t when ctx ends, in whatever goroutine that is.
func (t *Task) follow(ctx context.Context) {
	switch {
	case ctx.Done() == nil:
	case ctx.Err() != nil:
		t.scope.cancel(context.Cause(ctx))
	default:
		t.unhook = context.AfterFunc(ctx, func() {
			t.loop.post(func() { t.scope.cancel(context.Cause(ctx)) })
		})
	}
}

// run runs the body to its end, whichever way it ends.
func (t *Task) run() {
	returned := false
	defer func() {
		if v := recover(); v != nil {
			t.err = newPanicError(v)
		} else if !returned {
			t.err = ErrGoexit
			t.loop.exiting = true
		}
		t.finish()
	}()
	t.err = t.body(t.context())
	returned = true
}

// finish tells everybody that t has ended.
func (t *Task) finish() {
	t.done = true
	t.body, t.co = nil, nil
	t.loop.live--
	if t.unhook != nil {
		t.unhook()
		t.unhook = nil
	}
	t.scope.leave()
	t.orphan()
	if t.err != nil && t.waiters.head == nil {
		t.loop.failures.add(t)
	}
	t.waiters.wakeAll(nil)
}

// Wait waits until t has ended and returns its error: what its function
// returned, a [*PanicError], or [ErrGoexit]. If ctx ends first, it returns the
// cause of that, and t goes on. A task that has ended is waited for without
// suspending the caller, also after Run has returned.
func (t *Task) Wait(ctx context.Context) error {
	if !t.done {
		w := running(ctx)
		if w == t {
			return ErrSelfWait
		}
		if w.loop != t.loop {
			panic("eventloop: Wait for a task of another loop")
		}
		t.waiters.push(w)
		if err := w.park(ctx, t); err != nil {
			return err
		}
	}
	t.loop.failures.drop(t)
	return t.err
}

// Cancel ends t's context, and with it those of the tasks that were begun with
// it. The wait that t is in, or its next one, returns cause; nil stands for
// context.Canceled. The first cause stays. Cancel does nothing to a task that
// has ended, and does not wait for t to end.
//
// Cancel may be called from any goroutine, at any time.
func (t *Task) Cancel(cause error) {
	if cause == nil {
		cause = context.Canceled
	}
	t.loop.call(func() {
		if !t.done {
			t.scope.cancel(cause)
		}
	})
}

// Done reports whether t has ended. It is no channel, because a task that
// received from one would block the loop; use [Task.Wait].
func (t *Task) Done() bool { return t.done }

// obeyed reports whether t ended because it was cancelled.
func (t *Task) obeyed() bool {
	cause := t.scope.cause
	return cause != nil && (errors.Is(t.err, cause) || errors.Is(t.err, context.Canceled))
}

// String names t.
func (t *Task) String() string { return "Task" }
