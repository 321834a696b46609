package eventloop_test

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"juggle/models/eventloop"
)

// places are the networks that a connection can be of.
func places(t *testing.T) []struct{ network, address string } {
	return []struct{ network, address string }{
		{"tcp", "127.0.0.1:0"},
		{"tcp4", "127.0.0.1:0"},
		{"tcp6", "[::1]:0"},
		{"tcp", "[::1]:0"},
		{"unix", filepath.Join(t.TempDir(), "socket")},
	}
}

// testConns runs f once per network, with an echo server to talk to.
func testConns(t *testing.T, f func(ctx context.Context, l net.Listener, network string) error) {
	for i, p := range places(t) {
		t.Run(fmt.Sprint(i, p.network), func(t *testing.T) {
			checkLeftovers(t)
			run(t, func(ctx context.Context) error {
				l, err := listen(ctx, p.network, p.address, echo)
				if err != nil {
					return err
				}
				defer l.Close()
				return f(ctx, l, p.network)
			})
		})
	}
}

func TestEcho(t *testing.T) {
	testConns(t, func(ctx context.Context, l net.Listener, network string) error {
		return each(ctx, 10, func(ctx context.Context, i int) error {
			c, err := eventloop.Dial(ctx, network, l.Addr().String())
			if err != nil {
				return err
			}
			defer c.Close()
			for turn := range 300 {
				want := fmt.Appendf(nil, "message %d of task %d", turn, i)
				if _, err := c.Write(want); err != nil {
					return err
				}
				got := make([]byte, len(want))
				if _, err := io.ReadFull(c, got); err != nil {
					return err
				}
				if !bytes.Equal(got, want) {
					return fmt.Errorf("got %q, want %q", got, want)
				}
			}
			return nil
		})
	})
}

// TestLargeWrites sends more than the kernel buffers, so that writers wait too,
// from two tasks at once whose messages must not mix.
func TestLargeWrites(t *testing.T) {
	const size, writers = 8 << 20, 2
	testConns(t, func(ctx context.Context, l net.Listener, network string) error {
		c, err := eventloop.Dial(ctx, network, l.Addr().String())
		if err != nil {
			return err
		}
		defer c.Close()
		for i := range writers {
			eventloop.Go(ctx, func(context.Context) error {
				n, err := c.Write(bytes.Repeat([]byte{byte('a' + i)}, size))
				if n != size && err == nil {
					return fmt.Errorf("wrote %d of %d bytes without an error", n, size)
				}
				return err
			})
		}
		got := make([]byte, size*writers)
		if _, err := io.ReadFull(c, got); err != nil {
			return err
		}
		want := sha256.Sum256(append(bytes.Repeat([]byte{'a'}, size), bytes.Repeat([]byte{'b'}, size)...))
		if sha256.Sum256(got) != want {
			return errors.New("what came back is not what was sent")
		}
		return nil
	})
}

// TestWritesDoNotMix has a write wait for room and another one begin at a moment
// when there is room again.
func TestWritesDoNotMix(t *testing.T) {
	checkLeftovers(t)
	const large = 4 << 20
	run(t, func(ctx context.Context) error {
		l, err := eventloop.Listen(ctx, "unix", filepath.Join(t.TempDir(), "socket"))
		if err != nil {
			return err
		}
		near, err := eventloop.Dial(ctx, "unix", l.Addr().String())
		if err != nil {
			return err
		}
		far, err := l.Accept()
		if err != nil {
			return err
		}
		write := func(p []byte) *eventloop.Task {
			return eventloop.Go(ctx, func(context.Context) error { _, err := near.Write(p); return err })
		}
		write(make([]byte, large)) // waits when the buffer is full
		head := make([]byte, 64<<10)
		eventloop.Go(ctx, func(context.Context) error { _, err := io.ReadFull(far, head); return err })
		write([]byte{1})
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
		rest := make([]byte, large+1-len(head))
		if _, err := io.ReadFull(far, rest); err != nil {
			return err
		}
		if i := bytes.IndexByte(rest, 1); i != len(rest)-1 {
			t.Errorf("the second write is at %d of %d", i, len(rest))
		}
		return nil
	})
}

