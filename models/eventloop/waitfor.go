package eventloop

import (
	"context"
	"fmt"
	"time"
)

// errLate is the cause with which WaitFor cancels. It is not DeadlineExceeded, which
// would seem to the task that is cancelled to come from a limit of its own.
var errLate = fmt.Errorf("eventloop: WaitFor has waited as long as it was told to: %w", context.Canceled)

// WaitFor awaits a for at most d. If there is no outcome by then, it cancels a, waits
// until that has had effect, however long it takes, and returns
// context.DeadlineExceeded; but a value if a came to one nevertheless, and another
// error if it turned the cancellation into that. If d is not positive and a is not
// done, a is cancelled at once, and a task that has not begun never does. To be
// cancelled meanwhile cancels a, and then the cause is returned, whatever the time.
// It is asyncio.wait_for. To limit a part of a task instead, see [WithTimeout]; for a
// task without a value, see [NoValue].
func WaitFor[T any](ctx context.Context, a Awaiter[T], d time.Duration) (T, error) {
	if err := waitFor(ctx, a, d); err != nil {
		return *new(T), err
	}
	return a.Result()
}

// waitFor returns nil when the outcome of a is that of the wait, or else what is.
func waitFor(ctx context.Context, a Awaitable, d time.Duration) error {
	p := a.outcome()
	if p.done {
		return nil
	}
	t := running(ctx)
	if err := t.mayWaitFor(p); err != nil {
		return err
	}
	before, deadline := t.Cancelling(), t.loop.after(d)
	late := d <= 0
	if late {
		a.Cancel(errLate)
	}
	var cause error
	for cause == nil && !p.done {
		if cause = t.ended(ctx); cause == nil {
			if !late {
				t.arm(deadline, false)
			}
			if err := t.attend(ctx, a); err != nil {
				return err
			}
			if !p.done && !late {
				late = true
				a.Cancel(errLate)
			}
		}
	}
	if !p.done {
		if err := t.waitTold(a, cause); !p.done {
			return err
		}
	}
	return t.whyCancelled(ctx, p, before, cause, late)
}

// attend suspends t until a has an outcome, or t's timer runs out. To be cancelled
// meanwhile cancels a. An error is a cause that came after the outcome, which stays
// with a, or that came back since a waits for t.
func (t *Task) attend(ctx context.Context, a Awaitable) error {
	p := a.outcome()
	t.passes = true
	p.waiters.push(t)
	err := t.suspend(ctx, a)
	t.passes = false
	if err == nil && p.done && t.heeds {
		err = t.undelivered()
	}
	return err
}

// whyCancelled returns why p, for which t has waited, was cancelled, as far as that
// was t's doing; nil if it was not, or if p was not cancelled.
func (t *Task) whyCancelled(ctx context.Context, p *promise, before int, cause error, late bool) error {
	if !p.dropped {
		return nil
	}
	if x := t.extra; x != nil && x.requests > before && x.pending == nil {
		return x.cause
	}
	if cause == nil {
		cause = t.ended(ctx)
	}
	if cause == nil && late {
		cause = context.DeadlineExceeded
	}
	return cause
}
