package eventloop_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"slices"
	"testing"

	"juggle/models/eventloop"
)

// TestWriterDoesNotMixWithConn has a task write to the connection itself while the
// Writer has something left, and the other way round: with a socket below, each comes
// in one piece, and after what is left.
func TestWriterDoesNotMixWithConn(t *testing.T) {
	const size = 3 << 20
	testStreams(t, func(t *testing.T, ctx context.Context, k *kind, w *eventloop.Writer, far net.Conn) error {
		if k.network != nil {
			return nil // its Writer has a task, which has its turn like any other
		}
		part := func(b byte) []byte { return bytes.Repeat([]byte{b}, size) }
		write := func(b byte) *eventloop.Task {
			return eventloop.GoEager(ctx, func(context.Context) error { _, err := w.Conn().Write(part(b)); return err })
		}
		w.Write(part('a'))
		tasks := []*eventloop.Task{write('b')}
		w.Write(part('c'))
		tasks = append(tasks, write('d'))
		got := make([]byte, 4*size)
		if _, err := io.ReadFull(far, got); err != nil {
			return err
		}
		for _, task := range tasks {
			if err := task.Wait(ctx); err != nil {
				return err
			}
		}
		if order := slices.Compact(got); len(order) != 4 || order[0] != 'a' {
			t.Errorf("the parts came as %.20q", order)
		}
		return nil
	})
}

// TestWriterIsReplaced: a second Writer takes a connection over, and the first
// one says so.
func TestWriterIsReplaced(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		near, far, err := newKind(t, "tcp").pair(ctx)
		if err != nil {
			return err
		}
		defer far.Close()
		first := eventloop.NewWriter(ctx, near)
		first.Write([]byte("plain\n"))
		second := eventloop.NewWriter(ctx, near)
		second.Write([]byte("again\n"))
		_, err = first.Write([]byte("too late"))
		wantOp(t, "write", err, eventloop.ErrReplaced)
		r := eventloop.NewReader(far)
		if err := errors.Join(wantLine(ctx, r, "plain\n"), wantLine(ctx, r, "again\n")); err != nil {
			return err
		}
		second.Close()
		return second.WaitClosed(ctx)
	})
}

// TestWriterIsClosedBelow closes the connection under a Writer that has something
// left.
func TestWriterIsClosedBelow(t *testing.T) {
	testStreams(t, func(t *testing.T, ctx context.Context, k *kind, w *eventloop.Writer, far net.Conn) error {
		w.Write(make([]byte, 8<<20))
		drains := eventloop.GoEager(ctx, w.Drain)
		w.Conn().Close()
		if err := drains.Wait(ctx); err == nil {
			t.Error("Drain has succeeded")
		}
		if w.WriteBufferSize() != 0 {
			t.Errorf("%d bytes left", w.WriteBufferSize())
		}
		return nil
	})
}
