package eventloop

import (
	"context"
	"net"
	"os"

	"golang.org/x/sys/unix"
)

// Listen listens on an address, in the same networks and forms as [Dial]. An
// empty host stands for all IPv4 addresses of this machine, or with tcp6 for all
// its IPv6 addresses. A listener never takes both, unlike one of package net.
// Port 0 stands for a free one.
// Accept suspends the task that calls it; it and the connections that it returns
// follow the rules of [Dial]. Close removes the file of a Unix socket. Listen
// itself does not wait.
func Listen(ctx context.Context, network, address string) (net.Listener, error) {
	l := running(ctx).loop
	fail := func(addr net.Addr, err error) (net.Listener, error) {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: addr, Err: err}
	}
	e, err := parseEndpoint(network, address, "0.0.0.0", "::")
	if err != nil {
		return fail(nil, err)
	}
	fd, err := listenSocket(e)
	if err != nil {
		return fail(e.addr, err)
	}
	n := &listener{network: network, domain: e.domain, addr: localAddr(fd)}
	if err := l.watch(&n.descriptor, fd); err != nil {
		unix.Close(fd)
		return fail(e.addr, err)
	}
	if e.domain == unix.AF_UNIX && address[0] != '@' {
		n.onFree = func() { unix.Unlink(address) }
	}
	return n, nil
}

// listenSocket returns a socket that listens on e.
func listenSocket(e endpoint) (int, error) {
	fd, err := openSocket(e.domain)
	if err != nil {
		return -1, err
	}
	// As package net does: a server that restarts gets its port back at once.
	if e.domain != unix.AF_UNIX {
		err = os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1))
	}
	if err == nil && e.domain == unix.AF_INET6 {
		err = os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1))
	}
	if err == nil {
		err = os.NewSyscallError("bind", unix.Bind(fd, e.sockaddr))
	}
	if err == nil {
		err = os.NewSyscallError("listen", unix.Listen(fd, unix.SOMAXCONN))
	}
	if err != nil {
		unix.Close(fd)
		return -1, err
	}
	return fd, nil
}

// A listener accepts connections for tasks of its loop.
type listener struct {
	descriptor
	network string
	domain  int
	addr    net.Addr
}

func (n *listener) Accept() (net.Conn, error) {
	c, err := n.accept()
	if err != nil {
		return nil, n.failure("accept", err)
	}
	return c, nil
}

func (n *listener) accept() (*conn, error) {
	t, err := n.enter(&n.read)
	if err != nil {
		return nil, err
	}
	defer n.leave(&n.read)
	for {
		fd, peer, err := unix.Accept4(n.fd, unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC)
		switch err {
		case nil:
			return n.accepted(fd, peer)
		case unix.EINTR, unix.ECONNABORTED: // the peer has left the queue already
		case unix.EAGAIN:
			if err := n.await(t.context(), &n.read, &n.read.blocked); err != nil {
				return nil, err
			}
		default:
			return nil, os.NewSyscallError("accept4", err)
		}
	}
}

// accepted makes a connection of a socket that was accepted.
func (n *listener) accepted(fd int, peer unix.Sockaddr) (*conn, error) {
	c := &conn{network: n.network, local: localAddr(fd), remote: netAddr(peer)}
	err := noDelay(fd, n.domain)
	if err == nil {
		err = n.loop.watch(&c.descriptor, fd)
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return c, nil
}

func (n *listener) Close() error {
	if err := n.close(); err != nil {
		return n.failure("close", err)
	}
	return nil
}

func (n *listener) Addr() net.Addr { return n.addr }

func (n *listener) failure(op string, err error) error {
	return &net.OpError{Op: op, Net: n.network, Addr: n.addr, Err: err}
}
