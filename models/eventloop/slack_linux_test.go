package eventloop

import (
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// TestTimerSlack checks that a loop's thread has the finest timers while the loop
// lasts, and those that it had before afterwards.
func TestTimerSlack(t *testing.T) {
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	slack := func() int {
		n, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		return n
	}
	before := slack()
	l, err := New(Options{})
	if err != nil {
		t.Fatal(err)
	}
	if n := slack(); n != 1 {
		t.Errorf("the slack is %d ns, want 1", n)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
	if n := slack(); n != before {
		t.Errorf("the slack is %d ns after the loop, want %d as before", n, before)
	}
}
