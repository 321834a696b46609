package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"juggle/models/eventloop"
)

// serveEcho begins a server of each sort that echoes.
var serveEcho = map[string]func(ctx context.Context, l net.Listener) *eventloop.Server{
	"Serve": func(ctx context.Context, l net.Listener) *eventloop.Server {
		return eventloop.Serve(ctx, l, func(_ context.Context, c net.Conn) error { return echo(c) })
	},
	"ServeStream": func(ctx context.Context, l net.Listener) *eventloop.Server {
		return eventloop.ServeStream(ctx, l, echoStream)
	},
	"ServeProtocol": func(ctx context.Context, l net.Listener) *eventloop.Server {
		return eventloop.ServeProtocol(ctx, l, func() eventloop.Protocol { return new(echoProtocol) })
	},
}

// testServers runs f with each sort of server over each kind of connection, with
// three clients that have had an answer.
func testServers(t *testing.T, f func(t *testing.T, ctx context.Context, k *kind, s *eventloop.Server, clients []net.Conn) error) {
	for sort, serve := range serveEcho {
		t.Run(sort, func(t *testing.T) {
			testKinds(t, func(t *testing.T, ctx context.Context, k *kind) error {
				l, err := k.listen(ctx)
				if err != nil {
					return err
				}
				s := serve(ctx, l)
				clients := make([]net.Conn, 3)
				for i := range clients {
					if clients[i], err = k.dial(ctx, s.Addr()); err != nil {
						return err
					}
					defer clients[i].Close()
					if err := exchange(clients[i], []byte("hello")); err != nil {
						return err
					}
				}
				if s.Clients() != len(clients) || !s.Serving() {
					t.Errorf("%d clients, serving %t", s.Clients(), s.Serving())
				}
				if err := f(t, ctx, k, s, clients); err != nil {
					return err
				}
				if s.Clients() != 0 || s.Serving() {
					t.Errorf("afterwards: %d clients, serving %t", s.Clients(), s.Serving())
				}
				if c, err := k.dial(ctx, s.Addr()); err == nil {
					c.Close()
					t.Error("afterwards: the address can be dialled")
				}
				return s.WaitClosed(ctx)
			})
		})
	}
}

