//go:build !darwin && !dragonfly && !freebsd && !linux && !netbsd && !openbsd

package eventloop

import (
	"context"
	"errors"
	"net"
	"net/netip"
)

func dialAddr(_ context.Context, network string, ap netip.AddrPort) (net.Conn, error) {
	return nil, dialFailure(network, net.TCPAddrFromAddrPort(ap), errors.ErrUnsupported)
}

func dialPath(_ context.Context, network, _ string) (net.Conn, error) {
	return nil, dialFailure(network, nil, errors.ErrUnsupported)
}

// Listen fails here, where a loop has no sockets; see [Run].
func Listen(_ context.Context, network, _ string) (net.Listener, error) {
	return nil, &net.OpError{Op: "listen", Net: network, Err: errors.ErrUnsupported}
}

// ListenPacket fails here, where a loop has no sockets; see [Run].
func ListenPacket(_ context.Context, network, _ string) (net.PacketConn, error) {
	return nil, &net.OpError{Op: "listen", Net: network, Err: errors.ErrUnsupported}
}

func closeSocket(int) {}
