package eventloop

import (
	"context"
	"errors"
	"fmt"
	"math"
)

// ErrBrokenBarrier is what Wait of a [Barrier] returns that was reset meanwhile, or
// aborted before or meanwhile.
var ErrBrokenBarrier = errors.New("eventloop: the barrier is broken; call Reset to use it again")

// A Barrier holds tasks up until a number of them has come, again and again. It is
// asyncio.Barrier.
//
// When the last one has come, the barrier drains: those inside go on, and tasks
// that come meanwhile wait outside until all have left. They are then let in, in
// the order in which they came. A task that is cancelled inside leaves, and another
// one has to come for it.
//
// A Barrier belongs to the loop of the first task that waits and must not be
// copied. Wait panics in another loop and in a goroutine that is no task. The other
// methods take no context and so cannot tell: called from elsewhere they are a data
// race.
type Barrier struct {
	line    line     // the tasks inside, and those that were called and have not left
	late    waitList // the tasks outside; none while the barrier fills
	parties int
	inside  int // how many came in; some of them may have been cancelled
	left    int // how many of those called have gone on
	state   barrierState
}

type barrierState uint8

const (
	filling   barrierState = iota
	draining               // those called go on
	resetting              // those called fail
	broken                 // everybody fails
)

// NewBarrier returns a Barrier for a number of tasks. It panics if parties is not
// positive.
func NewBarrier(parties int) *Barrier {
	if parties <= 0 {
		panic("eventloop: NewBarrier for no task, which nobody could ever pass")
	}
	return &Barrier{parties: parties}
}

// Wait waits until as many tasks as b is for have called it. Each of them gets
// another number from 0 to parties-1, for instance to choose one that does what is
// to be done once. A task that completes them when it calls is not suspended, and
// gets the highest number.
//
// Wait returns [ErrBrokenBarrier] if b is aborted, or was before, and to those
// inside when b is reset. If ctx ends first, or has ended before, it returns the
// cause, and the task does not count any more. If b has been drained for the task
// already, the others go on all the same.
func (b *Barrier) Wait(ctx context.Context) (int, error) {
	t, err := b.line.enter(ctx, b)
	switch {
	case err != nil:
		return 0, err
	case b.state == broken:
		return 0, ErrBrokenBarrier
	case b.state != filling:
		b.late.push(t)
	case b.count() == b.parties-1:
		b.drain()
		b.proceed()
		return b.parties - 1, nil
	default:
		b.line.waiting.push(t)
		b.inside++
	}
	if err := b.line.suspend(ctx, t); err != nil {
		return 0, err
	}
	return b.leave(t.ended(ctx))
}

// leave is for a task that was called; cause says that it was cancelled since.
func (b *Barrier) leave(cause error) (int, error) {
	defer b.proceed()
	switch {
	case cause != nil:
		return 0, cause
	case b.state != draining:
		return 0, ErrBrokenBarrier
	}
	b.left++
	return b.left - 1, nil
}

// count returns how many tasks wait inside. It looks only if they might be enough:
// tasks that were cancelled are still in b.inside.
func (b *Barrier) count() int {
	if b.inside >= b.parties-1 {
		b.inside = b.line.size()
	}
	return b.inside
}

// drain lets those inside go on.
func (b *Barrier) drain() {
	b.state, b.left = draining, 0
	b.line.call(math.MaxInt)
}

// proceed fills b anew if those called have left, first with those that wait
// outside. It follows whatever changes the state or the number of those called.
func (b *Barrier) proceed() {
	if b.line.called > 0 || b.state == broken {
		return
	}
	b.state, b.inside = filling, 0
	for b.inside < b.parties && b.late.head != nil {
		b.admit()
	}
	if b.inside == b.parties {
		b.drain()
	}
}

// admit lets in the first that waits outside. It stays suspended.
func (b *Barrier) admit() {
	t := b.late.head
	b.late.remove(t)
	b.line.waiting.push(t)
	b.inside++
}

// Reset has the tasks inside return [ErrBrokenBarrier], also those for which b was
// drained and which have not run yet, and makes b as good as new for those outside
// and those to come. It does not suspend the caller.
func (b *Barrier) Reset() {
	b.state = resetting
	b.line.call(math.MaxInt)
	b.proceed()
}

// Abort has all tasks that wait, and those to come until Reset, return
// [ErrBrokenBarrier]. It does not suspend the caller.
func (b *Barrier) Abort() {
	b.state = broken
	for b.late.head != nil {
		b.admit()
	}
	b.line.call(math.MaxInt)
}

// Parties returns how many tasks b is for.
func (b *Barrier) Parties() int { return b.parties }

// Waiting returns how many tasks wait inside for others to come. It counts them one
// by one. Those that are leaving and those outside are not counted.
func (b *Barrier) Waiting() int { return b.line.size() }

// Broken reports whether b was aborted, and not reset since.
func (b *Barrier) Broken() bool { return b.state == broken }

// String says what b is, how many tasks of how many are inside, and its state if it
// is not filling.
func (b *Barrier) String() string {
	state := [...]string{"", ", draining", ", resetting", ", broken"}[b.state]
	return fmt.Sprintf("Barrier (%d of %d waiting%s)", b.Waiting(), b.parties, state)
}
