package eventloop_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"io"
	"slices"
	"syscall"
	"testing"

	"juggle/models/eventloop"
)

// TestTransportCloseFlushes writes more than the kernel takes and closes at once.
func TestTransportCloseFlushes(t *testing.T) {
	const size = 4 << 20
	testKinds(t, func(t *testing.T, ctx context.Context, k *kind) error {
		r := newRecorder(ctx)
		sent := bytes.Repeat([]byte("0123456789abcdef"), size/16)
		r.on["made"] = func([]byte) {
			r.transport.WriteAll(sent[:size/2], sent[size/2:])
			r.transport.Close()
			r.transport.Close()
			if r.transport.WriteBufferSize() == 0 {
				t.Error("nothing is left to send; there is nothing to test")
			}
		}
		c, s, err := k.serveRecorder(ctx, r)
		if err != nil {
			return err
		}
		got, err := io.ReadAll(c)
		if err != nil {
			return err
		}
		if len(got) != size || sha256.Sum256(got) != sha256.Sum256(sent) {
			t.Errorf("got %d bytes, or others than those that were sent", len(got))
		}
		c.Close()
		if err := s.WaitClosed(ctx); err != nil {
			return err
		}
		r.want(t, "made", "pause", "resume", "lost")
		if r.lost != nil || r.transport.WriteBufferSize() != 0 {
			t.Errorf("lost with %v, %d bytes left", r.lost, r.transport.WriteBufferSize())
		}
		return nil
	})
}

// TestTransportAbort is checklist 1b, abort_clients: what was not sent is dropped,
// and a TCP peer sees a reset.
func TestTransportAbort(t *testing.T) {
	testKinds(t, func(t *testing.T, ctx context.Context, k *kind) error {
		r := newRecorder(ctx)
		r.on["made"] = func([]byte) {
			r.transport.Write(make([]byte, 8<<20))
		}
		c, s, err := k.serveRecorder(ctx, r)
		if err != nil {
			return err
		}
		for r.transport == nil {
			if err := eventloop.Yield(ctx); err != nil {
				return err
			}
		}
		r.transport.Abort()
		r.transport.Abort()
		if slices.Contains(r.events, "lost") {
			t.Error("ConnectionLost was called inside Abort")
		}
		n, err := io.Copy(io.Discard, c)
		if n == 8<<20 || k.resets() && !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("got %d bytes, %v", n, err)
		}
		if err := s.WaitClosed(ctx); err != nil {
			return err
		}
		r.want(t, "made", "pause", "lost")
		if r.lost != nil || r.transport.WriteBufferSize() != 0 {
			t.Errorf("lost with %v, %d bytes left", r.lost, r.transport.WriteBufferSize())
		}
		c.Close()
		return nil
	})
}
