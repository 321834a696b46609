//go:build !linux

package eventloop

import (
	"context"
	"errors"
	"net"
)

// Dial fails here, where no loop can run; see [Run].
func Dial(_ context.Context, network, _ string) (net.Conn, error) {
	return nil, &net.OpError{Op: "dial", Net: network, Err: errors.ErrUnsupported}
}

// Listen fails here, where no loop can run; see [Run].
func Listen(_ context.Context, network, _ string) (net.Listener, error) {
	return nil, &net.OpError{Op: "listen", Net: network, Err: errors.ErrUnsupported}
}

func closeSocket(int) {}
