package eventloop_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net"
	"os"
	"slices"
	"syscall"
	"testing"
	"time"

	"pgregory.net/rapid"

	"juggle/models/eventloop"
)

// linked runs f in a loop with virtual time, with the two ends of a connection.
func linked(t *testing.T, o eventloop.NetworkOptions, f func(ctx context.Context, l *eventloop.Loop, near, far net.Conn) error) {
	t.Helper()
	checkLeftovers(t)
	virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		n := eventloop.NewNetwork(o)
		listener, err := n.Listen(ctx, "server:0")
		if err != nil {
			return err
		}
		near, err := n.Dial(ctx, listener.Addr().String())
		if err != nil {
			return err
		}
		far, err := listener.Accept()
		if err != nil {
			return err
		}
		return f(ctx, l, near, far)
	})
}

// closeWrite ends sending over c.
func closeWrite(c net.Conn) error { return c.(interface{ CloseWrite() error }).CloseWrite() }

// TestNetworkCarriesBytes sends random pieces both ways at once.
func TestNetworkCarriesBytes(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		o := eventloop.NetworkOptions{
			Buffer:  rapid.IntRange(0, 50).Draw(rt, "buffer"),
			Latency: time.Duration(rapid.IntRange(0, 1000).Draw(rt, "latency")),
			Jitter:  time.Duration(rapid.IntRange(0, 1000).Draw(rt, "jitter")),
			Seed:    rapid.Uint64().Draw(rt, "seed"),
		}
		pieces := rapid.SliceOf(rapid.SliceOfN(rapid.Byte(), 0, 100))
		there, back := pieces.Draw(rt, "there"), pieces.Draw(rt, "back")
		reads := rapid.IntRange(1, 100).Draw(rt, "reads")
		linked(t, o, func(ctx context.Context, _ *eventloop.Loop, near, far net.Conn) error {
			send := func(c net.Conn, pieces [][]byte) *eventloop.Task {
				return eventloop.Go(ctx, func(context.Context) error {
					for _, p := range pieces {
						if n, err := c.Write(p); n != len(p) || err != nil {
							return fmt.Errorf("wrote %d of %d: %w", n, len(p), err)
						}
					}
					return closeWrite(c)
				})
			}
			receive := func(c net.Conn, pieces [][]byte) *eventloop.Task {
				return eventloop.Go(ctx, func(context.Context) error {
					var got []byte
					for buf := make([]byte, reads); ; {
						n, err := c.Read(buf)
						got = append(got, buf[:n]...)
						if err == io.EOF {
							break
						}
						if n == 0 || err != nil {
							return fmt.Errorf("read %d: %w", n, err)
						}
					}
					if want := bytes.Join(pieces, nil); !bytes.Equal(got, want) {
						return fmt.Errorf("got %q, want %q", got, want)
					}
					return nil
				})
			}
			for _, task := range []*eventloop.Task{send(near, there), send(far, back), receive(far, there), receive(near, back)} {
				if err := task.Wait(ctx); err != nil {
					rt.Error(err)
				}
			}
			return nil
		})
	})
}

// TestNetworkLatency is exact, as time is virtual.
func TestNetworkLatency(t *testing.T) {
	const latency = 3 * time.Second
	linked(t, eventloop.NetworkOptions{Latency: latency}, func(ctx context.Context, l *eventloop.Loop, near, far net.Conn) error {
		at := func(what string, want time.Duration) {
			t.Helper()
			if got := l.Time(); got != want {
				t.Errorf("%s at %v, want %v", what, got, want)
			}
		}
		at("connected", 2*latency)
		if _, err := near.Write([]byte("ab")); err != nil {
			return err
		}
		at("written", 2*latency)
		if err := eventloop.Sleep(ctx, time.Second); err != nil {
			return err
		}
		near.Write([]byte("c"))
		near.Close()
		buf := make([]byte, 10)
		n, err := far.Read(buf)
		at(fmt.Sprintf("read %q, %v", buf[:n], err), 3*latency)
		n, err = far.Read(buf)
		at(fmt.Sprintf("read %q, %v", buf[:n], err), 3*latency+time.Second)
		if n, err = far.Read(buf); n != 0 || err != io.EOF {
			t.Errorf("at the end: %d, %v", n, err)
		}
		at("the end", 3*latency+time.Second)
		return nil
	})
}

func TestNetworkSeedDecidesDelays(t *testing.T) {
	trace := func(seed uint64) (times []time.Duration) {
		o := eventloop.NetworkOptions{Latency: time.Second, Jitter: time.Second, Seed: seed}
		linked(t, o, func(ctx context.Context, l *eventloop.Loop, near, far net.Conn) error {
			times = append(times, l.Time())
			for range 5 {
				near.Write([]byte("x"))
				if _, err := far.Read(make([]byte, 1)); err != nil {
					return err
				}
				times = append(times, l.Time())
			}
			return nil
		})
		return times
	}
	first := trace(1)
	if again := trace(1); !slices.Equal(first, again) {
		t.Errorf("the same seed gave %v and %v", first, again)
	}
	if other := trace(2); slices.Equal(first, other) {
		t.Errorf("another seed gave %v too", other)
	}
	for i := 1; i < len(first); i++ {
		if d := first[i] - first[i-1]; d < time.Second || d >= 2*time.Second {
			t.Errorf("message %d took %v", i, d)
		}
	}
}

