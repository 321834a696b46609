package eventloop

import (
	"net"
	"net/netip"
	"strconv"
	"testing"
)

func TestTransport(t *testing.T) {
	for network, want := range map[string]struct {
		name    string
		version int
	}{
		"tcp": {"tcp", 0}, "tcp4": {"tcp", 4}, "tcp6": {"tcp", 6},
		"udp": {"udp", 0}, "udp4": {"udp", 4}, "udp6": {"udp", 6},
		"unix": {"unix", 0}, "unixgram": {"unixgram", 0},
		"": {}, "tcp5": {}, "ip": {}, "unixpacket": {},
	} {
		name, version, err := transport(network)
		if name != want.name || version != want.version || (err != nil) != (want.name == "") {
			t.Errorf("%q: got %q, %d, %v", network, name, version, err)
		}
	}
}

func TestParseLiteral(t *testing.T) {
	for _, c := range []struct{ network, address, want string }{
		{"tcp", "192.0.2.1:80", "192.0.2.1:80"},
		{"tcp", ":80", "127.0.0.1:80"},
		{"udp4", ":0", "127.0.0.1:0"},
		{"udp6", ":53", "[::1]:53"},
		{"tcp", "[2001:db8::1]:443", "[2001:db8::1]:443"},
		{"tcp6", "[fe80::1%eth0]:443", "[fe80::1%eth0]:443"},
		{"tcp", "[::ffff:192.0.2.1]:1", "192.0.2.1:1"},
		{"tcp6", "[::ffff:192.0.2.1]:1", "address 192.0.2.1: not an address of network tcp6"},
		{"tcp4", "[::1]:1", "address ::1: not an address of network tcp4"},
		{"tcp", "name:1", "address name: not a literal IP address; resolve it first, with LookupNetIP"},
		{"tcp", "::1:1", "address ::1:1: too many colons in address"},
		{"tcp", "192.0.2.1:http", "address http: not the number of a port"},
		{"tcp", "192.0.2.1:-1", "address -1: not the number of a port"},
		{"tcp", "192.0.2.1:65536", "address 65536: not the number of a port"},
		{"tcp", "192.0.2.1", "address 192.0.2.1: missing port in address"},
	} {
		got, err := parseLiteral(c.network, c.address, "127.0.0.1", "::1")
		if text := got.String(); err == nil && text != c.want || err != nil && err.Error() != c.want {
			t.Errorf("%s %q: got %v, %v; want %s", c.network, c.address, got, err, c.want)
		}
	}
}

func TestZoneNumber(t *testing.T) {
	for zone, want := range map[string]uint32{"": 0, "7": 7} {
		if got, err := zoneNumber(zone); got != want || err != nil {
			t.Errorf("%q: got %d, %v", zone, got, err)
		}
	}
	interfaces, err := net.Interfaces()
	if err != nil || len(interfaces) == 0 {
		t.Skip("this machine has no network interface to name")
	}
	if got, err := zoneNumber(interfaces[0].Name); got != uint32(interfaces[0].Index) || err != nil {
		t.Errorf("%s: got %d, %v; want %d", interfaces[0].Name, got, err, interfaces[0].Index)
	}
	if got, err := zoneNumber("no such interface"); err == nil {
		t.Errorf("one that is not there has number %d", got)
	}
}

// FuzzParseLiteral checks what is parsed against package netip.
func FuzzParseLiteral(f *testing.F) {
	for _, address := range []string{"192.0.2.1:80", ":1", "[::1%lo]:2", "[::ffff:1.2.3.4]:65535", "name:80", "1:2:3"} {
		f.Add("tcp", address)
		f.Add("udp6", address)
	}
	f.Fuzz(func(t *testing.T, network, address string) {
		got, err := parseLiteral(network, address, "127.0.0.1", "::1")
		if err != nil {
			return
		}
		if !got.IsValid() || got.Addr().Is4In6() {
			t.Fatalf("%q %q: got %v", network, address, got)
		}
		host, port, err := net.SplitHostPort(address)
		if err != nil {
			t.Fatalf("%q is no address, but gives %v", address, got)
		}
		if n, err := strconv.Atoi(port); err != nil || n != int(got.Port()) {
			t.Errorf("%q: port %d", address, got.Port())
		}
		if want, err := netip.ParseAddr(host); host != "" && (err != nil || want.Unmap() != got.Addr()) {
			t.Errorf("%q: address %v, package netip has %v, %v", address, got.Addr(), want, err)
		}
		again, err := parseLiteral(network, got.String(), "", "")
		if err != nil || again != got {
			t.Errorf("%q gives %v, and that %v, %v", address, got, again, err)
		}
	})
}
