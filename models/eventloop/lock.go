package eventloop

import (
	"context"
	"errors"
	"fmt"
)

// ErrReentrant is what Lock returns to the task that holds the [Lock] already.
// asyncio lets it wait for itself, most often for ever.
var ErrReentrant = errors.New("eventloop: the task holds this Lock already; unlock it first, or call what needs it without locking")

// A Lock is held by one task at a time. It is asyncio.Lock, for what must not
// be interleaved across waits; between two waits a task needs no lock at all.
// The zero value is an unlocked Lock.
//
// Tasks get it in the order in which they came. A newcomer never overtakes one
// that waits, not even one that was woken and has not run yet.
//
// A Lock is not reentrant. It belongs to the loop of the first task that calls
// Lock and must not be copied. Lock panics in another loop and in a goroutine that
// is no task. The other methods take no context and so cannot tell: called from
// elsewhere they are a data race.
//
// A task that ends does not give back what it holds.
type Lock struct {
	line  line
	owner *Task
}

// Lock waits until the calling task holds l. If ctx ends first, or has ended
// before, it returns the cause, and the task does not hold l; if it was its
// turn already, the next one has it. To the task that holds l it returns
// [ErrReentrant]. A free lock is taken without a suspension and without an
// allocation.
func (l *Lock) Lock(ctx context.Context) error {
	t, err := l.line.enter(ctx, l)
	if err != nil {
		return err
	}
	if l.owner == t {
		return ErrReentrant
	}
	if l.owner != nil || !l.line.empty() {
		if err := l.line.wait(ctx, t); err != nil {
			l.call()
			return err
		}
	}
	l.owner = t
	return nil
}

// Unlock gives l back and wakes the task that has waited longest. As in
// asyncio, any task of the loop may do so, not only the owner. It panics if
// nobody holds l. It does not suspend the caller.
func (l *Lock) Unlock() {
	if l.owner == nil {
		panic("eventloop: Unlock of a Lock that no task holds; call it once after each Lock that returned nil")
	}
	l.owner = nil
	l.call()
}

// relock waits until t holds l, whatever is cancelled meanwhile.
func (l *Lock) relock(t *Task) {
	if l.owner != nil || !l.line.empty() {
		l.line.waitAnyway(t)
	}
	l.owner = t
}

// call calls the next task if l is free.
func (l *Lock) call() {
	if l.owner == nil {
		l.line.call(1)
	}
}

// Owner returns the task that holds l, or nil. It is nil as well from Unlock
// until the task that was woken runs.
func (l *Lock) Owner() *Task { return l.owner }

// held reports whether the running task holds l.
func (l *Lock) held() bool { return l.owner != nil && l.owner == l.line.loop.current }

// Waiters returns how many tasks wait for l and have not been woken. It counts
// them one by one.
func (l *Lock) Waiters() int { return l.line.size() }

// String says what l is, which task holds it and how many wait for it.
func (l *Lock) String() string {
	if l.owner == nil {
		return fmt.Sprintf("Lock (free, %d waiting)", l.Waiters())
	}
	return fmt.Sprintf("Lock (held by %v, %d waiting)", l.owner, l.Waiters())
}
