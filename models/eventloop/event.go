package eventloop

import (
	"context"
	"fmt"
	"math"
)

// An Event is a flag that tasks can wait for. It is asyncio.Event. The zero
// value is an Event that is not set.
//
// An Event belongs to the loop of the first task that waits for it and must not
// be copied. Wait panics in another loop and in a goroutine that is no task. The
// other methods take no context and so cannot tell: called from elsewhere they
// are a data race. For news from another goroutine there is [AwaitFunc].
type Event struct {
	line line
	set  bool
}

// Set sets e and wakes all tasks that wait for it, in the order in which they
// came. They go on even if e is cleared before they run.
func (e *Event) Set() {
	e.set = true
	e.line.call(math.MaxInt)
}

// Clear makes later calls of Wait wait for the next Set.
func (e *Event) Clear() { e.set = false }

// IsSet reports whether e is set.
func (e *Event) IsSet() bool { return e.set }

// Wait returns nil when e is set, without a suspension if it is set already. If
// ctx ends first, or has ended before, it returns the cause. When Wait returns,
// another task may have cleared e again.
func (e *Event) Wait(ctx context.Context) error {
	t, err := e.line.enter(ctx, e)
	if err != nil || e.set {
		return err
	}
	return e.line.wait(ctx, t)
}

// Waiters returns how many tasks wait for e and have not been woken. It counts
// them one by one.
func (e *Event) Waiters() int { return e.line.size() }

// String says what e is, whether it is set and how many tasks wait for it.
func (e *Event) String() string {
	state := "not set"
	if e.set {
		state = "set"
	}
	return fmt.Sprintf("Event (%s, %d waiting)", state, e.Waiters())
}