// TestCloseBeforeTurn closes a connection when the turn to read was handed to a
// task that has not run yet.
func TestCloseBeforeTurn(t *testing.T) {
	testConns(t, func(ctx context.Context, l net.Listener, network string) error {
		c, err := eventloop.Dial(ctx, network, l.Addr().String())
		if err != nil {
			return err
		}
		first := eventloop.Go(ctx, func(context.Context) error {
			if _, err := c.Read(make([]byte, 1)); err != nil {
				return err
			}
			return c.Close()
		})
		second := eventloop.Go(ctx, func(context.Context) error {
			_, err := c.Read(make([]byte, 1))
			return err
		})
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
		if _, err := c.Write([]byte("x")); err != nil {
			return err
		}
		if err := first.Wait(ctx); err != nil {
			return err
		}
		wantOp(t, "read", second.Wait(ctx), net.ErrClosed)
		return nil
	})
}

func TestAddresses(t *testing.T) {
	testConns(t, func(ctx context.Context, l net.Listener, network string) error {
		c, err := eventloop.Dial(ctx, network, l.Addr().String())
		if err != nil {
			return err
		}
		defer c.Close()
		plain, err := eventloop.Offload(ctx, func() (net.Conn, error) {
			return net.Dial(network, l.Addr().String())
		})
		if err != nil {
			return err
		}
		defer plain.Close()
		if got, want := c.RemoteAddr(), plain.RemoteAddr(); got.String() != want.String() || got.Network() != want.Network() {
			t.Errorf("remote address %v, package net has %v", got, want)
		}
		if got, want := c.LocalAddr(), plain.LocalAddr(); got.Network() != want.Network() ||
			network != "unix" && got.(*net.TCPAddr).Port == 0 {
			t.Errorf("local address %v, package net has %v", got, want)
		}
		return nil
	})
}

func TestEOFAndClose(t *testing.T) {
	testConns(t, func(ctx context.Context, l net.Listener, network string) error {
		quick, err := listen(ctx, "tcp", "127.0.0.1:0", func(c net.Conn) error { return c.Close() })
		if err != nil {
			return err
		}
		c, err := eventloop.Dial(ctx, "tcp", quick.Addr().String())
		if err != nil {
			return err
		}
		for range 2 {
			if n, err := c.Read(make([]byte, 1)); n != 0 || err != io.EOF {
				t.Errorf("at the end: got %d, %v", n, err)
			}
		}
		if n, err := c.Read(nil); n != 0 || err != nil {
			t.Errorf("Read of nothing: got %d, %v", n, err)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		_, read := c.Read(make([]byte, 1))
		_, write := c.Write(make([]byte, 1))
		for op, err := range map[string]error{"read": read, "write": write, "close": c.Close(), "set": c.SetDeadline(time.Now())} {
			wantOp(t, op, err, net.ErrClosed)
		}
		return nil
	})
}

// wantOp fails the test if err is not the *net.OpError that package net returns.
func wantOp(t *testing.T, op string, err, want error) {
	t.Helper()
	wantIs(t, op, err, want)
	var e *net.OpError
	if !errors.As(err, &e) || e.Op != op {
		t.Errorf("%s: got %#v, want a *net.OpError", op, err)
	}
}

func TestCloseWhileWaiting(t *testing.T) {
	testConns(t, func(ctx context.Context, l net.Listener, network string) error {
		for _, outside := range []bool{false, true} {
			c, err := eventloop.Dial(ctx, network, l.Addr().String())
			if err != nil {
				return err
			}
			waiting := 0
			read := func(context.Context) error {
				waiting++
				_, err := c.Read(make([]byte, 1))
				return err
			}
			readers := []*eventloop.Task{eventloop.Go(ctx, read), eventloop.Go(ctx, read)}
			for waiting < 2 {
				if err := eventloop.Yield(ctx); err != nil {
					return err
				}
			}
			if outside {
				go c.Close()
			} else if err := c.Close(); err != nil {
				t.Error(err)
			}
			for _, r := range readers {
				wantOp(t, "read", r.Wait(ctx), net.ErrClosed)
			}
		}
		return nil
	})
}

func TestCloseOfListener(t *testing.T) {
	testConns(t, func(ctx context.Context, _ net.Listener, _ string) error {
		path := filepath.Join(t.TempDir(), "other")
		l, err := eventloop.Listen(ctx, "unix", path)
		if err != nil {
			return err
		}
		task := eventloop.Go(ctx, func(context.Context) error { _, err := l.Accept(); return err })
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
		if err := l.Close(); err != nil {
			t.Error(err)
		}
		wantOp(t, "accept", task.Wait(ctx), net.ErrClosed)
		wantOp(t, "close", l.Close(), net.ErrClosed)
		if _, err := os.Stat(path); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the socket's file is still there: %v", err)
		}
		return nil
	})
}