// TestServerClose is checklist 1b, close and wait_closed: clients are served to their
// end, and then all who wait go on.
func TestServerClose(t *testing.T) {
	testServers(t, func(t *testing.T, ctx context.Context, k *kind, s *eventloop.Server, clients []net.Conn) error {
		s.Close()
		s.Close()
		waits := []*eventloop.Task{eventloop.GoEager(ctx, s.WaitClosed), eventloop.GoEager(ctx, s.WaitClosed)}
		for i, c := range clients {
			if waits[0].Done() || s.Clients() != len(clients)-i {
				t.Errorf("closed %t with %d clients left", waits[0].Done(), s.Clients())
			}
			if err := exchange(c, []byte("still served")); err != nil {
				return err
			}
			c.Close()
			if err := until(ctx, func() bool { return s.Clients() < len(clients)-i }); err != nil {
				return err
			}
		}
		for _, w := range waits {
			if err := w.Wait(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

// TestServerCloseClients is checklist 1b, close_clients and abort_clients. The errors
// that handlers have because of it are not reported.
func TestServerCloseClients(t *testing.T) {
	for _, abort := range []bool{false, true} {
		testServers(t, func(t *testing.T, ctx context.Context, k *kind, s *eventloop.Server, clients []net.Conn) error {
			s.Close()
			if abort {
				s.AbortClients()
			} else {
				s.CloseClients()
			}
			for _, c := range clients {
				_, err := c.Read(make([]byte, 1))
				if !abort && k.resets() && !k.tls && err != io.EOF || abort && k.resets() && !errors.Is(err, syscall.ECONNRESET) || err == nil {
					t.Errorf("abort %t: a client reads %v", abort, err)
				}
			}
			return s.WaitClosed(ctx)
		})
	}
}

// TestServerCloseClientsFlushes: what was written is sent first.
func TestServerCloseClientsFlushes(t *testing.T) {
	const size = 4 << 20
	testKinds(t, func(t *testing.T, ctx context.Context, k *kind) error {
		l, err := k.listen(ctx)
		if err != nil {
			return err
		}
		wrote := false
		s := eventloop.ServeStream(ctx, l, func(ctx context.Context, r *eventloop.Reader, w *eventloop.Writer) error {
			w.Write(make([]byte, size))
			wrote = true
			_, err := r.ReadLine(ctx)
			return err
		})
		c, err := k.dial(ctx, l.Addr())
		if err != nil {
			return err
		}
		defer c.Close()
		if err := shake(c); err != nil {
			return err
		}
		if err := until(ctx, func() bool { return wrote }); err != nil {
			return err
		}
		s.Close()
		s.CloseClients()
		if got, err := io.ReadAll(c); len(got) != size || err != nil {
			t.Errorf("got %d bytes, %v", len(got), err)
		}
		c.Close()
		return s.WaitClosed(ctx)
	})
}

// TestServeForever is checklist 1b, serve_forever: to cancel it closes the server and
// its clients, and to close the server ends it.
func TestServeForever(t *testing.T) {
	testServers(t, func(t *testing.T, ctx context.Context, k *kind, s *eventloop.Server, clients []net.Conn) error {
		serves := eventloop.GoEager(ctx, s.ServeForever)
		also := eventloop.GoEager(ctx, s.ServeForever)
		serves.Cancel(errTest)
		wantIs(t, "cancelled", serves.Wait(ctx), errTest)
		wantIs(t, "closed", also.Wait(ctx), eventloop.ErrServerClosed)
		return nil
	})
	testServers(t, func(t *testing.T, ctx context.Context, k *kind, s *eventloop.Server, clients []net.Conn) error {
		scope := eventloop.WithTimeout(ctx, 0)
		defer scope.Close()
		wantIs(t, "timeout", s.ServeForever(scope), context.DeadlineExceeded)
		return nil
	})
}

// TestServerShutdown: who goes in time is not left over, who does not is named.
func TestServerShutdown(t *testing.T) {
	testServers(t, func(t *testing.T, ctx context.Context, k *kind, s *eventloop.Server, clients []net.Conn) error {
		var want []string
		for _, c := range clients[1:] {
			want = append(want, c.LocalAddr().String())
		}
		clients[0].Close()
		if err := until(ctx, func() bool { return s.Clients() == 2 }); err != nil {
			return err
		}
		var left *eventloop.LeftoverError
		if err := s.Shutdown(ctx, time.Millisecond); !errors.As(err, &left) {
			t.Fatalf("Shutdown returns %v", err)
		}
		var got []string
		for _, a := range left.Addrs {
			got = append(got, a.String())
		}
		slices.Sort(want)
		slices.Sort(got)
		if k.name != "unix" && !slices.Equal(got, want) || len(got) != 2 || !strings.Contains(left.Error(), got[0]) {
			t.Errorf("left over are %q, want %q", got, want)
		}
		return nil
	})
	testServers(t, func(t *testing.T, ctx context.Context, k *kind, s *eventloop.Server, clients []net.Conn) error {
		for _, c := range clients {
			c.Close()
		}
		return s.Shutdown(ctx, time.Hour)
	})
	testServers(t, func(t *testing.T, ctx context.Context, k *kind, s *eventloop.Server, clients []net.Conn) error {
		shuts := eventloop.GoEager(ctx, func(ctx context.Context) error { return s.Shutdown(ctx, time.Hour) })
		shuts.Cancel(errTest)
		wantIs(t, "cancelled", shuts.Wait(ctx), errTest)
		return s.WaitClosed(ctx)
	})
}

// TestServerEndsWithItsContext cancels what has begun the server, or what is around
// it, while it accepts, and when it was closed and waits for its clients.
func TestServerEndsWithItsContext(t *testing.T) {
	for sort, serve := range serveEcho {
		for i := range 4 {
			level, closed := i&1 != 0, i&2 != 0
			t.Run(fmt.Sprint(sort, " level ", level, " closed ", closed), func(t *testing.T) {
				testKinds(t, func(t *testing.T, ctx context.Context, k *kind) error {
					l, err := k.listen(ctx)
					if err != nil {
						return err
					}
					var s *eventloop.Server
					scope := eventloop.WithScope(ctx)
					defer scope.Close()
					host := eventloop.GoEager(scope, func(ctx context.Context) error {
						s = serve(ctx, l)
						return forever(ctx)
					})
					c, err := k.dial(ctx, l.Addr())
					if err != nil {
						return err
					}
					defer c.Close()
					if err := exchange(c, []byte("hello")); err != nil {
						return err
					}
					if closed {
						s.Close()
						if err := eventloop.Yield(ctx); err != nil {
							return err
						}
					}
					if level {
						scope.Cancel(errTest)
					} else {
						host.Cancel(errTest)
					}
					wantIs(t, "host", host.Wait(ctx), errTest)
					wantIs(t, "server", s.WaitClosed(ctx), errTest)
					if s.Serving() || s.Clients() != 0 {
						t.Errorf("serving %t, %d clients", s.Serving(), s.Clients())
					}
					return nil
				})
			})
		}
	}
}
