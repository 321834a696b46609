package eventloop

import (
	"context"
	"time"
)

// Shield returns what has the outcome of a, and can be cancelled without a being
// so: who awaits it is cancelled alone, and a goes on. It is asyncio.shield. If a is
// done already, it is a itself. If a is cancelled, what Shield returned is too.
//
// A task that was begun with the context of the task that is cancelled is cancelled
// with it, whoever awaits it. Begin what a shield is to protect with
// context.WithoutCancel(ctx), or in a [Group] that outlives the caller. To wait
// without cancelling there is also Wait; a Shield is for what is handed on.
func Shield[T any](a Awaiter[T]) Awaiter[T] {
	if a.Done() {
		return a
	}
	f := LoopFuture[T](a.outcome().loop)
	a.OnDone(func() {
		switch {
		case f.done: // its error is still to be seen by somebody else
		case a.Cancelled():
			f.Cancel(a.Err())
		case a.outcome().err != nil:
			f.Reject(a.Err())
		default:
			v, _ := a.Result()
			f.Resolve(v)
		}
	})
	return f
}

// WaitFor awaits a for at most d. If there is no outcome by then, it cancels a with
// context.DeadlineExceeded, waits until that has had effect, however long it takes,
// and returns what a made of it: most often context.DeadlineExceeded, but a value if
// it came to one nevertheless, and another error if it turned the cancellation into
// that. If d is not positive and a is not done, a is cancelled at once, and a task
// that has not begun never does. To be cancelled meanwhile cancels a. It is
// asyncio.wait_for. To limit a part of a task instead, see [WithTimeout].
func WaitFor[T any](ctx context.Context, a Awaiter[T], d time.Duration) (T, error) {
	switch {
	case a.Done():
	case d <= 0:
		a.Cancel(context.DeadlineExceeded)
	default:
		h := running(ctx).loop.CallLater(d, func() { a.Cancel(context.DeadlineExceeded) })
		defer h.Cancel()
	}
	return a.Await(ctx)
}