func TestDeadlines(t *testing.T) {
	testConns(t, func(ctx context.Context, l net.Listener, network string) error {
		c, err := eventloop.Dial(ctx, network, l.Addr().String())
		if err != nil {
			return err
		}
		defer c.Close()
		read := func() error { _, err := c.Read(make([]byte, 1)); return err }
		late := func(op string, err error) {
			t.Helper()
			wantOp(t, op, err, os.ErrDeadlineExceeded)
			if e, ok := err.(net.Error); !ok || !e.Timeout() {
				t.Errorf("%s: %v is no timeout", op, err)
			}
		}
		due := time.Now().Add(2 * time.Millisecond)
		c.SetReadDeadline(due)
		late("read", read())
		if time.Now().Before(due) {
			t.Error("the deadline came early")
		}
		late("read", read()) // it stays
		if _, err := c.Write([]byte("x")); err != nil {
			t.Errorf("the read deadline ended a write: %v", err)
		}
		c.SetReadDeadline(time.Now().Add(time.Hour))
		if err := read(); err != nil {
			t.Errorf("after the deadline was moved: %v", err)
		}
		// Moved while tasks wait, here and from another goroutine.
		for _, outside := range []bool{false, true} {
			c.SetDeadline(time.Time{})
			readers := []*eventloop.Task{
				eventloop.Go(ctx, func(context.Context) error { return read() }),
				eventloop.Go(ctx, func(context.Context) error { return read() }),
			}
			if err := eventloop.Yield(ctx); err != nil {
				return err
			}
			if outside {
				if _, err := eventloop.Offload(ctx, func() (int, error) { return 0, c.SetDeadline(time.Now()) }); err != nil {
					return err
				}
			} else {
				c.SetDeadline(time.Now())
			}
			for _, r := range readers {
				late("read", r.Wait(ctx))
			}
		}
		_, err = c.Write(make([]byte, 1))
		late("write", err)
		return nil
	})
}

func TestReadIsCancelled(t *testing.T) {
	testConns(t, func(ctx context.Context, l net.Listener, network string) error {
		c, err := eventloop.Dial(ctx, network, l.Addr().String())
		if err != nil {
			return err
		}
		defer c.Close()
		var task *eventloop.Task
		task = eventloop.Go(ctx, func(context.Context) error {
			_, err := c.Read(make([]byte, 1))
			wantOp(t, "read", err, errTest)
			task.Cancel(errTest)
			_, err = c.Write(make([]byte, 1))
			wantOp(t, "write", err, errTest)
			return nil
		})
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
		task.Cancel(errTest)
		if err := task.Wait(ctx); err != nil {
			return err
		}
		// The connection is as good as before, for others.
		if _, err := c.Write([]byte("x")); err != nil {
			return err
		}
		_, err = c.Read(make([]byte, 1))
		return err
	})
}

