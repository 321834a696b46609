package eventloop_test

import (
	"context"
	"errors"
	"time"

	"juggle/models/eventloop"
)

// wait waits, and checks what comes of it.
func (b *being) wait(s move) error {
	ctx, shielded := b.ctx, false
	switch s.with {
	case "scope":
		if n := len(b.scopes); n > 0 {
			ctx, shielded = b.scopes[n-1], true // perhaps
		}
	case "derived":
		var cancel context.CancelCauseFunc
		ctx, cancel = context.WithCancelCause(b.ctx)
		defer cancel(nil)
		shielded = true // for what comes after the wake-up
		if s.d == 0 {
			h := b.l.CallLater(time.Second, func() { cancel(scoped(b.number())) })
			defer h.Cancel()
		}
	case "values":
		if n := len(b.scopes); n > 0 {
			ctx, shielded = context.WithValue(b.scopes[n-1], scopeKey{}, b.scopes[n-1]), true
		}
	case "other":
		if len(b.open) > 0 {
			ctx, shielded = b.open[s.on%len(b.open)], true
		}
	case "without":
		ctx, shielded = context.WithoutCancel(b.ctx), true
	}
	began, raised, dead := b.l.Time(), b.task.Cancelling(), ctx.Err() != nil
	if shielded && (s.op == "wait" || s.op == "await" || s.op == "future" || s.op == "awaitFuture") {
		ctx, shielded = b.ctx, false // it could last for ever
	}
	outcome, noWait, err := b.enter(ctx, s)
	b.note("%d %s %s %d %d: %v", b.id, s.op, s.with, s.on, s.d, err)
	b.see(err)
	if noWait {
		return err
	}
	raisedNow := b.task.Cancelling() > raised
	switch {
	case s.op == "sleep" && err == nil && b.l.Time() != began+time.Duration(s.d)*time.Second:
		b.wrong("%d slept from %v to %v instead of %ds", b.id, began, b.l.Time(), s.d)
	case s.op == "sleep" && b.l.Time() > began+time.Duration(s.d)*time.Second:
		b.wrong("%d slept too long", b.id)
	}
	passedOn := s.op == "await" || s.op == "awaitFuture"
	if !shielded && b.owed && !b.unsure && !outcome && !passedOn && (err == nil || b.l.Time() != began) {
		b.wrong("%d was owed a cancellation, and its %s said %v", b.id, s.op, err)
	}
	if !shielded && !outcome && !passedOn && raisedNow && err == nil {
		b.wrong("%d was cancelled during its %s, which said nothing", b.id, s.op)
	}
	b.check(ctx, s, err, outcome, shielded || dead, raisedNow)
	return err
}

// enter waits. outcome says that err may be that of what it waited for, and noWait
// that it did not have to.
func (b *being) enter(ctx context.Context, s move) (outcome, noWait bool, err error) {
	d := time.Duration(s.d) * time.Second
	task, future := b.tasks[s.on%len(b.tasks)], b.futures[s.on%futures]
	switch s.op {
	case "sleep":
		return false, false, eventloop.Sleep(ctx, d)
	case "yield":
		return false, false, eventloop.Yield(ctx)
	case "wait":
		noWait = task.Done() || task == b.task
		err = task.Wait(ctx)
		return b.saw(task.Err(), err), noWait, err
	case "await":
		noWait = task.Done() || task == b.task
		err = task.Await(ctx)
		return task.Done(), noWait, err
	case "future":
		noWait = future.Done()
		err = future.Wait(ctx)
		return b.saw(future.Err(), err), noWait, err
	default:
		noWait = future.Done()
		_, err = future.Await(ctx)
		return future.Done(), noWait, err
	}
}

// saw reports whether an outcome, which was now seen, is err.
func (w *world) saw(outcome, err error) bool {
	w.see(outcome)
	return err != nil && errors.Is(outcome, err)
}

// check keeps account of what is delivered. dead says that ctx may have told before
// what it tells now.
func (b *being) check(ctx context.Context, s move, err error, outcome, dead, raised bool) {
	var request requested
	scope, _ := ctx.Value(scopeKey{}).(*eventloop.Scope)
	if scope == nil {
		scope, _ = ctx.(*eventloop.Scope)
	}
	expected := b.owed || raised
	unsure := b.unsure
	b.unsure = b.unsure && (outcome || ctx != b.ctx)
	switch isRequest := errors.As(err, &request); {
	case s.op == "await" || s.op == "awaitFuture", outcome && raised:
		b.owed, b.unsure = expected, expected // it may be that what it waited for was told
	case outcome:
	case isRequest && dead:
		b.owed, b.unsure = expected, expected // it may be an old one
	case isRequest && !expected && !unsure:
		b.wrong("%d: its %s says %v, which it was told before", b.id, s.op, err)
	case scope != nil && expected && err == context.DeadlineExceeded:
		b.owed, b.unsure = true, true // a task that awaits this one may have asked because of a deadline
	case err == nil && ctx != b.ctx, scope != nil && (scope.Cause() == err || err == context.Canceled):
		b.owed = expected
	default:
		b.owed = false
	}
	expected = expected || unsure
	if ctx != b.ctx || outcome {
		return
	}
	if b.level != nil && err == nil {
		b.wrong("%d: its context has ended with %v, but %s went on", b.id, b.level, s.op)
	}
	if err != nil && !expected {
		b.level = err
	}
}
