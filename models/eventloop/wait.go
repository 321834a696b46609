package eventloop

import (
	"context"
	"fmt"
	"os"
	"time"
)

// Sleep suspends the calling task for d or a little more, never less; how much
// more depends on the other tasks and on how soon the kernel wakes the thread. If d is not
// positive, Sleep is [Yield]. It returns the cause if ctx ends first. It
// allocates nothing with the task's own context.
//
// This is asyncio.sleep, but tasks that are due at the same moment wake in the
// order in which they fell asleep.
func Sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return Yield(ctx)
	}
	t := running(ctx)
	t.arm(t.loop.after(d), false)
	return t.park(ctx, sleeping{})
}

// sleeping is what a task waits for that sleeps.
type sleeping struct{}

func (sleeping) String() string { return "Sleep" }

// Yield lets every other ready task run once and then goes on: one trip through
// the queue of ready tasks. It returns the cause if ctx has ended, before or
// meanwhile. It costs two coroutine switches, and a system call per tick if the
// loop has open sockets.
func Yield(ctx context.Context) error {
	t := running(ctx)
	if !t.calm(ctx) {
		if err := t.ended(ctx); err != nil {
			return err
		}
	}
	t.loop.ready.push(t)
	if t.loop.top != t || !t.host() { // switchAway, without the call; see schedule
		t.yield(struct{}{})
	}
	if t.calm(ctx) {
		return nil
	}
	return t.ended(ctx)
}

// calm reports that ended would return nil, if that can be told in no time.
func (t *Task) calm(ctx context.Context) bool {
	return t.is(ctx) && t.scope.cause == nil && t.extra == nil
}

// running returns the task that calls. ctx is to be of its loop; most often it
// is the task's own.
func running(ctx context.Context) *Task {
	var l *Loop
	if c, ok := ctx.(*taskContext); ok {
		l = c.loop
	} else if b := branchOf(ctx); b != nil {
		l = b.task().loop
	} else {
		panic("eventloop: the context carries no loop; pass on the context that a task was given")
	}
	if l.debug != nil {
		l.debug.check(l)
	}
	if l.current == nil {
		panic("eventloop: called by no task of the loop; a goroutine that a task started cannot wait in its loop, nor can a callback")
	}
	return l.current
}

// ended returns why a wait of t with ctx would be over at once, or nil. A request
// to cancel t is delivered with that, so each checkpoint asks once.
//
// A context that was not derived from t's own does not know of t's cancellation,
// so there both count. One that was derived, but with context.WithoutCancel,
// keeps it away on purpose, as a Scope with a shield does.
func (t *Task) ended(ctx context.Context) error {
	if t.is(ctx) {
		return t.stopped()
	}
	if s := scopeOf(ctx); s != nil {
		switch {
		case s.cause != nil:
			if s.followed() {
				t.heard(s.cause)
			}
			return s.cause
		case s.closed:
			return context.Canceled
		case s.reaches(t):
			return t.stopped()
		}
		return nil
	}
	if t.owns(ctx) {
		return t.stopped() // ctx only adds values
	}
	if ctx.Err() != nil {
		cause := context.Cause(ctx)
		t.heard(cause)
		return cause
	}
	if b := branchOf(ctx); b == nil || b.task() != t {
		return t.stopped()
	}
	return nil
}

// stopped returns why t's own context would end a wait.
func (t *Task) stopped() error {
	if t.scope.cause != nil {
		return t.scope.cause
	}
	return t.undelivered()
}

// park is suspend, and then once more a checkpoint: a request that came after t
// was woken, and before it ran, counts as if it had come before.
func (t *Task) park(ctx context.Context, on fmt.Stringer) error {
	if err := t.suspend(ctx, on); err != nil {
		return err
	}
	if t.extra != nil && t.heeds {
		return t.undelivered()
	}
	return nil
}

// suspend suspends t, which is running and waits for on, until wake, and returns
// what wake was given, or why ctx has ended. Before, the caller has left t
// wherever something is to find and wake it: a list, a timer. It is taken from
// there as soon as the wait is over, so nothing of it is left that could disturb
// the next one. A request to cancel t that came after wake is not delivered.
func (t *Task) suspend(ctx context.Context, on fmt.Stringer) error {
	t.cut = false
	if err := t.ended(ctx); err != nil {
		t.cut, t.result = t.cut || same(err, t.requested()), err
		t.withdraw()
		return err
	}
	t.turn++
	t.on = on
	t.heeds, t.parked = true, true
	if t.is(ctx) {
		if t.loop.top != t || !t.host() { // switchAway, without the call; see schedule
			t.yield(struct{}{})
		}
	} else {
		t.suspendWith(ctx)
	}
	t.on = nil
	if t.cut {
		t.extra.pending, t.extra.first = nil, nil // what came meanwhile goes with this one
	}
	return t.result
}

// suspendWith switches away for a wait with ctx, which is not t's own context.
func (t *Task) suspendWith(ctx context.Context) {
	unwatch := t.watch(ctx)
	t.switchAway()
	if unwatch != nil {
		unwatch()
	}
	if t.cut || t.heeds || t.result == nil {
		return // no request came by way of ctx
	}
	if s := scopeOf(ctx); s == nil || s.followed() {
		t.heard(t.result)
	}
}

// suspendAnyway is suspend that nothing but wake ends. A cancellation is passed on
// if that is how t waits.
func (t *Task) suspendAnyway(on fmt.Stringer) error {
	t.turn++
	t.on = on
	t.heeds, t.cut, t.parked = t.passes, false, true
	t.switchAway()
	t.on = nil
	return t.result
}

// watch has the end of ctx, which is not t's own context, end the wait that t is
// about to begin.
func (t *Task) watch(ctx context.Context) (unwatch func()) {
	if s := scopeOf(ctx); s != nil {
		t.heeds = s.reaches(t)
		s.enter(t)
		return func() { s.leave(t) }
	}
	if t.owns(ctx) {
		return nil // ctx only adds values
	}
	b := branchOf(ctx)
	t.heeds = b == nil || b.task() != t // see ended
	if ctx.Done() == nil {
		return nil
	}
	turn := t.turn
	stop := t.loop.whenEnded(ctx, func() {
		if t.waiting() && t.turn == turn {
			t.interrupt(context.Cause(ctx))
		}
	})
	return func() { stop() }
}

// waiting reports whether t is in a wait, and nothing has ended that yet.
func (t *Task) waiting() bool { return t.coroutine != nil && t.parked }

// wake ends the wait of t, if it is in one, with result.
func (t *Task) wake(result error) {
	if !t.waiting() {
		return
	}
	t.parked = false
	t.result = result
	t.withdraw()
	t.loop.ready.push(t)
}

// expire is called when t's timer has run out.
func (t *Task) expire() {
	if t.timer.late {
		t.wake(os.ErrDeadlineExceeded)
	} else {
		t.wake(nil)
	}
}

// withdraw takes t from where it could be found and woken.
func (t *Task) withdraw() {
	t.loop.timers.remove(&t.timer)
	if t.list != nil {
		t.list.remove(t)
	}
}

// pass lets t, which is running, wait for its next turn and nothing else.
func (t *Task) pass() {
	t.loop.ready.push(t)
	t.switchAway()
}

// arm starts t's timer, to end the wait at when: in time, or too late, with
// os.ErrDeadlineExceeded.
func (t *Task) arm(when int64, late bool) {
	t.timer.when, t.timer.late = when, late
	t.loop.timers.add(&t.timer)
}
