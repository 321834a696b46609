package eventloop

import (
	"errors"
	"io"
	"net"
	"time"
)

// errWouldBlock says that nothing can be read or written now.
var errWouldBlock = errors.New("eventloop: the pipe is not ready")

// A childPipe is this side's end of a pipe to or from a child process. Read and
// Write are for the tasks of its loop, and all else for any goroutine.
type childPipe struct {
	descriptor
	addr pipeAddr
}

// A pipeAddr names a pipe by the program and the stream that it leads to.
type pipeAddr string

func (pipeAddr) Network() string { return "pipe" }

func (a pipeAddr) String() string { return string(a) }

// half returns the direction that c has as stream number i of a child.
func (c *childPipe) half(i int) *half {
	if i == 0 {
		return &c.write
	}
	return &c.read
}

func (c *childPipe) Read(b []byte) (int, error) {
	t, err := c.enter(&c.read)
	if err != nil {
		return 0, c.failure("read", err)
	}
	defer c.leave(&c.read)
	for {
		n, err := readNow(c.fd, b)
		switch {
		case err == nil && n == 0 && len(b) > 0:
			return 0, io.EOF
		case err == nil:
			return n, nil
		case err != errWouldBlock:
			return 0, c.failure("read", err)
		}
		if err := c.await(t.ambient(), &c.read, &c.read.blocked); err != nil {
			return 0, c.failure("read", err)
		}
	}
}

func (c *childPipe) Write(b []byte) (int, error) {
	t, err := c.enter(&c.write)
	if err != nil {
		return 0, c.failure("write", err)
	}
	defer c.leave(&c.write)
	written := 0
	for {
		n, err := writeNow(c.fd, b[written:])
		written += n
		switch {
		case err == nil && written == len(b):
			return written, nil
		case err != nil && err != errWouldBlock:
			return written, c.failure("write", err)
		case err == nil:
			continue
		}
		if err := c.await(t.ambient(), &c.write, &c.write.blocked); err != nil {
			return written, c.failure("write", err)
		}
	}
}

func (c *childPipe) Close() error {
	if err := c.close(); err != nil {
		return c.failure("close", err)
	}
	return nil
}

func (c *childPipe) LocalAddr() net.Addr { return c.addr }

func (c *childPipe) RemoteAddr() net.Addr { return c.addr }

func (c *childPipe) SetDeadline(t time.Time) error { return c.set(t, &c.read, &c.write) }

func (c *childPipe) SetReadDeadline(t time.Time) error { return c.set(t, &c.read) }

func (c *childPipe) SetWriteDeadline(t time.Time) error { return c.set(t, &c.write) }

func (c *childPipe) set(t time.Time, halves ...*half) error {
	if c.closed.Load() {
		return c.failure("set", net.ErrClosed)
	}
	for _, h := range halves {
		c.setDeadline(h, t)
	}
	return nil
}

func (c *childPipe) failure(op string, err error) error {
	return &net.OpError{Op: op, Net: "pipe", Addr: c.addr, Err: err}
}
