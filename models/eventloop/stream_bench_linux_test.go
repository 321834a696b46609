package eventloop_test

import (
	"context"
	"net"
	"testing"

	"juggle/models/eventloop"
)

// echoClients talk to each sort of echo server: a connection of the loop by its
// methods, by streams and by callbacks.
var echoClients = []struct {
	server string
	begin  func(ctx context.Context, addr net.Addr) (request func() error, err error)
}{
	{"Serve", dialEcho}, {"ServeStream", dialEchoStream}, {"ServeProtocol", dialEchoProtocol},
}

func dialEcho(ctx context.Context, addr net.Addr) (func() error, error) {
	c, err := eventloop.Dial(ctx, "tcp", addr.String())
	buf := make([]byte, 64)
	return func() error {
		if _, err := c.Write(buf); err != nil {
			return err
		}
		_, err := c.Read(buf)
		return err
	}, err
}

func dialEchoStream(ctx context.Context, addr net.Addr) (func() error, error) {
	r, w, err := eventloop.DialStream(ctx, "tcp", addr.String())
	line := append(make([]byte, 63), '\n')
	return func() error {
		if _, err := w.Write(line); err != nil {
			return err
		}
		if err := w.Drain(ctx); err != nil {
			return err
		}
		_, err := r.ReadLine(ctx)
		return err
	}, err
}

// dialEchoProtocol has the task that makes requests sleep on an Event that the
// protocol sets.
func dialEchoProtocol(ctx context.Context, addr net.Addr) (func() error, error) {
	p := &answerer{}
	t, err := eventloop.DialProtocol(ctx, "tcp", addr.String(), p)
	buf := make([]byte, 64)
	return func() error {
		p.event.Clear()
		if _, err := t.Write(buf); err != nil {
			return err
		}
		return p.event.Wait(ctx)
	}, err
}

type answerer struct {
	eventloop.BaseProtocol
	event eventloop.Event
}

func (a *answerer) DataReceived([]byte) { a.event.Set() }

// BenchmarkEchoOneLoop is a request of 64 bytes and its answer over loopback, client
// and server in one loop.
func BenchmarkEchoOneLoop(b *testing.B) {
	for _, c := range echoClients {
		b.Run(c.server, func(b *testing.B) {
			b.ReportAllocs()
			run(b, func(ctx context.Context) error {
				request, end, err := beginEcho(ctx, c.server, c.begin)
				if err != nil {
					return err
				}
				for b.Loop() {
					if err := request(); err != nil {
						return err
					}
				}
				return end()
			})
		})
	}
}

func beginEcho(ctx context.Context, server string, begin func(context.Context, net.Addr) (func() error, error)) (request, end func() error, err error) {
	l, err := eventloop.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, nil, err
	}
	s := serveEcho[server](ctx, l)
	request, err = begin(ctx, l.Addr())
	return request, func() error { s.Close(); s.AbortClients(); return s.WaitClosed(ctx) }, err
}

// TestServersAllocateNothing: a request on an established connection costs no
// allocation, at either end.
func TestServersAllocateNothing(t *testing.T) {
	for _, c := range echoClients {
		t.Run(c.server, func(t *testing.T) {
			checkLeftovers(t)
			run(t, func(ctx context.Context) error {
				request, end, err := beginEcho(ctx, c.server, c.begin)
				if err != nil {
					return err
				}
				allocations := testing.AllocsPerRun(200, func() {
					if err := request(); err != nil {
						t.Error(err)
					}
				})
				if allocations > 0 {
					t.Errorf("%v allocations per request", allocations)
				}
				return end()
			})
		})
	}
}
