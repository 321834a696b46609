package eventloop

import (
	"context"
	"reflect"
)

// Cancel asks t to end: the wait that it is in, or else its next one, returns
// cause; nil stands for context.Canceled. Tasks that were begun with t's context
// are asked too, and what code outside this package sees of that context ends.
// Cancel returns false if t has ended. It does not wait for t to end.
//
// This is asyncio's cancellation, which is delivered once. A task may clean up
// with further waits, or go on as if nothing had been; then it should say so with
// [Task.Uncancel]. Two requests before t runs are delivered as one. A task that
// was cancelled before its first step never begins. One that returns without
// another wait, and without an error of its own, ends with cause nevertheless.
// For cancellation that stays, and reaches every wait, there is [Scope].
//
// Cancel may be called from any goroutine, at any time; from others than the
// loop's, true says that the loop has been told.
func (t *Task) Cancel(cause error) bool {
	if cause == nil {
		cause = context.Canceled
	}
	if !t.loop.here() {
		return t.loop.post(func() { t.cancelNow(cause) })
	}
	return t.cancelNow(cause)
}

func (t *Task) cancelNow(cause error) bool {
	if t.done {
		return false
	}
	t.loop.beginRequest()
	t.request(cause)
	t.loop.endRequest()
	return true
}

// beginRequest and endRequest stand around a request and all those that it leads
// to. A task is asked once in between: it may be below a task that was asked and be
// awaited by it too, and in a chain of such tasks every link would double the
// requests.
func (l *Loop) beginRequest() {
	if l.asking == 0 {
		l.requests++
	}
	l.asking++
}

func (l *Loop) endRequest() { l.asking-- }

// Cancelling returns how many requests to cancel t there were, less those that
// Uncancel took back.
func (t *Task) Cancelling() int {
	if t.extra == nil {
		return 0
	}
	return t.extra.requests
}

// Uncancel takes back one request and returns how many are left. With none left,
// a cancellation that was not delivered yet is dropped, and the context that t
// was given is alive again; contexts that were derived from it before are not.
func (t *Task) Uncancel() int {
	x := t.extra
	if x == nil || x.requests == 0 {
		return 0
	}
	if x.requests--; x.requests == 0 {
		x.pending, x.cause = nil, nil
		if t.scope.cause == nil {
			t.std.Store(nil)
		}
	}
	return x.requests
}

// request asks t and the tasks below it to end.
func (t *Task) request(cause error) {
	x := t.more()
	if x.last == t.loop.requests {
		return
	}
	x.last = t.loop.requests
	x.requests++
	x.cause = cause
	t.end(cause)
	if !t.waiting() || !t.heeds || !t.interrupt(cause) {
		x.pending = cause
	} else {
		t.cut = !t.parked
	}
	t.scope.request(cause)
}

// undelivered returns the cause of a cancellation that has not been delivered,
// which it is with that.
func (t *Task) undelivered() error {
	if t.extra == nil {
		return nil
	}
	cause := t.extra.pending
	t.extra.pending = nil
	return cause
}

// putOff has the next wait of t return cause, if that was a request, instead of
// the wait that just did. A context that has ended says so again by itself.
func (t *Task) putOff(cause error) {
	if t.extra != nil && same(cause, t.extra.cause) {
		t.extra.pending = cause
	}
}

// interrupt ends the wait that t is in, or cancels what t waits for if that is
// how it waits, and reports whether there was something to cancel.
func (t *Task) interrupt(cause error) bool {
	if t.passes {
		return t.on.(Awaitable).Cancel(cause)
	}
	t.wake(cause)
	return true
}

// same reports whether two errors are one. Errors that cannot be compared are
// not.
func same(a, b error) bool {
	return a != nil && b != nil && reflect.TypeOf(a).Comparable() && reflect.TypeOf(b).Comparable() && a == b
}
