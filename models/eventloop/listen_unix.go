//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package eventloop

import (
	"context"
	"net"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// Listen listens on an address, in the networks tcp, tcp4, tcp6 and unix and the
// forms that [Dial] takes. An empty host stands for all IPv4 addresses of this
// machine, or with tcp6 for all its IPv6 addresses. A listener never takes both,
// unlike one of package net. Port 0 stands for a free one. Listen itself does not
// wait.
//
// Accept suspends the task that calls it; it and the connections that it returns
// follow the rules of [Dial]. Close removes the file of a Unix socket. The
// listener has SetDeadline too, for Accept, and SyscallConn.
//
// Accept does not fail because there is no descriptor or no memory left for a
// connection: a server that gave up then would not recover from a busy minute.
// It tries again as soon as a socket of this loop is closed, or after a second,
// as asyncio does; meanwhile connections wait in the kernel.
// [Loop.AcceptShortages] counts how often that happened.
func Listen(ctx context.Context, network, address string) (net.Listener, error) {
	l := running(ctx).loop
	fail := func(addr net.Addr, err error) (net.Listener, error) {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: addr, Err: err}
	}
	e, err := localEndpoint(network, address)
	if err == nil && e.kind != unix.SOCK_STREAM {
		err = net.UnknownNetworkError(network)
	}
	if err != nil {
		return fail(nil, err)
	}
	n := &listener{socket: socket{network: network}, endpoint: e, patience: acceptPatience}
	if err := n.bind(l, e); err != nil {
		return fail(e.addr, err)
	}
	return n, nil
}

// bind opens s and binds it to e. One for connections listens.
func (s *socket) bind(l *Loop, e endpoint) error {
	fd, err := openSocket(e)
	if err != nil {
		return err
	}
	if err := bindSocket(fd, e); err != nil {
		unix.Close(fd)
		return err
	}
	// A name that begins with @ is none of a file; see unix(7).
	if path, ok := e.addr.(*net.UnixAddr); ok && path.Name[0] != '@' {
		s.onFree = func() { unix.Unlink(path.Name) }
	}
	s.local = localAddr(s.network, fd)
	if err := l.watch(&s.descriptor, fd); err != nil {
		unix.Close(fd)
		if s.onFree != nil {
			s.onFree()
		}
		return err
	}
	return nil
}

func bindSocket(fd int, e endpoint) error {
	err := setOptions(fd, e)
	// As package net does: a server that restarts gets its port back at once.
	if err == nil && e.domain != unix.AF_UNIX && e.kind == unix.SOCK_STREAM {
		err = setOption(fd, unix.SOL_SOCKET, unix.SO_REUSEADDR, 1)
	}
	if err == nil && e.domain == unix.AF_INET6 {
		err = setOption(fd, unix.IPPROTO_IPV6, unix.IPV6_V6ONLY, 1)
	}
	if err == nil {
		err = os.NewSyscallError("bind", unix.Bind(fd, e.sockaddr))
	}
	if err == nil && e.kind == unix.SOCK_STREAM {
		err = os.NewSyscallError("listen", unix.Listen(fd, unix.SOMAXCONN))
	}
	return err
}

// A listener accepts connections for tasks of its loop.
type listener struct {
	socket
	endpoint endpoint
	patience time.Duration // between two tries when there is nothing left
}

const acceptPatience = time.Second

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
		fd, peer, err := acceptSocket(n.fd)
		switch err {
		case nil:
			return n.accepted(fd, peer)
		case unix.EINTR, unix.ECONNABORTED: // the peer has left the queue already
		case unix.EAGAIN:
			if err := n.await(t.ambient(), &n.read, &n.read.blocked); err != nil {
				return nil, err
			}
		case unix.EMFILE, unix.ENFILE, unix.ENOBUFS, unix.ENOMEM:
			if err := n.starve(t.ambient()); err != nil {
				return nil, err
			}
		default:
			return nil, os.NewSyscallError("accept", err)
		}
	}
}

// starve waits until there may be something left for a connection.
func (n *listener) starve(ctx context.Context) error {
	n.loop.shortage.begin(&n.read)
	defer n.loop.shortage.end(&n.read)
	return n.awaitUntil(ctx, &n.read, n.loop.after(n.patience))
}

// accepted makes a connection of a socket that was accepted. On Linux it has the
// listener's options already, which saves as many system calls; see tcp(7).
func (n *listener) accepted(fd int, peer unix.Sockaddr) (*conn, error) {
	c := &conn{socket: socket{network: n.network, local: localAddr(n.network, fd), remote: netAddr(n.network, peer)}}
	c.odd = n.endpoint.oddReads()
	var err error
	if runtime.GOOS != "linux" {
		err = setOptions(fd, n.endpoint)
	}
	if err == nil {
		err = n.loop.watch(&c.descriptor, fd)
	}
	if err != nil {
		unix.Close(fd)
		return nil, err
	}
	return c, nil
}

// Addr returns the address that n listens on.
func (n *listener) Addr() net.Addr { return n.local }

// SetDeadline sets when Accept fails with os.ErrDeadlineExceeded, in any
// goroutine.
func (n *listener) SetDeadline(t time.Time) error {
	if n.closed.Load() {
		return n.failure("set", net.ErrClosed)
	}
	n.setDeadlineAndLook(&n.read, t)
	return nil
}

func (n *listener) failure(op string, err error) error {
	return &net.OpError{Op: op, Net: n.network, Addr: n.local, Err: err}
}
