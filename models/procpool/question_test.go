//go:build unix

package procpool

import (
	"context"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// Questions that nobody answers yet are not piled up in the worker's socket: what
// is full there would hold up the whole pool.
func TestManyQuestionsToABusyWorker(t *testing.T) {
	p := open(t, Options{Workers: 1})
	file := filepath.Join(t.TempDir(), "gate")
	busy := submit(p, "gate", file)
	begun(t, file)
	impatient, stop := context.WithCancel(t.Context())
	stop()
	asked := make(chan struct{})
	go func() {
		defer close(asked)
		for range 2000 {
			p.Stats(impatient)
		}
	}()
	select {
	case <-asked:
	case <-time.After(time.Minute):
		p.slots[0].worker.child.Signal(os.Kill)
		t.Error("a question waits for the worker to read it")
	}
	os.WriteFile(file+".open", nil, 0o600)
	want(t, busy, "")
	if stats, err := p.Stats(t.Context()); err != nil || stats[0].Tasks != 1 {
		t.Errorf("%+v, %v", stats, err)
	}
}

// A worker that retires without an answer leaves the question to its slot, which
// answers it itself if it stays empty.
func TestQuestionToAWorkerThatRetires(t *testing.T) {
	p := open(t, Options{Workers: 2, MinWorkers: 1})
	dir := t.TempDir()
	for _, name := range []string{"a", "b"} {
		defer func(f *Future) { want(t, f, "") }(submit(p, "gate", filepath.Join(dir, name)))
	}
	for _, name := range []string{"a", "b"} {
		begun(t, filepath.Join(dir, name))
		os.WriteFile(filepath.Join(dir, name+".open"), nil, 0o600)
	}
	a := make(ask, 1)
	await(t, "the second worker is not idle", func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		w := p.slots[1].worker
		if w == nil || w.held() > 0 || !w.takes() {
			return false
		}
		w.asked = append(w.asked, a)
		w.retiring = true
		p.recycle(w)
		return true
	})
	select {
	case got := <-a:
		if got.err != nil || got.stats.Usage.PID != 0 || got.stats.Restarts != 1 {
			t.Errorf("got %+v", got)
		}
	case <-time.After(time.Minute):
		t.Error("nobody answers")
	}
}
