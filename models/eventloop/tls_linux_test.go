package eventloop_test

import (
	"context"
	"crypto/tls"
	"errors"
	"io"
	"net"
	"testing"
	"time"

	"juggle/models/eventloop"
)

// TestStreamsGoOverToTLS is checklist 1c, start_tls: both ends talk in plain text, and
// then, on the same connection, in TLS.
func TestStreamsGoOverToTLS(t *testing.T) {
	for _, name := range []string{"tcp", "unix", "memory"} {
		t.Run(name, func(t *testing.T) {
			checkLeftovers(t)
			run(t, func(ctx context.Context) error {
				k := newKind(t, name)
				l, err := k.listen(ctx)
				if err != nil {
					return err
				}
				serverTLS, clientTLS := certificates()
				s := eventloop.ServeStream(ctx, l, func(ctx context.Context, r *eventloop.Reader, w *eventloop.Writer) error {
					if err := wantLine(ctx, r, "STARTTLS\n"); err != nil {
						return err
					}
					w.Write([]byte("go ahead\n"))
					c := tls.Server(w.Conn(), serverTLS)
					secret := eventloop.NewWriter(ctx, c)
					line, err := eventloop.NewReader(c).ReadLine(ctx)
					secret.Write(line)
					secret.Close()
					return errors.Join(err, secret.WaitClosed(ctx))
				})
				c, err := k.dial(ctx, l.Addr())
				if err != nil {
					return err
				}
				w := eventloop.NewWriter(ctx, c)
				w.Write([]byte("STARTTLS\n"))
				if err := wantLine(ctx, eventloop.NewReader(c), "go ahead\n"); err != nil {
					return err
				}
				above := tls.Client(c, clientTLS)
				secret := eventloop.NewWriter(ctx, above)
				secret.Write([]byte("a secret\n"))
				r := eventloop.NewReader(above)
				if err := wantLine(ctx, r, "a secret\n"); err != nil {
					return err
				}
				if _, err := r.ReadLine(ctx); err != io.EOF { // and not unexpected: the end was announced
					t.Errorf("at the end: %v", err)
				}
				secret.Close()
				return errors.Join(secret.WaitClosed(ctx), s.Shutdown(ctx, time.Hour))
			})
		})
	}
}

// TestHandshakeFails: whoever does not speak TLS is no client, and is reported by
// those that have nobody else to tell.
func TestHandshakeFails(t *testing.T) {
	for _, name := range []string{"tls above tcp", "tls above memory"} {
		for sort, serve := range serveEcho {
			t.Run(name+"/"+sort, func(t *testing.T) {
				checkLeftovers(t)
				err := eventloop.Run(t.Context(), func(ctx context.Context) error {
					k := newKind(t, name)
					l, err := k.listen(ctx)
					if err != nil {
						return err
					}
					s := serve(ctx, l)
					k.tls = false
					c, err := k.dial(ctx, l.Addr())
					if err != nil {
						return err
					}
					c.Write([]byte("GET / HTTP/1.1\r\n\r\n"))
					if _, err := io.ReadAll(c); err != nil {
						return err
					}
					c.Close()
					return s.Shutdown(ctx, time.Hour)
				})
				var e tls.RecordHeaderError
				if !errors.As(err, &e) {
					t.Errorf("Run returns %v", err)
				}
			})
		}
	}
}

// TestHandshakeTimesOut has a peer that says nothing.
func TestHandshakeTimesOut(t *testing.T) {
	checkLeftovers(t)
	passed := virtually(t, func(ctx context.Context, _ *eventloop.Loop) error {
		k := newKind(t, "memory")
		l, err := k.listen(ctx)
		if err != nil {
			return err
		}
		c, err := k.dial(ctx, l.Addr())
		if err != nil {
			return err
		}
		_, config := certificates()
		w := eventloop.NewWriter(ctx, tls.Client(c, config))
		_, err = w.Write([]byte("x"))
		wantIs(t, "Write", err, context.DeadlineExceeded)
		wantIs(t, "Drain", w.Drain(ctx), context.DeadlineExceeded)
		w.Close()
		wantIs(t, "WaitClosed", w.WaitClosed(ctx), context.DeadlineExceeded)
		return l.Close()
	})
	if passed != time.Minute {
		t.Errorf("it took %v", passed)
	}
}

// TestServerEndsInHandshake ends servers whose client has not yet said anything.
func TestServerEndsInHandshake(t *testing.T) {
	for sort, serve := range serveEcho {
		for how, end := range map[string]func(context.Context, *eventloop.Server) error{
			"shutdown": func(ctx context.Context, s *eventloop.Server) error { return s.Shutdown(ctx, 0) },
			"close": func(ctx context.Context, s *eventloop.Server) error {
				s.Close()
				s.CloseClients()
				return s.WaitClosed(ctx)
			},
			"abort": func(ctx context.Context, s *eventloop.Server) error {
				s.Close()
				s.AbortClients()
				return s.WaitClosed(ctx)
			},
			"run": func(context.Context, *eventloop.Server) error { return nil },
		} {
			t.Run(sort+"/"+how, func(t *testing.T) {
				checkLeftovers(t)
				run(t, func(ctx context.Context) error {
					k := newKind(t, "tls above tcp")
					l, err := k.listen(ctx)
					if err != nil {
						return err
					}
					s := serve(ctx, l)
					c, err := net.Dial("tcp", l.Addr().String())
					if err != nil {
						return err
					}
					defer c.Close()
					if err := until(ctx, func() bool { return s.Clients() == 1 }); err != nil {
						return err
					}
					err = end(ctx, s)
					var left *eventloop.LeftoverError
					if how == "shutdown" && errors.As(err, &left) {
						err = nil
					}
					return err
				})
			})
		}
	}
}
