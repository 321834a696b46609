package eventloop

import (
	"io"
	"net"
	"syscall"
	"time"
)

// A memoryConn is one end of a connection of a [Network]. It is a descriptor
// without a socket: turns, waits and deadlines are the same.
type memoryConn struct {
	descriptor
	network       *Network
	in, out       *memoryFlow
	local, remote memoryAddr
}

var _ net.Conn = (*memoryConn)(nil)

func (c *memoryConn) Read(b []byte) (int, error) {
	t, err := c.enter(&c.read)
	if err != nil {
		return 0, c.failure("read", resumable(err))
	}
	defer c.leave(&c.read)
	for {
		now := c.loop.now()
		if n := c.in.receive(b, now); n > 0 || len(b) == 0 {
			return n, nil
		}
		if c.in.atEnd(now) {
			return 0, io.EOF
		}
		if at, ok := c.in.next(); ok {
			err = c.awaitUntil(t.ambient(), &c.read, at)
		} else {
			err = c.await(t.ambient(), &c.read, &c.read.blocked)
		}
		if err != nil {
			return 0, c.failure("read", resumable(err))
		}
	}
}

func (c *memoryConn) Write(b []byte) (int, error) {
	t, err := c.enter(&c.write)
	if err != nil {
		return 0, c.failure("write", err)
	}
	defer c.leave(&c.write)
	written := 0
	for {
		if c.out.ended || c.out.broken {
			return written, c.failure("write", syscall.EPIPE)
		}
		if n := min(len(b)-written, c.out.room()); n > 0 {
			c.out.send(b[written:written+n], c.network.arrival(c.out.last))
			written += n
		}
		if written == len(b) {
			return written, nil
		}
		if err := c.await(t.ambient(), &c.write, &c.write.blocked); err != nil {
			return written, c.failure("write", err)
		}
	}
}

// CloseWrite tells the peer that nothing more will be sent, like that of a
// connection of [Dial].
func (c *memoryConn) CloseWrite() error {
	switch {
	case c.closed.Load():
		return c.failure("close", net.ErrClosed)
	case !c.loop.here():
		return c.failure("close", errOutside)
	}
	c.out.end(c.network.arrival(c.out.last))
	c.write.blocked.wakeAll(nil) // and fails
	return nil
}

// Close closes this end, in any goroutine.
func (c *memoryConn) Close() error {
	if !c.closed.CompareAndSwap(false, true) {
		return c.failure("close", net.ErrClosed)
	}
	c.loop.call(func() {
		c.wakeClosed()
		c.out.end(c.network.arrival(c.out.last))
		c.in.abandon()
	})
	return nil
}

// wakeClosed ends all waits for a connection or listener of a [Network] that was
// closed.
func (d *descriptor) wakeClosed() {
	for _, h := range []*half{&d.read, &d.write} {
		h.blocked.wakeAll(net.ErrClosed)
		h.queue.wakeAll(net.ErrClosed)
	}
}

func (c *memoryConn) LocalAddr() net.Addr { return c.local }

func (c *memoryConn) RemoteAddr() net.Addr { return c.remote }

func (c *memoryConn) SetDeadline(t time.Time) error { return c.set(t, &c.read, &c.write) }

func (c *memoryConn) SetReadDeadline(t time.Time) error { return c.set(t, &c.read) }

func (c *memoryConn) SetWriteDeadline(t time.Time) error { return c.set(t, &c.write) }

func (c *memoryConn) set(t time.Time, halves ...*half) error {
	if c.closed.Load() {
		return c.failure("set", net.ErrClosed)
	}
	for _, h := range halves {
		c.setDeadlineAndLook(h, t)
	}
	return nil
}

func (c *memoryConn) failure(op string, err error) error {
	return &net.OpError{Op: op, Net: c.local.Network(), Source: c.local, Addr: c.remote, Err: err}
}
