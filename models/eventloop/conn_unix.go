//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package eventloop

import (
	"io"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// A conn is a connected socket. Read and Write are for the tasks of its loop;
// they suspend the task that calls them.
type conn struct {
	socket
	datagrams bool // it sends and receives messages, which may be empty
}

var _ net.Conn = (*conn)(nil)

func (c *conn) Read(b []byte) (int, error) {
	t, err := c.enter(&c.read)
	if err != nil {
		return 0, c.failure("read", resumable(err))
	}
	defer c.leave(&c.read)
	for {
		if c.read.dry && len(b) > 0 {
			if err := c.await(t.ambient(), &c.read, &c.read.blocked); err != nil {
				return 0, c.failure("read", resumable(err))
			}
		}
		n, err := receive(c.fd, b[:min(len(b), maxTransfer)])
		switch err {
		case nil:
			// Asking again would cost a system call per request, to be told that
			// there is nothing; see the last question of epoll(7).
			c.read.dry = n < len(b) && !c.odd
			if n == 0 && len(b) > 0 && !c.datagrams {
				return 0, io.EOF
			}
			return n, nil
		case unix.EINTR:
		case unix.EAGAIN:
			c.read.dry = true
		default:
			return 0, c.failure("read", os.NewSyscallError("read", err))
		}
	}
}

func (c *conn) Write(b []byte) (int, error) {
	if c.out != nil && c.out.layered {
		return c.writeLayered(b)
	}
	t, err := c.enter(&c.write)
	if err != nil {
		return 0, c.failure("write", err)
	}
	defer c.leave(&c.write)
	if err := c.letOut(t.ambient()); err != nil {
		return 0, c.failure("write", err)
	}
	written := 0
	for {
		n, err := send(c.fd, b[written:min(len(b), written+maxTransfer)])
		switch err {
		case nil:
			if written += n; written == len(b) {
				return written, nil
			}
		case unix.EINTR:
		case unix.EAGAIN:
			if err := c.await(t.ambient(), &c.write, &c.write.blocked); err != nil {
				return written, c.failure("write", err)
			}
		default:
			return written, c.failure("write", os.NewSyscallError("write", err))
		}
	}
}

// CloseWrite tells the peer that nothing more will be sent: its Read returns
// io.EOF after what was sent. Reading goes on. It is for the loop's thread, and
// never suspends its caller; a Write that still waits fails.
func (c *conn) CloseWrite() error {
	if err := c.refused(); err != nil {
		return c.failure("close", err)
	}
	if err := unix.Shutdown(c.fd, unix.SHUT_WR); err != nil {
		return c.failure("close", os.NewSyscallError("shutdown", err))
	}
	return nil
}

func (c *conn) RemoteAddr() net.Addr { return c.remote }

// stream returns the descriptor, if bytes can be sent on it without regard to the
// bounds of messages.
func (c *conn) stream() *descriptor {
	if c.datagrams || c.closed.Load() {
		return nil
	}
	return &c.descriptor
}

// writeLayered writes for the protocol above, see layer, without waiting. It leaves
// it to the layer to tell the sender, who might call that protocol, which is in the
// middle of a call.
func (c *conn) writeLayered(b []byte) (int, error) {
	if err := c.refused(); err != nil {
		return 0, c.failure("write", err)
	}
	n, err := c.out.put(b)
	if err != nil {
		return n, c.failure("write", err)
	}
	return n, nil
}

// reset closes the connection; see resetOnClose.
func (c *conn) reset() {
	if !c.closed.Load() {
		resetOnClose(c.fd)
		c.Close()
	}
}
