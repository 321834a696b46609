package eventloop

import (
	"context"
	"net/netip"
	"slices"
)

// prefer puts the addresses of the family first that is likely to work, as RFC
// 6724 has it, but decides by the first address of each family alone. To decide
// for each address would take as many sockets, and undo the order in which a
// server shares its load among the addresses of one family.
func prefer(ctx context.Context, addrs []netip.Addr) []netip.Addr {
	var families [2][]netip.Addr
	for _, addr := range addrs {
		i := 0
		if addr.Is6() {
			i = 1
		}
		families[i] = append(families[i], addr)
	}
	v4, v6 := families[0], families[1]
	if len(v4) == 0 || len(v6) == 0 {
		return addrs
	}
	if better(v4[0], source(ctx, v4[0]), v6[0], source(ctx, v6[0])) {
		return append(v4, v6...)
	}
	return append(v6, v4...)
}

// source returns the address from which packets to addr would be sent, or the
// zero Addr if there is no way to it. No packet is sent.
func source(ctx context.Context, addr netip.Addr) netip.Addr {
	shield := WithShield(ctx) // it does not wait, and a cancellation is for those who can return it
	defer shield.Close()
	c, err := dialAddr(shield, "udp", netip.AddrPortFrom(addr, 53)) // any port will do
	if err != nil {
		return netip.Addr{}
	}
	defer c.Close()
	local, err := netip.ParseAddrPort(c.LocalAddr().String())
	if err != nil {
		return netip.Addr{}
	}
	return local.Addr().WithZone("")
}

// better reports whether destination a, with its source, is to be preferred to b,
// by rules 1, 2, 5, 6 and 8 of RFC 6724 section 6. The others need to know more of
// the network's interfaces, or compare addresses of one family.
func better(a, fromA, b, fromB netip.Addr) bool {
	if fromA.IsValid() != fromB.IsValid() {
		return fromA.IsValid()
	}
	policyA, policyB := policyOf(a), policyOf(b)
	if fromA.IsValid() {
		if fitsA, fitsB := isLocal(a) == isLocal(fromA), isLocal(b) == isLocal(fromB); fitsA != fitsB {
			return fitsA
		}
		if fitsA, fitsB := policyA.label == policyOf(fromA).label, policyB.label == policyOf(fromB).label; fitsA != fitsB {
			return fitsA
		}
	}
	if policyA.precedence != policyB.precedence {
		return policyA.precedence > policyB.precedence
	}
	return isLocal(a) && !isLocal(b)
}

// isLocal reports whether an address has the scope of a link, and no global one.
func isLocal(addr netip.Addr) bool { return addr.IsLoopback() || addr.IsLinkLocalUnicast() }

// A policy is a row of the table in RFC 6724 section 2.1.
type policy struct {
	prefix            netip.Prefix
	precedence, label int
}

// policies has the longest prefix first. IPv4 addresses are looked up as they are
// mapped into IPv6.
var policies = []policy{
	{netip.MustParsePrefix("::1/128"), 50, 0},
	{netip.MustParsePrefix("::ffff:0:0/96"), 35, 4},
	{netip.MustParsePrefix("::/96"), 1, 3},
	{netip.MustParsePrefix("2001::/32"), 5, 5},
	{netip.MustParsePrefix("2002::/16"), 30, 2},
	{netip.MustParsePrefix("3ffe::/16"), 1, 12},
	{netip.MustParsePrefix("fec0::/10"), 1, 11},
	{netip.MustParsePrefix("fc00::/7"), 3, 13},
	{netip.MustParsePrefix("::/0"), 40, 1},
}

func policyOf(addr netip.Addr) policy {
	addr = addr.WithZone("") // or no prefix contains it
	if addr.Is4() {
		addr = netip.AddrFrom16(addr.As16())
	}
	return policies[slices.IndexFunc(policies, func(p policy) bool { return p.prefix.Contains(addr) })]
}
