package eventloop_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"syscall"
	"testing"

	"juggle/models/eventloop"
)

// A recorder is a protocol that notes its calls, and does what it is told in them.
type recorder struct {
	transport *eventloop.Transport
	events    []string
	received  []byte
	keepOpen  bool
	lost      error
	gone      *eventloop.Future[bool]      // resolved by ConnectionLost
	on        map[string]func(data []byte) // what to do in a call
	arrived   func()                       // called after each DataReceived, if there is one
}

func newRecorder(ctx context.Context) *recorder {
	return &recorder{gone: eventloop.NewFuture[bool](ctx), on: map[string]func([]byte){}}
}

func (r *recorder) note(event string, data []byte) {
	if n := len(r.events); n == 0 || event != "data" || r.events[n-1] != event {
		r.events = append(r.events, event) // data may come in any number of pieces
	}
	if do := r.on[event]; do != nil {
		do(data)
	}
}

func (r *recorder) ConnectionMade(t *eventloop.Transport) { r.transport = t; r.note("made", nil) }

func (r *recorder) DataReceived(data []byte) {
	r.received = append(r.received, data...)
	r.note("data", data)
	if r.arrived != nil {
		r.arrived()
	}
}

func (r *recorder) EOFReceived() bool { r.note("eof", nil); return r.keepOpen }

func (r *recorder) ConnectionLost(err error) {
	r.lost = err
	r.gone.Resolve(true)
	r.note("lost", nil)
}

func (r *recorder) PauseWriting() { r.note("pause", nil) }

func (r *recorder) ResumeWriting() { r.note("resume", nil) }

func (r *recorder) want(t *testing.T, events ...string) {
	t.Helper()
	if !slices.Equal(r.events, events) {
		t.Errorf("calls %q, want %q", r.events, events)
	}
}

// serveRecorder serves one connection with r and returns the other end.
func (k *kind) serveRecorder(ctx context.Context, r *recorder) (net.Conn, *eventloop.Server, error) {
	l, err := k.listen(ctx)
	if err != nil {
		return nil, nil, err
	}
	s := eventloop.ServeProtocol(ctx, l, func() eventloop.Protocol { return r })
	c, err := k.dial(ctx, l.Addr())
	if err != nil {
		return nil, nil, err
	}
	for s.Clients() == 0 { // or closing the listener would close what waits in it
		if err := eventloop.Yield(ctx); err != nil {
			return nil, nil, err
		}
	}
	s.Close()
	return c, s, shake(c)
}

// TestProtocolCalls is checklist 1b, create_server: the calls come in their order,
// and each of those that come once does.
func TestProtocolCalls(t *testing.T) {
	testKinds(t, func(t *testing.T, ctx context.Context, k *kind) error {
		r := newRecorder(ctx)
		r.on["data"] = func(data []byte) { r.transport.Write(data) }
		c, s, err := k.serveRecorder(ctx, r)
		if err != nil {
			return err
		}
		if err := exchange(c, []byte("there and back")); err != nil {
			return err
		}
		if r.transport.Closing() || r.transport.RemoteAddr().String() != c.LocalAddr().String() || s.Clients() != 1 {
			t.Errorf("closing %t, remote address %v, %d clients", r.transport.Closing(), r.transport.RemoteAddr(), s.Clients())
		}
		if err := c.Close(); err != nil {
			return err
		}
		if err := s.WaitClosed(ctx); err != nil {
			return err
		}
		r.want(t, "made", "data", "eof", "lost")
		if r.lost != nil || !r.transport.Closing() || s.Clients() != 0 {
			t.Errorf("lost with %v, closing %t, %d clients", r.lost, r.transport.Closing(), s.Clients())
		}
		_, err = r.transport.Write([]byte("too late"))
		wantOp(t, "write", err, net.ErrClosed)
		return nil
	})
}

// exchange sends a message and waits for it to come back.
func exchange(c net.Conn, message []byte) error {
	if _, err := c.Write(message); err != nil {
		return err
	}
	got := make([]byte, len(message))
	if _, err := io.ReadFull(c, got); err != nil {
		return err
	}
	if !bytes.Equal(got, message) {
		return fmt.Errorf("got %q, want %q", got, message)
	}
	return nil
}

