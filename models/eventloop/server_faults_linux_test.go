package eventloop_test

import (
	"context"
	"errors"
	"io"
	"net"
	"strings"
	"testing"
	"time"

	"juggle/models/eventloop"
)

// obey does what a line says.
func obey(ctx context.Context, r *eventloop.Reader, w *eventloop.Writer) error {
	line, err := r.ReadLine(ctx)
	switch {
	case err != nil:
		return err
	case string(line) == "fail\n":
		return errTest
	case string(line) == "panic\n":
		panic("a handler")
	}
	w.Write(line)
	return nil
}

// TestServerReportsHandlers: an error or a panic of a handler ends its connection
// alone and is reported with the address; what a cancelled one returns is not.
func TestServerReportsHandlers(t *testing.T) {
	checkLeftovers(t)
	var reported []error
	l, err := eventloop.New(eventloop.Options{OnError: func(err error) { reported = append(reported, err) }})
	if err != nil {
		t.Fatal(err)
	}
	var addresses []string
	err = l.Run(t.Context(), func(ctx context.Context) error {
		k := newKind(t, "tcp")
		listener, err := k.listen(ctx)
		if err != nil {
			return err
		}
		s := eventloop.ServeStream(ctx, listener, obey)
		for _, line := range []string{"fail\n", "panic\n", "fine\n"} {
			c, err := k.dial(ctx, s.Addr())
			if err != nil {
				return err
			}
			defer c.Close()
			addresses = append(addresses, c.LocalAddr().String())
			if _, err := c.Write([]byte(line)); err != nil {
				return err
			}
			want := ""
			if line == "fine\n" {
				want = line
			}
			if got, _ := io.ReadAll(c); string(got) != want {
				t.Errorf("%q: got %q", line, got)
			}
		}
		idle, err := k.dial(ctx, s.Addr())
		if err != nil {
			return err
		}
		defer idle.Close()
		if err := until(ctx, func() bool { return s.Clients() == 1 }); err != nil {
			return err
		}
		s.Shutdown(ctx, 0) // the handler returns the cause
		return nil
	})
	if err := errors.Join(err, l.Close()); err != nil {
		t.Error(err)
	}
	var p *eventloop.PanicError
	if len(reported) != 2 || !errors.Is(reported[0], errTest) || !errors.As(reported[1], &p) ||
		!strings.Contains(reported[0].Error(), addresses[0]) || !strings.Contains(reported[1].Error(), addresses[1]) {
		t.Errorf("reported %q for %q", reported, addresses)
	}
}

// TestServerLosesItsListener: the server ends with the error of Accept, and serves
// those who have come to their end.
func TestServerLosesItsListener(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		near, far, err := newKind(t, "unix").pair(ctx)
		if err != nil {
			return err
		}
		s := eventloop.Serve(ctx, &failing{once{conn: far}}, func(_ context.Context, c net.Conn) error { return echo(c) })
		if err := exchange(near, []byte("served all the same")); err != nil {
			return err
		}
		if s.Serving() || s.Clients() != 1 {
			t.Errorf("serving %t, %d clients", s.Serving(), s.Clients())
		}
		near.Close()
		wantIs(t, "WaitClosed", s.WaitClosed(ctx), errTest)
		wantIs(t, "ServeForever", s.ServeForever(ctx), errTest)
		wantIs(t, "Shutdown", s.Shutdown(ctx, time.Hour), errTest)
		return nil
	})
}

// failing is a listener that fails after one connection.
type failing struct{ once }

func (f *failing) Accept() (net.Conn, error) {
	c, err := f.once.Accept()
	if err != nil {
		err = errTest
	}
	return c, err
}

// TestServeProtocolFactoryPanics: the connection is closed, and the server goes on.
func TestServeProtocolFactoryPanics(t *testing.T) {
	checkLeftovers(t)
	err := eventloop.Run(t.Context(), func(ctx context.Context) error {
		k := newKind(t, "tcp")
		l, err := k.listen(ctx)
		if err != nil {
			return err
		}
		first := true
		s := eventloop.ServeProtocol(ctx, l, func() eventloop.Protocol {
			if first {
				first = false
				panic("no protocol")
			}
			return new(echoProtocol)
		})
		c, err := k.dial(ctx, l.Addr())
		if err != nil {
			return err
		}
		if n, err := c.Read(make([]byte, 1)); n != 0 || err == nil {
			t.Errorf("got %d, %v", n, err)
		}
		c.Close()
		if c, err = k.dial(ctx, l.Addr()); err != nil {
			return err
		}
		if err := exchange(c, []byte("hello")); err != nil {
			return err
		}
		c.Close()
		return s.Shutdown(ctx, time.Hour)
	})
	var p *eventloop.PanicError
	if !errors.As(err, &p) || p.Value != "no protocol" {
		t.Errorf("Run returns %v", err)
	}
}
