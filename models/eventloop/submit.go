package eventloop

import (
	"context"
	"errors"
)

// ErrWouldBlock is what Wait of a [Submission] returns on the thread of its loop,
// where it could never end, and that of [Helpers] on the thread of a loop that
// runs.
var ErrWouldBlock = errors.New("eventloop: this Wait would block the loop of the calling thread; in a task, use Go or Offload and wait for that")

// A Submission is a task as seen from outside its loop: what [Submit] returns. It
// is the concurrent.futures.Future of asyncio.run_coroutine_threadsafe. Its methods
// may be called from any goroutine.
type Submission[T any] struct {
	loop  *Loop
	task  *Task // for the loop's thread
	done  chan struct{}
	cause error // why it was cancelled before it began; for the loop's thread
	value T
	err   error
}

// Submit begins a task in l from any goroutine. Its context ends when the loop is
// closed, with what ends the run of the loop that is going on, and with Cancel. If
// the loop is not running, the task begins when it does; if it is closed, the
// Submission is done at once, with [ErrClosed].
func Submit[T any](l *Loop, body func(ctx context.Context) (T, error)) *Submission[T] {
	s := &Submission[T]{loop: l, done: make(chan struct{})}
	if !l.post(func() { s.begin(body) }) {
		s.settle(ErrClosed)
	}
	return s
}

// begin begins the task, on the loop's thread.
func (s *Submission[T]) begin(body func(ctx context.Context) (T, error)) {
	switch {
	case s.loop.closing || s.loop.ended:
		s.settle(ErrClosed)
		return
	case s.cause != nil:
		s.settle(s.cause)
		return
	}
	s.task = new(Task).begin(context.Background(), s.loop, nil, func(ctx context.Context) (err error) {
		s.value, err = body(ctx)
		return err
	})
	s.task.OnDone(func() { s.settle(s.task.Err()) })
	s.loop.ready.push(s.task)
}

func (s *Submission[T]) settle(err error) {
	s.err = err
	close(s.done)
}

// Done returns a channel that is closed when the task has ended.
func (s *Submission[T]) Done() <-chan struct{} { return s.done }

// Wait blocks the calling goroutine until the task has ended, and returns its
// result, or until ctx ends, and returns the cause of that. It returns
// [ErrWouldBlock] on the loop's own thread.
func (s *Submission[T]) Wait(ctx context.Context) (T, error) {
	select {
	case <-s.done:
		return s.value, s.err
	default:
	}
	if s.loop.here() {
		return *new(T), ErrWouldBlock
	}
	select {
	case <-s.done:
		return s.value, s.err
	case <-ctx.Done():
		return *new(T), context.Cause(ctx)
	}
}

// Cancel asks the task to end; see [Task.Cancel].
func (s *Submission[T]) Cancel(cause error) {
	if cause == nil {
		cause = context.Canceled
	}
	s.loop.call(func() {
		if s.task == nil {
			s.cause = cause
		} else {
			s.task.Cancel(cause)
		}
	})
}
