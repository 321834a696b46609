package eventloop

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
)

// An Executor runs functions somewhere else than on the loop's thread. [Helpers]
// is one. A pool of processes, which cannot run a function of this process, is
// awaited with [AwaitFunc] instead.
type Executor interface {
	// Execute runs f soon, in another goroutine, and does not block.
	Execute(f func())
}

// Helpers run functions in goroutines, a bounded number of them at once, first
// come, first served. They are asyncio's default executor, and trio's
// CapacityLimiter if several loops share one. The zero value runs as many at once
// as Python's pool of threads has: four more than CPUs, and 32 at most. Its
// methods may be called from any goroutine. It must not be copied.
//
// A helper is a goroutine that ends when nothing is left to do, so idle Helpers
// cost nothing and need not be closed.
type Helpers struct {
	limit   int
	mu      sync.Mutex
	waiting []func()
	busy    int
	idle    sync.Cond
}

// NewHelpers returns Helpers that run up to limit functions at once. It panics if
// limit is not positive.
func NewHelpers(limit int) *Helpers {
	if limit <= 0 {
		panic("eventloop: NewHelpers that may not run anything")
	}
	return &Helpers{limit: limit}
}

// Execute has a helper call f, which must not panic.
func (h *Helpers) Execute(f func()) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.busy == h.bound() {
		h.waiting = append(h.waiting, f)
		return
	}
	h.busy++
	go h.help(f)
}

// help runs f and then what waits.
func (h *Helpers) help(f func()) {
	for {
		returned := false
		func() {
			defer func() {
				if !returned { // f has called Goexit, so this goroutine is ending
					if next := h.next(); next != nil {
						go h.help(next)
					}
				}
			}()
			f()
			returned = true
		}()
		if f = h.next(); f == nil {
			return
		}
	}
}

// next takes the next function, and returns nil for a helper that is to end.
func (h *Helpers) next() func() {
	h.mu.Lock()
	defer h.mu.Unlock()
	if len(h.waiting) == 0 {
		h.waiting = nil
		if h.busy--; h.busy == 0 && h.idle.L != nil {
			h.idle.Broadcast()
		}
		return nil
	}
	f := h.waiting[0]
	h.waiting[0] = nil
	h.waiting = h.waiting[1:]
	return f
}

func (h *Helpers) bound() int {
	if h.limit > 0 {
		return h.limit
	}
	return min(32, runtime.NumCPU()+4)
}

// Busy returns how many functions are being run, and Waiting how many wait for a
// helper.
func (h *Helpers) Busy() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.busy
}

// Waiting returns how many functions wait for a helper.
func (h *Helpers) Waiting() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.waiting)
}

// Wait blocks until no function is run or waits. It blocks the calling goroutine,
// so it is for after Run, or for [Offload].
func (h *Helpers) Wait() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.idle.L = &h.mu
	for h.busy > 0 {
		h.idle.Wait()
	}
}

// Offload calls f in a helper of the loop, never on the loop's thread, and
// suspends the calling task until f has returned. It is for what blocks or
// computes for long. A panic of f is returned as a [*PanicError]. It is
// asyncio.to_thread; of how many run at once, see [Helpers], and for a bound of
// your own [OffloadTo].
//
// If ctx ends first, or the task is cancelled, Offload returns the cause at once.
// If f has not begun then, it never does. If it has, it goes on to its end, but
// its result is dropped and Run does not wait for it, which asyncio.run does for
// up to five minutes; give f the context too if it can heed it.
func Offload[T any](ctx context.Context, f func() (T, error)) (T, error) {
	return OffloadTo(ctx, &running(ctx).loop.helpers, f)
}

// OffloadTo is [Offload] to an Executor, for instance Helpers that several loops
// share. It is loop.run_in_executor.
func OffloadTo[T any](ctx context.Context, e Executor, f func() (T, error)) (T, error) {
	return offload(ctx, e, f, nil)
}

// offload is OffloadTo that hands a result which comes too late to late.
func offload[T any](ctx context.Context, e Executor, f func() (T, error), late func(T)) (T, error) {
	var state atomic.Int32 // of the errand
	value, err := AwaitFunc(ctx, func(resolve func(T, error)) {
		e.Execute(func() {
			if !state.CompareAndSwap(errandWaits, errandBegun) {
				return
			}
			apart(f, func(value T, err error) {
				if !state.CompareAndSwap(errandBegun, errandDone) && late != nil {
					late(value)
					return
				}
				resolve(value, err)
			})
		})
	})
	if err != nil && !state.CompareAndSwap(errandWaits, errandDropped) {
		state.CompareAndSwap(errandBegun, errandDropped)
	}
	return value, err
}

// The states of what was given to an Executor.
const (
	errandWaits int32 = iota
	errandBegun
	errandDone
	errandDropped
)

// apart resolves with what f gives, whichever way it ends.
func apart[T any](f func() (T, error), resolve func(T, error)) {
	var value T
	err := ErrGoexit
	defer func() {
		if v := recover(); v != nil {
			err = newPanicError(v)
		}
		resolve(value, err)
	}()
	value, err = f()
}