func TestNetworkHoldsUpWriters(t *testing.T) {
	linked(t, eventloop.NetworkOptions{Buffer: 10}, func(ctx context.Context, l *eventloop.Loop, near, far net.Conn) error {
		near.SetWriteDeadline(l.Now().Add(time.Second))
		n, err := near.Write(make([]byte, 25))
		wantOp(t, "write", err, os.ErrDeadlineExceeded)
		if n != 10 || l.Time() != time.Second {
			t.Errorf("wrote %d until %v", n, l.Time())
		}
		near.SetWriteDeadline(time.Time{})
		writer := eventloop.Go(ctx, func(context.Context) error { _, err := near.Write(make([]byte, 15)); return err })
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
		if _, err := io.ReadFull(far, make([]byte, 14)); err != nil || writer.Done() {
			t.Errorf("after 14 bytes were read: %v, the writer is done: %t", err, writer.Done())
		}
		if _, err := io.ReadFull(far, make([]byte, 1)); err != nil {
			return err
		}
		if err := writer.Wait(ctx); err != nil {
			return err
		}
		writer = eventloop.GoEager(ctx, func(context.Context) error { _, err := near.Write(make([]byte, 15)); return err })
		if err := far.Close(); err != nil {
			return err
		}
		wantOp(t, "write", writer.Wait(ctx), syscall.EPIPE)
		return nil
	})
}

func TestNetworkCloseWrite(t *testing.T) {
	linked(t, eventloop.NetworkOptions{}, func(ctx context.Context, _ *eventloop.Loop, near, far net.Conn) error {
		near.Write([]byte("request"))
		if err := closeWrite(near); err != nil {
			return err
		}
		_, err := near.Write([]byte("x"))
		wantOp(t, "write", err, syscall.EPIPE)
		if got, err := io.ReadAll(far); string(got) != "request" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
		far.Write([]byte("answer"))
		far.Close()
		if got, err := io.ReadAll(near); string(got) != "answer" || err != nil {
			t.Errorf("got %q, %v", got, err)
		}
		near.Close()
		wantOp(t, "close", closeWrite(near), net.ErrClosed)
		return nil
	})
}

// TestNetworkClose closes one end while tasks wait at both.
func TestNetworkClose(t *testing.T) {
	for _, outside := range []bool{false, true} {
		linked(t, eventloop.NetworkOptions{Buffer: 4}, func(ctx context.Context, _ *eventloop.Loop, near, far net.Conn) error {
			begin := func(op func([]byte) (int, error), n int) *eventloop.Task {
				return eventloop.GoEager(ctx, func(context.Context) error { _, err := op(make([]byte, n)); return err })
			}
			readers := []*eventloop.Task{begin(near.Read, 1), begin(near.Read, 1)}
			writers := []*eventloop.Task{begin(near.Write, 9), begin(near.Write, 9)}
			if outside {
				if _, err := eventloop.Offload(ctx, func() (int, error) { return 0, near.Close() }); err != nil {
					return err
				}
			} else if err := near.Close(); err != nil {
				return err
			}
			for i := range readers {
				wantOp(t, "read", readers[i].Wait(ctx), net.ErrClosed)
				wantOp(t, "write", writers[i].Wait(ctx), net.ErrClosed)
			}
			if got, err := io.ReadAll(far); len(got) != 4 || err != nil {
				t.Errorf("the peer got %q, %v; want the 4 bytes that were sent", got, err)
			}
			_, err := far.Write([]byte("x"))
			wantOp(t, "write", err, syscall.EPIPE)
			_, err = near.Read(make([]byte, 1))
			wantOp(t, "read", err, net.ErrClosed)
			wantOp(t, "close", near.Close(), net.ErrClosed)
			wantOp(t, "set", near.SetDeadline(time.Time{}), net.ErrClosed)
			return far.Close()
		})
	}
}

func TestNetworkDeadlineMovesWhileWaiting(t *testing.T) {
	linked(t, eventloop.NetworkOptions{Latency: 10 * time.Second}, func(ctx context.Context, l *eventloop.Loop, near, far net.Conn) error {
		begin := l.Time()
		near.Write([]byte("x"))
		read := func() *eventloop.Task {
			return eventloop.Go(ctx, func(context.Context) error { _, err := far.Read(make([]byte, 1)); return err })
		}
		reader := read()
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
		far.SetReadDeadline(l.Now().Add(2 * time.Second)) // sooner than the message
		wantOp(t, "read", reader.Wait(ctx), os.ErrDeadlineExceeded)
		if got := l.Time() - begin; got != 2*time.Second {
			t.Errorf("the deadline came after %v", got)
		}
		far.SetReadDeadline(l.Now().Add(3 * time.Second))
		reader = read()
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
		far.SetReadDeadline(time.Time{})
		if err := reader.Wait(ctx); err != nil || l.Time()-begin != 10*time.Second {
			t.Errorf("the message came after %v: %v", l.Time()-begin, err)
		}
		return nil
	})
}

// TestNetworkReadersTakeTurns has one read wait for the turn of another, which
// must not stop the virtual clock.
func TestNetworkReadersTakeTurns(t *testing.T) {
	linked(t, eventloop.NetworkOptions{Latency: time.Second}, func(ctx context.Context, l *eventloop.Loop, near, far net.Conn) error {
		begin := l.Time()
		var got []byte
		read := func(context.Context) error {
			buf := make([]byte, 1)
			_, err := far.Read(buf)
			got = append(got, buf[0])
			return err
		}
		first, second := eventloop.GoEager(ctx, read), eventloop.GoEager(ctx, read)
		near.Write([]byte("ab"))
		for _, reader := range []*eventloop.Task{first, second} {
			if err := reader.Wait(ctx); err != nil {
				return err
			}
		}
		if passed := l.Time() - begin; string(got) != "ab" || passed != time.Second {
			t.Errorf("got %q after %v", got, passed)
		}
		return nil
	})
}
