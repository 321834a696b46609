package eventloop

import (
	"context"
	"net"
	"net/netip"
	"strings"
	"time"

	"juggle/models/eventloop/internal/dns"
)

// A Resolver finds the addresses of hosts without blocking the loop: names are
// looked up in the hosts file and in DNS, as tasks of the loop. The zero value
// does as this machine's files say. It is what asyncio gives a pool of threads
// to do, with loop.getaddrinfo.
//
// A Resolver belongs to the loop of the first task that uses it and must not be
// copied after that.
//
// It keeps no answers. Several tasks that ask for the same at once share one
// query. The files are read by a helper goroutine, and looked at again when they
// are used and were not looked at for 5 seconds.
type Resolver struct {
	// Folder is where resolv.conf(5), hosts(5) and nsswitch.conf(5) are. The
	// default is /etc. A file that is missing there counts as empty.
	Folder string
	// Servers are asked instead of those in resolv.conf.
	Servers []netip.AddrPort
	// Dial connects to a server. network is udp or tcp. It must return when ctx
	// has ended. The default connects directly.
	Dial func(ctx context.Context, network string, server netip.AddrPort) (net.Conn, error)

	loop    *Loop
	system  *dns.System // what the files said
	stale   int64       // when they are to be looked at again
	loading *flight[*dns.System]
	asked   map[question]*flight[answer]
	turns   int // counts the queries, for servers to take turns
}

// question is what is asked of servers.
type question struct {
	name dns.Name // in lower case
	kind dns.Type
}

// answer is what they say. Without an address there is an error, which several
// tasks share.
type answer struct {
	addrs []netip.Addr
	err   *net.DNSError
}

// freshness is how long the files are not looked at again. Package net has the
// same.
const freshness = 5 * time.Second

// LookupNetIP looks up a host with the loop's own [Resolver]; see
// [Resolver.LookupNetIP].
func LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	return running(ctx).loop.resolver.LookupNetIP(ctx, network, host)
}

// LookupNetIP returns the addresses of a host, at least one. network is ip, or ip4
// or ip6 for addresses of one family. host is a name, or an address, which is
// returned as it is. It is loop.getaddrinfo, as net.Resolver.LookupNetIP has it.
//
// A name is looked up in the hosts file and then in DNS, or in the order of
// nsswitch.conf. One with few dots is completed from the search list; one with a
// dot at its end is complete. DNS is never asked for localhost, invalid and
// onion, and what is below them (RFC 6761, RFC 7686): unless the hosts file has
// something else, the first is this machine, and the others are not found.
//
// Addresses of both families are asked for at once. Those of the family that is
// likely to work come first (RFC 6724), otherwise all keep the order in which
// they came. If one family is there and asking for the other has failed, that is
// not an error.
//
// All errors are *net.DNSError. IsNotFound says that there is no such host, or
// that it has no address of the network; IsTimeout that no server answered in
// time; IsTemporary both this and that servers failed. If ctx ends first, or the
// calling task is cancelled, errors.Is finds the cause in it, and no socket is
// left.
func (r *Resolver) LookupNetIP(ctx context.Context, network, host string) ([]netip.Addr, error) {
	t := running(ctx)
	if r.loop == nil {
		r.loop = t.loop
	}
	if r.loop != t.loop {
		panic("eventloop: a Resolver used in another loop than the first time; make one per loop")
	}
	if err := t.ended(ctx); err != nil {
		return nil, lookupError(host, interrupted(err))
	}
	addrs, err := r.lookup(ctx, network, host)
	if err != nil {
		return nil, lookupError(host, err)
	}
	return prefer(ctx, addrs), nil
}

func (r *Resolver) lookup(ctx context.Context, network, host string) ([]netip.Addr, *net.DNSError) {
	kinds, wanted := family(network)
	if kinds == nil {
		return nil, notFound("unknown network " + network + "; use ip, ip4 or ip6")
	}
	if addr, err := netip.ParseAddr(host); err == nil {
		return found([]netip.Addr{addr.Unmap()}, wanted)
	}
	if _, err := dns.ParseName(host); err != nil {
		return nil, notFound(dns.ErrName.Error())
	}
	system, err := r.files(ctx)
	if err != nil {
		return nil, interrupted(err)
	}
	if known, special := specialName(host); special {
		if addrs, err := found(system.Hosts.Lookup(host), wanted); err == nil {
			return addrs, nil
		}
		return found(known, wanted)
	}
	last := notFound(noHost)
	for _, source := range system.Sources {
		addrs, err := r.from(ctx, source.Name, system, host, kinds, wanted)
		if err == nil || ended(err) {
			return addrs, err
		}
		last = worse(last, err)
		if err.IsNotFound && source.IfNotFound == dns.Return || err.IsTemporary && source.IfUnavailable == dns.Return {
			break
		}
	}
	return nil, last
}

