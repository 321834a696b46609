package eventloop

import (
	"context"
	"errors"
	"fmt"
)

// A Task is a function that a loop runs. It is asyncio.Task. Its methods are for
// the tasks and callbacks of the same loop, except where they say otherwise.
type Task struct {
	promise
	*coroutine // runs it, and has what only a running task needs; nil before it begins and after it ends
	body       func(ctx context.Context) error
	branch     // its context
}

// Go begins a task that runs body in the loop that ctx carries. The task first
// runs in the next tick. Its context has the values of ctx and ends when ctx
// does. If ctx has ended already, body runs all the same and its first wait
// says so; thus what a task must clean up, it can. It is asyncio.create_task.
//
// Go is to be called by a task of the loop. It panics if ctx carries no loop, or
// one that has ended. It allocates one object, and a few more if ctx was
// derived with a cancellation of its own.
func Go(ctx context.Context, body func(ctx context.Context) error) *Task {
	l := loopOf(ctx, "Go")
	t := new(Task).begin(ctx, l, branchOf(ctx), body)
	l.ready.push(t)
	return t
}

// GoEager is [Go] for a task that begins at once: body runs inside GoEager until
// it first waits. A task that never waits has ended when GoEager returns, and has
// cost no trip through the queue of ready tasks. It is asyncio's eager start.
func GoEager(ctx context.Context, body func(ctx context.Context) error) *Task {
	l := loopOf(ctx, "GoEager")
	caller, credit := l.current, l.credit
	t := new(Task).begin(ctx, l, branchOf(ctx), body)
	if l.watched && caller != nil {
		l.suspended(caller)
		defer l.resumed(caller)
	}
	t.step()
	l.current, l.credit = caller, credit
	return t
}

// loopOf returns the loop that ctx carries, for what is called name.
func loopOf(ctx context.Context, name string) *Loop {
	b := branchOf(ctx)
	if b == nil {
		panic("eventloop: " + name + " with a context that carries no loop; pass on the context that a task was given")
	}
	l := b.task().loop
	if l.ended {
		panic("eventloop: " + name + " in a loop that has ended")
	}
	return l
}

// begin makes t, which is new, a task of l, and returns it. from is the branch of
// the loop that ctx derives from, nil for main.
func (t *Task) begin(ctx context.Context, l *Loop, from *branch, body func(ctx context.Context) error) *Task {
	t.body, t.loop, t.id = body, l, l.number()
	t.branch.base = ctx
	t.owner = t
	l.live++
	switch {
	case from == nil:
		t.scope.enter(l.trunk) // which ctx cancels
	case from.owns(ctx):
		if _, direct := ctx.(*taskContext); direct {
			t.branch.base = from.base // a chain of tasks shall not keep them all
		}
		t.scope.enter(&from.scope)
	default:
		t.scope.enter(l.trunk)
		t.follow(ctx)
	}
	if l.watched {
		l.begun(t)
	}
	return t
}

// follow cancels t when ctx ends, in whatever goroutine that is.
func (t *Task) follow(ctx context.Context) {
	switch {
	case ctx.Done() == nil:
	case ctx.Err() != nil:
		t.scope.cancel(context.Cause(ctx))
	default:
		t.more().unhook = t.loop.whenEnded(ctx, func() {
			t.loop.asOne(func() { t.scope.cancel(context.Cause(ctx)) })
		})
	}
}

// step runs t until it waits or ends.
func (t *Task) step() {
	switch {
	case t.coroutine == nil && !t.start():
	case t.loop.watched:
		t.watchedStep()
	default:
		t.loop.current, t.loop.credit = t, maxCredit
		t.resume()
	}
}

// watchedStep is step of a task that has a coroutine, for those who watch.
func (t *Task) watchedStep() {
	t.loop.current, t.loop.credit = t, maxCredit
	t.loop.resumed(t)
	t.resume()
	t.loop.suspended(t)
}

// start gives t a coroutine, and reports whether it needs one; see finish.
func (t *Task) start() bool {
	if t.done {
		return false
	}
	t.coroutine = t.loop.idleCoroutine(t)
	return true
}

// switchAway has other tasks run, and returns when it is t's turn.
func (t *Task) switchAway() {
	if t.loop.top != t || !t.host() {
		t.yield(struct{}{})
	}
}

// host has t be the loop until its turn, and reports whether it has come; if not
// so, the loop itself is to go on. Those who watch see tasks come and go only with
// a switch.
func (t *Task) host() bool { return !t.loop.watched && t.loop.schedule(t) }

// run runs the body to its end, whichever way it ends. A task that was cancelled
// before it began does not begin, as in asyncio.
func (t *Task) run() {
	returned := false
	var err error
	defer func() {
		if v := recover(); v != nil {
			err = newPanicError(v)
		} else if !returned {
			err = ErrGoexit // see coroutine.exit
		}
		t.finish(err)
	}()
	if err = t.undelivered(); err == nil {
		err = t.body(t.context())
	}
	returned = true
}

// finish tells everybody that t has ended. It may end while it waits, if it is the
// loop meanwhile and what another goroutine has posted calls runtime.Goexit.
func (t *Task) finish(err error) {
	t.parked = false
	t.withdraw()
	t.coroutine = nil
	if err == nil {
		err = t.undelivered() // it has ended before a wait could say so
	}
	t.dropped = t.obeyed(err)
	t.body = nil
	t.loop.live--
	if x := t.extra; x != nil && x.unhook != nil {
		x.unhook()
		x.unhook = nil
	}
	t.scope.leave()
	t.orphan()
	t.settle(err)
	if t.loop.watched {
		t.loop.taskEnded(t)
	}
}

// reason returns why t was cancelled or last asked to end, nil if it was not.
func (t *Task) reason() error {
	if t.scope.cause == nil && t.extra != nil {
		return t.extra.cause
	}
	return t.scope.cause
}

// obeyed reports whether err says that t was cancelled.
func (t *Task) obeyed(err error) bool {
	if err == nil {
		return false
	}
	for _, cause := range [...]error{t.scope.cause, t.requested()} {
		if cause != nil && (errors.Is(err, cause) || errors.Is(err, context.Canceled)) {
			return true
		}
	}
	return false
}

// Wait waits until t has ended and returns its error: what its function
// returned, a [*PanicError], or [ErrGoexit]. If ctx ends first, or the calling
// task is cancelled, it returns the cause, and t goes on. A task that has ended
// is waited for without suspending the caller, also after Run has returned. It
// returns [ErrSelfWait] to t itself, and [ErrOtherLoop] to a task of another loop.
func (t *Task) Wait(ctx context.Context) error { return wait(ctx, t, false) }

// Await is [Task.Wait] that passes a cancellation on: to be cancelled meanwhile
// cancels t, and what t makes of it is returned when t has ended. It is what
// await does in asyncio.
func (t *Task) Await(ctx context.Context) error { return wait(ctx, t, true) }

func (t *Task) await(ctx context.Context) error { return wait(ctx, t, true) }

// Name returns the name of t, which is Task-n for the n-th of its loop unless
// SetName was called.
func (t *Task) Name() string {
	if t.extra != nil && t.extra.name != "" {
		return t.extra.name
	}
	return fmt.Sprintf("Task-%d", t.id)
}

// SetName names t, for what is shown to people. It returns t.
func (t *Task) SetName(name string) *Task {
	t.more().name = name
	return t
}

// String returns the name of t.
func (t *Task) String() string { return t.Name() }
