package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"syscall"
	"testing"
	"time"

	"juggle/models/eventloop"
)

// TestDialByName connects to a host with three addresses, of which one listens.
// It covers create_connection of the checklist's section 1b.
func TestDialByName(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		l, err := listen(ctx, "tcp", "127.0.0.3:0", echo)
		if err != nil {
			return err
		}
		_, port, err := net.SplitHostPort(l.Addr().String())
		if err != nil {
			return err
		}
		hosts := "127.0.0.1 web.example\n127.0.0.2 web.example\n127.0.0.3 web.example\n127.0.0.1 down.example\n127.0.0.2 down.example\n127.0.0.1 single.example\n"
		d := eventloop.Dialer{Resolver: &eventloop.Resolver{Folder: folder(t, "hosts", hosts, "nsswitch.conf", "hosts: files")}}
		c, err := d.Dial(ctx, "tcp", "web.example:"+port)
		if err != nil {
			return err
		}
		wantEqual(t, "the peer", c.RemoteAddr().String(), "127.0.0.3:"+port)
		if _, err := c.Write([]byte("x")); err != nil {
			return err
		}
		if _, err := c.Read(make([]byte, 1)); err != nil {
			return err
		}

		before := descriptors(t)
		_, err = d.Dial(ctx, "tcp", "down.example:"+port)
		wantOp(t, "dial", err, syscall.ECONNREFUSED)
		wantEqual(t, "the error", err.Error(), fmt.Sprintf("dial tcp: 127.0.0.1:%s: connect: connection refused; 127.0.0.2:%[1]s: connect: connection refused", port))
		_, err = d.Dial(ctx, "tcp", "single.example:"+port)
		wantEqual(t, "the error", err.Error(), "dial tcp 127.0.0.1:"+port+": connect: connection refused")
		_, err = d.Dial(ctx, "tcp6", "web.example:"+port)
		wantEqual(t, "the error", err.Error(), "dial tcp6: lookup web.example: the host has no address of this kind")
		wantEqual(t, "descriptors", descriptors(t), before)

		c, err = d.Dial(ctx, "udp4", "web.example:domain")
		if err != nil {
			return err
		}
		wantEqual(t, "the peer", c.RemoteAddr().String(), "127.0.0.1:53")
		return nil
	})
}

func TestLookupPort(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		for _, c := range []struct {
			network, service string
			want             int
		}{{"tcp", "80", 80}, {"tcp", "http", 80}, {"tcp6", "https", 443}, {"udp", "domain", 53}, {"tcp", "", 0}, {"tcp", "0443", 443}} {
			if got, err := eventloop.LookupPort(ctx, c.network, c.service); got != c.want || err != nil {
				t.Errorf("%v: got %d, %v", c, got, err)
			}
		}
		for _, service := range []string{"65536", "99999999999999999999", "no-such-service"} {
			_, err := eventloop.LookupPort(ctx, "tcp", service)
			if _, plain := net.LookupPort("tcp", service); err == nil || err.Error() != plain.Error() {
				t.Errorf("%s: got %v, package net has %v", service, err, plain)
			}
		}
		return nil
	})
}

// A contender is what happens when an address is dialled.
type contender struct {
	takes time.Duration
	err   error
}

// fakeConn is a connection that only knows whether it is open.
type fakeConn struct {
	net.Conn
	name string
	open map[string]bool
}

func (c *fakeConn) Close() error { delete(c.open, c.name); return nil }

