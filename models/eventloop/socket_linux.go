package eventloop

import (
	"net"
	"net/netip"
	"os"
	"strconv"

	"golang.org/x/sys/unix"
)

// An endpoint is an address in all the forms that are needed.
type endpoint struct {
	domain   int
	sockaddr unix.Sockaddr
	addr     net.Addr
}

// parseEndpoint reads an address. here4 and here6 stand for an empty host.
func parseEndpoint(network, address, here4, here6 string) (endpoint, error) {
	switch network {
	case "unix":
		if address == "" {
			return endpoint{}, &net.AddrError{Err: "missing path of the socket", Addr: address}
		}
		return endpoint{unix.AF_UNIX, &unix.SockaddrUnix{Name: address}, &net.UnixAddr{Name: address, Net: network}}, nil
	case "tcp", "tcp4", "tcp6":
	default:
		return endpoint{}, net.UnknownNetworkError(network)
	}
	host, portText, err := net.SplitHostPort(address)
	if err != nil {
		return endpoint{}, err
	}
	if host == "" {
		host = here4
		if network == "tcp6" {
			host = here6
		}
	}
	ip, err := netip.ParseAddr(host)
	if err != nil {
		return endpoint{}, &net.AddrError{Err: "not a literal IP address; resolve it first, in Offload", Addr: host}
	}
	port, err := strconv.ParseUint(portText, 10, 16)
	if err != nil {
		return endpoint{}, &net.AddrError{Err: "not the number of a port", Addr: portText}
	}
	return tcpEndpoint(network, netip.AddrPortFrom(ip.Unmap(), uint16(port)))
}

func tcpEndpoint(network string, ap netip.AddrPort) (endpoint, error) {
	ip := ap.Addr()
	if network == "tcp4" && !ip.Is4() || network == "tcp6" && ip.Is4() {
		return endpoint{}, &net.AddrError{Err: "not an address of network " + network, Addr: ip.String()}
	}
	addr := net.TCPAddrFromAddrPort(ap)
	if ip.Is4() {
		return endpoint{unix.AF_INET, &unix.SockaddrInet4{Port: addr.Port, Addr: ip.As4()}, addr}, nil
	}
	zone, err := zoneNumber(ip.Zone())
	if err != nil {
		return endpoint{}, err
	}
	return endpoint{unix.AF_INET6, &unix.SockaddrInet6{Port: addr.Port, ZoneId: zone, Addr: ip.As16()}, addr}, nil
}

// zoneNumber returns the number of the network interface that a link-local
// address names.
func zoneNumber(zone string) (uint32, error) {
	if zone == "" {
		return 0, nil
	}
	if n, err := strconv.ParseUint(zone, 10, 32); err == nil {
		return uint32(n), nil
	}
	i, err := net.InterfaceByName(zone)
	if err != nil {
		return 0, err
	}
	return uint32(i.Index), nil
}

// netAddr returns the address that package net would.
func netAddr(sa unix.Sockaddr) net.Addr {
	switch sa := sa.(type) {
	case *unix.SockaddrInet4:
		return &net.TCPAddr{IP: net.IP(sa.Addr[:]), Port: sa.Port}
	case *unix.SockaddrInet6:
		addr := &net.TCPAddr{IP: net.IP(sa.Addr[:]), Port: sa.Port}
		if sa.ZoneId != 0 {
			addr.Zone = strconv.FormatUint(uint64(sa.ZoneId), 10)
		}
		return addr
	case *unix.SockaddrUnix:
		return &net.UnixAddr{Name: sa.Name, Net: "unix"}
	}
	return nil
}

// localAddr returns the address that fd is bound to.
func localAddr(fd int) net.Addr {
	sa, err := unix.Getsockname(fd)
	if err != nil {
		return nil // fd is an open socket; it has a name, if an empty one
	}
	return netAddr(sa)
}

func openSocket(domain int) (int, error) {
	fd, err := unix.Socket(domain, unix.SOCK_STREAM|unix.SOCK_NONBLOCK|unix.SOCK_CLOEXEC, 0)
	return fd, os.NewSyscallError("socket", err)
}

func closeSocket(fd int) { unix.Close(fd) }

// noDelay has small messages sent at once, as package net does.
func noDelay(fd, domain int) error {
	if domain == unix.AF_UNIX {
		return nil
	}
	return os.NewSyscallError("setsockopt", unix.SetsockoptInt(fd, unix.IPPROTO_TCP, unix.TCP_NODELAY, 1))
}
