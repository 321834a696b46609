package eventloop

import "context"

// An Awaitable is anything whose outcome a task can wait for: a [*Task], a
// [*Future], and what combines them. All of it is for the tasks and callbacks of
// its loop, except for what says otherwise.
type Awaitable interface {
	// Done reports whether there is an outcome.
	Done() bool
	// Err returns the error of the outcome, and [ErrNotDone] before there is
	// one. An error that was returned here is no longer reported by Run.
	Err() error
	// Cancelled reports whether the outcome is that it was cancelled.
	Cancelled() bool
	// Cancel asks that the outcome be a cancellation with this cause; nil
	// stands for context.Canceled. It returns false if there is an outcome
	// already. It may be called from any goroutine, and from other goroutines
	// than the loop's returns true if the loop has been told.
	Cancel(cause error) bool
	// OnDone has f called when there is an outcome, in the next tick if there is
	// one already, and never inside OnDone or whatever makes the outcome. Tasks
	// that wait for the outcome come before what OnDone was given.
	// Cancelling the Handle takes f back. It is add_done_callback.
	OnDone(f func()) *Handle
	// Wait waits for the outcome and returns its error. If ctx ends first, or
	// the calling task is cancelled, it returns the cause and leaves what it
	// waited for as it is. It is asyncio.wait for one.
	Wait(ctx context.Context) error
	String() string

	// await is Wait that passes a cancellation on: to be cancelled, meanwhile,
	// cancels what is waited for, and its outcome is returned.
	await(ctx context.Context) error
	outcome() *promise
}

// A promise is an outcome to come: the part that tasks and futures share.
type promise struct {
	loop    *Loop
	extra   *extra // nil until it is needed
	err     error
	waiters waitList // tasks that wait for it
	id      uint32   // counts the tasks and futures of the loop
	kind    kind
	done    bool
	held    bool // among the loop's failures
	dropped bool // cancelled
}

// extra is what few tasks and futures need.
type extra struct {
	name     string
	watches  watchList
	unhook   func() bool     // stops watching the context a task was begun with, if that ends by itself
	requests int             // how often it was asked to cancel, less Uncancel
	asked    uint64          // which of the loop's requests was the last to come here
	pending  error           // the cause of a cancellation that was not delivered yet
	first    error           // the cause of the first request that was not
	cause    error           // of the last request
	io       context.Context // what its reads and writes wait with that take no context; nil for its own
}

// A kind says what a promise is of, for a report of its error.
type kind uint8

const (
	aTask kind = iota
	aFuture
	aCallback
)

func (k kind) String() string {
	return [...]string{"a task that nobody waited for", "a future that nobody waited for", "a callback"}[k]
}

func (p *promise) outcome() *promise { return p }

// more returns p's extra.
func (p *promise) more() *extra {
	if p.extra == nil {
		p.extra = new(extra)
	}
	return p.extra
}

// settle makes the outcome known.
func (p *promise) settle(err error) {
	p.done, p.err = true, err
	p.unheard()
	p.waiters.wakeAll(nil)
	if p.extra != nil {
		p.extra.watches.settled()
	}
}

// unheard notes that p has an outcome and nobody has looked at it. Even if tasks
// wait for it, they may be cancelled before they can.
func (p *promise) unheard() {
	if p.err != nil && !p.dropped {
		p.loop.failures.add(p)
	}
	if d := p.loop.debug; d != nil && p.kind == aTask {
		d.settled(p)
	}
}

// look returns the error of the outcome, which counts as seen from now on.
func (p *promise) look() error {
	if p.held {
		p.loop.failures.drop(p)
	}
	if p.loop.debug != nil {
		p.loop.debug.seen(p)
	}
	return p.err
}

// Done reports whether there is an outcome. It is no channel, because a task
// that received from one would block the loop.
func (p *promise) Done() bool { return p.done }

// Err returns the error of the outcome, and [ErrNotDone] before there is one.
func (p *promise) Err() error {
	if !p.done {
		return ErrNotDone
	}
	return p.look()
}

// Cancelled reports whether the outcome is a cancellation: it was asked for, and
// the error is its cause.
func (p *promise) Cancelled() bool { return p.dropped }

// OnDone has f called in the tick after there is an outcome.
func (p *promise) OnDone(f func()) *Handle {
	if p.done {
		return p.loop.CallSoon(f)
	}
	h := &doneHandle{Handle: Handle{loop: p.loop, call: f}}
	h.link = &h.watch
	h.by = h
	p.more().watches.add(&h.watch, p)
	return &h.Handle
}

// wait waits for the outcome of a, and if pass is set passes a cancellation on.
func wait(ctx context.Context, a Awaitable, pass bool) error {
	p := a.outcome()
	if p.done {
		return p.look()
	}
	t := running(ctx)
	if err := t.mayWaitFor(p); err != nil {
		return err
	}
	if pass {
		if told := t.ended(ctx); told != nil {
			return t.waitTold(a, told)
		}
	}
	t.passes = pass
	p.waiters.push(t)
	return t.waited(p, t.park(ctx, a))
}

// waitTold is wait of t, which was told to end before it began to wait, and passes
// that on.
func (t *Task) waitTold(a Awaitable, told error) error {
	p, requests := a.outcome(), t.Cancelling()
	switch {
	case !a.Cancel(told):
		return told // another goroutine has made the outcome, which is on its way
	case p.done:
		return p.look()
	case t.Cancelling() > requests: // what a waits for is t, in the end
		return t.undelivered()
	}
	t.passes = true
	p.waiters.push(t)
	return t.waited(p, t.suspendAnyway(a))
}

// waited returns what a wait of t for p returns, when it has ended with err.
func (t *Task) waited(p *promise, err error) error {
	t.passes = false
	if err != nil {
		return err
	}
	return p.look()
}

// mayWaitFor returns why t cannot wait for p, or nil.
func (t *Task) mayWaitFor(p *promise) error {
	switch {
	case p == &t.promise:
		return ErrSelfWait
	case p.loop != t.loop:
		return ErrOtherLoop
	}
	return nil
}
