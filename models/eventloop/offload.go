package eventloop

import (
	"context"
	"sync/atomic"
)

// Offload calls f in a helper of the loop, never on the loop's thread, and
// suspends the calling task until f has returned. It is for what blocks or
// computes for long. A panic of f is returned as a [*PanicError], and
// [ErrGoexit] if f called runtime.Goexit. It is asyncio.to_thread. How many run at
// once is up to [Loop.Helpers]; for a bound of your own there is [OffloadTo].
//
// If ctx ends first, or the task is cancelled, Offload returns the cause at once.
// If f has not begun then, it never does. If it has, it goes on to its end and
// its result is dropped, so f must not touch what the caller uses afterwards; give
// f the context too if it can heed it. Run does not wait for it, since what never
// returns would keep the program from ending; asyncio.run waits for up to five
// minutes. To wait, use [Helpers.Wait].
func Offload[T any](ctx context.Context, f func() (T, error)) (T, error) {
	return OffloadTo(ctx, running(ctx).loop.helpers, f)
}

// OffloadTo is [Offload] to an Executor, for instance Helpers that several loops
// share. It is loop.run_in_executor.
func OffloadTo[T any](ctx context.Context, e Executor, f func() (T, error)) (T, error) {
	r := &errand[T]{f: f, what: "Offload"}
	return r.wait(ctx, e)
}

// Helpers returns what [Offload] and [File] use: that of the [Options], or the
// loop's own. It may be called from any goroutine, and after the loop has ended.
func (l *Loop) Helpers() *Helpers { return l.helpers }

// An errand is a function that a task has an Executor call, and waits for.
//
// Whether the caller gets the result, or has left and late gets it, is decided by
// state alone, so that a result is never lost between the two.
type errand[T any] struct {
	f       func() (T, error)
	late    func(T) // takes what comes too late, on the helper; may be nil
	what    string  // it is, for those who ask what a task waits for
	task    *Task
	awaited bool         // the task is parked for it; for the loop's thread
	state   atomic.Int32 // value and err are those of the helper until it is errandDone
	value   T
	err     error
}

const (
	errandWaits   int32 = iota
	errandBegun         // a helper calls f
	errandDone          // value and err are there
	errandDropped       // f will not be called
	errandLeft          // f was called, and nobody waits any more
)

// wait gives the errand to e and waits for it. With errandDropped or errandLeft as
// its state after that, the error is the cause of a cancellation.
func (r *errand[T]) wait(ctx context.Context, e Executor) (T, error) {
	t := running(ctx)
	if err := t.ended(ctx); err != nil {
		r.state.Store(errandDropped)
		return *new(T), err
	}
	r.task = t
	e.Execute(r.run)
	if r.state.Load() == errandDone {
		return r.value, r.err
	}
	r.awaited = true
	t.loop.outside++
	err := t.suspend(ctx, r)
	t.loop.outside--
	r.awaited = false
	if err != nil {
		if r.leave() {
			return *new(T), err
		}
		t.putOff(err) // the value is there, and shall not be lost
	}
	return r.value, r.err
}

// leave has nobody wait for the errand any more, unless it is done.
func (r *errand[T]) leave() bool {
	if r.state.CompareAndSwap(errandWaits, errandDropped) {
		r.f = nil // the Executor may hold the errand for long yet
		return true
	}
	return r.state.CompareAndSwap(errandBegun, errandLeft)
}

// run calls f, on the helper.
func (r *errand[T]) run() {
	if !r.state.CompareAndSwap(errandWaits, errandBegun) {
		return
	}
	r.err = ErrGoexit
	defer func() {
		if v := recover(); v != nil {
			r.err = newPanicError(v)
		}
		r.finish()
	}()
	r.value, r.err = r.f()
}

// finish hands the result to whom it is due.
func (r *errand[T]) finish() {
	if r.state.CompareAndSwap(errandBegun, errandDone) {
		r.task.loop.post(r.deliver)
	} else if r.late != nil {
		r.late(r.value)
	}
}

// deliver ends the wait, on the loop's thread.
func (r *errand[T]) deliver() {
	if r.awaited {
		r.task.wake(nil)
	}
}

func (r *errand[T]) String() string { return r.what }
