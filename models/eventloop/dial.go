package eventloop

import (
	"context"
	"net"
)

// Dial connects to an address, and suspends the calling task until the
// connection is there or has failed. network is tcp, udp, either with 4 or 6 at
// its end for that version of IP, unix or unixgram. The host of an address is a
// literal IP address, or empty for this machine, and its port is a number. Dial
// does not resolve names, because the resolver blocks: resolve them first, in
// [Offload].
//
// The connection is for the tasks of this loop. Read and Write suspend the task
// that calls them, and return the cause, in a *net.OpError, when that task's own
// context ends. Close and the deadlines may be used from any goroutine; Close
// wakes who waits with net.ErrClosed. The connection has CloseWrite too, which
// ends sending alone, and SyscallConn, which lends its descriptor; both are for
// the loop's thread. Apart from that all is as package net has it, TCP_NODELAY,
// keep-alive probes and errors included. ctx bounds connecting alone. Run closes
// what is open when it returns.
//
// Over udp and unixgram each Write sends a message and each Read receives one,
// cut if the buffer is shorter. That nobody receives them is an error of a later
// Read or Write, mostly ECONNREFUSED.
//
// All errors are *net.OpError. An attempt that ctx ended leaves no socket.
func Dial(ctx context.Context, network, address string) (net.Conn, error) {
	name, _, err := transport(network)
	if err != nil {
		return nil, dialFailure(network, nil, err)
	}
	if name == "unix" || name == "unixgram" {
		return dialPath(ctx, network, address)
	}
	ap, err := parseLiteral(network, address, "127.0.0.1", "::1")
	if err != nil {
		return nil, dialFailure(network, nil, err)
	}
	return dialAddr(ctx, network, ap)
}

func dialFailure(network string, addr net.Addr, err error) error {
	return &net.OpError{Op: "dial", Net: network, Addr: addr, Err: err}
}
