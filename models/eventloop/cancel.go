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
	t.loop.asOne(func() { t.request(cause) })
	return true
}

// asOne calls ask, which asks tasks to end. What comes to a task in several ways
// meanwhile, from above and from the task that awaits it, is one request.
func (l *Loop) asOne(ask func()) {
	if !l.asking {
		l.asking = true
		l.asked++
		defer func() { l.asking = false }()
	}
	ask()
}

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
		x.pending, x.first, x.cause = nil, nil, nil
		if t.scope.cause == nil {
			t.std.Store(nil)
		}
	}
	return x.requests
}

// requested returns the cause of the last request to cancel t.
func (t *Task) requested() error {
	if t.extra == nil {
		return nil
	}
	return t.extra.cause
}

// request asks t and the tasks below it to end.
func (t *Task) request(cause error) {
	x := t.more()
	if x.asked == t.loop.asked { // it was asked, and those below it
		if t.waiting() && t.heeds && !t.passes { // and it is passing that on
			t.wake(cause)
			t.cut = true
		}
		return
	}
	x.asked = t.loop.asked
	x.requests++
	x.cause = cause
	t.end(cause)
	switch {
	case !t.waiting() || !t.heeds || !t.interrupt(cause):
		x.put(cause)
	case !t.parked:
		t.cut = true
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
	t.extra.pending, t.extra.first = nil, nil
	return cause
}

// put notes a request that is to be delivered.
func (x *extra) put(cause error) {
	if x.pending == nil {
		x.first = cause
	}
	x.pending = cause
}

// putOff has the next wait of t return cause, if that was a request, instead of
// the wait that just did. A context that has ended says so again by itself.
func (t *Task) putOff(cause error) {
	if same(cause, t.requested()) || t.cut && same(cause, t.result) {
		t.extra.put(cause)
	}
}

// heard notes that a wait of t returns cause, since a context of package context
// has ended. If that came of a request, this is how it is delivered; of several,
// the context has the first one's cause.
func (t *Task) heard(cause error) {
	if x := t.extra; x != nil && (same(cause, x.pending) || same(cause, x.first)) {
		x.pending, x.first = nil, nil
		t.cut = true
	}
}

// interrupt ends the wait that t is in, or cancels what t waits for if that is
// how it waits, and reports whether there was something to cancel. Tasks that await
// one another in a circle would pass a cancellation on for ever; the wait of the one
// to which it comes back is ended.
func (t *Task) interrupt(cause error) bool {
	if t.passes {
		t.passes = false // meanwhile
		told := t.on.(Awaitable).Cancel(cause)
		t.passes = true
		return told
	}
	t.wake(cause)
	return true
}

// same reports whether two errors are one. Errors that cannot be compared are if
// they look the same.
func same(a, b error) bool {
	switch {
	case a == nil || b == nil:
		return false
	case reflect.ValueOf(a).Comparable() && reflect.ValueOf(b).Comparable():
		return a == b
	}
	return reflect.DeepEqual(a, b)
}