// TestRace has attempts that take virtual time: happy_eyeballs_delay of
// create_connection in the checklist's section 1b, and RFC 8305 section 5.
func TestRace(t *testing.T) {
	const blackHole = time.Hour
	const ms = time.Millisecond
	refused, unreached := errors.New("refused"), errors.New("unreached")
	for _, c := range []struct {
		name       string
		delay      time.Duration
		contenders []contender
		winner     int // -1 for none
		after      time.Duration
		begun      int
	}{
		{"the first is quick", 250 * ms, []contender{{100 * ms, nil}, {0, nil}}, 0, 100 * ms, 1},
		{"the first is a black hole", 250 * ms, []contender{{blackHole, nil}, {10 * ms, nil}, {0, nil}}, 1, 260 * ms, 2},
		{"the first is slow, and still the first", 250 * ms, []contender{{300 * ms, nil}, {100 * ms, nil}}, 0, 300 * ms, 2},
		{"the first fails at once", 250 * ms, []contender{{0, refused}, {10 * ms, nil}}, 1, 10 * ms, 2},
		{"the first fails, and the second begins early", 250 * ms, []contender{{100 * ms, refused}, {10 * ms, nil}}, 1, 110 * ms, 2},
		{"two black holes", 250 * ms, []contender{{blackHole, nil}, {blackHole, nil}, {0, nil}}, 2, 500 * ms, 3},
		{"a black hole that fails late", 250 * ms, []contender{{600 * ms, refused}, {300 * ms, unreached}, {time.Second, nil}}, 2, 1500 * ms, 3},
		{"all fail", 250 * ms, []contender{{400 * ms, refused}, {50 * ms, unreached}}, -1, 400 * ms, 2},
		{"two at the same moment", 250 * ms, []contender{{500 * ms, nil}, {250 * ms, nil}}, 0, 500 * ms, 2},
		{"one after the other", -1, []contender{{time.Minute, refused}, {time.Minute, nil}, {0, nil}}, 1, 2 * time.Minute, 2},
	} {
		t.Run(c.name, func(t *testing.T) {
			checkLeftovers(t)
			virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
				open := make(map[string]bool)
				begun := 0
				got, err := eventloop.Race(ctx, c.delay, places6(len(c.contenders)), func(ctx context.Context, addr netip.AddrPort) (net.Conn, error) {
					begun++
					which := c.contenders[addr.Port()]
					if err := eventloop.Sleep(ctx, which.takes); err != nil {
						return nil, err
					}
					if which.err != nil {
						return nil, which.err
					}
					open[addr.String()] = true
					return &fakeConn{name: addr.String(), open: open}, nil
				})
				wantEqual(t, "time", l.Time(), c.after)
				wantEqual(t, "attempts", begun, c.begun)
				if c.winner < 0 {
					wantIs(t, "the race", err, refused)
					wantIs(t, "the race", err, unreached)
					wantEqual(t, "open connections", len(open), 0)
					return nil
				}
				if err != nil {
					return err
				}
				want := places6(c.winner + 1)[c.winner].String()
				wantEqual(t, "the winner", got.(*fakeConn).name, want)
				wantEqual(t, "open connections", open, map[string]bool{want: true})
				return nil
			})
		})
	}
}

// places6 returns n addresses whose ports are their numbers.
func places6(n int) []netip.AddrPort {
	var addrs []netip.AddrPort
	for i := range n {
		addrs = append(addrs, netip.AddrPortFrom(netip.IPv6Loopback(), uint16(i)))
	}
	return addrs
}

// TestRaceIsCancelled cancels a race at every moment, also in each of the ticks in
// which an attempt succeeds. All attempts must then have ended, and have closed
// what they opened.
func TestRaceIsCancelled(t *testing.T) {
	for _, how := range []string{"Task.Cancel", "a Scope"} {
		for moment := range 32 {
			at, ticks := moment/8, moment%8
			checkLeftovers(t)
			virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
				open := make(map[string]bool)
				running := 0
				dial := func(ctx context.Context, addr netip.AddrPort) (net.Conn, error) {
					running++
					defer func() { running-- }()
					if err := eventloop.Sleep(ctx, 3*time.Second); err != nil {
						return nil, err
					}
					open[addr.String()] = true
					return &fakeConn{name: addr.String(), open: open}, nil
				}
				scope := eventloop.WithScope(ctx)
				defer scope.Close()
				task := eventloop.Go(scope, func(ctx context.Context) error {
					c, err := eventloop.Race(ctx, time.Second, places6(3), dial)
					wantEqual(t, "attempts that are left", running, 0)
					if c != nil {
						return errors.Join(err, c.Close())
					}
					return err
				})
				if err := eventloop.Sleep(ctx, time.Duration(at)*time.Second); err != nil {
					return err
				}
				for range ticks {
					if err := eventloop.Yield(ctx); err != nil {
						return err
					}
				}
				if how == "a Scope" {
					scope.Cancel(errTest)
				} else {
					task.Cancel(errTest)
				}
				if err := task.Wait(ctx); !errors.Is(err, errTest) && at < 3 {
					t.Errorf("%s after %d s and %d ticks: got %v", how, at, ticks, err)
				}
				wantEqual(t, "open connections", len(open), 0)
				return nil
			})
		}
	}
}