// TestBusySocketsTakeTurns has a task read what never runs dry, beside one that
// must have its turn all the same.
func TestBusySocketsTakeTurns(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		l, err := listen(ctx, "tcp", "127.0.0.1:0", echo)
		if err != nil {
			return err
		}
		done := false
		c, err := eventloop.Dial(ctx, "tcp", l.Addr().String())
		if err != nil {
			return err
		}
		eventloop.Go(ctx, func(ctx context.Context) error { done = true; return nil })
		// Reading nothing succeeds at once, for ever.
		for !done {
			if _, err := c.Read(nil); err != nil {
				return err
			}
		}
		return nil
	})
}

// TestYieldersDoNotStarveSockets has a task that is always ready beside one that
// waits for a socket, and one that waits for a timer.
func TestYieldersDoNotStarveSockets(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		l, err := listen(ctx, "tcp", "127.0.0.1:0", echo)
		if err != nil {
			return err
		}
		eventloop.Go(ctx, func(ctx context.Context) error {
			for {
				if err := eventloop.Yield(ctx); err != nil {
					return err
				}
			}
		})
		c, err := eventloop.Dial(ctx, "tcp", l.Addr().String())
		if err != nil {
			return err
		}
		if _, err := c.Write([]byte("x")); err != nil {
			return err
		}
		if _, err := c.Read(make([]byte, 1)); err != nil {
			return err
		}
		return eventloop.Sleep(ctx, time.Millisecond)
	})
}

// TestHTTP speaks to a server of net/http.
func TestHTTP(t *testing.T) {
	checkLeftovers(t)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		io.Copy(w, r.Body)
		io.WriteString(w, strings.Repeat("!", 100_000))
	}))
	defer server.Close()
	run(t, func(ctx context.Context) error {
		return each(ctx, 20, func(ctx context.Context, i int) error {
			c, err := eventloop.Dial(ctx, "tcp", server.Listener.Addr().String())
			if err != nil {
				return err
			}
			defer c.Close()
			in := bufio.NewReader(c)
			for turn := range 5 {
				body := fmt.Sprint("task ", i, " turn ", turn)
				req, err := http.NewRequest("POST", server.URL, strings.NewReader(body))
				if err != nil {
					return err
				}
				if err := req.Write(c); err != nil {
					return err
				}
				resp, err := http.ReadResponse(in, req)
				if err != nil {
					return err
				}
				got, err := io.ReadAll(resp.Body)
				if err != nil {
					return err
				}
				if want := body + strings.Repeat("!", 100_000); string(got) != want {
					t.Errorf("got %d bytes, want %d", len(got), len(want))
				}
			}
			return nil
		})
	})
}

func TestDialErrors(t *testing.T) {
	checkLeftovers(t)
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := plain.Addr().String()
	plain.Close()
	missing := filepath.Join(t.TempDir(), "missing")
	run(t, func(ctx context.Context) error {
		for _, c := range []struct {
			network, address string
			want             error
		}{
			{"tcp", nobody, syscall.ECONNREFUSED},
			{"tcp4", nobody, syscall.ECONNREFUSED},
			{"unix", missing, syscall.ENOENT},
			{"ip", nobody, net.UnknownNetworkError("ip")},
		} {
			_, err := eventloop.Dial(ctx, c.network, c.address)
			wantOp(t, "dial", err, c.want)
			if _, plain := net.Dial(c.network, c.address); c.network != "ip" && err.Error() != plain.Error() {
				t.Errorf("got %q, package net has %q", err, plain)
			}
		}
		for _, c := range []struct{ network, address, want string }{
			{"tcp", "no.such.invalid:80", "dial tcp: lookup no.such.invalid: no such host"},
			{"tcp", "127.0.0.1:no-such-service", "dial tcp: lookup tcp/no-such-service: unknown port"},
			{"tcp", "127.0.0.1:70000", "dial tcp: address 70000: invalid port"},
			{"tcp", "127.0.0.1", "dial tcp: address 127.0.0.1: missing port in address"},
			{"tcp6", "127.0.0.1:80", "dial tcp6: address 127.0.0.1: not an address of network tcp6"},
			{"tcp4", "[::1]:80", "dial tcp4: address ::1: not an address of network tcp4"},
			{"unix", "", "dial unix: missing path of the socket"},
		} {
			_, err := eventloop.Dial(ctx, c.network, c.address)
			var e *net.OpError
			if !errors.As(err, &e) || err.Error() != c.want {
				t.Errorf("%s %q: got %v", c.network, c.address, err)
			}
		}
		ended, cancel := context.WithCancelCause(ctx)
		cancel(errTest)
		task := eventloop.Go(ended, func(ctx context.Context) error {
			_, err := eventloop.Dial(ctx, "tcp", nobody)
			return err
		})
		wantOp(t, "dial", task.Wait(ctx), errTest)
		return nil
	})
}

