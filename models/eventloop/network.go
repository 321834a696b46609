package eventloop

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strings"
	"syscall"
	"time"
)

// NetworkOptions describe a [Network]. The zero value is a network without
// delays.
type NetworkOptions struct {
	// Buffer is how many bytes a connection holds in each direction that were
	// written and not yet read; then Write waits. 0 stands for 64 KiB.
	Buffer int
	// Latency is how long everything takes from one end to the other, by the
	// loop's clock: bytes, the end of sending, and the request for a connection
	// as well as its answer.
	Latency time.Duration
	// Jitter is up to how much longer it takes, by chance. Bytes still arrive
	// in the order in which they were written.
	Jitter time.Duration
	// Seed is what chance begins with. The same one gives the same delays to a
	// program that does the same in the same order.
	Seed uint64
}

// A Network connects tasks of one loop without the kernel, so that a test of
// client and server depends on nothing outside, is the same each time, and runs
// on a virtual clock. Its addresses are any strings. Make one with [NewNetwork].
//
// Its connections and listeners are those of package net. They wait, time out
// and close as those of [Dial] and [Listen] do, buffers of limited size hold up
// a writer whose reader is slow, and connections have CloseWrite. That the peer
// has closed a connection is known to a writer at once, whatever the latency; a
// reader learns of it, as of everything, when it arrives.
//
// A Network belongs to the loop of the first task that uses it. It panics in
// another loop.
type Network struct {
	options   NetworkOptions
	loop      *Loop
	chance    *rand.Rand
	listeners map[string]*memoryListener
	named     int // how many addresses were made up
}

// NewNetwork returns a network with nobody on it. It may be called from
// anywhere.
func NewNetwork(o NetworkOptions) *Network {
	if o.Buffer <= 0 {
		o.Buffer = 64 << 10
	}
	return &Network{
		options:   o,
		chance:    rand.New(rand.NewPCG(o.Seed, 0)),
		listeners: map[string]*memoryListener{},
	}
}

// Listen listens on an address: any string that nobody listens on. If it ends in
// ":0", a free number takes the place of the 0. Listen does not wait. All errors
// are *net.OpError; it fails with syscall.EADDRINUSE alone.
func (n *Network) Listen(ctx context.Context, address string) (net.Listener, error) {
	n.enter(ctx)
	if host, ok := strings.CutSuffix(address, ":0"); ok {
		address = string(n.name(host))
	}
	if n.listeners[address] != nil {
		return nil, &net.OpError{Op: "listen", Net: memoryAddr("").Network(), Addr: memoryAddr(address), Err: syscall.EADDRINUSE}
	}
	l := &memoryListener{network: n, addr: memoryAddr(address)}
	l.loop, l.fd = n.loop, -1
	n.listeners[address] = l
	return l, nil
}

// Dial connects to an address, and suspends the calling task for the time that
// the request and the answer take; without latency it does not suspend it. It
// fails with syscall.ECONNREFUSED if nobody listens there, and with the cause if
// ctx ends first. All errors are *net.OpError. There is no limit to how many
// connections wait for Accept.
func (n *Network) Dial(ctx context.Context, address string) (net.Conn, error) {
	t := n.enter(ctx)
	remote := memoryAddr(address)
	err := t.ended(ctx)
	if err == nil {
		err = n.travel(ctx)
	}
	if err != nil {
		return nil, dialFailure(remote.Network(), remote, err)
	}
	l := n.listeners[address]
	if l == nil {
		if err = n.travel(ctx); err == nil {
			err = syscall.ECONNREFUSED
		}
		return nil, dialFailure(remote.Network(), remote, err)
	}
	near, far := n.pair(n.name("dialer"), remote)
	l.offer(far)
	if err := n.travel(ctx); err != nil {
		near.Close()
		return nil, dialFailure(remote.Network(), remote, err)
	}
	return near, nil
}

// enter returns the calling task.
func (n *Network) enter(ctx context.Context) *Task {
	t := running(ctx)
	if n.loop == nil {
		n.loop = t.loop
	}
	if n.loop != t.loop {
		panic("eventloop: a Network used in another loop than the first time; make one per loop")
	}
	return t
}

// name returns an address of host that nobody has.
func (n *Network) name(host string) memoryAddr {
	for {
		n.named++
		name := fmt.Sprintf("%s:%d", host, n.named)
		if n.listeners[name] == nil {
			return memoryAddr(name)
		}
	}
}

// delay returns how long something takes that is sent now.
func (n *Network) delay() time.Duration {
	d := n.options.Latency
	if n.options.Jitter > 0 {
		d += time.Duration(n.chance.Int64N(int64(n.options.Jitter)))
	}
	return max(0, d)
}

// travel suspends the calling task until something that it sends has arrived.
func (n *Network) travel(ctx context.Context) error {
	if d := n.delay(); d > 0 {
		return Sleep(ctx, d)
	}
	return nil
}

// arrival returns when something arrives that is sent now, not before what was
// sent earlier. Without a delay it is the beginning of time.
func (n *Network) arrival(earlier int64) int64 {
	if d := n.delay(); d > 0 {
		return max(earlier, n.loop.after(d))
	}
	return earlier
}

// pair returns the two ends of a new connection.
func (n *Network) pair(near, far memoryAddr) (*memoryConn, *memoryConn) {
	a := &memoryConn{network: n, local: near, remote: far}
	b := &memoryConn{network: n, local: far, remote: near}
	a.loop, a.fd, b.loop, b.fd = n.loop, -1, n.loop, -1
	a.out = &memoryFlow{limit: n.options.Buffer, writer: &a.write, reader: &b.read}
	b.out = &memoryFlow{limit: n.options.Buffer, writer: &b.write, reader: &a.read}
	a.in, b.in = b.out, a.out
	return a, b
}

// A memoryAddr is an address of a Network.
type memoryAddr string

// Network returns "memory".
func (memoryAddr) Network() string { return "memory" }

func (a memoryAddr) String() string { return string(a) }
