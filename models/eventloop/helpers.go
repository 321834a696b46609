package eventloop

import (
	"context"
	"runtime"
	"sync"
)

// An Executor runs functions somewhere else than on the loop's thread. [Helpers]
// is one. A pool of processes, which cannot run a function of this process, is
// awaited with [AwaitFunc] instead.
type Executor interface {
	// Execute has f called once, in another goroutine, and does not block. f
	// never panics; it may call runtime.Goexit. A task whose f is never called
	// waits until it is cancelled, so an Executor that refuses f should panic
	// in Execute, which [OffloadTo] then does.
	Execute(f func())
}

// Helpers run functions in goroutines, a bounded number of them at once, first
// come, first served. They are asyncio's default executor, and trio's
// CapacityLimiter if several loops share one. The zero value runs as many at once
// as Python's pool of threads has: four more than CPUs, and 32 at most. Its
// methods may be called from any goroutine. It must not be copied.
//
// A helper is a goroutine that is begun when it is needed and ends when nothing is
// left to do, so idle Helpers cost nothing and need not be closed.
type Helpers struct {
	limit   int
	mu      sync.Mutex
	waiting []func()
	busy    int
	idle    chan struct{} // closed when busy falls to 0; nil if nobody waits for that
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
		if h.busy--; h.busy == 0 && h.idle != nil {
			close(h.idle)
			h.idle = nil
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

// Busy returns how many functions are being run.
func (h *Helpers) Busy() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return h.busy
}

// Waiting returns how many functions wait for a helper. Those of tasks that were
// cancelled count until it would be their turn.
func (h *Helpers) Waiting() int {
	h.mu.Lock()
	defer h.mu.Unlock()
	return len(h.waiting)
}

// Wait blocks the calling goroutine until h has nothing to do, also nothing that
// was given to it meanwhile, or until ctx ends, and returns the cause of that. It
// is for after Run, which does not wait for helpers, and so is
// loop.shutdown_default_executor with a timeout; but h can still be used then. On
// the thread of a loop that runs, it returns [ErrWouldBlock] if it would block.
func (h *Helpers) Wait(ctx context.Context) error {
	h.mu.Lock()
	if h.busy == 0 {
		h.mu.Unlock()
		return nil
	}
	if h.idle == nil {
		h.idle = make(chan struct{})
	}
	idle := h.idle
	h.mu.Unlock()
	if l, ok := loops.Load(threadID()); ok && l.(*Loop).running {
		return ErrWouldBlock
	}
	select {
	case <-idle:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
