//go:build unix

package procpool

import (
	"context"
	"errors"
	"os"
	"runtime"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sys/unix"
	"pgregory.net/rapid"
)

// Under any schedule of submitting, cancelling, killing workers and closing,
// every future ends exactly once: submitted = done + failed + cancelled.
func TestEveryFutureEndsOnce(t *testing.T) {
	t.Cleanup(leaks(t))
	rapid.Check(t, func(t *rapid.T) {
		p, err := Open(context.Background(), Options{Workers: rapid.IntRange(1, 3).Draw(t, "workers")})
		if err != nil {
			t.Fatal(err)
		}
		defer p.Kill()
		var s schedule
		t.Repeat(map[string]func(*rapid.T){
			"submit":    func(t *rapid.T) { s.submit(t, p) },
			"cancel":    func(t *rapid.T) { s.cancel(t) },
			"kill":      func(t *rapid.T) { killWorker(t, p) },
			"":          func(t *rapid.T) { checkQueue(t, p) },
			"the first": func(t *rapid.T) { s.awaitFirst(t) },
		})
		if rapid.Bool().Draw(t, "close") {
			s.cancelHangers()
			p.Close()
		}
		p.Kill()
		s.check(t)
	})
}

// A schedule is what was submitted so far.
type schedule struct{ tasks []*submitted }

type submitted struct {
	name   string
	future *Future
	cancel context.CancelFunc
	ends   atomic.Int32
}

func (s *schedule) submit(t *rapid.T, p *Pool) {
	name := rapid.SampledFrom([]string{"echo", "echo", "echo", "fail", "panic", "goexit", "exit", "hang", "unknown"}).Draw(t, "name")
	input := "1"
	if name == "hang" {
		input = os.DevNull
	}
	ctx, cancel := context.WithCancel(context.Background())
	task := &submitted{name: name, future: p.Submit(ctx, name, []byte(input)), cancel: cancel}
	task.future.OnDone(func([]byte, error) { task.ends.Add(1) })
	s.tasks = append(s.tasks, task)
}

func (s *schedule) cancel(t *rapid.T) {
	if len(s.tasks) > 0 {
		rapid.SampledFrom(s.tasks).Draw(t, "task").cancel()
	}
}

// awaitFirst waits for the first task, unless that may never end.
func (s *schedule) awaitFirst(t *rapid.T) {
	for _, task := range s.tasks {
		if task.name == "hang" {
			return
		}
	}
	if len(s.tasks) > 0 {
		s.tasks[0].future.Result()
	}
}

// cancelHangers cancels what would keep Close waiting.
func (s *schedule) cancelHangers() {
	for _, task := range s.tasks {
		if task.name == "hang" {
			task.cancel()
		}
	}
}

// killWorker kills a worker, whatever it does.
func killWorker(t *rapid.T, p *Pool) {
	slot := p.slots[rapid.IntRange(0, len(p.slots)-1).Draw(t, "slot")]
	p.mu.Lock()
	defer p.mu.Unlock()
	if slot.worker != nil {
		slot.worker.child.Signal(unix.SIGKILL)
	}
}

// checkQueue checks that no task goes on waiting while a worker could take it.
func checkQueue(t *rapid.T, p *Pool) {
	idles := func() bool {
		p.mu.Lock()
		defer p.mu.Unlock()
		idle, _ := p.places()
		return p.queue.length > 0 && (idle != nil || p.ended)
	}
	for end := time.Now().Add(time.Minute); idles(); runtime.Gosched() {
		if time.Now().After(end) {
			t.Fatal("a task waits although a worker is idle")
		}
	}
}

// check counts how the tasks ended.
func (s *schedule) check(t *rapid.T) {
	done, failed, cancelled := 0, 0, 0
	for _, task := range s.tasks {
		select {
		case <-task.future.Done():
		default:
			t.Fatalf("a %s has not ended", task.name)
		}
		if n := task.ends.Load(); n != 1 {
			t.Errorf("a %s ended %d times", task.name, n)
		}
		switch output, err := task.future.Result(); {
		case err == nil && task.name == "echo" && string(output) == "1":
			done++
		case errors.Is(err, context.Canceled):
			cancelled++
		case err != nil && s.expected(task.name, err):
			failed++
		default:
			t.Errorf("a %s ended with %q, %v", task.name, output, err)
		}
		task.cancel()
	}
	if done+failed+cancelled != len(s.tasks) {
		t.Errorf("%d submitted, but %d done, %d failed and %d cancelled", len(s.tasks), done, failed, cancelled)
	}
}

// expected tells whether a task of a function may fail with err. Any may meet
// the death of its worker and the end of its pool.
func (s *schedule) expected(name string, err error) bool {
	if _, crashed := errors.AsType[*CrashError](err); crashed || errors.Is(err, ErrClosed) || errors.Is(err, ErrBroken) {
		return true
	}
	_, failed := errors.AsType[*TaskError](err)
	_, panicked := errors.AsType[*PanicError](err)
	return failed && name == "fail" || panicked && name == "panic" ||
		errors.Is(err, ErrGoexit) && name == "goexit" || errors.Is(err, ErrUnknownFunc) && name == "unknown"
}
