package eventloop

import (
	"context"
	"fmt"
)

// A Condition lets tasks wait, with a [Lock] given up meanwhile, until another
// task says that what the lock protects has changed. It is asyncio.Condition. The
// zero value is a Condition with a lock of its own.
//
// Tasks are notified in the order in which they came. A task that is cancelled
// after it was notified passes that on to the next one, so a notification is lost
// only if nobody waits. asyncio passes one on after every cancellation, also when
// there was none, so that there a task may go on for no reason.
//
// A Condition belongs to the loop of the first task that waits and must not be
// copied. Only the task that holds the lock may wait and notify; to do so without
// it panics.
type Condition struct {
	line  line
	own   Lock
	given *Lock // instead of own
}

// NewCondition returns a Condition that uses lock, which several may share. With
// nil it has a lock of its own, as the zero value has.
func NewCondition(lock *Lock) *Condition { return &Condition{given: lock} }

func (c *Condition) lock() *Lock {
	if c.given != nil {
		return c.given
	}
	return &c.own
}

// Lock is [Lock.Lock] of c's lock.
func (c *Condition) Lock(ctx context.Context) error { return c.lock().Lock(ctx) }

// Unlock is [Lock.Unlock] of c's lock.
func (c *Condition) Unlock() { c.lock().Unlock() }

// Owner is [Lock.Owner] of c's lock.
func (c *Condition) Owner() *Task { return c.lock().Owner() }

// Wait gives the lock back, waits until the calling task is notified, and takes
// the lock again. It holds the lock whatever it returns, so that the caller
// unlocks it in any case.
//
// If ctx ends first, or has ended before, Wait returns the cause. Taking the lock
// again is not cut short by that: it takes until the tasks before this one have
// unlocked. Cancelled once more meanwhile, it returns the last cause.
//
// Between the notification and the return others may have had the lock, so what
// was waited for has to be looked at again; WaitFor does that.
func (c *Condition) Wait(ctx context.Context) error {
	t, err := c.enter(ctx)
	if err != nil {
		return err
	}
	c.lock().Unlock()
	c.line.waiting.push(t)
	err = c.line.suspend(ctx, t)
	notified := err == nil
	c.lock().relock(t)
	if last := t.ended(ctx); last != nil {
		err = last
	}
	if err != nil && notified {
		c.notify(1)
	}
	return err
}

// WaitFor waits until predicate returns true, which it calls with the lock held,
// at once and after each notification. It returns nil then. Like Wait it holds the
// lock whatever it returns, and returns the cause if ctx ends first or has ended
// before. predicate must not wait.
func (c *Condition) WaitFor(ctx context.Context, predicate func() bool) error {
	_, err := c.enter(ctx)
	for err == nil && !predicate() {
		err = c.Wait(ctx)
	}
	return err
}

// enter returns the calling task, which must hold the lock, or why a wait with ctx
// would be over at once.
func (c *Condition) enter(ctx context.Context) (*Task, error) {
	t, err := c.line.enter(ctx, c)
	if c.lock().owner != t {
		panic("eventloop: Wait of a Condition whose lock the task does not hold; call Lock before")
	}
	return t, err
}

// Notify wakes the n tasks that have waited longest, or all if there are fewer.
// They go on once they have the lock, which the caller gives back after this.
// Notify panics if the calling task does not hold the lock.
func (c *Condition) Notify(n int) {
	if !c.lock().held() {
		panic("eventloop: Notify of a Condition whose lock the task does not hold; call Lock before")
	}
	c.notify(n)
}

// NotifyAll is Notify for all tasks that wait.
func (c *Condition) NotifyAll() { c.Notify(c.Waiters()) }

func (c *Condition) notify(n int) { c.line.call(c.line.called + n) }

// Waiters returns how many tasks wait to be notified. Those that were, and wait
// for the lock, are among the waiters of that. It counts them one by one.
func (c *Condition) Waiters() int { return c.line.size() }

// String says what c is, and how many tasks wait to be notified.
func (c *Condition) String() string { return fmt.Sprintf("Condition (%d waiting)", c.Waiters()) }
