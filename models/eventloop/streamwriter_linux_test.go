package eventloop_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"syscall"
	"testing"

	"juggle/models/eventloop"
)

// testStreams runs f once for each kind of connection, with a Writer at one end.
func testStreams(t *testing.T, f func(t *testing.T, ctx context.Context, k *kind, w *eventloop.Writer, far net.Conn) error) {
	testKinds(t, func(t *testing.T, ctx context.Context, k *kind) error {
		near, far, err := k.pair(ctx)
		if err != nil {
			return err
		}
		defer far.Close()
		w := eventloop.NewWriter(ctx, near)
		if err := f(t, ctx, k, w, far); err != nil {
			return err
		}
		w.Abort()
		w.WaitClosed(ctx) // with the error that f has seen
		return ctx.Err()
	})
}

// TestDrainWaits is checklist 1c, drain: it waits above the high mark, until no more
// is left than the low mark.
func TestDrainWaits(t *testing.T) {
	const piece, high, low = 1000, 200_000, 50_000
	testStreams(t, func(t *testing.T, ctx context.Context, k *kind, w *eventloop.Writer, far net.Conn) error {
		w.SetWriteBufferLimits(high, low)
		written := 0
		for w.WriteBufferSize() <= high {
			if err := eventloop.GoEager(ctx, w.Drain).Err(); err != nil {
				return fmt.Errorf("Drain with %d bytes left: %w", w.WriteBufferSize(), err)
			}
			w.Write(make([]byte, piece))
			written += piece
		}
		left := -1
		drains := eventloop.GoEager(ctx, func(ctx context.Context) error {
			err := w.Drain(ctx)
			left = w.WriteBufferSize()
			return err
		})
		buf := make([]byte, 1000)
		for got := 0; got < written; {
			if w.WriteBufferSize() > low && drains.Done() {
				t.Errorf("Drain returned with %d bytes left", left)
			}
			n, err := far.Read(buf)
			if err != nil {
				return err
			}
			got += n
		}
		if err := drains.Wait(ctx); err != nil || left > low {
			t.Errorf("Drain returned %v with %d bytes left", err, left)
		}
		return nil
	})
}

// TestWritersDrain has several tasks drain. What is kept is bounded by the high mark
// and a piece of each task, however slow the peer.
func TestWritersDrain(t *testing.T) {
	const tasks, piece, pieces, high, low = 3, 30_000, 60, 100_000, 20_000
	testStreams(t, func(t *testing.T, ctx context.Context, k *kind, w *eventloop.Writer, far net.Conn) error {
		w.SetWriteBufferLimits(high, low)
		most, written := 0, 0
		writers := make([]*eventloop.Task, tasks)
		for i := range writers {
			writers[i] = eventloop.Go(ctx, func(ctx context.Context) error {
				for range pieces {
					if n, err := w.Write(bytes.Repeat([]byte{byte('a' + i)}, piece)); n != piece || err != nil {
						return fmt.Errorf("wrote %d, %w", n, err)
					}
					written += piece
					most = max(most, w.WriteBufferSize())
					if err := w.Drain(ctx); err != nil {
						return err
					}
				}
				return nil
			})
		}
		if err := settle(ctx, func() int { return written }); err != nil {
			return err
		}
		if written == tasks*pieces*piece {
			t.Error("all was written although nobody reads")
		}
		got := make([]byte, tasks*pieces*piece)
		if _, err := io.ReadFull(far, got); err != nil {
			return err
		}
		for i := 0; i < len(got); i += piece { // pieces do not mix
			if want := bytes.Repeat(got[i:i+1], piece); !bytes.Equal(got[i:i+piece], want) {
				return fmt.Errorf("the pieces from %d on mix", i)
			}
		}
		for _, task := range writers {
			if err := task.Wait(ctx); err != nil {
				return err
			}
		}
		if most > high+tasks*(piece+1000) {
			t.Errorf("up to %d bytes were kept", most)
		}
		return nil
	})
}

