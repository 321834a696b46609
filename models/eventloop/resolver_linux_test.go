package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"juggle/models/eventloop"
	"juggle/models/eventloop/internal/dns"
)

// unreachable is a server that fails the test when it is asked.
func unreachable(t *testing.T) func(context.Context, string, netip.AddrPort) (net.Conn, error) {
	return func(_ context.Context, network string, server netip.AddrPort) (net.Conn, error) {
		t.Errorf("asked %s %v", network, server)
		return nil, errTest
	}
}

func TestLookupWithoutServers(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		hosts := "192.0.2.1 a.example short # not\n2001:db8::1 a.example\n192.0.2.2 my.localhost hidden.onion\n"
		r := &eventloop.Resolver{Folder: folder(t, "hosts", hosts, "nsswitch.conf", "hosts: files"), Dial: unreachable(t)}
		empty := &eventloop.Resolver{Folder: folder(t), Dial: unreachable(t)}
		for _, c := range []struct {
			r                   *eventloop.Resolver
			network, host, want string
		}{
			{r, "ip4", "a.example", "[192.0.2.1]"},
			{r, "ip6", "A.EXAMPLE.", "[2001:db8::1]"},
			{r, "ip4", "short", "[192.0.2.1]"},
			{r, "ip6", "short", notFound},
			{r, "ip", "not", notFound},
			{r, "ip", "b.example", notFound},
			{r, "ip", "my.localhost", "[192.0.2.2]"},
			{r, "ip6", "my.localhost", "[::1]"},
			{r, "ip", "hidden.onion", "[192.0.2.2]"},
			{empty, "ip4", "localhost", "[127.0.0.1]"},
			{empty, "ip6", "very.LocalHost.", "[::1]"},
			{empty, "ip", "never.invalid", notFound},
			{empty, "ip", "hidden.Onion.", notFound},
			{empty, "ip", "192.0.2.7", "[192.0.2.7]"},
			{empty, "ip", "::ffff:192.0.2.7", "[192.0.2.7]"},
			{empty, "ip6", "fe80::1%lo", "[fe80::1%lo]"},
			{empty, "ip4", "::1", notFound},
			{empty, "ip", "", notFound},
			{empty, "ip", ".", notFound},
			{empty, "ip", "a..b", notFound},
			{empty, "ip", "1.2.3.4.5", notFound},
			{empty, "ip", strings.Repeat("a.", 200), notFound},
			{empty, "tcp", "localhost", notFound},
		} {
			if got := lookup(ctx, c.r, c.network, c.host); got != c.want {
				t.Errorf("%s %q: got %s, want %s", c.network, c.host, got, c.want)
			}
		}
		_, err := empty.LookupNetIP(ctx, "ip", "a b")
		if err == nil || err.Error() != "lookup a b: not a host name: it must have labels of 1 to 63 letters, digits, - or _, and 253 characters at most; write others in punycode" {
			t.Errorf("got %v", err)
		}
		return nil
	})
}

func TestLookupSearches(t *testing.T) {
	for _, c := range []struct {
		name, config, host, want string
		reply                    func(string, dns.Message) [][]byte
		queries                  []string
	}{
		{
			"the list before the name itself", "search one.example two.example", "host", "[192.0.2.2]",
			zone{"host.two.example.": {"host.two.example 192.0.2.2"}, "host.": {"host 192.0.2.3"}}.reply,
			[]string{"udp A host.one.example.", "udp A host.two.example."},
		},
		{
			"the name itself with enough dots", "search one.example\noptions ndots:2", "a.b.host", "[192.0.2.3]",
			zone{"a.b.host.": {"a.b.host 192.0.2.3"}}.reply,
			[]string{"udp A a.b.host."},
		},
		{
			"the name itself last", "search one.example\noptions ndots:2", "a.host", "[192.0.2.3]",
			zone{"a.host.": {"a.host 192.0.2.3"}, "a.host.one.example.": nil}.reply,
			[]string{"udp A a.host.", "udp A a.host.one.example."},
		},
		{
			"nowhere with a dot at the end", "search one.example", "host.", notFound,
			zone{"host.one.example.": {"host.one.example 192.0.2.3"}}.reply,
			[]string{"udp A host."},
		},
		{
			"everywhere in vain", "search one.example two.example", "host", notFound, zone{}.reply,
			[]string{"udp A host.", "udp A host.one.example.", "udp A host.two.example."},
		},
		{
			"past a server that fails", "search broken.example two.example", "host", "[192.0.2.2]", broken("192.0.2.2"),
			[]string{"udp A host.broken.example.", "udp A host.broken.example.", "udp A host.two.example."},
		},
		{
			"and remembers the failure", "search broken.example", "host", failed, broken(""),
			[]string{"udp A host.", "udp A host.broken.example.", "udp A host.broken.example."},
		},
	} {
		t.Run(c.name, func(t *testing.T) {
			checkLeftovers(t)
			s := serveNames(t, c.reply)
			run(t, func(ctx context.Context) error {
				r := &eventloop.Resolver{Folder: folder(t, "resolv.conf", c.config+"\noptions timeout:30"), Servers: []netip.AddrPort{s.addr}}
				if got := lookup(ctx, r, "ip4", c.host); got != c.want {
					t.Errorf("got %s, want %s", got, c.want)
				}
				return nil
			})
			if asked := s.queries(); !slices.Equal(asked, c.queries) {
				t.Errorf("asked %q, want %q", asked, c.queries)
			}
		})
	}
}

