package eventloop

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"time"
)

// A Dialer says how to connect to hosts that have several addresses. The zero
// value is what [Dial] uses. A Dialer may be used by several tasks at once.
type Dialer struct {
	// Resolver looks up names. The default is the loop's own.
	Resolver *Resolver
	// AttemptDelay is how long an attempt to connect goes on alone, before the
	// next address is tried beside it. The default are the 250 ms of RFC 8305. A
	// negative one has each address be tried when the one before has failed. It
	// is happy_eyeballs_delay of loop.create_connection.
	AttemptDelay time.Duration
	// FirstFamily is how many addresses of the preferred family are tried before
	// the families take turns. The default is 1. It is interleave of
	// loop.create_connection.
	FirstFamily int
}

// Dial connects to an address, and suspends the calling task until the
// connection is there or has failed. network is tcp, udp, either with 4 or 6 at
// its end for that version of IP, unix or unixgram. The host of an address is a
// name, a literal IP address, or empty for this machine, and its port is a number
// or the name of a service; see [LookupNetIP] and [LookupPort]. It is
// loop.create_connection.
//
// If there are several addresses, Dial tries them as RFC 8305 (happy eyeballs)
// has it: IPv6 and IPv4 in turn, the next one when the one before has failed or
// has taken 250 ms. The first connection counts, the other attempts are ended;
// see [Dialer] to change that.
//
// The connection is for the tasks of this loop. Read and Write suspend the task
// that calls them, and return the cause, in a *net.OpError, when that task's own
// context ends. Close and the deadlines may be used from any goroutine; Close
// wakes who waits with net.ErrClosed. The connection has CloseWrite too, which
// ends sending alone, and SyscallConn, which lends its descriptor; both are for
// the loop's thread. Apart from that all is as package net has it, TCP_NODELAY,
// keep-alive probes and errors included. ctx bounds looking up and connecting
// alone. Run closes what is open when it returns.
//
// Over udp and unixgram each Write sends a message and each Read receives one,
// cut if the buffer is shorter. That nobody receives them is an error of a later
// Read or Write, mostly ECONNREFUSED.
//
// All errors are *net.OpError. With several addresses it holds the error of each.
// An attempt that ctx ended leaves no socket.
func Dial(ctx context.Context, network, address string) (net.Conn, error) {
	return new(Dialer).Dial(ctx, network, address)
}

// Dial is the function [Dial] as d has it.
func (d *Dialer) Dial(ctx context.Context, network, address string) (net.Conn, error) {
	name, _, err := transport(network)
	if err != nil {
		return nil, dialFailure(network, nil, err)
	}
	if name == "unix" || name == "unixgram" {
		return dialPath(ctx, network, address)
	}
	addrs, err := d.resolve(ctx, network, address)
	if err != nil {
		return nil, dialFailure(network, nil, err)
	}
	if len(addrs) == 1 {
		return dialAddr(ctx, network, addrs[0])
	}
	delay := d.AttemptDelay
	if delay == 0 {
		delay = 250 * time.Millisecond
	}
	c, err := race(ctx, delay, addrs, func(ctx context.Context, addr netip.AddrPort) (net.Conn, error) {
		return dialAddr(ctx, network, addr)
	})
	if err != nil {
		return nil, dialFailure(network, nil, err)
	}
	return c, nil
}

func dialFailure(network string, addr net.Addr, err error) error {
	return &net.OpError{Op: "dial", Net: network, Addr: addr, Err: err}
}

// resolve returns what to connect to, in the order in which it is to be tried.
func (d *Dialer) resolve(ctx context.Context, network, address string) ([]netip.AddrPort, error) {
	host, service, err := net.SplitHostPort(address)
	if err != nil {
		return nil, err
	}
	port, err := LookupPort(ctx, network, service)
	if err != nil {
		return nil, err
	}
	if addr, ok := dialledLiteral(network, host); ok {
		return []netip.AddrPort{netip.AddrPortFrom(addr, uint16(port))}, fits(network, addr)
	}
	r := d.Resolver
	if r == nil {
		r = &running(ctx).loop.resolver
	}
	found, err := r.LookupNetIP(ctx, "ip"+network[len("tcp"):], host)
	if err != nil {
		return nil, err
	}
	addrs := make([]netip.AddrPort, len(found))
	for i, addr := range interleave(found, max(1, d.FirstFamily)) {
		addrs[i] = netip.AddrPortFrom(addr, uint16(port))
	}
	return addrs, nil
}

// dialledLiteral returns the address that a host is to which a name was not given.
func dialledLiteral(network, host string) (netip.Addr, bool) {
	switch {
	case host != "":
		return literalAddr(host)
	case strings.HasSuffix(network, "6"):
		return netip.IPv6Loopback(), true
	}
	return netip.AddrFrom4([4]byte{127, 0, 0, 1}), true
}

// interleave has the families take turns once the first one has had its first
// addresses; see RFC 8305 section 4.
func interleave(addrs []netip.Addr, first int) []netip.Addr {
	var preferred, others, mixed []netip.Addr
	for _, addr := range addrs {
		if addr.Is4() == addrs[0].Is4() {
			preferred = append(preferred, addr)
		} else {
			others = append(others, addr)
		}
	}
	for len(preferred) > 0 || len(others) > 0 {
		n := min(first, len(preferred))
		mixed = append(mixed, preferred[:n]...)
		preferred = preferred[n:]
		if len(others) > 0 {
			mixed = append(mixed, others[0])
			others = others[1:]
		}
		first = 1
	}
	return mixed
}
