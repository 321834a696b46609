package eventloop

import (
	"io"
	"net"
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// A conn is a stream socket. Read and Write are for the tasks of its loop; they
// suspend the task that calls them. The other methods are for any goroutine.
type conn struct {
	descriptor
	network       string
	local, remote net.Addr
}

var _ net.Conn = (*conn)(nil)

func (c *conn) Read(b []byte) (int, error) {
	t, err := c.enter(&c.read)
	if err != nil {
		return 0, c.failure("read", err)
	}
	defer c.leave(&c.read)
	for {
		n, err := unix.Read(c.fd, b)
		switch err {
		case nil:
			if n == 0 && len(b) > 0 {
				return 0, io.EOF
			}
			return n, nil
		case unix.EINTR:
		case unix.EAGAIN:
			if err := c.await(t.context(), &c.read, &c.read.blocked); err != nil {
				return 0, c.failure("read", err)
			}
		default:
			return 0, c.failure("read", os.NewSyscallError("read", err))
		}
	}
}

func (c *conn) Write(b []byte) (int, error) {
	t, err := c.enter(&c.write)
	if err != nil {
		return 0, c.failure("write", err)
	}
	defer c.leave(&c.write)
	written := 0
	for {
		n, err := unix.Write(c.fd, b[written:])
		switch err {
		case nil:
			if written += n; written == len(b) {
				return written, nil
			}
		case unix.EINTR:
		case unix.EAGAIN:
			if err := c.await(t.context(), &c.write, &c.write.blocked); err != nil {
				return written, c.failure("write", err)
			}
		default:
			return written, c.failure("write", os.NewSyscallError("write", err))
		}
	}
}

func (c *conn) Close() error {
	if err := c.close(); err != nil {
		return c.failure("close", err)
	}
	return nil
}

func (c *conn) LocalAddr() net.Addr { return c.local }

func (c *conn) RemoteAddr() net.Addr { return c.remote }

func (c *conn) SetDeadline(t time.Time) error { return c.set(t, &c.read, &c.write) }

func (c *conn) SetReadDeadline(t time.Time) error { return c.set(t, &c.read) }

func (c *conn) SetWriteDeadline(t time.Time) error { return c.set(t, &c.write) }

func (c *conn) set(t time.Time, halves ...*half) error {
	if c.closed.Load() {
		return c.failure("set", net.ErrClosed)
	}
	for _, h := range halves {
		c.setDeadline(h, t)
	}
	return nil
}

func (c *conn) failure(op string, err error) error {
	return &net.OpError{Op: op, Net: c.network, Source: c.local, Addr: c.remote, Err: err}
}
