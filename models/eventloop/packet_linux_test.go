package eventloop_test

import (
	"context"
	"errors"
	"net"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"juggle/models/eventloop"
)

// testPackets runs f once per network of messages, with a socket that listens.
func testPackets(t *testing.T, f func(ctx context.Context, p net.PacketConn, network string) error) {
	for _, c := range []struct{ network, address string }{
		{"udp", "127.0.0.1:0"},
		{"udp4", "127.0.0.1:0"},
		{"udp6", "[::1]:0"},
		{"udp", "[::1]:0"},
		{"unixgram", filepath.Join(t.TempDir(), "socket")},
	} {
		t.Run(c.network, func(t *testing.T) {
			checkLeftovers(t)
			run(t, func(ctx context.Context) error {
				p, err := eventloop.ListenPacket(ctx, c.network, c.address)
				if err != nil {
					return err
				}
				defer p.Close()
				return f(ctx, p, c.network)
			})
		})
	}
}

// TestPackets sends messages of all sorts of lengths, which keep their borders.
func TestPackets(t *testing.T) {
	testPackets(t, func(ctx context.Context, p net.PacketConn, network string) error {
		c, err := eventloop.Dial(ctx, network, p.LocalAddr().String())
		if err != nil {
			return err
		}
		defer c.Close()
		buf := make([]byte, 2000)
		for _, size := range []int{1, 1000, 0, 7} {
			receiver := eventloop.Go(ctx, func(context.Context) error {
				n, from, err := p.ReadFrom(buf)
				if n != size {
					t.Errorf("got %d bytes of %d", n, size)
				}
				if network != "unixgram" && (from == nil || from.String() != c.LocalAddr().String() || from.Network() != "udp") {
					t.Errorf("from %v, want %v", from, c.LocalAddr())
				}
				if network == "unixgram" && from != nil {
					t.Errorf("from %v, which has no name", from)
				}
				return err
			})
			if err := eventloop.Yield(ctx); err != nil { // it waits
				return err
			}
			if n, err := c.Write(make([]byte, size)); n != size || err != nil {
				t.Errorf("wrote %d of %d: %v", n, size, err)
			}
			if err := receiver.Wait(ctx); err != nil {
				return err
			}
		}
		return nil
	})
}

// TestPacketAnswers sends back to where a message came from. An empty answer is
// no end, and a long one is cut.
func TestPacketAnswers(t *testing.T) {
	testPackets(t, func(ctx context.Context, p net.PacketConn, network string) error {
		address := strings.Replace(p.LocalAddr().String(), "socket", "other", 1)
		if network != "unixgram" {
			host, _, _ := net.SplitHostPort(address)
			address = net.JoinHostPort(host, "0")
		}
		other, err := eventloop.ListenPacket(ctx, network, address)
		if err != nil {
			return err
		}
		defer other.Close()
		if _, err := other.WriteTo([]byte("question"), p.LocalAddr()); err != nil {
			return err
		}
		buf := make([]byte, 5)
		n, from, err := p.ReadFrom(buf)
		if string(buf[:n]) != "quest" || err != nil || from.String() != other.LocalAddr().String() {
			t.Errorf("got %q from %v: %v", buf[:n], from, err)
		}
		for _, answer := range []string{"", "answer"} {
			if _, err := p.WriteTo([]byte(answer), from); err != nil {
				return err
			}
			buf := make([]byte, 100)
			if n, _, err := other.ReadFrom(buf); string(buf[:n]) != answer || err != nil {
				t.Errorf("got %q, %v", buf[:n], err)
			}
		}
		return nil
	})
}

// TestUDPConnReadsEmptyMessages tells them from the end of a stream.
func TestUDPConnReadsEmptyMessages(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		p, err := eventloop.ListenPacket(ctx, "udp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		c, err := eventloop.Dial(ctx, "udp", p.LocalAddr().String())
		if err != nil {
			return err
		}
		for _, m := range []string{"", "x"} {
			if _, err := p.WriteTo([]byte(m), c.LocalAddr()); err != nil {
				return err
			}
			buf := make([]byte, 10)
			if n, err := c.Read(buf); string(buf[:n]) != m || err != nil {
				t.Errorf("got %q, %v; want %q", buf[:n], err, m)
			}
		}
		return nil
	})
}

