package eventloop_test

import (
	"context"
	"errors"
	"io"
	"net"
	"os"
	"syscall"
	"testing"
	"time"

	"juggle/models/eventloop"
)

func TestNetworkListen(t *testing.T) {
	checkLeftovers(t)
	virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		n := eventloop.NewNetwork(eventloop.NetworkOptions{Latency: time.Second})
		_, err := n.Dial(ctx, "nobody")
		wantOp(t, "dial", err, syscall.ECONNREFUSED)
		if l.Time() != 2*time.Second {
			t.Errorf("refused at %v, want the time of a round trip", l.Time())
		}
		listener, err := n.Listen(ctx, "server")
		if err != nil {
			return err
		}
		_, err = n.Listen(ctx, "server")
		wantOp(t, "listen", err, syscall.EADDRINUSE)
		other, err := n.Listen(ctx, "server:0")
		if err != nil || other.Addr().String() == "server:0" || other.Addr().Network() != "memory" {
			t.Errorf("listens on %v: %v", other.Addr(), err)
		}

		// One that dials gives up before the answer arrives: who accepted it
		// finds its end.
		short := eventloop.WithTimeout(ctx, 1500*time.Millisecond)
		_, err = n.Dial(short, "server")
		wantOp(t, "dial", err, context.DeadlineExceeded)
		short.Close()
		c, err := listener.Accept()
		if err != nil {
			return err
		}
		if _, err := c.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("from one that gave up: %v", err)
		}

		near, err := n.Dial(ctx, "server")
		if err != nil {
			return err
		}
		if near.RemoteAddr().String() != "server" || near.LocalAddr().String() == "" {
			t.Errorf("from %v to %v", near.LocalAddr(), near.RemoteAddr())
		}
		if err := listener.Close(); err != nil {
			return err
		}
		if _, err := near.Read(make([]byte, 1)); err != io.EOF {
			t.Errorf("nobody accepted it: %v", err)
		}
		_, err = listener.Accept()
		wantOp(t, "accept", err, net.ErrClosed)
		wantOp(t, "close", listener.Close(), net.ErrClosed)
		_, err = n.Listen(ctx, "server") // the address is free
		return err
	})
}

func TestNetworkAcceptWaits(t *testing.T) {
	checkLeftovers(t)
	virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		n := eventloop.NewNetwork(eventloop.NetworkOptions{})
		listener, err := n.Listen(ctx, "server")
		if err != nil {
			return err
		}
		accept := func() *eventloop.Task {
			return eventloop.Go(ctx, func(context.Context) error { _, err := listener.Accept(); return err })
		}
		listener.(interface{ SetDeadline(time.Time) error }).SetDeadline(l.Now().Add(time.Minute))
		wantOp(t, "accept", accept().Wait(ctx), os.ErrDeadlineExceeded)
		if l.Time() != time.Minute {
			t.Errorf("the deadline came at %v", l.Time())
		}
		listener.(interface{ SetDeadline(time.Time) error }).SetDeadline(time.Time{})
		first, second := accept(), accept()
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
		if _, err := n.Dial(ctx, "server"); err != nil {
			return err
		}
		if err := first.Wait(ctx); err != nil {
			return err
		}
		if err := listener.Close(); err != nil {
			return err
		}
		wantOp(t, "accept", second.Wait(ctx), net.ErrClosed)
		return nil
	})
}

func TestNetworkBelongsToOneLoop(t *testing.T) {
	checkLeftovers(t)
	n := eventloop.NewNetwork(eventloop.NetworkOptions{})
	use := func(ctx context.Context) error { _, err := n.Listen(ctx, "x:0"); return err }
	run(t, use)
	err := eventloop.Run(t.Context(), use)
	var p *eventloop.PanicError
	if !errors.As(err, &p) {
		t.Errorf("in another loop: %v", err)
	}
}

func TestNetworkAllocatesNothing(t *testing.T) {
	linked(t, eventloop.NetworkOptions{}, func(ctx context.Context, _ *eventloop.Loop, near, far net.Conn) error {
		eventloop.Go(ctx, func(context.Context) error { return echo(far) })
		buf := make([]byte, 64)
		if n := testing.AllocsPerRun(100, func() {
			if _, err := near.Write(buf); err != nil {
				t.Error(err)
			}
			if _, err := io.ReadFull(near, buf); err != nil {
				t.Error(err)
			}
		}); n != 0 {
			t.Errorf("a request allocates %v times", n)
		}
		return near.Close()
	})
}
