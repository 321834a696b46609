package procpool

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"golang.org/x/sys/unix"
)

// Tasks that were done in chunks that also killed their workers show that
// workers work, and they are counted.
func TestWorkDoneByDyingWorkersIsNoStorm(t *testing.T) {
	p := open(t, Options{Workers: 1, ChunkSize: 4})
	h := hold(t, p)
	line := filepath.Join(t.TempDir(), "ran")
	var done, dead []*Future
	for range 12 {
		for range 3 {
			done = append(done, submit(p, "append or exit", line+" x"))
		}
		dead = append(dead, submit(p, "append or exit", "exit"))
	}
	h.release()
	for _, f := range done {
		want(t, f, "")
	}
	for _, f := range dead {
		if e := wantError[*CrashError](t, f); e.ExitCode != 3 {
			t.Errorf("got %v", e)
		}
	}
	stats, err := p.Stats(t.Context())
	if err != nil || stats[0].Tasks != len(done)+2 {
		t.Errorf("%+v, %v; want %d tasks", stats, err, len(done)+2)
	}
}

// A worker that stands still with a reply half written is replaced, and what it
// had ahead runs elsewhere.
func TestWorkerThatIsStuckInItsReply(t *testing.T) {
	p := open(t, Options{Workers: 1})
	want(t, submit(p, "wedge", ""), "wedged") // read from the memory
	want(t, submit(p, "echo", "on"), "on")
	if stats, err := p.Stats(t.Context()); err != nil || stats[0].Restarts != 1 {
		t.Errorf("%+v, %v; want one restart", stats, err)
	}
}

// wedge has its worker's next write of a frame wait for ever.
func wedge(context.Context, []byte) ([]byte, error) {
	if _, err := unix.Dup(3); err != nil { // the owner must not see an end
		return nil, err
	}
	full, err := unix.Socketpair(unix.AF_UNIX, unix.SOCK_STREAM, 0)
	if err != nil {
		return nil, err
	}
	for junk := make([]byte, 1<<10); err == nil; {
		err = unix.Sendto(full[0], junk, unix.MSG_DONTWAIT, nil)
	}
	unix.Close(3)
	if fd, err := unix.Dup(full[0]); fd != 3 || err != nil {
		return nil, fmt.Errorf("descriptor %d in place of 3, %w", fd, err)
	}
	return []byte("wedged"), nil
}

// Who leaves as the reader of one worker does not make the task forget that
// another goroutine reads for it elsewhere.
func TestTwoReadersForATask(t *testing.T) {
	p := open(t, Options{Workers: 2})
	first, second := p.slots[0].worker, p.slots[1].worker
	f := newFuture("echo")
	f.pool = p
	p.mu.Lock()
	f.leads = second
	first.read = true
	p.mu.Unlock()
	f.leave(first, nil)
	p.mu.Lock()
	defer p.mu.Unlock()
	if f.leads != second || first.read {
		t.Errorf("it leads %p, want %p; the first worker is read for: %t", f.leads, second, first.read)
	}
}

// To read a few results of a chunk that goes on does not copy all that may come.
func TestHarvestIsNoLargerThanItsResults(t *testing.T) {
	c := ownChunk(ownMemory(t), 100)
	r := newResults(c.worker.memory.out, c.worker.memory.mapped)
	r.begin(0)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for i := range 100 {
		r.write(result{statusOK, []byte{byte(i)}})
		got, err := c.collect(nil, done{items: i + 1, bytes: -1})
		if err != nil || len(got) != 1 || !bytes.Equal(got[0].output, []byte{byte(i)}) {
			t.Fatalf("result %d: %v, %v", i, got, err)
		}
	}
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 100*regionBytes/8 {
		t.Errorf("%d bytes were allocated for 100 results of a byte", n)
	}
}

// Inputs that a worker died with are given back to the system.
func TestInputsOfDeadWorkersAreUnmapped(t *testing.T) {
	before := sharedMappings(t)
	p := open(t, Options{Workers: 1})
	for range 3 {
		wantError[*CrashError](t, submit(p, "exit", strings.Repeat("0", 1<<20)))
	}
	p.Close()
	if after := sharedMappings(t); after > before {
		t.Errorf("%d mappings of shared memory, %d before", after, before)
	}
}

// sharedMappings is how many mappings of memory shared with workers there are.
func sharedMappings(t testing.TB) int {
	t.Helper()
	maps, err := os.ReadFile("/proc/self/maps")
	if err != nil {
		t.Skip("this system does not tell what is mapped")
	}
	return strings.Count(string(maps), "memfd:procpool")
}

// To conclude nothing, as the pulse often does, does not disturb who waits for the
// last task.
func TestNothingIsConcludedWhileTheLastTaskEnds(t *testing.T) {
	var now atomic.Pointer[Pool]
	now.Store(&Pool{})
	var pulse sync.WaitGroup
	pulse.Go(func() {
		for p := now.Load(); p != nil; p = now.Load() {
			p.conclude(endings{})
		}
	})
	for range 30_000 {
		p := &Pool{}
		p.tasks.Add(1)
		var closing sync.WaitGroup
		closing.Go(p.tasks.Wait)
		runtime.Gosched() // to the one who waits
		now.Store(p)
		p.conclude(endings{[]item{{sink: newFuture("echo")}}, []outcome{{}}})
		closing.Wait()
	}
	now.Store(nil)
	pulse.Wait()
}
