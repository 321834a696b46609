package procpool

import (
	"context"
	"io"
	"os"
	"sync/atomic"

	"juggle/internal/reexec"
)

// A handle is what a worker's watcher needs to cancel the item that runs.
//
// Items share one context until one of them is cancelled; the next one then gets
// a fresh one. A context for each item would cost more than a small item does.
type handle struct {
	now atomic.Pointer[cancellable]
}

// cancellable is a context and the claim of the chunk that runs under it.
type cancellable struct {
	claim  *claim // nil before the first chunk
	ctx    context.Context
	cancel context.CancelFunc
}

// context is that of the item that runs.
func (h *handle) context() context.Context { return h.now.Load().ctx }

// renew makes a context that was not cancelled.
func (h *handle) renew() {
	c := &cancellable{}
	if old := h.now.Load(); old != nil {
		c.claim = old.claim
	}
	c.ctx, c.cancel = context.WithCancel(context.Background())
	h.now.Store(c)
}

// enter names the claim of the chunk that begins.
func (h *handle) enter(claim *claim) {
	if old := h.now.Load(); old.claim != claim {
		h.now.Store(&cancellable{claim, old.ctx, old.cancel})
	}
}

// watch waits for the bell and cancels what runs if its claim says so. When the
// bell's other end is gone, so is the owner: the process ends, and what it
// started with it.
//
// What runs is loaded before its mark is: the worker's loop takes the mark off
// before it makes the next context, so the context of an item that was not
// cancelled is never found with the mark.
func (h *handle) watch(bell *os.File) {
	ring := make([]byte, 64)
	for {
		if _, err := bell.Read(ring); err == io.EOF {
			reexec.KillGroup()
			os.Exit(0)
		} else if err != nil {
			return // a task closed it; the socket still tells the owner's end
		}
		if c := h.now.Load(); c.claim != nil && c.claim.cancelled() {
			c.cancel()
		}
	}
}
