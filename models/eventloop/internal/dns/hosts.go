package dns

import (
	"net/netip"
	"slices"
	"strings"
)

// Hosts has the addresses of the names in a hosts file.
type Hosts map[string][]netip.Addr

// ParseHosts reads the text of a hosts file; see hosts(5). A name that is on
// several lines has the addresses of all. Lines without an address are ignored.
func ParseHosts(text string) Hosts {
	hosts := make(Hosts)
	for line := range strings.Lines(text) {
		line, _, _ = strings.Cut(line, "#")
		words := strings.Fields(line)
		if len(words) < 2 {
			continue
		}
		addr, err := netip.ParseAddr(words[0])
		if err != nil {
			continue
		}
		addr = addr.Unmap()
		for _, name := range words[1:] {
			key := hostsKey(name)
			if !slices.Contains(hosts[key], addr) && len(hosts[key]) < maxAddrs {
				hosts[key] = append(hosts[key], addr)
			}
		}
	}
	return hosts
}

// Lookup returns the addresses of a host. They belong to h.
func (h Hosts) Lookup(host string) []netip.Addr { return h[hostsKey(host)] }

// hostsKey has case and a dot at the end not matter.
func hostsKey(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }
