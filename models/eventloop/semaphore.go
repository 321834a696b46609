package eventloop

import (
	"context"
	"fmt"
)

// A Semaphore holds a number of permits. It is asyncio.Semaphore, and that of
// [NewBoundedSemaphore] is asyncio.BoundedSemaphore. The zero value has no
// permit until one is released.
//
// Tasks get permits in the order in which they came. A newcomer never overtakes
// one that waits, not even one that was woken and has not run yet: it waits
// then, though permits may be left.
//
// A Semaphore belongs to the loop of the first task that calls Acquire and must
// not be copied. Acquire panics in another loop and in a goroutine that is no
// task. The other methods take no context and so cannot tell: called from
// elsewhere they are a data race.
type Semaphore struct {
	line  line
	free  int // permits that no task has taken, those of called tasks too
	bound int // the most there may be; 0 for no bound
}

// NewSemaphore returns a Semaphore with n permits. Release may add to them. It
// panics if n is negative.
func NewSemaphore(n int) *Semaphore {
	if n < 0 {
		panic("eventloop: NewSemaphore with a negative number of permits")
	}
	return &Semaphore{free: n}
}

// NewBoundedSemaphore returns a Semaphore with n permits that never has more:
// Release panics instead. NewBoundedSemaphore panics if n is not positive.
func NewBoundedSemaphore(n int) *Semaphore {
	if n <= 0 {
		panic("eventloop: NewBoundedSemaphore without a permit, which nobody could ever acquire")
	}
	return &Semaphore{free: n, bound: n}
}

// Acquire waits for a permit and takes it. If ctx ends first, or has ended
// before, it returns the cause and takes none; if one was due to the task
// already, the next task gets it. A permit that nobody waits for is taken
// without a suspension and without an allocation.
func (s *Semaphore) Acquire(ctx context.Context) error {
	t, err := s.line.enter(ctx, s)
	if err != nil {
		return err
	}
	if s.free == 0 || !s.line.empty() {
		// A newcomer may have to wait with permits left, so whoever leaves
		// looks whether the next one can go on.
		defer func() { s.line.call(s.free) }()
		if err := s.line.wait(ctx, t); err != nil {
			return err
		}
	}
	s.free--
	return nil
}

// Release gives a permit back, or adds one, and wakes the task that has waited
// longest. Any task of the loop may do so. It panics if a bounded Semaphore has
// all its permits. It does not suspend the caller.
func (s *Semaphore) Release() {
	if s.bound > 0 && s.free == s.bound {
		panic("eventloop: Release of a bounded Semaphore that has all its permits; call it once after each Acquire that returned nil")
	}
	s.free++
	s.line.call(s.free)
}

// Free returns how many permits no task has taken. Those that are due to tasks
// that were woken and have not run yet are counted.
func (s *Semaphore) Free() int { return s.free }

// Waiters returns how many tasks wait for s and have not been woken. It counts
// them one by one.
func (s *Semaphore) Waiters() int { return s.line.size() }

// String says what s is, how many permits are free and how many tasks wait.
func (s *Semaphore) String() string {
	return fmt.Sprintf("Semaphore (%d free, %d waiting)", s.free, s.Waiters())
}