// from looks a host up in one source.
func (r *Resolver) from(ctx context.Context, source string, system *dns.System, host string, kinds []dns.Type, wanted func(netip.Addr) bool) ([]netip.Addr, *net.DNSError) {
	if source == "files" {
		return found(system.Hosts.Lookup(host), wanted)
	}
	return r.search(ctx, &system.Config, host, kinds)
}

// files returns what the files say, and first has them read if need be.
func (r *Resolver) files(ctx context.Context) (*dns.System, error) {
	if r.system != nil && r.loop.now() < r.stale {
		return r.system, nil
	}
	if !r.loading.board() {
		r.loading = takeOff(r.loop, "reading the files of the resolver", r.load)
	}
	return r.loading.wait(ctx)
}

func (r *Resolver) load(ctx context.Context) (*dns.System, error) {
	folder, old := r.Folder, r.system
	if folder == "" {
		folder = "/etc"
	}
	system, err := Offload(ctx, func() (*dns.System, error) { return dns.Load(folder, old), nil })
	if err != nil {
		return nil, err
	}
	r.system, r.stale = system, r.loop.after(freshness)
	return system, nil
}

// search asks for the names that host may stand for until one has an address.
// As in the C library, a server that fails does not end the search, for another
// may know the next name, but servers that are silent do: each name would take as
// long again.
func (r *Resolver) search(ctx context.Context, config *dns.Config, host string, kinds []dns.Type) ([]netip.Addr, *net.DNSError) {
	names, err := config.Candidates(host)
	if err != nil {
		return nil, notFound(dns.ErrName.Error())
	}
	last := notFound(noHost)
	for _, name := range names {
		addrs, err := r.both(ctx, config, name, kinds)
		if err == nil || err.IsTimeout || ended(err) {
			return addrs, err
		}
		last = worse(last, err)
	}
	return nil, last
}

// both asks for the addresses of a name, of all kinds at the same time.
func (r *Resolver) both(ctx context.Context, config *dns.Config, name dns.Name, kinds []dns.Type) ([]netip.Addr, *net.DNSError) {
	var flights []*flight[answer]
	for _, kind := range kinds {
		flights = append(flights, r.ask(config, question{name.Lower(), kind}))
	}
	var addrs []netip.Addr
	var last *net.DNSError
	for i, f := range flights {
		a, err := f.wait(ctx)
		if err != nil {
			for _, f := range flights[i+1:] {
				f.leave(ctx)
			}
			return nil, interrupted(err)
		}
		addrs = append(addrs, a.addrs...)
		last = worse(last, a.err)
	}
	if len(addrs) > 0 {
		return addrs, nil
	}
	return nil, last
}

// ask has servers asked, or joins the tasks that have asked the same.
func (r *Resolver) ask(config *dns.Config, q question) *flight[answer] {
	if f := r.asked[q]; f.board() {
		return f
	}
	f := takeOff(r.loop, "lookup "+q.kind.String()+" "+q.name.String(), func(ctx context.Context) (answer, error) {
		return r.resolve(ctx, config, q)
	})
	if r.asked == nil {
		r.asked = make(map[question]*flight[answer])
	}
	r.asked[q] = f
	f.task.OnDone(func() {
		if r.asked[q] == f {
			delete(r.asked, q)
		}
	})
	return f
}

// family returns what a network wants to know, and which addresses it can have.
func family(network string) (kinds []dns.Type, wanted func(netip.Addr) bool) {
	switch network {
	case "ip":
		return []dns.Type{dns.A, dns.AAAA}, netip.Addr.IsValid
	case "ip4":
		return []dns.Type{dns.A}, netip.Addr.Is4
	case "ip6":
		return []dns.Type{dns.AAAA}, netip.Addr.Is6
	}
	return nil, nil
}

// specialName returns the addresses of a name that DNS must not be asked for, and
// whether host is one.
func specialName(host string) (known []netip.Addr, special bool) {
	top := strings.ToLower(strings.TrimSuffix(host, "."))
	top = top[strings.LastIndexByte(top, '.')+1:]
	switch top {
	case "localhost":
		return []netip.Addr{netip.AddrFrom4([4]byte{127, 0, 0, 1}), netip.IPv6Loopback()}, true
	case "invalid", "onion":
		return nil, true
	}
	return nil, false
}