func TestInterleave(t *testing.T) {
	for _, c := range []struct {
		addrs string
		first int
		want  string
	}{
		{"6666", 1, "6666"},
		{"66644", 1, "64646"},
		{"46644", 1, "46464"},
		{"644444", 1, "644444"},
		{"66664444", 3, "66646444"},
		{"6644", 9, "6644"},
		{"6", 1, "6"},
	} {
		var addrs []netip.Addr
		for _, family := range c.addrs {
			addr := netip.IPv6Loopback()
			if family == '4' {
				addr = netip.IPv4Unspecified()
			}
			addrs = append(addrs, addr)
		}
		got := ""
		for _, addr := range eventloop.Interleave(addrs, c.first) {
			if addr.Is4() {
				got += "4"
			} else {
				got += "6"
			}
		}
		if got != c.want {
			t.Errorf("%s: got %s, want %s", c.addrs, got, c.want)
		}
	}
}

// TestPreference has the examples of RFC 6724 section 10.2 that compare families,
// and what it says of addresses that cannot be reached.
func TestPreference(t *testing.T) {
	for _, c := range []struct {
		what       string
		a, from    string
		b, instead string
		better     bool
	}{
		{"IPv6 with an address", "2001:db8:1::1", "2001:db8::2", "198.51.100.121", "169.254.13.78", true},
		{"IPv4 if IPv6 has a local one alone", "198.51.100.121", "198.51.100.117", "2001:db8:1::1", "fe80::1", true},
		{"IPv6 if both fit", "2001:db8:1::1", "2001:db8::2", "10.1.2.3", "10.1.2.4", true},
		{"IPv4 to 6to4", "10.1.2.3", "10.1.2.4", "2002:c633:6401::1", "2001:db8::2", true},
		{"IPv4 if IPv6 is behind a local prefix", "198.51.100.121", "10.0.0.1", "2001:db8:1::1", "fd00::2", true},
		{"IPv4 if there is no way for IPv6", "198.51.100.121", "10.0.0.1", "2001:db8:1::1", "", true},
		{"IPv6 if there is no way for IPv4", "2001:db8:1::1", "2001:db8::2", "198.51.100.121", "", true},
		{"IPv6 if there is no way at all", "2001:db8:1::1", "", "198.51.100.121", "", true},
		{"the loopback of IPv6", "::1", "::1", "127.0.0.1", "127.0.0.1", true},
		{"the same", "192.0.2.1", "10.0.0.1", "192.0.2.1", "10.0.0.1", false},
		{"a link with a zone", "fe80::1%eth0", "fe80::2", "198.51.100.121", "198.51.100.117", true},
	} {
		a, from, b, instead := addrOf(c.a), addrOf(c.from), addrOf(c.b), addrOf(c.instead)
		if got := eventloop.Better(a, from, b, instead); got != c.better {
			t.Errorf("%s: got %t", c.what, got)
		}
		if got := eventloop.Better(b, instead, a, from); got {
			t.Errorf("%s, the other way round: got %t", c.what, got)
		}
	}
}

// addrOf is the address that a text is; an empty text is none.
func addrOf(text string) netip.Addr {
	addr, _ := netip.ParseAddr(text)
	return addr
}

// TestLoopbackPreference: IPv6 comes first exactly where there is a way for it.
func TestLoopbackPreference(t *testing.T) {
	checkLeftovers(t)
	want := "[127.0.0.1 ::1]"
	if c, err := net.Dial("udp6", "[::1]:53"); err == nil {
		c.Close()
		want = "[::1 127.0.0.1]"
	}
	run(t, func(ctx context.Context) error {
		r := &eventloop.Resolver{Folder: folder(t)}
		wantEqual(t, "localhost", lookup(ctx, r, "ip", "localhost"), want)
		return nil
	})
}
