package eventloop

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// testPollerWaits checks that p waits for as long as it is told, and that it can
// be woken.
func testPollerWaits(t *testing.T, p poller) {
	wait := func(timeout time.Duration) {
		t.Helper()
		err := p.wait(timeout, func(fd int, _, _, _ bool) { t.Errorf("event for %d", fd) })
		if err != nil {
			t.Error(err)
		}
	}
	for _, d := range []time.Duration{1, time.Microsecond, 1100 * time.Microsecond} {
		for began := time.Now(); time.Since(began) < d; { // a signal may cut it short
			wait(d - time.Since(began))
		}
	}
	for range 3 {
		p.wake()
		p.wake()
		wait(-1) // for ever, if wake does nothing
	}
	p.wake()
	wait(1 << 62)
	done := make(chan struct{})
	go func() { wait(-1); close(done) }()
	p.wake()
	<-done
	p.wake()
	wait(0)
}

func TestMemoryPollerWaits(t *testing.T) { testPollerWaits(t, newMemoryPoller()) }

// TestMemoryPollerWaitsExactly uses the clock of a bubble, which no poller of a
// system could.
func TestMemoryPollerWaitsExactly(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		p := newMemoryPoller()
		defer p.close()
		began := time.Now()
		at := func(want time.Duration) {
			t.Helper()
			if got := time.Since(began); got != want {
				t.Errorf("after %v, want %v", got, want)
			}
		}
		p.wait(time.Hour, nil)
		at(time.Hour)
		p.wake()
		p.wait(time.Hour, nil) // was woken before
		p.wait(0, nil)
		at(time.Hour)
		time.AfterFunc(time.Minute, p.wake)
		p.wait(time.Hour, nil)
		at(time.Hour + time.Minute)
		time.AfterFunc(time.Minute, p.wake)
		p.wait(-1, nil)
		p.wait(time.Second, nil) // the timer of before is no longer heard
		at(time.Hour + 2*time.Minute + time.Second)
	})
}

func TestMemoryPollerTakesNoDescriptors(t *testing.T) {
	p := newMemoryPoller()
	if err := p.add(0); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("add: %v", err)
	}
	if err := p.remove(0); err != nil {
		t.Errorf("remove: %v", err)
	}
}
