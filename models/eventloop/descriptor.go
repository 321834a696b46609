package eventloop

import (
	"context"
	"net"
	"os"
	"sync/atomic"
	"time"
)

// A descriptor is an open socket of a loop. All of it is for the loop's thread,
// except for start and for what is atomic.
type descriptor struct {
	loop   *Loop
	fd     int         // -1 once it was closed
	closed atomic.Bool // or will be in the next tick
	odd    bool        // a read that comes up short may have left something
	read   half
	write  half
	onFree func() // called before the socket is closed; may be nil
	onNews func() // called when the kernel says that it has changed; may be nil

	receiver receiver // reads what comes, instead of tasks; may be nil
	out      *outbox  // what is to be sent without a task; may be nil
}

// news is what the poller has said of a socket that has no task for it.
type news struct {
	d                  *descriptor
	readable, writable bool
}

// tell has sockets that have no task for it read and write, after the poller has
// told all: what their callbacks do takes time, which is not the poller's, and may
// close sockets that it has news of.
func (l *Loop) tell() {
	for i := range l.heard {
		n := &l.heard[i]
		if n.readable && n.d.fd >= 0 {
			n.d.receiver.receive()
		}
		if n.writable && n.d.fd >= 0 {
			n.d.out.flush()
		}
		n.d = nil
	}
	l.heard = l.heard[:0]
}

// A receiver reads from a socket whenever there may be something.
type receiver interface{ receive() }

// A half is one direction of a descriptor. One operation at a time has it, the
// others queue, so two writes never mix.
type half struct {
	busy     bool
	dry      bool         // nothing is there until the poller says so
	queue    waitList     // operations that wait for their turn
	blocked  waitList     // the operation that waits for the kernel
	parked   atomic.Int32 // how many tasks are on the two lists
	deadline atomic.Int64 // on the loop's clock; 0 for none
}

// maxCredit is how many operations a task may do in one turn. A task whose
// socket never runs dry would otherwise never let others run. 128 is what tokio
// allows.
const maxCredit = 128

// open has the loop watch fd, and gives fd to d, which closes it from now on.
func (l *Loop) watch(d *descriptor, fd int) error {
	if err := l.poller.add(fd); err != nil {
		return err
	}
	for len(l.sockets) <= fd {
		l.sockets = append(l.sockets, nil)
	}
	d.loop, d.fd = l, fd
	l.sockets[fd] = d
	l.open++
	if l.debug != nil {
		l.debug.began(d)
	}
	return nil
}

// socketReady wakes what waited for fd.
func (l *Loop) socketReady(fd int, readable, writable, odd bool) {
	d := l.sockets[fd]
	if d == nil {
		return
	}
	d.odd = d.odd || odd
	if readable {
		d.read.dry = false
		d.read.blocked.wakeAll(nil)
	}
	if writable {
		d.write.blocked.wakeAll(nil)
	}
	if d.onNews != nil {
		d.onNews()
	}
	readable = readable && d.receiver != nil
	writable = writable && d.out != nil && d.out.size() > 0
	if readable || writable {
		l.heard = append(l.heard, news{d, readable, writable})
	}
}

// enter begins an operation of the running task on h. After an error there is
// nothing to leave.
func (d *descriptor) enter(h *half) (*Task, error) {
	t := d.loop.current
	if err := d.refusal(h, t); err != nil {
		return nil, err
	}
	if d.loop.credit--; d.loop.credit < 0 {
		t.pass()
		if err := d.refusal(h, t); err != nil {
			return nil, err
		}
	}
	if h.busy {
		// Whoever leaves next hands its turn over, so busy stays set.
		if err := d.await(t.ambient(), h, &h.queue); err != nil {
			return nil, err
		}
	}
	h.busy = true
	return t, nil
}

// leave ends an operation on h.
func (d *descriptor) leave(h *half) {
	h.busy = false
	if next := h.queue.head; next != nil {
		h.busy = true
		next.wake(nil)
	} else if h == &d.write && d.out != nil {
		d.out.flush() // what came meanwhile
	}
}

// refusal returns why t cannot begin an operation, or nil.
func (d *descriptor) refusal(h *half, t *Task) error {
	switch {
	case d.closed.Load():
		return net.ErrClosed
	case t == nil:
		return errOutside
	case d.receiver != nil && h == &d.read:
		return ErrHasTransport
	}
	if err := t.ended(t.ambient()); err != nil {
		return err
	}
	if at := h.deadline.Load(); at != 0 && at <= d.loop.now() {
		return os.ErrDeadlineExceeded
	}
	return nil
}

// await parks the running task on one of h's lists until it is woken, the
// deadline of h passes, the socket is closed or ctx ends.
func (d *descriptor) await(ctx context.Context, h *half, list *waitList) error {
	t := d.loop.current
	list.push(t)
	h.parked.Add(1) // before deadline is read; see setDeadline
	if at := h.deadline.Load(); at != 0 {
		t.arm(at, true)
	}
	outside := 0
	if d.fd >= 0 { // or it is a connection of a Network
		outside = 1
	}
	d.loop.outside += outside
	err := t.suspend(ctx, h)
	d.loop.outside -= outside
	h.parked.Add(-1)
	if err == nil && d.closed.Load() {
		err = net.ErrClosed
	}
	return err
}

// setDeadline sets h's deadline, in any goroutine: whichever comes second, this
// or a task that parks, sees what the other did.
func (d *descriptor) setDeadline(h *half, at time.Time) {
	when := int64(0)
	if !at.IsZero() {
		when = max(1, d.loop.after(d.loop.until(at)))
	}
	h.deadline.Store(when)
	if h.parked.Load() > 0 {
		d.loop.call(func() { h.rearm() })
	}
}

// rearm applies a new deadline to the tasks that wait.
func (h *half) rearm() {
	at := h.deadline.Load()
	for _, list := range []*waitList{&h.blocked, &h.queue} {
		for t := list.head; t != nil; t = t.next {
			t.loop.timers.remove(&t.timer)
			if at != 0 {
				t.arm(at, true)
			}
		}
	}
}

// close closes the socket, in any goroutine. Operations that wait return
// net.ErrClosed, as does a second close.
func (d *descriptor) close() error {
	if !d.closed.CompareAndSwap(false, true) {
		return net.ErrClosed
	}
	d.loop.call(d.release)
	return nil
}

// release closes the socket on the loop's thread.
func (d *descriptor) release() {
	if d.fd < 0 {
		return
	}
	d.closed.Store(true)
	for _, h := range []*half{&d.read, &d.write} {
		h.blocked.wakeAll(net.ErrClosed)
		h.queue.wakeAll(net.ErrClosed)
	}
	if d.out != nil {
		d.out.release()
	}
	if d.onFree != nil {
		d.onFree()
	}
	d.loop.poller.remove(d.fd)
	closeSocket(d.fd)
	d.loop.sockets[d.fd] = nil
	if d.loop.debug != nil {
		d.loop.debug.ended(d)
	}
	d.loop.open--
	d.loop.shortage.ease()
	d.fd = -1
}

func (h *half) String() string { return "socket" }
