package eventloop_test

import (
	"context"
	"net"
	"net/netip"
	"testing"
	"time"

	"juggle/models/eventloop"
	"juggle/models/eventloop/internal/dns"
)

// within has r ask servers that are tasks of the loop, over a network in memory,
// so that the time that they take is virtual. reply may return nil, for a packet
// that is lost.
func within(ctx context.Context, t *testing.T, r *eventloop.Resolver, servers map[string]func(query dns.Message) []byte) {
	network := eventloop.NewNetwork(eventloop.NetworkOptions{})
	for name, reply := range servers {
		l, err := network.Listen(ctx, name)
		if err != nil {
			t.Fatal(err)
		}
		eventloop.Go(ctx, func(ctx context.Context) error {
			for {
				c, err := l.Accept()
				if err != nil {
					return err
				}
				eventloop.Go(ctx, func(context.Context) error { return answerOne(c, reply) })
			}
		})
	}
	r.Dial = func(ctx context.Context, _ string, server netip.AddrPort) (net.Conn, error) {
		return network.Dial(ctx, server.Addr().String())
	}
}

func answerOne(c net.Conn, reply func(query dns.Message) []byte) error {
	buf := make([]byte, 512)
	n, err := c.Read(buf)
	if err != nil {
		return err
	}
	query, err := dns.Parse(buf[:n])
	if err != nil {
		return err
	}
	if packet := reply(query); packet != nil {
		_, err = c.Write(packet)
	}
	return err
}

func TestLookupTriesAgain(t *testing.T) {
	silent := func(dns.Message) []byte { return nil }
	failing := func(query dns.Message) []byte { return respond(query, dns.Flags(dns.ServerFailure)) }
	// late loses the first packets.
	late := func(lost int) func(dns.Message) []byte {
		return func(query dns.Message) []byte {
			if lost--; lost >= 0 {
				return nil
			}
			return right(query)
		}
	}
	for _, c := range []struct {
		name, options string
		first, second func(query dns.Message) []byte
		want          string
		after         time.Duration
	}{
		{"at once", "", right, silent, "[192.0.2.1]", 0},
		{"at the next server after a timeout", "", silent, right, "[192.0.2.1]", 5 * time.Second},
		{"at the next server after a failure", "", failing, right, "[192.0.2.1]", 0},
		{"again after a lost packet", "", late(1), failing, "[192.0.2.1]", 5 * time.Second},
		{"until the attempts are used up", "", silent, silent, timedOut, 20 * time.Second},
		{"as often and long as the options say", "options attempts:3 timeout:2", late(2), silent, "[192.0.2.1]", 8 * time.Second},
		{"and says of the last try what it was", "", silent, failing, failed, 10 * time.Second},
	} {
		t.Run(c.name, func(t *testing.T) {
			checkLeftovers(t)
			virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
				r := &eventloop.Resolver{Folder: folder(t, "resolv.conf", "nameserver 192.0.2.101\nnameserver 192.0.2.102\n"+c.options)}
				within(ctx, t, r, map[string]func(dns.Message) []byte{"192.0.2.101": c.first, "192.0.2.102": c.second})
				if got := lookup(ctx, r, "ip4", "one.example"); got != c.want || l.Time() != c.after {
					t.Errorf("got %s after %v, want %s after %v", got, l.Time(), c.want, c.after)
				}
				return nil
			})
		})
	}
}

// TestLookupAsksForBothFamiliesAtOnce has each answer take a second.
func TestLookupAsksForBothFamiliesAtOnce(t *testing.T) {
	checkLeftovers(t)
	virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		network := eventloop.NewNetwork(eventloop.NetworkOptions{Latency: 250 * time.Millisecond})
		listener, err := network.Listen(ctx, "server")
		if err != nil {
			return err
		}
		eventloop.Go(ctx, func(ctx context.Context) error {
			for {
				c, err := listener.Accept()
				if err != nil {
					return err
				}
				eventloop.Go(ctx, func(context.Context) error { return answerOne(c, right) })
			}
		})
		r := &eventloop.Resolver{Folder: folder(t), Dial: func(ctx context.Context, _ string, _ netip.AddrPort) (net.Conn, error) {
			return network.Dial(ctx, "server")
		}}
		if got := lookup(ctx, r, "ip", "one.example"); got != "[192.0.2.1]" || l.Time() != time.Second {
			t.Errorf("got %s after %v", got, l.Time())
		}
		return nil
	})
}

// TestLookupGivesUpASilentSearch: servers that are silent are so for every name.
func TestLookupGivesUpASilentSearch(t *testing.T) {
	checkLeftovers(t)
	virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		r := &eventloop.Resolver{Folder: folder(t, "resolv.conf", "nameserver 192.0.2.101\nsearch a.example b.example")}
		within(ctx, t, r, map[string]func(dns.Message) []byte{"192.0.2.101": func(dns.Message) []byte { return nil }})
		if got := lookup(ctx, r, "ip4", "host"); got != timedOut || l.Time() != 10*time.Second {
			t.Errorf("got %s after %v", got, l.Time())
		}
		return nil
	})
}

func TestLookupRotatesServers(t *testing.T) {
	checkLeftovers(t)
	virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		r := &eventloop.Resolver{Folder: folder(t, "resolv.conf", "nameserver 192.0.2.101\nnameserver 192.0.2.102\noptions rotate")}
		var turns []string
		server := func(name string) func(dns.Message) []byte {
			return func(query dns.Message) []byte { turns = append(turns, name); return right(query) }
		}
		within(ctx, t, r, map[string]func(dns.Message) []byte{"192.0.2.101": server("first"), "192.0.2.102": server("second")})
		for range 3 {
			wantEqual(t, "lookup", lookup(ctx, r, "ip4", "one.example"), "[192.0.2.1]")
		}
		wantEqual(t, "turns", turns, []string{"first", "second", "first"})
		return nil
	})
}

// TestLookupBesideACancelledOne asks again while a cancelled lookup of the same is
// ending, at every moment of that.
func TestLookupBesideACancelledOne(t *testing.T) {
	for ticks := range 8 {
		checkLeftovers(t)
		virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
			queries := 0
			r := &eventloop.Resolver{Folder: folder(t)}
			within(ctx, t, r, map[string]func(dns.Message) []byte{"127.0.0.1": func(query dns.Message) []byte {
				if queries++; queries == 1 {
					return nil
				}
				return right(query)
			}})
			first := eventloop.Go(ctx, func(ctx context.Context) error {
				_, err := r.LookupNetIP(ctx, "ip4", "one.example")
				return err
			})
			if err := eventloop.Sleep(ctx, time.Second); err != nil {
				return err
			}
			first.Cancel(errTest)
			for range ticks {
				if err := eventloop.Yield(ctx); err != nil {
					return err
				}
			}
			wantEqual(t, "the second lookup", lookup(ctx, r, "ip4", "one.example"), "[192.0.2.1]")
			wantIs(t, "the first lookup", first.Wait(ctx), errTest)
			return nil
		})
	}
}
