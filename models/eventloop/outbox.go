package eventloop

import (
	"context"
	"net"
	"os"
	"syscall"
)

// An outlet sends bytes for a sender and never has it wait: what cannot be sent
// at once is kept. For a socket of the loop it is an outbox, for a protocol above
// one a layer, for any other connection a pump.
type outlet interface {
	// write sends b. After an error nothing is kept, and the sender has been
	// told.
	write(b []byte) (int, error)
	// writeAll is write of several parts at once.
	writeAll(parts [][]byte) (int, error)
	// size returns how many bytes are kept.
	size() int
	// settle has the sender's emptied be called when nothing is kept, which may
	// be at once.
	settle()
	// discard drops what is kept.
	discard()
	// last sends what the protocol of the connection says before it is closed.
	last()
	// finish ends sending, and keeps the other direction. It is for emptied.
	finish() error
	marks() *watermarks
}

// A sender is told what becomes of what it sends.
type sender interface {
	pause()           // there is too much
	resume()          // no longer
	emptied()         // nothing is left; the sender may send again
	failed(err error) // nothing more can be sent
}

// An outbox holds what is to be sent on a socket when the kernel takes more. The
// loop sends it as soon as the poller says so, without a task.
type outbox struct {
	watermarks
	d       *descriptor
	sender  sender
	queue   byteQueue
	layered bool // what is written to the connection goes in here, see layer
}

// newOutbox makes an outbox of d, in place of the one that it may have, which is
// empty.
func newOutbox(d *descriptor, s sender) *outbox {
	if d.out != nil {
		d.out.sender.failed(ErrReplaced)
	}
	o := &outbox{watermarks: defaultWatermarks(), d: d, sender: s}
	d.out = o
	return o
}

func (o *outbox) marks() *watermarks { return &o.watermarks }

func (o *outbox) size() int { return o.queue.size() }

func (o *outbox) write(b []byte) (int, error) {
	n, err := o.put(b)
	if err != nil {
		o.sender.failed(err)
		return n, err
	}
	o.look()
	return n, nil
}

// put is write that tells the sender nothing.
func (o *outbox) put(b []byte) (int, error) {
	sent := 0
	if o.size() == 0 && !o.d.write.busy {
		var err error
		if sent, err = o.d.send(b); err != nil || sent == len(b) {
			return sent, err
		}
	}
	o.keep(b[sent:])
	return len(b), nil
}

func (o *outbox) writeAll(parts [][]byte) (int, error) {
	fresh, n := o.size() == 0, 0
	for _, b := range parts {
		o.keep(b)
		n += len(b)
	}
	if fresh && n > 0 && !o.d.write.busy {
		if err := o.push(); err != nil {
			return 0, err
		}
	}
	o.look()
	return n, nil
}

// keep keeps b for later.
func (o *outbox) keep(b []byte) {
	if o.size() == 0 && len(b) > 0 {
		o.d.loop.outside++
	}
	o.queue.push(b)
}

// look tells the sender if there is too much.
func (o *outbox) look() {
	if o.rise(o.size()) {
		o.sender.pause()
	}
}

// flush sends what it can, when the kernel may take more.
func (o *outbox) flush() {
	if o.size() > 0 && !o.d.write.busy {
		o.push()
	}
}

// push sends what it can and tells the sender what came of it.
func (o *outbox) push() error {
	n, err := o.d.send(o.queue.bytes())
	if err != nil {
		o.discard()
		o.sender.failed(err)
		return err
	}
	o.take(n)
	if o.fall(o.size()) {
		o.sender.resume()
	}
	if o.size() == 0 {
		o.sender.emptied()
	}
	return nil
}

// take takes the first n bytes out.
func (o *outbox) take(n int) {
	o.queue.drop(n)
	if n > 0 && o.size() == 0 {
		o.d.loop.outside--
	}
}

func (o *outbox) discard() { o.take(o.size()) }

func (o *outbox) settle() {
	if o.size() == 0 {
		o.sender.emptied()
	}
}

func (o *outbox) last() {}

func (o *outbox) finish() error { return shutdownSocket(o.d.fd) }

// release is called when the socket is closed.
func (o *outbox) release() {
	o.discard()
	o.sender.failed(net.ErrClosed)
}

// send sends what the kernel takes of b without waiting.
func (d *descriptor) send(b []byte) (int, error) {
	sent := 0
	for sent < len(b) {
		n, err := send(d.fd, b[sent:min(len(b), sent+maxTransfer)])
		switch err {
		case nil:
			sent += n
		case syscall.EINTR:
		case syscall.EAGAIN:
			return sent, nil
		default:
			return sent, os.NewSyscallError("write", err)
		}
	}
	return sent, nil
}

// letOut waits until nothing is left in the outbox of d, if there is one, so that
// a write of the running task comes after it. The task has the write half.
func (d *descriptor) letOut(ctx context.Context) error {
	for d.out != nil && d.out.size() > 0 {
		if err := d.out.push(); err != nil {
			return err
		}
		if d.out.size() == 0 {
			break
		}
		if err := d.await(ctx, &d.write, &d.write.blocked); err != nil {
			return err
		}
	}
	return nil
}
