package eventloop

import (
	"net"
	"net/netip"
	"strconv"
	"strings"
)

// transport splits the name of a network into that of its transport and its
// version of IP, which is 0 if both will do, or none: tcp6 into tcp and 6.
func transport(network string) (name string, version int, err error) {
	switch network {
	case "tcp", "udp", "unix", "unixgram":
		return network, 0, nil
	case "tcp4", "udp4":
		return network[:3], 4, nil
	case "tcp6", "udp6":
		return network[:3], 6, nil
	}
	return "", 0, net.UnknownNetworkError(network)
}

// splitAddress splits an address of TCP or UDP into its host, which may be a
// name, a literal address or empty, and its port, a number. It asks nobody.
func splitAddress(address string) (host string, port uint16, err error) {
	host, text, err := net.SplitHostPort(address)
	if err != nil {
		return "", 0, err
	}
	n, err := strconv.ParseUint(text, 10, 16)
	if err != nil {
		return "", 0, &net.AddrError{Err: "not the number of a port", Addr: text}
	}
	return host, uint16(n), nil
}

// literalAddr returns the address that host is, with a zone if it has one. It is
// not ok if host is a name or empty. An IPv4 address in the clothes of an IPv6
// one is an IPv4 address.
func literalAddr(host string) (addr netip.Addr, ok bool) {
	addr, err := netip.ParseAddr(host)
	return addr.Unmap(), err == nil
}

// fits returns nil if an address may be used in a network, and else an error.
func fits(network string, addr netip.Addr) error {
	if strings.HasSuffix(network, "4") && !addr.Is4() || strings.HasSuffix(network, "6") && addr.Is4() {
		return &net.AddrError{Err: "not an address of network " + network, Addr: addr.String()}
	}
	return nil
}

// parseLiteral reads an address of TCP or UDP whose host is literal. here4 and
// here6 stand for an empty host.
func parseLiteral(network, address, here4, here6 string) (netip.AddrPort, error) {
	host, port, err := splitAddress(address)
	if err != nil {
		return netip.AddrPort{}, err
	}
	if host == "" {
		host = here4
		if strings.HasSuffix(network, "6") {
			host = here6
		}
	}
	addr, ok := literalAddr(host)
	if !ok {
		return netip.AddrPort{}, &net.AddrError{Err: "not a literal IP address; resolve it first, with LookupNetIP", Addr: host}
	}
	return netip.AddrPortFrom(addr, port), fits(network, addr)
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
