package procpool

import (
	"errors"
	"testing"

	"golang.org/x/sys/unix"
)

// The death of a worker that had begun nothing is blamed on the item that was
// next, not on what it had ahead.
func TestBlameOfAWorkerThatBeganNothing(t *testing.T) {
	p := open(t, Options{Workers: 1})
	pid := stopWorker(t, p)
	next, ahead := submit(p, "echo", "next"), submit(p, "echo", "ahead")
	p.mu.Lock()
	for _, f := range []*Future{next, ahead} {
		f.chunk.items[f.at].alone = true
	}
	p.mu.Unlock()
	unix.Kill(pid, unix.SIGKILL)
	if e := wantError[*CrashError](t, next); !errors.Is(e, errNotBegun) {
		t.Errorf("got %v", e)
	}
	want(t, ahead, "ahead")
}