// broken fails for names in broken.example and else has an address for those in
// two.example.
func broken(addr string) func(string, dns.Message) [][]byte {
	return func(network string, query dns.Message) [][]byte {
		switch name := query.Questions[0].Name.String(); {
		case strings.HasSuffix(name, "broken.example."):
			return [][]byte{respond(query, dns.Flags(dns.ServerFailure))}
		case strings.HasSuffix(name, "two.example."):
			return [][]byte{respond(query, 0, name+" "+addr)}
		}
		return zone{}.reply(network, query)
	}
}

func TestLookupSources(t *testing.T) {
	for _, c := range []struct{ sources, want string }{
		{"hosts: files dns", "[192.0.2.1]"},
		{"hosts: dns files", "[192.0.2.2]"},
		{"hosts: files", "[192.0.2.1]"},
		{"hosts: dns", "[192.0.2.2]"},
	} {
		t.Run(c.sources, func(t *testing.T) {
			checkLeftovers(t)
			s := serveNames(t, zone{"a.example.": {"a.example 192.0.2.2"}}.reply)
			failing := serveNames(t, always(dns.ServerFailure))
			run(t, func(ctx context.Context) error {
				hosts := "192.0.2.1 a.example b.example"
				r := &eventloop.Resolver{Folder: folder(t, "hosts", hosts, "nsswitch.conf", c.sources), Servers: []netip.AddrPort{s.addr}}
				if got := lookup(ctx, r, "ip4", "a.example"); got != c.want {
					t.Errorf("got %s, want %s", got, c.want)
				}
				for sources, want := range map[string][2]string{
					"hosts: dns files":                   {"[192.0.2.1]", "[192.0.2.1]"},
					"hosts: dns [NOTFOUND=return] files": {notFound, "[192.0.2.1]"},
					"hosts: dns [!UNAVAIL=return] files": {notFound, failed},
				} {
					for i, s := range []*nameServer{s, failing} {
						r := &eventloop.Resolver{Folder: folder(t, "hosts", hosts, "nsswitch.conf", sources), Servers: []netip.AddrPort{s.addr}}
						if got := lookup(ctx, r, "ip4", "b.example"); got != want[i] {
							t.Errorf("%s, server %d: got %s, want %s", sources, i, got, want[i])
						}
					}
				}
				return nil
			})
		})
	}
}

// TestLookupReadsChangedFiles has the clock pass without the files being looked
// at, and then a little more.
func TestLookupReadsChangedFiles(t *testing.T) {
	checkLeftovers(t)
	virtually(t, func(ctx context.Context, _ *eventloop.Loop) error {
		dir := folder(t, "hosts", "192.0.2.1 a", "nsswitch.conf", "hosts: files")
		r := &eventloop.Resolver{Folder: dir}
		wantEqual(t, "first", lookup(ctx, r, "ip", "a"), "[192.0.2.1]")
		if err := os.WriteFile(dir+"/hosts", []byte("192.0.2.22 a"), 0o600); err != nil {
			return err
		}
		wantEqual(t, "at once", lookup(ctx, r, "ip", "a"), "[192.0.2.1]")
		if err := eventloop.Sleep(ctx, 5*time.Second); err != nil {
			return err
		}
		wantEqual(t, "after 5 seconds", lookup(ctx, r, "ip", "a"), "[192.0.2.22]")
		return nil
	})
}