// TestWriterClose is checklist 1c, close and wait_closed: what was written is sent
// first.
func TestWriterClose(t *testing.T) {
	const size = 4 << 20
	testStreams(t, func(t *testing.T, ctx context.Context, k *kind, w *eventloop.Writer, far net.Conn) error {
		w.WriteAll(bytes.Repeat([]byte{'a'}, size/2), bytes.Repeat([]byte{'b'}, size/2))
		w.Close()
		w.Close()
		if !w.Closing() || w.WriteBufferSize() == 0 {
			t.Errorf("closing %t, %d bytes left", w.Closing(), w.WriteBufferSize())
		}
		waits := eventloop.GoEager(ctx, w.WaitClosed)
		if waits.Done() {
			t.Error("closed with bytes left to send")
		}
		_, err := w.Write([]byte("too late"))
		wantOp(t, "write", err, net.ErrClosed)
		wantIs(t, "CloseWrite", w.CloseWrite(), net.ErrClosed)
		got, err := io.ReadAll(far)
		if err != nil {
			return err
		}
		if len(got) != size || bytes.Count(got, []byte{'b'}) != size/2 {
			t.Errorf("got %d bytes", len(got))
		}
		if err := waits.Wait(ctx); err != nil {
			return err
		}
		wantIs(t, "Drain", w.Drain(ctx), net.ErrClosed)
		_, err = w.Conn().Write([]byte("too late"))
		wantIs(t, "Write of the connection", err, net.ErrClosed)
		return w.WaitClosed(ctx)
	})
}

// TestWriterCloseWrite is checklist 1c, write_eof: the peer sees the end after what
// was written, and may still answer.
func TestWriterCloseWrite(t *testing.T) {
	const size = 2 << 20
	testStreams(t, func(t *testing.T, ctx context.Context, k *kind, w *eventloop.Writer, far net.Conn) error {
		w.Write(make([]byte, size))
		if err := errors.Join(w.CloseWrite(), w.CloseWrite()); err != nil {
			return err
		}
		_, err := w.Write([]byte("too late"))
		wantOp(t, "write", err, syscall.EPIPE)
		if got, err := io.ReadAll(far); err != nil || len(got) != size {
			t.Errorf("got %d bytes, %v", len(got), err)
		}
		if _, err := far.Write([]byte("an answer\n")); err != nil {
			return err
		}
		if w.Closing() {
			t.Error("closing")
		}
		return wantLine(ctx, eventloop.NewReader(w.Conn()), "an answer\n")
	})
}

// TestWriterLosesPeer has the peer reset the connection while tasks drain: all of
// them, and whoever comes later, get the error of the connection.
func TestWriterLosesPeer(t *testing.T) {
	testStreams(t, func(t *testing.T, ctx context.Context, k *kind, w *eventloop.Writer, far net.Conn) error {
		w.Write(make([]byte, 8<<20))
		var drains []*eventloop.Task
		for range 3 {
			drains = append(drains, eventloop.GoEager(ctx, w.Drain))
		}
		eventloop.NewWriter(ctx, far).Abort()
		isLoss := func(err error) bool {
			var e *net.OpError
			return errors.As(err, &e) && (errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE))
		}
		for _, d := range drains {
			if err := d.Wait(ctx); !isLoss(err) {
				t.Errorf("Drain returns %v", err)
			}
		}
		_, write := w.Write([]byte("x"))
		for what, err := range map[string]error{"Write": write, "Drain": w.Drain(ctx), "CloseWrite": w.CloseWrite()} {
			if !isLoss(err) {
				t.Errorf("%s returns %v", what, err)
			}
		}
		if !w.Closing() || w.WriteBufferSize() != 0 {
			t.Errorf("closing %t, %d bytes left", w.Closing(), w.WriteBufferSize())
		}
		w.Close()
		if err := w.WaitClosed(ctx); !isLoss(err) {
			t.Errorf("WaitClosed returns %v", err)
		}
		return ctx.Err()
	})
}

// TestWriterAbort: the peer sees a reset, and tasks that wait go on.
func TestWriterAbort(t *testing.T) {
	testStreams(t, func(t *testing.T, ctx context.Context, k *kind, w *eventloop.Writer, far net.Conn) error {
		w.Write(make([]byte, 8<<20))
		drains, closes := eventloop.GoEager(ctx, w.Drain), eventloop.GoEager(ctx, w.WaitClosed)
		w.Abort()
		w.Abort()
		wantIs(t, "Drain", drains.Wait(ctx), net.ErrClosed)
		if err := closes.Wait(ctx); err != nil {
			t.Errorf("WaitClosed returns %v", err)
		}
		if _, err := io.Copy(io.Discard, far); k.resets() && !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("the peer got %v", err)
		}
		return nil
	})
}
