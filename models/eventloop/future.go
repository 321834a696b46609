package eventloop

import (
	"context"
	"fmt"
	"sync/atomic"
)

// A Future is an outcome that somebody will make known: a value, an error or a
// cancellation. It is asyncio.Future, and the bridge between callbacks and tasks.
// Make one with [NewFuture].
//
// Resolve, Reject and Cancel may be called from any goroutine; from another than
// the loop's the outcome is there in the next tick. All else is for tasks and
// callbacks of the loop.
type Future[T any] struct {
	promise
	claimed atomic.Bool // somebody has made the outcome
	value   T
}

// NewFuture returns a Future of the loop that ctx carries. It panics if ctx
// carries none.
func NewFuture[T any](ctx context.Context) *Future[T] {
	return LoopFuture[T](loopOf(ctx, "NewFuture"))
}

// LoopFuture returns a Future of l, for code that runs in no task.
func LoopFuture[T any](l *Loop) *Future[T] {
	f := &Future[T]{promise: promise{loop: l, kind: aFuture}}
	f.id = l.number()
	return f
}

// Resolve makes v the outcome. It returns [ErrDone] if there is an outcome
// already, and [ErrClosed] if the loop has been closed.
func (f *Future[T]) Resolve(v T) error {
	return f.claim(func() { f.value = v; f.settle(nil) })
}

// Reject makes err the outcome, which must not be nil. It returns what
// [Future.Resolve] does. Run reports an error that nobody has looked at.
func (f *Future[T]) Reject(err error) error {
	if err == nil {
		panic("eventloop: Reject without an error; use Resolve")
	}
	return f.claim(func() { f.settle(err) })
}

// Cancel makes a cancellation the outcome. What was to bring the value is not
// told; use OnDone for that. It returns false if there is an outcome already.
func (f *Future[T]) Cancel(cause error) bool {
	if cause == nil {
		cause = context.Canceled
	}
	return f.claim(func() { f.dropped = true; f.settle(cause) }) == nil
}

// claim has settle called on the loop's thread, unless there is an outcome.
func (f *Future[T]) claim(settle func()) error {
	if !f.claimed.CompareAndSwap(false, true) {
		return ErrDone
	}
	if !f.loop.call(settle) {
		return ErrClosed
	}
	return nil
}

// Result returns the outcome, and [ErrNotDone] before there is one.
func (f *Future[T]) Result() (T, error) { return f.value, f.Err() }

// Await waits for the outcome. To be cancelled meanwhile cancels f, and that is
// then its outcome. It is what await does in asyncio.
func (f *Future[T]) Await(ctx context.Context) (T, error) {
	err := f.await(ctx)
	return f.value, err
}

// Wait waits for the outcome and returns its error. If ctx ends first, or the
// calling task is cancelled, it returns the cause and f is as it was.
func (f *Future[T]) Wait(ctx context.Context) error { return wait(ctx, f, false) }

func (f *Future[T]) await(ctx context.Context) error { return wait(ctx, f, true) }

// String names f.
func (f *Future[T]) String() string { return fmt.Sprintf("Future-%d", f.id) }
