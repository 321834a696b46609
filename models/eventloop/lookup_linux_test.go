package eventloop_test

import (
	"context"
	"net"
	"net/netip"
	"slices"
	"testing"

	"juggle/models/eventloop"
	"juggle/models/eventloop/internal/dns"
)

// answers are ways in which a server may answer for one.example., and what a
// lookup then comes to.
var answers = []struct {
	name, network string
	reply         func(network string, query dns.Message) [][]byte
	want          string
	queries       []string
	alone         bool // package net does otherwise
}{
	{name: "one of each family", network: "ip", reply: zone{"one.example.": {"one.example 192.0.2.1", "one.example 2001:db8::1"}}.reply, want: "[192.0.2.1 2001:db8::1]", queries: []string{"udp A one.example.", "udp AAAA one.example."}},
	{name: "IPv4", network: "ip4", reply: zone{"one.example.": {"one.example 192.0.2.1", "one.example 2001:db8::1"}}.reply, want: "[192.0.2.1]", queries: []string{"udp A one.example."}},
	{name: "IPv6", network: "ip6", reply: zone{"one.example.": {"one.example 192.0.2.1", "ONE.example 2001:db8::1"}}.reply, want: "[2001:db8::1]", queries: []string{"udp AAAA one.example."}},
	{name: "aliases", network: "ip4", reply: zone{"one.example.": {"two.example CNAME three.example", "one.example CNAME two.example", "three.example 192.0.2.3", "three.example 192.0.2.2"}}.reply, want: "[192.0.2.2 192.0.2.3]"},
	{name: "no such name", network: "ip", reply: zone{}.reply, want: notFound},
	{name: "no data", network: "ip", reply: zone{"one.example.": nil}.reply, want: notFound},
	{name: "no data of this family", network: "ip4", reply: zone{"one.example.": {"one.example 2001:db8::1"}}.reply, want: notFound},
	{name: "an alias to nowhere", network: "ip4", reply: zone{"one.example.": {"one.example CNAME two.example"}}.reply, want: notFound},
	{name: "server failure", network: "ip4", reply: always(dns.ServerFailure), want: failed, queries: []string{"udp A one.example.", "udp A one.example."}},
	{name: "refused", network: "ip4", reply: always(dns.Refused), want: failed, alone: true},
	{name: "lame", network: "ip4", reply: lame, want: failed, alone: true},
	{name: "too large for a datagram", network: "ip4", reply: onlyTCP, want: "[192.0.2.1]", queries: []string{"tcp A one.example.", "udp A one.example."}},
	{name: "cut in the middle of a record", network: "ip4", reply: cut, want: "[192.0.2.1]", queries: []string{"tcp A one.example.", "udp A one.example."}, alone: true},
	{name: "no EDNS", network: "ip4", reply: withoutEDNS, want: "[192.0.2.1]", queries: []string{"udp A one.example.", "udp A one.example."}, alone: true},
	{name: "forged answers first", network: "ip4", reply: forged, want: "[192.0.2.1]", queries: []string{"udp A one.example."}, alone: true},
	{name: "half the families", network: "ip", reply: halfWorking, want: "[192.0.2.1]", alone: true},
}

func right(query dns.Message) []byte { return respond(query, 0, "one.example 192.0.2.1") }

func always(code dns.RCode) func(string, dns.Message) [][]byte {
	return func(_ string, query dns.Message) [][]byte { return [][]byte{respond(query, dns.Flags(code))} }
}

func lame(_ string, query dns.Message) [][]byte {
	m := dns.Message{ID: query.ID, Flags: dns.Response, Questions: query.Questions}
	packed, _ := m.Append(nil)
	return [][]byte{packed}
}

func onlyTCP(network string, query dns.Message) [][]byte {
	if network == "tcp" {
		return [][]byte{right(query)}
	}
	return [][]byte{respond(query, dns.Truncated)}
}

func cut(network string, query dns.Message) [][]byte {
	if network == "tcp" {
		return [][]byte{right(query)}
	}
	packed := respond(query, dns.Truncated, "one.example 192.0.2.9")
	return [][]byte{packed[:len(packed)-2]}
}

func withoutEDNS(_ string, query dns.Message) [][]byte {
	if query.EDNS() {
		return [][]byte{respond(dns.Message{ID: query.ID}, dns.Flags(dns.FormatError))}
	}
	return [][]byte{right(query)}
}

// forged sends what an attacker might, before the answer.
func forged(_ string, query dns.Message) [][]byte {
	wrongID, wrongName := query, query
	wrongID.ID++
	wrongName.Questions = []dns.Question{{Name: nameOf("two.example"), Type: dns.A, Class: dns.IN}}
	echo, _ := query.Append(nil)
	bad := right(query)
	return [][]byte{
		respond(wrongID, 0, "one.example 192.0.2.66"),
		respond(wrongName, 0, "one.example 192.0.2.66"),
		bad[:len(bad)-1], // malformed
		[]byte("nonsense"),
		echo,
		right(query),
	}
}

func halfWorking(_ string, query dns.Message) [][]byte {
	if query.Questions[0].Type == dns.AAAA {
		return [][]byte{respond(query, dns.Flags(dns.ServerFailure))}
	}
	return [][]byte{right(query)}
}

// TestLookup covers getaddrinfo of the checklist's section 1b.
func TestLookup(t *testing.T) {
	for _, c := range answers {
		t.Run(c.name, func(t *testing.T) {
			checkLeftovers(t)
			s := serveNames(t, c.reply)
			run(t, func(ctx context.Context) error {
				r := &eventloop.Resolver{Folder: folder(t, "resolv.conf", "options timeout:30"), Servers: []netip.AddrPort{s.addr}}
				addrs, err := r.LookupNetIP(ctx, c.network, "one.example.")
				slices.SortFunc(addrs, netip.Addr.Compare) // the order is for another test
				if got := outcome(addrs, err); got != c.want {
					t.Errorf("got %s, %v, want %s", got, err, c.want)
				}
				return nil
			})
			if asked := s.queries(); c.queries != nil && !slices.Equal(asked, c.queries) {
				t.Errorf("asked %q, want %q", asked, c.queries)
			}
			if !c.alone {
				if got := plainLookup(t, s.addr, c.network); got != c.want {
					t.Errorf("package net has %s, want %s", got, c.want)
				}
			}
		})
	}
}

// plainLookup looks one.example. up as package net does.
func plainLookup(t *testing.T, server netip.AddrPort, network string) string {
	r := net.Resolver{PreferGo: true, Dial: func(ctx context.Context, network, _ string) (net.Conn, error) {
		return new(net.Dialer).DialContext(ctx, network, server.String())
	}}
	addrs, err := r.LookupNetIP(t.Context(), network, "one.example.")
	for i := range addrs {
		addrs[i] = addrs[i].Unmap()
	}
	slices.SortFunc(addrs, netip.Addr.Compare)
	return outcome(addrs, err)
}
