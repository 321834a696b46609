package eventloop

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"os"
)

// What is not found, in words.
const (
	noHost = "no such host"
	noAddr = "the host has no address of this kind"
)

func notFound(text string) *net.DNSError { return &net.DNSError{Err: text, IsNotFound: true} }

// interrupted is the error of a lookup that was cancelled.
func interrupted(cause error) *net.DNSError {
	return &net.DNSError{UnwrapErr: cause, Err: cause.Error(), IsTimeout: isTimeout(cause)}
}

// ended reports whether a lookup was cancelled, so that there is no point in
// asking others.
func ended(err *net.DNSError) bool { return err.UnwrapErr != nil }

// unanswered is the error of a server that has not answered, or has failed.
func unanswered(server netip.AddrPort, err error) *net.DNSError {
	return &net.DNSError{Err: err.Error(), Server: server.String(), IsTimeout: isTimeout(err), IsTemporary: true}
}

func isTimeout(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded)
}

// lookupError is err for the one that asked for host. What several tasks share is
// copied.
func lookupError(host string, err *net.DNSError) error {
	own := *err
	own.Name = host
	return &own
}

// worse returns the error that says more about why there is no address: that a
// server failed, for then there may be one; that a host has none, for then it
// exists; and else that there is no such host. a or b may be nil.
func worse(a, b *net.DNSError) *net.DNSError {
	switch {
	case a == nil:
		return b
	case b == nil || a.IsTemporary || b.Err == noHost && !b.IsTemporary:
		return a
	}
	return b
}

// found returns the addresses that are wanted, of which there must be one.
func found(addrs []netip.Addr, wanted func(netip.Addr) bool) ([]netip.Addr, *net.DNSError) {
	if len(addrs) == 0 {
		return nil, notFound(noHost)
	}
	var some []netip.Addr
	for _, addr := range addrs {
		if wanted(addr) {
			some = append(some, addr)
		}
	}
	if len(some) == 0 {
		return nil, notFound(noAddr)
	}
	return some, nil
}
