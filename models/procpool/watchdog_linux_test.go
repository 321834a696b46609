package procpool

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// watchdogTime is far more than anything that it watches takes on a slow machine.
const watchdogTime = 90 * time.Second

// watchdog ends the whole test run, with the stacks of this process and of the
// pool's workers, if the test does not call stop in time. A test that hangs says
// nothing else: go test's own limit shows neither which cell of a matrix it was
// nor what the workers did.
func watchdog(t testing.TB, p *Pool) (stop func()) {
	t.Helper()
	name := t.Name()
	timer := time.AfterFunc(watchdogTime, func() {
		fmt.Fprint(os.Stderr, hangReport(name, p))
		os.Exit(1)
	})
	return func() { timer.Stop() }
}

// hangReport says what this process and the workers of p are doing, and ends the
// workers.
func hangReport(name string, p *Pool) string {
	var b strings.Builder
	stacks := make([]byte, 16<<20)
	fmt.Fprintf(&b, "%s hangs. The tests' goroutines:\n%s\n", name, stacks[:runtime.Stack(stacks, true)])
	for i, w := range workersOf(p) {
		if w == nil {
			fmt.Fprintf(&b, "slot %d has no worker\n", i)
			continue
		}
		w.child.Signal(unix.SIGCONT)
		w.quit()
		fmt.Fprintf(&b, "slot %d, worker %d, %v:\n%s\n", i, w.child.PID(), w.child.State(), w.child.Output())
	}
	return b.String()
}

// workersOf returns the worker of each slot, even if who holds the pool's lock
// never gives it back.
func workersOf(p *Pool) []*worker {
	for end := time.Now().Add(time.Second); time.Now().Before(end); runtime.Gosched() {
		if p.mu.TryLock() {
			defer p.mu.Unlock()
			break
		}
	}
	all := make([]*worker, len(p.slots))
	for i, s := range p.slots {
		all[i] = s.worker
	}
	return all
}

// The report of the watchdog shows a task that hangs, also in a worker that was
// stopped.
func TestHangReport(t *testing.T) {
	p := open(t, Options{Workers: 1})
	file := t.TempDir() + "/begun"
	f := submit(p, "hang", file)
	begun(t, file)
	report := hangReport("TestName", p)
	for _, want := range []string{"TestName hangs", "procpool.TestHangReport(", "procpool.hang(", "slot 0, worker "} {
		if !strings.Contains(report, want) {
			t.Errorf("%q is missing in\n%s", want, report)
		}
	}
	wantError[*CrashError](t, f)
}
