package eventloop

import (
	"context"
	"fmt"
	"math"
	"time"
)

// Sleep suspends the calling task for d or a little more, never less; how much
// more depends on the other tasks and on the kernel's timer slack. If d is not
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
	t.arm(t.loop.after(d), nil)
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
	if err := t.ended(ctx); err != nil {
		return err
	}
	t.pass()
	return t.ended(ctx)
}

// running returns the task that calls. ctx is to be of its loop; most often it
// is the task's own.
func running(ctx context.Context) *Task {
	owner := taskOf(ctx)
	if owner == nil {
		panic("eventloop: the context carries no loop; pass on the context that a task was given")
	}
	t := owner.loop.current
	if t == nil {
		panic("eventloop: called by no task of the loop; a goroutine that a task started cannot wait in its loop")
	}
	return t
}

// ended returns why a wait of t with ctx would be over at once, or nil.
//
// A context that was not derived from t's own does not know of t's cancellation,
// so there both count. One that was derived, but with context.WithoutCancel,
// keeps it away on purpose.
func (t *Task) ended(ctx context.Context) error {
	if t.is(ctx) {
		return t.scope.cause
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	if taskOf(ctx) != t {
		return t.scope.cause
	}
	return nil
}

// park suspends t, which is running and waits for on, until wake, and returns
// what wake was given, or why ctx has ended. Before, the caller has left t wherever something
// is to find and wake it: a list, a timer. It is taken from there as soon as the
// wait is over, so nothing of it is left that could disturb the next one.
func (t *Task) park(ctx context.Context, on fmt.Stringer) error {
	if err := t.ended(ctx); err != nil {
		t.withdraw()
		return err
	}
	t.turn++
	t.on = on
	t.heeds = true
	var unwatch func() bool
	if !t.is(ctx) {
		unwatch = t.watch(ctx)
	}
	t.parked = true
	t.co.yield(struct{}{})
	if unwatch != nil {
		unwatch()
	}
	return t.result
}

// watch has the end of ctx, which is not t's own context, end the wait that t is
// about to begin.
func (t *Task) watch(ctx context.Context) (unwatch func() bool) {
	if t.owns(ctx) {
		return nil // ctx only adds values
	}
	t.heeds = taskOf(ctx) != t // see ended
	if ctx.Done() == nil {
		return nil
	}
	turn := t.turn
	return context.AfterFunc(ctx, func() {
		t.loop.post(func() {
			if t.turn == turn {
				t.wake(context.Cause(ctx))
			}
		})
	})
}

// wake ends the wait of t, if it is in one, with result.
func (t *Task) wake(result error) {
	if !t.parked {
		return
	}
	t.parked = false
	t.result = result
	t.withdraw()
	t.loop.ready.push(t)
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
	t.co.yield(struct{}{})
}

// arm starts t's timer to end the wait with result at when.
func (t *Task) arm(when int64, result error) {
	t.timer.when, t.timer.err = when, result
	t.loop.timers.add(&t.timer)
}

// now is the loop's clock: nanoseconds since it began. It may be read from any
// goroutine.
func (l *Loop) now() int64 { return int64(time.Since(l.began)) }

// after returns the time d from now, or the end of time.
func (l *Loop) after(d time.Duration) int64 {
	now := l.now()
	if int64(d) > math.MaxInt64-now {
		return math.MaxInt64
	}
	return now + int64(d)
}
