//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package eventloop

import (
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// A socket is what all sockets have in common, connected or not. Its methods are
// for any goroutine.
type socket struct {
	descriptor
	network       string
	local, remote net.Addr // remote is nil if it is not connected
}

// maxTransfer is how much one system call is to move. More than a gigabyte is
// refused by some systems, instead of being moved in part.
const maxTransfer = 1 << 30

// Close closes the socket. Who waits for it gets net.ErrClosed, as does a second
// Close.
func (s *socket) Close() error {
	if err := s.close(); err != nil {
		return s.failure("close", err)
	}
	return nil
}

// LocalAddr returns the address that the socket is bound to.
func (s *socket) LocalAddr() net.Addr { return s.local }

// SetDeadline sets both deadlines.
func (s *socket) SetDeadline(t time.Time) error { return s.set(t, &s.read, &s.write) }

// SetReadDeadline sets when reading fails with os.ErrDeadlineExceeded; the zero
// time stands for never. It applies to reads that wait already, too.
func (s *socket) SetReadDeadline(t time.Time) error { return s.set(t, &s.read) }

// SetWriteDeadline is SetReadDeadline for writing.
func (s *socket) SetWriteDeadline(t time.Time) error { return s.set(t, &s.write) }

func (s *socket) set(t time.Time, halves ...*half) error {
	if s.closed.Load() {
		return s.failure("set", net.ErrClosed)
	}
	for _, h := range halves {
		s.setDeadline(h, t)
	}
	return nil
}

// SyscallConn returns access to the descriptor itself. What it returns is for
// the loop's thread alone: the tasks of the loop, and functions that it calls.
func (s *socket) SyscallConn() (syscall.RawConn, error) {
	if s.closed.Load() {
		return nil, s.failure("raw-control", net.ErrClosed)
	}
	return rawConn{s}, nil
}

// refused returns why s cannot be used here and now, or nil. Unlike refusal it
// is for what does not wait.
func (s *socket) refused() error {
	switch {
	case s.closed.Load():
		return net.ErrClosed
	case !s.loop.here():
		return errOutside
	}
	return nil
}

func (s *socket) failure(op string, err error) error {
	return &net.OpError{Op: op, Net: s.network, Source: s.local, Addr: s.remote, Err: err}
}

// A rawConn lends the descriptor of a socket.
type rawConn struct{ s *socket }

// Control calls f with the descriptor.
func (r rawConn) Control(f func(fd uintptr)) error {
	if err := r.s.refused(); err != nil {
		return r.s.failure("raw-control", err)
	}
	f(uintptr(r.s.fd))
	return nil
}

// Read calls f, and suspends the calling task until the socket is readable and
// calls f again, until f returns true.
func (r rawConn) Read(f func(fd uintptr) (done bool)) error {
	return r.until("raw-read", &r.s.read, f)
}

// Write is Read for writing.
func (r rawConn) Write(f func(fd uintptr) (done bool)) error {
	return r.until("raw-write", &r.s.write, f)
}

func (r rawConn) until(op string, h *half, f func(fd uintptr) (done bool)) error {
	t, err := r.s.enter(h)
	if err != nil {
		return r.s.failure(op, err)
	}
	defer r.s.leave(h)
	for !f(uintptr(r.s.fd)) {
		if err := r.s.await(t.ambient(), h, &h.blocked); err != nil {
			return r.s.failure(op, err)
		}
	}
	return nil
}

func closeSocket(fd int) { unix.Close(fd) }

// setOption sets an option of a socket that is a number or a switch.
func setOption(fd, level, option, value int) error {
	return os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, level, option, value))
}

// setOptions has a socket behave as package net's do: one of TCP sends small
// messages at once and finds out when the peer is gone, one of UDP may broadcast.
func setOptions(fd int, e endpoint) error {
	switch {
	case e.domain == unix.AF_UNIX:
		return nil
	case e.kind == unix.SOCK_DGRAM:
		return setOption(fd, unix.SOL_SOCKET, unix.SO_BROADCAST, 1)
	}
	if err := setOption(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1); err != nil {
		return err
	}
	return keepAlive(fd)
}
