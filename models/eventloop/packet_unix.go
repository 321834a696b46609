//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package eventloop

import (
	"context"
	"net"
	"net/netip"
	"os"

	"golang.org/x/sys/unix"
)

// ListenPacket opens a socket for messages, bound to an address. network is udp,
// udp4, udp6 or unixgram; addresses are as for [Listen]. ReadFrom and WriteTo
// suspend the task that calls them and otherwise follow the rules of [Dial].
// A message that is longer than the buffer of ReadFrom is cut. The address that
// ReadFrom returns is nil if the sender, a Unix socket, has none. WriteTo takes
// a *net.UDPAddr or *net.UnixAddr.
//
// As with package net, a UDP socket may send to broadcast addresses. Unlike
// there, Close removes the file of a Unix socket. ListenPacket itself does not
// wait. All errors are *net.OpError.
func ListenPacket(ctx context.Context, network, address string) (net.PacketConn, error) {
	l := running(ctx).loop
	fail := func(addr net.Addr, err error) (net.PacketConn, error) {
		return nil, &net.OpError{Op: "listen", Net: network, Addr: addr, Err: err}
	}
	e, err := localEndpoint(network, address)
	if err == nil && e.kind != unix.SOCK_DGRAM {
		err = net.UnknownNetworkError(network)
	}
	if err != nil {
		return fail(nil, err)
	}
	p := &packetConn{socket: socket{network: network}, domain: e.domain}
	if err := p.bind(l, e); err != nil {
		return fail(e.addr, err)
	}
	return p, nil
}

// A packetConn is a socket that receives messages from anybody. Its methods are
// for the tasks of its loop, but for those that it has from socket.
type packetConn struct {
	socket
	domain int
}

func (p *packetConn) ReadFrom(b []byte) (int, net.Addr, error) {
	t, err := p.enter(&p.read)
	if err != nil {
		return 0, nil, p.failure("read", err)
	}
	defer p.leave(&p.read)
	for {
		n, from, err := unix.Recvfrom(p.fd, b[:min(len(b), maxTransfer)], 0)
		switch err {
		case nil:
			return n, p.sender(from), nil
		case unix.EINTR:
		case unix.EAGAIN:
			if err := p.await(t.ambient(), &p.read, &p.read.blocked); err != nil {
				return 0, nil, p.failure("read", err)
			}
		default:
			return 0, nil, p.failure("read", os.NewSyscallError("recvfrom", err))
		}
	}
}

// sender returns the address of who sent a message, nil if it has none.
func (p *packetConn) sender(sa unix.Sockaddr) net.Addr {
	if u, ok := sa.(*unix.SockaddrUnix); ok && u.Name == "" {
		return nil
	}
	return netAddr(p.network, sa)
}

func (p *packetConn) WriteTo(b []byte, to net.Addr) (int, error) {
	t, err := p.enter(&p.write)
	if err != nil {
		return 0, p.sendFailure(to, err)
	}
	defer p.leave(&p.write)
	sa, err := p.sockaddr(to)
	if err != nil {
		return 0, p.sendFailure(to, err)
	}
	for {
		switch err := unix.Sendto(p.fd, b, 0, sa); err {
		case nil:
			return len(b), nil
		case unix.EINTR:
		case unix.EAGAIN:
			if err := p.await(t.ambient(), &p.write, &p.write.blocked); err != nil {
				return 0, p.sendFailure(to, err)
			}
		default:
			return 0, p.sendFailure(to, os.NewSyscallError("sendto", err))
		}
	}
}

// sockaddr returns an address to send to as the kernel wants it.
func (p *packetConn) sockaddr(to net.Addr) (unix.Sockaddr, error) {
	switch to := to.(type) {
	case *net.UDPAddr:
		if p.domain == unix.AF_UNIX {
			break
		}
		ap := to.AddrPort()
		addr := ap.Addr().Unmap()
		if !addr.IsValid() || p.domain == unix.AF_INET6 != addr.Is6() {
			return nil, &net.AddrError{Err: "not an address of the socket's version of IP", Addr: to.String()}
		}
		_, sa, err := ipSockaddr(netip.AddrPortFrom(addr, ap.Port()))
		return sa, err
	case *net.UnixAddr:
		if p.domain == unix.AF_UNIX && to != nil {
			return &unix.SockaddrUnix{Name: to.Name}, nil
		}
	}
	return nil, unix.EINVAL
}

func (p *packetConn) sendFailure(to net.Addr, err error) error {
	return &net.OpError{Op: "write", Net: p.network, Source: p.local, Addr: to, Err: err}
}