// TestLookupsOfTheSameShareQueries also cancels the task that was first.
func TestLookupsOfTheSameShareQueries(t *testing.T) {
	checkLeftovers(t)
	// The server holds its answers back until it is told.
	release := make(chan struct{})
	s := serveNames(t, func(_ string, query dns.Message) [][]byte {
		<-release
		return [][]byte{right(query)}
	})
	run(t, func(ctx context.Context) error {
		r := &eventloop.Resolver{Folder: folder(t, "resolv.conf", "options timeout:30"), Servers: []netip.AddrPort{s.addr}}
		first := eventloop.Go(ctx, func(ctx context.Context) error {
			_, err := r.LookupNetIP(ctx, "ip4", "one.example")
			return err
		})
		var tasks []*eventloop.Task
		for i := range 10 {
			tasks = append(tasks, eventloop.Go(ctx, func(ctx context.Context) error {
				if got := lookup(ctx, r, []string{"ip", "ip4"}[i%2], "One.example"); got != "[192.0.2.1]" {
					return errors.New(got)
				}
				return nil
			}))
		}
		for s.pending() == 0 { // the files are read in a goroutine
			if err := eventloop.Yield(ctx); err != nil {
				return err
			}
		}
		first.Cancel(errTest)
		wantIs(t, "the first one", first.Wait(ctx), errTest)
		close(release)
		for _, task := range tasks {
			if err := task.Wait(ctx); err != nil {
				t.Error(err)
			}
		}
		wantEqual(t, "queries", s.queries(), []string{"udp A one.example.", "udp AAAA one.example."})
		wantEqual(t, "a later one", lookup(ctx, r, "ip4", "one.example"), "[192.0.2.1]")
		wantEqual(t, "queries of the later one", s.queries(), []string{"udp A one.example."})
		if err := turns(ctx); err != nil {
			return err
		}
		wantEqual(t, "questions that are left", r.Asked(), 0)
		return nil
	})
}

// pending returns how many queries have come.
func (s *nameServer) pending() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return len(s.asked)
}

// TestLookupIsCancelled cancels lookups whose servers never answer, over UDP and
// TCP, and looks for sockets that are left as soon as the lookup has returned.
func TestLookupIsCancelled(t *testing.T) {
	for _, config := range []string{"", "options use-vc"} {
		for _, how := range []string{"Task.Cancel", "a Scope", "a context"} {
			t.Run(config+" "+how, func(t *testing.T) {
				checkLeftovers(t)
				var end func() // called by the server when both queries have come
				count := 0
				s := serveNames(t, func(string, dns.Message) [][]byte { return nil })
				run(t, func(ctx context.Context) error {
					r := &eventloop.Resolver{Folder: folder(t, "resolv.conf", config), Servers: []netip.AddrPort{s.addr}}
					before := -1
					task := eventloop.Go(ctx, func(ctx context.Context) error {
						switch how {
						case "a Scope":
							scope := eventloop.WithScope(ctx)
							defer scope.Close()
							end, ctx = func() { scope.Cancel(errTest) }, scope
						case "a context":
							derived, cancel := context.WithCancelCause(ctx)
							end, ctx = func() { cancel(errTest) }, derived
						}
						before = descriptors(t)
						addrs, err := r.LookupNetIP(ctx, "ip", "one.example")
						wantEqual(t, "the outcome", outcome(addrs, err), cancelled)
						count = descriptors(t)
						return err
					})
					if how == "Task.Cancel" {
						end = func() { task.Cancel(errTest) }
					}
					for s.pending() < 2 {
						if err := eventloop.Yield(ctx); err != nil {
							return err
						}
					}
					end()
					wantIs(t, "the lookup", task.Wait(ctx), errTest)
					// Each connection of TCP has an end in the server too.
					if config == "" && count != before {
						t.Errorf("%d descriptors before, %d after", before, count)
					}
					return nil
				})
			})
		}
	}
}

// descriptors counts the open ones of this process.
func descriptors(t *testing.T) int {
	t.Helper()
	entries, err := os.ReadDir("/proc/self/fd")
	if err != nil {
		t.Fatal(err)
	}
	return len(entries)
}

func TestLookupWithAnEndedContext(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		r := &eventloop.Resolver{Folder: folder(t), Dial: unreachable(t)}
		scope := eventloop.WithTimeout(ctx, 0)
		defer scope.Close()
		wantIs(t, "the wait", forever(scope), context.DeadlineExceeded)
		for _, host := range []string{"one.example", "192.0.2.1"} {
			_, err := r.LookupNetIP(scope, "ip", host)
			wantIs(t, host, err, context.DeadlineExceeded)
			var e net.Error
			if !errors.As(err, &e) || !e.Timeout() {
				t.Errorf("%s: %v is no timeout", host, err)
			}
		}
		return nil
	})
}

func TestResolverBelongsToALoop(t *testing.T) {
	checkLeftovers(t)
	r := &eventloop.Resolver{Folder: folder(t)}
	for i := range 2 {
		run(t, func(ctx context.Context) error {
			if i == 0 {
				_, err := r.LookupNetIP(ctx, "ip", "localhost")
				return err
			}
			wantPanic(t, "one per loop", func() { r.LookupNetIP(ctx, "ip", "localhost") })
			return nil
		})
	}
	wantPanic(t, "carries no loop", func() { eventloop.LookupNetIP(t.Context(), "ip", "localhost") })
}

// TestLookupOfTheLoop uses this machine's files, in which localhost is never
// another machine.
func TestLookupOfTheLoop(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		addrs, err := eventloop.LookupNetIP(ctx, "ip", "localhost")
		if err != nil {
			return err
		}
		for _, addr := range addrs {
			if !addr.IsLoopback() {
				return fmt.Errorf("localhost is at %v", addr)
			}
		}
		return nil
	})
}
