package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"testing"

	"juggle/models/eventloop"
)

// TestProtocolPanics has each of the calls panic: its connection ends, and others go
// on.
func TestProtocolPanics(t *testing.T) {
	for _, name := range kinds {
		for _, event := range []string{"made", "data", "eof", "pause", "resume", "lost"} {
			t.Run(name+"/"+event, func(t *testing.T) {
				checkLeftovers(t)
				k := newKind(t, name)
				err := eventloop.Run(t.Context(), func(ctx context.Context) error { return panicIn(ctx, k, event) })
				var p *eventloop.PanicError
				if !errors.As(err, &p) || p.Value != event {
					t.Errorf("Run returns %v", err)
				}
			})
		}
	}
}

func panicIn(ctx context.Context, k *kind, event string) error {
	l, err := k.listen(ctx)
	if err != nil {
		return err
	}
	var all []*recorder
	s := eventloop.ServeProtocol(ctx, l, func() eventloop.Protocol {
		r := newRecorder(ctx)
		r.on["data"] = func(data []byte) { r.transport.Write(data) }
		if len(all) == 1 {
			r.on[event] = func([]byte) { panic(event) }
		}
		all = append(all, r)
		return r
	})
	var conns []net.Conn
	for i := range 2 {
		c, err := k.dial(ctx, l.Addr())
		if err != nil {
			return err
		}
		defer c.Close()
		if err := shake(c); err != nil {
			return err
		}
		conns = append(conns, c)
		if err := until(ctx, func() bool { return len(all) == i+1 && all[i].transport != nil }); err != nil {
			return err
		}
	}
	bad := all[1]
	switch event {
	case "data":
		conns[1].Write([]byte("x"))
	case "pause":
		bad.transport.Write(make([]byte, 8<<20))
	case "resume":
		bad.transport.Write(make([]byte, 8<<20))
		io.Copy(io.Discard, conns[1])
	case "eof", "lost":
		conns[1].Close()
	}
	if err := bad.gone.Wait(ctx); err != nil {
		return err
	}
	var p *eventloop.PanicError
	if event != "lost" && !errors.As(bad.lost, &p) {
		return fmt.Errorf("lost with %v", bad.lost)
	}
	if err := exchange(conns[0], []byte("still there")); err != nil {
		return err
	}
	s.CloseClients()
	s.Close()
	return s.WaitClosed(ctx)
}

// TestTransportIsFair has a peer, in another goroutine, that sends without a pause,
// and a task that is always ready: between two of its turns there are only a few
// receptions.
func TestTransportIsFair(t *testing.T) {
	const size, most = 64 << 20, 8 // two turns of a Transport in a tick
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		l, err := eventloop.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		r := newRecorder(ctx)
		received, between, worst := 0, 0, 0
		r.on["data"] = func(data []byte) {
			r.received = r.received[:0]
			received += len(data)
			between++
			worst = max(worst, between)
		}
		s := eventloop.ServeProtocol(ctx, l, func() eventloop.Protocol { return r })
		floods := eventloop.Go(ctx, func(ctx context.Context) error {
			_, err := eventloop.Offload(ctx, func() (int, error) {
				c, err := net.Dial("tcp", l.Addr().String())
				if err != nil {
					return 0, err
				}
				defer c.Close()
				return c.Write(make([]byte, size))
			})
			return err
		})
		for len(r.events) == 0 || r.events[len(r.events)-1] != "lost" {
			between = 0
			if err := eventloop.Yield(ctx); err != nil {
				return err
			}
		}
		if worst > most || received != size {
			t.Errorf("received %d bytes, up to %d times between two turns of a task", received, worst)
		}
		s.Close()
		return floods.Wait(ctx)
	})
}

// TestTransportAtTheEndOfRun: connections that nobody closed are lost when Run
// returns.
func TestTransportAtTheEndOfRun(t *testing.T) {
	for _, name := range kinds {
		t.Run(name, func(t *testing.T) {
			checkLeftovers(t)
			var served, dialled *recorder
			run(t, func(ctx context.Context) error {
				k := newKind(t, name)
				l, err := k.listen(ctx)
				if err != nil {
					return err
				}
				served, dialled = newRecorder(ctx), newRecorder(ctx)
				eventloop.ServeProtocol(ctx, l, func() eventloop.Protocol { return served })
				if name == "tcp" {
					_, err = eventloop.DialProtocol(ctx, "tcp", l.Addr().String(), dialled)
				} else {
					var c net.Conn
					if c, err = k.dial(ctx, l.Addr()); err == nil {
						err = shake(c)
					}
				}
				if err != nil {
					return err
				}
				return until(ctx, func() bool { return served.transport != nil })
			})
			served.want(t, "made", "lost")
			if name == "tcp" {
				if n := len(dialled.events); n < 2 || dialled.events[n-1] != "lost" {
					t.Errorf("calls %q", dialled.events)
				}
			}
		})
	}
}

// TestTransportOwnsReading: a task cannot take what belongs to the protocol.
func TestTransportOwnsReading(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		k := newKind(t, "tcp")
		near, far, err := k.pair(ctx)
		if err != nil {
			return err
		}
		accepted := &once{conn: far}
		r := newRecorder(ctx)
		s := eventloop.ServeProtocol(ctx, accepted, func() eventloop.Protocol { return r })
		_, err = far.Read(make([]byte, 1))
		wantOp(t, "read", err, eventloop.ErrHasTransport)
		near.Close()
		return s.WaitClosed(ctx)
	})
}

// once is a listener that accepts one connection.
type once struct{ conn net.Conn }

func (o *once) Accept() (net.Conn, error) {
	c := o.conn
	if c == nil {
		return nil, net.ErrClosed
	}
	o.conn = nil
	return c, nil
}

func (o *once) Close() error { return nil }

func (o *once) Addr() net.Addr { return &net.UnixAddr{Name: "once", Net: "unix"} }
