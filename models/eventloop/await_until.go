package eventloop

import (
	"context"
	"net"
	"time"
)

// awaitUntil parks the running task like await on h's blocked list, and also
// ends the wait without an error at when, on the loop's clock. A new deadline
// for h is to be set with setDeadlineAndLook, which has the operation look at
// both times again.
func (d *descriptor) awaitUntil(ctx context.Context, h *half, when int64) error {
	t := d.loop.current
	h.blocked.push(t)
	h.parked.Add(1) // before deadline is read; see setDeadline
	if at := h.deadline.Load(); at != 0 && at <= when {
		t.arm(at, true)
	} else {
		t.arm(when, false)
	}
	err := t.suspend(ctx, h)
	h.parked.Add(-1)
	if err == nil && d.closed.Load() {
		err = net.ErrClosed
	}
	return err
}

// setDeadlineAndLook sets h's deadline and wakes the operation that waits, in any
// goroutine. The operation finds that it still has to wait, and takes the new
// deadline into account.
func (d *descriptor) setDeadlineAndLook(h *half, at time.Time) {
	d.setDeadline(h, at)
	if h.parked.Load() > 0 {
		d.loop.call(func() { h.blocked.wakeAll(nil) })
	}
}