// TestUDPRefused sends to a port that nobody has, which a later call finds out.
func TestUDPRefused(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		p, err := eventloop.ListenPacket(ctx, "udp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		if err := p.Close(); err != nil {
			return err
		}
		c, err := eventloop.Dial(ctx, "udp", p.LocalAddr().String())
		if err != nil {
			return err
		}
		defer c.Close()
		if _, err := c.Write([]byte("x")); err != nil {
			return err
		}
		_, err = c.Read(make([]byte, 1))
		wantOp(t, "read", err, syscall.ECONNREFUSED)
		return nil
	})
}

func TestPacketDeadlinesAndClose(t *testing.T) {
	testPackets(t, func(ctx context.Context, p net.PacketConn, network string) error {
		read := func(context.Context) error { _, _, err := p.ReadFrom(make([]byte, 1)); return err }
		p.SetReadDeadline(time.Now().Add(time.Millisecond))
		wantOp(t, "read", read(ctx), os.ErrDeadlineExceeded)
		p.SetReadDeadline(time.Time{})
		cancelled := eventloop.GoEager(ctx, read)
		cancelled.Cancel(errTest)
		wantOp(t, "read", cancelled.Wait(ctx), errTest)
		reader := eventloop.GoEager(ctx, read)
		if err := p.Close(); err != nil {
			return err
		}
		wantOp(t, "read", reader.Wait(ctx), net.ErrClosed)
		_, err := p.WriteTo([]byte("x"), p.LocalAddr())
		wantOp(t, "write", err, net.ErrClosed)
		wantOp(t, "close", p.Close(), net.ErrClosed)
		if _, err := os.Stat(p.LocalAddr().String()); network == "unixgram" && !errors.Is(err, os.ErrNotExist) {
			t.Errorf("the socket's file is still there: %v", err)
		}
		return nil
	})
}

func TestPacketErrors(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		for _, c := range []struct {
			network, address string
			want             error
		}{
			{"tcp", "127.0.0.1:0", net.UnknownNetworkError("tcp")},
			{"unix", "x", net.UnknownNetworkError("unix")},
			{"ip", "127.0.0.1:0", net.UnknownNetworkError("ip")},
			{"udp", "192.0.2.1:0", syscall.EADDRNOTAVAIL},
		} {
			_, err := eventloop.ListenPacket(ctx, c.network, c.address)
			wantOp(t, "listen", err, c.want)
		}
		_, err := eventloop.Listen(ctx, "udp", "127.0.0.1:0")
		wantOp(t, "listen", err, net.UnknownNetworkError("udp"))

		p, err := eventloop.ListenPacket(ctx, "udp4", "127.0.0.1:0")
		if err != nil {
			return err
		}
		for what, to := range map[string]net.Addr{
			"IPv6":          &net.UDPAddr{IP: net.IPv6loopback, Port: 1},
			"no IP":         &net.UDPAddr{Port: 1},
			"nil":           (*net.UDPAddr)(nil),
			"Unix":          &net.UnixAddr{Name: "x", Net: "unixgram"},
			"TCP":           &net.TCPAddr{IP: net.IPv4(127, 0, 0, 1), Port: 1},
			"nothing":       nil,
			"port 0":        &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)},
			"another's":     &net.UnixAddr{},
			"nil Unix addr": (*net.UnixAddr)(nil),
		} {
			_, err := p.WriteTo([]byte("x"), to)
			var e *net.OpError
			if !errors.As(err, &e) || e.Op != "write" {
				t.Errorf("%s: got %v", what, err)
			}
		}
		_, err = p.WriteTo(make([]byte, 70000), p.LocalAddr())
		wantOp(t, "write", err, syscall.EMSGSIZE)
		return nil
	})
}
