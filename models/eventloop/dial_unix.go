//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package eventloop

import (
	"context"
	"net"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// dialAddr is [Dial] for an address of TCP or UDP that was resolved.
func dialAddr(ctx context.Context, network string, ap netip.AddrPort) (net.Conn, error) {
	e, err := ipEndpoint(network, ap)
	if err != nil {
		return nil, dialFailure(network, nil, err)
	}
	return dialEndpoint(ctx, network, e)
}

// dialPath is [Dial] for a Unix socket.
func dialPath(ctx context.Context, network, path string) (net.Conn, error) {
	e, err := pathEndpoint(network, path)
	if err != nil {
		return nil, dialFailure(network, nil, err)
	}
	return dialEndpoint(ctx, network, e)
}

func dialEndpoint(ctx context.Context, network string, e endpoint) (net.Conn, error) {
	// Who dials a port of this machine where nobody listens may be given that
	// very port to dial from, and TCP then connects it to itself. Package net
	// tries again as often.
	for left := 2; ; left-- {
		c, err := dialOnce(ctx, network, e)
		if err != nil {
			return nil, dialFailure(network, e.addr, err)
		}
		if left == 0 || !c.toItself() {
			return c, nil
		}
		c.release()
	}
}

func dialOnce(ctx context.Context, network string, e endpoint) (*conn, error) {
	t := running(ctx)
	if err := t.ended(ctx); err != nil {
		return nil, err
	}
	fd, err := openSocket(e)
	if err != nil {
		return nil, err
	}
	c := &conn{
		socket:    socket{network: network, remote: e.addr},
		datagrams: e.kind == unix.SOCK_DGRAM,
	}
	c.odd = e.oddReads()
	if err := t.loop.watch(&c.descriptor, fd); err != nil {
		unix.Close(fd)
		return nil, err
	}
	if err := c.connect(ctx, e); err != nil {
		c.release()
		return nil, err
	}
	c.local = localAddr(network, fd)
	return c, nil
}

// connect connects c's socket.
func (c *conn) connect(ctx context.Context, e endpoint) error {
	if err := setOptions(c.fd, e); err != nil {
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
		if _, err := unix.Getpeername(c.fd); err != unix.ENOTCONN {
			return nil // if it is closed again already, reading will tell
		}
	}
}

// toItself reports whether both ends of a TCP connection are the same.
func (c *conn) toItself() bool {
	local, ok := c.local.(*net.TCPAddr)
	if !ok {
		return false
	}
	remote := c.remote.(*net.TCPAddr)
	return local.Port == remote.Port && local.IP.Equal(remote.IP)
}
