package eventloop

import (
	"context"
	"slices"
	"sync/atomic"
	"time"
)

// A Scope is a context that a task makes around a part of its work, to end that
// part alone. It is trio's cancel scope, and asyncio.timeout. Once it has ended,
// every wait with it, or with what derives from it, fails with the cause, at
// every checkpoint again, until the Scope is closed; what derives from it are the
// contexts of tasks begun with it too. Use it as the context of what it is to
// end:
//
//	scope := eventloop.WithTimeout(ctx, time.Second)
//	defer scope.Close()
//	err := fetch(scope)
//	if scope.Expired() { ... }
//
// In contrast to one of context.WithTimeout, its time is that of the loop's
// clock, its deadline can be moved, it can be shielded from what is around it,
// and a wait with it allocates nothing.
//
// The methods of context.Context may be called from any goroutine, and so may
// Cancel. All others are for the tasks of the loop.
type Scope struct {
	branch
	home    *Task
	timer   timer
	limit   atomic.Int64 // when the timer runs out, for other goroutines; 0 for never
	waits   []*Task      // tasks that wait with it
	unhook  func() bool
	expired bool
	shield  bool
	apart   bool // what it derives from ends it by way of package context alone
	carried bool // which it did
	closed  bool
}

var _ context.Context = (*Scope)(nil)

// WithScope returns a Scope within ctx, which ends with Cancel, and when ctx does.
// It is to be closed by the task that made it.
func WithScope(ctx context.Context) *Scope {
	t := running(ctx)
	s := &Scope{home: t}
	s.base, s.owner, s.timer.owner = ctx, s, s
	from := branchOf(ctx)
	if from.owns(ctx) {
		s.scope.enter(&from.scope)
		return s
	}
	// What cancels t comes through ctx, or not at all; unless ctx does not know t.
	s.apart = from.task() == t
	s.scope.enter(&t.scope)
	end := func() {
		if !s.closed && s.cause == nil {
			s.carried = true
			s.Cancel(context.Cause(ctx))
		}
	}
	switch {
	case ctx.Done() == nil:
	case ctx.Err() != nil:
		end()
	default:
		s.unhook = t.loop.whenEnded(ctx, end)
	}
	return s
}

// WithTimeout returns a Scope that ends with context.DeadlineExceeded after d. If
// d is not positive, it does so in the next tick.
func WithTimeout(ctx context.Context, d time.Duration) *Scope {
	s := WithScope(ctx)
	s.setTimer(s.home.loop.after(max(0, d)))
	return s
}

// WithShield returns a Scope that what ends ctx, or cancels the task, does not
// reach. Both are noticed by the first wait after it. Bound it with
// [Scope.SetDeadline]: whoever cancels is waiting.
func WithShield(ctx context.Context) *Scope {
	t := running(ctx)
	s := &Scope{home: t, shield: true}
	s.base, s.owner, s.timer.owner = context.WithoutCancel(ctx), s, s
	s.scope.enter(&branchOf(ctx).scope)
	return s
}

// Cancel ends the Scope, with a cause; nil stands for context.Canceled. The first
// cause stays.
func (s *Scope) Cancel(cause error) {
	if cause == nil {
		cause = context.Canceled
	}
	s.home.loop.call(func() {
		if !s.closed {
			s.cancelNow(cause)
		}
	})
}

func (s *Scope) cancelNow(cause error) {
	s.home.loop.asOne(func() { s.scope.cancel(cause) })
}

// SetDeadline moves the end of the Scope to when on the loop's clock, see
// [Loop.Time], earlier or later. It does nothing once the Scope has ended.
func (s *Scope) SetDeadline(when time.Duration) {
	if !s.closed && s.cause == nil {
		s.setTimer(int64(when))
	}
}

// ClearDeadline takes the deadline back.
func (s *Scope) ClearDeadline() {
	s.home.loop.timers.remove(&s.timer)
	s.limit.Store(0)
}

func (s *Scope) setTimer(when int64) {
	s.home.loop.timers.remove(&s.timer)
	s.timer.when = when
	s.limit.Store(max(1, when))
	s.home.loop.timers.add(&s.timer)
}

// When returns the deadline of the Scope itself on the loop's clock, and whether
// there is one to come.
func (s *Scope) When() (when time.Duration, ok bool) {
	limit := s.limit.Load()
	return time.Duration(limit), limit != 0
}

