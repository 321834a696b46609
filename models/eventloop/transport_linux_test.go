package eventloop_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"syscall"
	"testing"

	"juggle/models/eventloop"
)

// until lets others run until done.
func until(ctx context.Context, done func() bool) error {
	for !done() {
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
	}
	return nil
}

// settle lets others run until nothing of them has happened for a while.
func settle(ctx context.Context, state func() int) error {
	for quiet, last := 0, state(); quiet < 1000; quiet++ {
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
		if now := state(); now != last {
			quiet, last = 0, now
		}
	}
	return nil
}

// TestTransportBackPressure has a protocol that heeds PauseWriting send very much to
// a peer that reads nothing at first: what is kept is bounded by the high mark, and
// everything arrives.
func TestTransportBackPressure(t *testing.T) {
	const piece, total, high, low = 10_000, 4 << 20, 100_000, 20_000
	testKinds(t, func(t *testing.T, ctx context.Context, k *kind) error {
		p := newProducer(t, ctx, total, piece, high, low)
		c, s, err := k.serveRecorder(ctx, p.recorder)
		if err != nil {
			return err
		}
		if err := settle(ctx, func() int { return p.sent }); err != nil {
			return err
		}
		if !p.paused || p.sent == total {
			t.Errorf("paused %t after %d bytes that nobody reads", p.paused, p.sent)
		}
		got, err := io.ReadAll(c)
		if err != nil {
			return err
		}
		for i, b := range got {
			if b != byte(i/piece) {
				return fmt.Errorf("byte %d is wrong", i)
			}
		}
		// A layer of TLS adds a little to each piece.
		if len(got) != total || p.most > high+piece+1000 || !slices.Contains(p.events, "resume") {
			t.Errorf("got %d bytes of %d; up to %d were kept", len(got), total, p.most)
		}
		c.Close()
		return s.WaitClosed(ctx)
	})
}

// A producer is a protocol that sends total bytes, piece by piece, and heeds the
// marks. It notes how much was kept at most.
type producer struct {
	*recorder
	sent, most int
	paused     bool
}

func newProducer(t *testing.T, ctx context.Context, total, piece, high, low int) *producer {
	p := &producer{recorder: newRecorder(ctx)}
	produce := func() {
		for !p.paused && p.sent < total {
			n, err := p.transport.Write(bytes.Repeat([]byte{byte(p.sent / piece)}, min(piece, total-p.sent)))
			if err != nil {
				t.Error(err)
				break
			}
			p.sent += n
			p.most = max(p.most, p.transport.WriteBufferSize())
		}
		if p.sent == total {
			p.transport.Close()
		}
	}
	p.on["made"] = func([]byte) {
		p.transport.SetWriteBufferLimits(high, low)
		produce()
	}
	p.on["pause"] = func([]byte) {
		if p.paused || p.transport.WriteBufferSize() <= high {
			t.Errorf("paused again %t, with %d bytes", p.paused, p.transport.WriteBufferSize())
		}
		p.paused = true
	}
	p.on["resume"] = func([]byte) {
		if !p.paused || p.transport.WriteBufferSize() > low {
			t.Errorf("resumed again %t, with %d bytes", !p.paused, p.transport.WriteBufferSize())
		}
		p.paused = false
		produce()
	}
	return p
}

// TestSetWriteBufferLimits moves the marks below and above what is kept.
func TestSetWriteBufferLimits(t *testing.T) {
	testKinds(t, func(t *testing.T, ctx context.Context, k *kind) error {
		r := newRecorder(ctx)
		c, s, err := k.serveRecorder(ctx, r)
		if err != nil {
			return err
		}
		if err := until(ctx, func() bool { return len(r.events) > 0 }); err != nil {
			return err
		}
		tr := r.transport
		for tr.WriteBufferSize() < 1000 {
			tr.Write(make([]byte, 1000))
		}
		r.want(t, "made")
		tr.SetWriteBufferLimits(0, 0)
		r.want(t, "made", "pause")
		tr.SetWriteBufferLimits(1<<30, 1<<29)
		r.want(t, "made", "pause", "resume")
		for _, wrong := range [][2]int{{1, 2}, {1, -1}, {-1, -1}} {
			panicked := eventloop.Go(ctx, func(context.Context) error { tr.SetWriteBufferLimits(wrong[0], wrong[1]); return nil }).Wait(ctx)
			var p *eventloop.PanicError
			if !errors.As(panicked, &p) {
				t.Errorf("limits %v: got %v", wrong, panicked)
			}
		}
		s.AbortClients()
		c.Close()
		return s.WaitClosed(ctx)
	})
}

// TestTransportPausesReading: nothing is received in a pause, the sender is held up,
// and the rest is there when the pause ends.
func TestTransportPausesReading(t *testing.T) {
	const size = 16 << 20
	testKinds(t, func(t *testing.T, ctx context.Context, k *kind) error {
		r := newRecorder(ctx)
		r.on["made"] = func([]byte) {
			r.transport.PauseReading()
			r.transport.PauseReading()
		}
		c, s, err := k.serveRecorder(ctx, r)
		if err != nil {
			return err
		}
		writes := eventloop.Go(ctx, func(context.Context) error {
			defer c.Close()
			_, err := c.Write(bytes.Repeat([]byte("0123456789abcdef"), size/16))
			return err
		})
		if err := settle(ctx, func() int { return len(r.received) }); err != nil {
			return err
		}
		if len(r.received) > 0 || writes.Done() {
			t.Errorf("received %d bytes in the pause; all was sent: %t", len(r.received), writes.Done())
		}
		// Pause again after every piece.
		r.arrived = func() {
			before := len(r.received)
			r.transport.PauseReading()
			eventloop.Go(ctx, func(ctx context.Context) error {
				if len(r.received) != before {
					t.Error("received in the pause")
				}
				r.transport.ResumeReading()
				return nil
			})
		}
		r.transport.ResumeReading()
		if err := writes.Wait(ctx); err != nil {
			return err
		}
		if err := s.WaitClosed(ctx); err != nil {
			return err
		}
		if len(r.received) != size || r.events[len(r.events)-1] != "lost" || r.lost != nil {
			t.Errorf("received %d bytes, lost with %v", len(r.received), r.lost)
		}
		return nil
	})
}

// TestTransportLosesPeer has the peer reset the connection while much is to be sent.
func TestTransportLosesPeer(t *testing.T) {
	testKinds(t, func(t *testing.T, ctx context.Context, k *kind) error {
		r := newRecorder(ctx)
		r.on["made"] = func([]byte) { r.transport.Write(make([]byte, 8<<20)) }
		c, s, err := k.serveRecorder(ctx, r)
		if err != nil {
			return err
		}
		eventloop.NewWriter(ctx, c).Abort()
		if err := s.WaitClosed(ctx); err != nil {
			return err
		}
		var e *net.OpError
		reset := errors.Is(r.lost, syscall.ECONNRESET) || errors.Is(r.lost, syscall.EPIPE)
		if !errors.As(r.lost, &e) || !reset || r.transport.WriteBufferSize() != 0 {
			t.Errorf("lost with %v, %d bytes left", r.lost, r.transport.WriteBufferSize())
		}
		_, err = r.transport.Write([]byte("too late"))
		wantIs(t, "Write", err, r.lost)
		return nil
	})
}
