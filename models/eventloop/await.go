package eventloop

import (
	"context"
	"sync/atomic"
)

// AwaitFunc calls start and suspends the calling task until resolve was called, in
// whatever goroutine that happens. It returns what resolve was given, so the
// result of anything that can call back is awaited without a goroutine per wait:
//
//	answer, err := eventloop.AwaitFunc(ctx, func(resolve func([]byte, error)) {
//		future.OnDone(resolve)
//	})
//
// start runs in the task and must not block. If it calls resolve itself, the
// task is not suspended. Only the first call of resolve counts. If ctx ends
// first, AwaitFunc returns the cause at once and the result is dropped; if it has
// ended before, start is not called. resolve may be called at any time, also
// after Run has returned.
//
// This is what asyncio.wrap_future is for.
func AwaitFunc[T any](ctx context.Context, start func(resolve func(T, error))) (T, error) {
	t := running(ctx)
	if err := t.ended(ctx); err != nil {
		return *new(T), err
	}
	f := &future[T]{task: t}
	start(f.resolve)
	if !f.done.Load() {
		f.awaited = true
		t.loop.outside++
		err := t.suspend(ctx, f)
		t.loop.outside--
		f.awaited = false
		if err != nil && !f.done.Load() {
			return *new(T), err
		}
		if err != nil {
			t.putOff(err) // the value is there, and shall not be lost
		}
	}
	return f.value, f.err
}

// A future is a result that one task awaits.
type future[T any] struct {
	task    *Task
	awaited bool // the task is parked for it; for the loop's thread
	claimed atomic.Bool
	done    atomic.Bool // value and err are there
	value   T
	err     error
}

func (f *future[T]) resolve(value T, err error) {
	if !f.claimed.CompareAndSwap(false, true) {
		return
	}
	f.value, f.err = value, err
	f.done.Store(true)
	f.task.loop.post(func() {
		if f.awaited {
			f.task.wake(nil)
		}
	})
}

func (f *future[T]) String() string { return "AwaitFunc" }