// TestDialProtocol is checklist 1b, create_connection: when it returns, the
// protocol knows of the connection, and nothing has come yet.
func TestDialProtocol(t *testing.T) {
	for _, name := range []string{"tcp", "unix"} {
		t.Run(name, func(t *testing.T) {
			checkLeftovers(t)
			run(t, func(ctx context.Context) error {
				k := newKind(t, name)
				l, err := k.listen(ctx)
				if err != nil {
					return err
				}
				s := eventloop.Serve(ctx, l, func(_ context.Context, c net.Conn) error {
					_, err := c.Write([]byte("welcome"))
					return err
				})
				r := newRecorder(ctx)
				tr, err := eventloop.DialProtocol(ctx, name, l.Addr().String(), r)
				if err != nil {
					return err
				}
				r.want(t, "made")
				if tr != r.transport {
					t.Error("the protocol has another Transport")
				}
				if err := r.gone.Wait(ctx); err != nil {
					return err
				}
				r.want(t, "made", "data", "eof", "lost")
				if string(r.received) != "welcome" {
					t.Errorf("received %q", r.received)
				}
				return s.Shutdown(ctx, 0)
			})
		})
	}
	run(t, func(ctx context.Context) error {
		_, err := eventloop.DialProtocol(ctx, "tcp", "127.0.0.1:0", newRecorder(ctx))
		wantOp(t, "dial", err, syscall.ECONNREFUSED)
		_, err = eventloop.DialProtocol(ctx, "udp", "127.0.0.1:9", newRecorder(ctx))
		var e *net.OpError
		if !errors.As(err, &e) {
			t.Errorf("udp: got %v", err)
		}
		return nil
	})
}

// TestProtocolKeepsHalfOpen: EOFReceived returns true, and what is written after
// that still arrives.
func TestProtocolKeepsHalfOpen(t *testing.T) {
	testKinds(t, func(t *testing.T, ctx context.Context, k *kind) error {
		r := newRecorder(ctx)
		r.keepOpen = true
		r.on["eof"] = func([]byte) {
			r.transport.Write(r.received)
			r.transport.CloseWrite()
			r.transport.CloseWrite() // once more does nothing
			_, err := r.transport.Write([]byte("too late"))
			wantOp(t, "write", err, syscall.EPIPE)
			if r.transport.Closing() {
				t.Error("closing")
			}
		}
		c, s, err := k.serveRecorder(ctx, r)
		if err != nil {
			return err
		}
		if _, err := c.Write([]byte("a question")); err != nil {
			return err
		}
		if err := c.(interface{ CloseWrite() error }).CloseWrite(); err != nil {
			return err
		}
		if got, err := io.ReadAll(c); err != nil || string(got) != "a question" {
			t.Errorf("got %q, %v", got, err)
		}
		r.want(t, "made", "data", "eof")
		r.transport.Close()
		if err := s.WaitClosed(ctx); err != nil {
			return err
		}
		r.want(t, "made", "data", "eof", "lost")
		return c.Close()
	})
}

// TestSetProtocol hands a connection over to another protocol between two messages.
// The one that does nothing closes at the end.
func TestSetProtocol(t *testing.T) {
	testKinds(t, func(t *testing.T, ctx context.Context, k *kind) error {
		r := newRecorder(ctx)
		r.on["data"] = func([]byte) {
			r.transport.Write([]byte("next"))
			r.transport.SetProtocol(eventloop.BaseProtocol{})
		}
		c, s, err := k.serveRecorder(ctx, r)
		if err != nil {
			return err
		}
		if err := exchange(c, []byte("next")); err != nil {
			return err
		}
		if _, err := c.Write([]byte("unseen")); err != nil {
			return err
		}
		if local := r.transport.LocalAddr().String(); local != c.RemoteAddr().String() {
			t.Errorf("local address %s, the peer has %v", local, c.RemoteAddr())
		}
		c.Close()
		if err := s.WaitClosed(ctx); err != nil {
			return err
		}
		r.want(t, "made", "data")
		return nil
	})
}