// Expired reports whether the Scope ended because of its own deadline.
func (s *Scope) Expired() bool { return s.expired }

// Cause returns why the Scope has ended, nil if it has not.
func (s *Scope) Cause() error { return s.cause }

// SetShield begins or ends to keep away what ends the contexts around the Scope
// and cancels its task. When it ends, what was kept away comes in. It holds from
// the next wait on.
func (s *Scope) SetShield(on bool) {
	s.shield = on
	if cause := s.above(); !s.shields() && !s.closed && cause != nil {
		s.cancelNow(cause)
	}
}

// above returns why the nearest scope around s has ended, nil if it has not.
func (s *Scope) above() error {
	if s.parent == nil {
		return nil
	}
	return s.parent.cause
}

// closedScope is what the context package has of a Scope that was closed before
// it asked.
var closedScope = func() *standard {
	ctx, cancel := context.WithCancelCause(context.Background())
	cancel(context.Canceled)
	return &standard{ctx, cancel}
}()

// Close releases the Scope. From then on it has ended: waits with it, also those
// that other tasks are in, return context.Canceled. But tasks that were begun with
// it go on. A second Close does nothing.
func (s *Scope) Close() {
	if s.closed {
		return
	}
	s.closed = true
	s.ClearDeadline()
	if s.unhook != nil {
		s.unhook()
	}
	s.scope.leave()
	if !s.std.CompareAndSwap(nil, closedScope) {
		s.std.Load().cancel(context.Canceled)
	}
	s.interruptAll(context.Canceled)
}

// Deadline returns the deadline of the Scope or of the context around it,
// whichever comes first. It is trio's current_effective_deadline.
func (s *Scope) Deadline() (time.Time, bool) {
	at, ok := s.base.Deadline()
	limit := s.limit.Load()
	if limit == 0 {
		return at, ok
	}
	if own := s.home.loop.wall(limit); !ok || own.Before(at) {
		return own, true
	}
	return at, ok
}

func (s *Scope) Done() <-chan struct{} { return s.standard().Done() }

func (s *Scope) Err() error { return s.err() }

func (s *Scope) Value(key any) any { return s.value(key) }

func (s *Scope) String() string { return "eventloop.Scope" }

// expire is called when the deadline has passed.
func (s *Scope) expire() {
	if s.cause == nil {
		s.expired = true
		s.cancelNow(context.DeadlineExceeded)
	}
}

// cancelled is called when the scope was cancelled: tasks that wait with it go on.
func (s *Scope) cancelled(cause error) {
	s.end(cause)
	s.interruptAll(cause)
}

// interruptAll has those go on that wait with the Scope.
func (s *Scope) interruptAll(cause error) {
	for _, t := range s.waits {
		if t.waiting() {
			t.interrupt(cause)
		}
	}
}

// request passes on that a task above was asked to end.
func (s *Scope) request(cause error) {
	s.end(cause)
	s.scope.request(cause)
}

func (s *Scope) shields() bool { return s.shield || s.apart }

func (s *Scope) holder() *Task { return s.home }

// enter notes that t begins a wait with s, and leave that it has ended.
func (s *Scope) enter(t *Task) { s.waits = append(s.waits, t) }

func (s *Scope) leave(t *Task) {
	if i := slices.Index(s.waits, t); i >= 0 {
		s.waits = slices.Delete(s.waits, i, i+1)
	}
}

// reaches reports whether what cancels t comes to a wait of it with s.
func (s *Scope) reaches(t *Task) bool {
	for at := &s.scope; at != nil && at != &t.scope; at = at.parent {
		if at.shielded() {
			return false
		}
	}
	return true
}

// followed reports whether s has ended because a context of package context did
// that it derives from, and which a request to cancel its task may have ended.
func (s *Scope) followed() bool {
	for at := &s.scope; at != nil; at = at.parent {
		above, ok := at.owner.(*Scope)
		if !ok {
			return false
		}
		if above.carried {
			return true
		}
	}
	return false
}

// scopeOf returns the Scope that ctx is, but for values that it adds, or nil.
func scopeOf(ctx context.Context) *Scope {
	switch c := ctx.(type) {
	case *Scope:
		return c
	case *taskContext:
		return nil
	}
	if b := branchOf(ctx); b != nil {
		if s, ok := b.owner.(*Scope); ok && b.owns(ctx) {
			return s
		}
	}
	return nil
}