// TestDialIsCancelled dials a server whose queue is full, which never answers.
func TestDialIsCancelled(t *testing.T) {
	checkLeftovers(t)
	address := fullServer(t)
	run(t, func(ctx context.Context) error {
		short, cancel := context.WithTimeoutCause(ctx, 5*time.Millisecond, errTest)
		defer cancel()
		c, err := eventloop.Dial(short, "tcp", address)
		if err == nil {
			c.Close()
		}
		wantOp(t, "dial", err, errTest)
		task := eventloop.Go(ctx, func(ctx context.Context) error {
			_, err := eventloop.Dial(ctx, "tcp", address)
			return err
		})
		if err := eventloop.Sleep(ctx, time.Millisecond); err != nil {
			return err
		}
		task.Cancel(errTest)
		wantOp(t, "dial", task.Wait(ctx), errTest)
		return nil
	})
}

// fullServer returns the address of a socket that listens and never accepts, and
// whose queue is full, so that the kernel drops what wants to connect.
func fullServer(t *testing.T) string {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { syscall.Close(fd) })
	if err := syscall.Bind(fd, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Listen(fd, 0); err != nil {
		t.Fatal(err)
	}
	sa, err := syscall.Getsockname(fd)
	if err != nil {
		t.Fatal(err)
	}
	address := fmt.Sprintf("127.0.0.1:%d", sa.(*syscall.SockaddrInet4).Port)
	c, err := net.Dial("tcp", address) // fills the queue: a backlog of 0 takes one
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return address
}

// TestSocketsLeftOpen checks that Run closes what tasks did not.
func TestSocketsLeftOpen(t *testing.T) {
	checkLeftovers(t)
	var c net.Conn
	run(t, func(ctx context.Context) error {
		l, err := listen(ctx, "tcp", "127.0.0.1:0", silent)
		if err != nil {
			return err
		}
		c, err = eventloop.Dial(ctx, "tcp", l.Addr().String())
		return err
	})
	_, err := c.Read(make([]byte, 1))
	wantOp(t, "read", err, net.ErrClosed)
	wantOp(t, "close", c.Close(), net.ErrClosed)
}

func TestEchoAllocatesNothing(t *testing.T) {
	run(t, func(ctx context.Context) error {
		l, err := listen(ctx, "tcp", "127.0.0.1:0", echo)
		if err != nil {
			return err
		}
		c, err := eventloop.Dial(ctx, "tcp", l.Addr().String())
		if err != nil {
			return err
		}
		buf := make([]byte, 64)
		if n := testing.AllocsPerRun(100, func() {
			c.SetDeadline(time.Now().Add(time.Hour))
			if _, err := c.Write(buf); err != nil {
				t.Error(err)
			}
			if _, err := io.ReadFull(c, buf); err != nil {
				t.Error(err)
			}
		}); n != 0 {
			t.Errorf("a request allocates %v times", n)
		}
		return nil
	})
}
