//go:build darwin || dragonfly || freebsd || linux || netbsd || openbsd

package eventloop

import (
	"net"
	"net/netip"
	"strconv"

	"golang.org/x/sys/unix"
)

// An endpoint is an address in all the forms that are needed.
type endpoint struct {
	domain   int // AF_INET, AF_INET6 or AF_UNIX
	kind     int // SOCK_STREAM or SOCK_DGRAM
	sockaddr unix.Sockaddr
	addr     net.Addr
}

// localEndpoint reads an address to listen on. An empty host stands for all
// addresses of this machine.
func localEndpoint(network, address string) (endpoint, error) {
	switch name, _, err := transport(network); {
	case err != nil:
		return endpoint{}, err
	case name == "unix" || name == "unixgram":
		return pathEndpoint(network, address)
	}
	ap, err := parseLiteral(network, address, "0.0.0.0", "::")
	if err != nil {
		return endpoint{}, err
	}
	return ipEndpoint(network, ap)
}

func pathEndpoint(network, path string) (endpoint, error) {
	if path == "" {
		return endpoint{}, &net.AddrError{Err: "missing path of the socket", Addr: path}
	}
	kind := unix.SOCK_STREAM
	if network == "unixgram" {
		kind = unix.SOCK_DGRAM
	}
	return endpoint{unix.AF_UNIX, kind, &unix.SockaddrUnix{Name: path}, &net.UnixAddr{Name: path, Net: network}}, nil
}

func ipEndpoint(network string, ap netip.AddrPort) (endpoint, error) {
	name, _, err := transport(network)
	if err == nil {
		err = fits(network, ap.Addr())
	}
	if err != nil {
		return endpoint{}, err
	}
	e := endpoint{kind: unix.SOCK_STREAM, addr: net.TCPAddrFromAddrPort(ap)}
	if name == "udp" {
		e.kind, e.addr = unix.SOCK_DGRAM, net.UDPAddrFromAddrPort(ap)
	}
	e.domain, e.sockaddr, err = ipSockaddr(ap)
	return e, err
}

// ipSockaddr returns ap as the kernel wants it, and its domain.
func ipSockaddr(ap netip.AddrPort) (domain int, sa unix.Sockaddr, err error) {
	ip := ap.Addr()
	if ip.Is4() {
		return unix.AF_INET, &unix.SockaddrInet4{Port: int(ap.Port()), Addr: ip.As4()}, nil
	}
	zone, err := zoneNumber(ip.Zone())
	if err != nil {
		return 0, nil, err
	}
	return unix.AF_INET6, &unix.SockaddrInet6{Port: int(ap.Port()), ZoneId: zone, Addr: ip.As16()}, nil
}

// netAddr returns the address that package net would have for sa in a network.
// It is nil for a Unix socket without a name.
func netAddr(network string, sa unix.Sockaddr) net.Addr {
	var ip net.IP
	var port int
	var zone string
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		ip, port = sa.Addr[:], sa.Port
	case *unix.SockaddrInet6:
		ip, port = sa.Addr[:], sa.Port
		if sa.ZoneId != 0 {
			zone = strconv.FormatUint(uint64(sa.ZoneId), 10)
		}
	case *unix.SockaddrUnix:
		return &net.UnixAddr{Name: sa.Name, Net: network}
	default:
		return nil
	}
	if network[0] == 'u' {
		return &net.UDPAddr{IP: ip, Port: port, Zone: zone}
	}
	return &net.TCPAddr{IP: ip, Port: port, Zone: zone}
}

// localAddr returns the address that fd is bound to.
func localAddr(network string, fd int) net.Addr {
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return nil // fd is an open socket; it has a name, if an empty one
	}
	return netAddr(network, sa)
}

// oddReads reports whether a read may come up short although there is more: it
// takes one message at a time, and from a Unix socket no more than what came
// before a descriptor that the peer passed on.
func (e endpoint) oddReads() bool { return e.kind != unix.SOCK_STREAM || e.domain == unix.AF_UNIX }
