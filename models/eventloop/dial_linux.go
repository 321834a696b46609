package eventloop

import (
	"context"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// Dial connects to an address, and suspends the calling task until the
// connection is there or has failed. network is tcp, tcp4, tcp6 or unix. The
// host of a TCP address is a literal IP address, or empty for this machine, and
// its port is a number. Dial does not resolve names, because the resolver blocks:
// resolve them first, in [Offload].
//
// The connection is for the tasks of this loop. Read and Write suspend the task
// that calls them, and return the cause, in a *net.OpError, when that task's own
// context ends. Close and the deadlines may be used from any goroutine; Close
// wakes who waits with net.ErrClosed. Apart from that all is as package net has
// it, TCP_NODELAY and errors included, but keep-alive probes are not switched
// on. ctx bounds connecting alone. Run closes what is open when it returns.
//
// All errors are *net.OpError. An attempt that ctx ended leaves no socket.
func Dial(ctx context.Context, network, address string) (net.Conn, error) {
	t := running(ctx)
	fail := func(addr net.Addr, err error) (net.Conn, error) {
		return nil, &net.OpError{Op: "dial", Net: network, Addr: addr, Err: err}
	}
	if err := t.ended(ctx); err != nil {
		return fail(nil, err)
	}
	e, err := parseEndpoint(network, address, "127.0.0.1", "::1")
	if err != nil {
		return fail(nil, err)
	}
	c := &conn{network: network, remote: e.addr}
	fd, err := openSocket(e.domain)
	if err != nil {
		return fail(e.addr, err)
	}
	if err := t.loop.watch(&c.descriptor, fd); err != nil {
		unix.Close(fd)
		return fail(e.addr, err)
	}
	if err := c.connect(ctx, e); err != nil {
		c.release()
		return fail(e.addr, err)
	}
	c.local = localAddr(fd)
	return c, nil
}

// connect connects c's socket.
func (c *conn) connect(ctx context.Context, e endpoint) error {
	if err := noDelay(c.fd, e.domain); err != nil {
		return err
	}
	// After EINTR the kernel goes on connecting; see connect(2).
	switch err := unix.Connect(c.fd, e.sockaddr); err {
	case nil:
		return nil
	case unix.EINPROGRESS, unix.EINTR:
	default:
		return os.NewSyscallError("connect", err)
	}
	for {
		if err := c.await(ctx, &c.write, &c.write.blocked); err != nil {
			return err
		}
		errno, err := unix.GetsockoptInt(c.fd, unix.SOL_SOCKET, unix.SO_ERROR)
		if err != nil {
			return os.NewSyscallError("getsockopt", err)
		}
		if errno != 0 {
			return os.NewSyscallError("connect", unix.Errno(errno))
		}
		// A new socket counts as hung up, so the first news may be of that.
		if _, err := unix.Getpeername(c.fd); err == nil {
			return nil
		}
	}
}
