//go:build unix

package procpool

import (
	"strconv"
	"testing"

	"golang.org/x/sys/unix"
)

// A worker that dies while it is idle is buried at once, also if nobody asks the
// pool for anything after that.
func TestDeathOfAnIdleWorkerIsNoticed(t *testing.T) {
	ended := make(chan int, 100)
	p := open(t, Options{Workers: 2, Hooks: Hooks{WorkerEnded: func(e WorkerEvent) { ended <- e.PID }}})
	for range 20 {
		text, err := submit(p, "pid", "").Result()
		if err != nil {
			t.Fatal(err)
		}
		w := workerWith(t, p, string(text))
		unix.Kill(w.child.PID(), unix.SIGKILL)
		<-w.child.Done()
		p.mu.Lock()
		owes := w.owes()
		p.mu.Unlock()
		if !owes {
			t.Fatal("nobody is to read the end of a dead worker")
		}
		if pid := <-ended; pid != w.child.PID() {
			t.Fatalf("worker %d ended, want %d", pid, w.child.PID())
		}
	}
}

// workerWith returns the worker with a process id.
func workerWith(t *testing.T, p *Pool, pid string) *worker {
	t.Helper()
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, s := range p.slots {
		if w := s.worker; w != nil && pid == strconv.Itoa(w.child.PID()) {
			return w
		}
	}
	t.Fatalf("no worker is process %s", pid)
	return nil
}
