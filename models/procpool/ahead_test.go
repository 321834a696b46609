//go:build unix

package procpool

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// sendAheadBelow changes the pace up to which tasks are sent ahead, from before a
// pool is opened until it is gone.
func sendAheadBelow(t *testing.T, pace time.Duration) {
	before := aheadBelow
	aheadBelow = pace
	t.Cleanup(func() { aheadBelow = before })
}

// gated opens a pool of one worker that is held up in a task, and returns what
// lets it go on. Tasks submitted meanwhile are queued.
func gated(t *testing.T) (p *Pool, first *Future, release func()) {
	t.Helper()
	sendAheadBelow(t, 24*time.Hour)
	p = open(t, Options{Workers: 1})
	file := filepath.Join(t.TempDir(), "gate")
	first = submit(p, "gate", file)
	begun(t, file)
	return p, first, func() { openGate(t, file) }
}

func openGate(t *testing.T, file string) {
	t.Helper()
	if err := os.WriteFile(file+".open", nil, 0o600); err != nil {
		t.Fatal(err)
	}
}

// sentAhead is the task that the pool's one worker was sent ahead.
func sentAhead(p *Pool) *Future {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.slots[0].worker.ahead
}

func TestDeathDoesNotBlameTheTaskSentAhead(t *testing.T) {
	p, first, release := gated(t)
	deadly := submit(p, "exit", "7")
	log := filepath.Join(t.TempDir(), "log")
	var rest []*Future
	for i := range 5 {
		rest = append(rest, submit(p, "append", fmt.Sprint(log, " ", i)))
	}
	release()
	want(t, first, "")
	if e := wantError[*CrashError](t, deadly); e.Func != "exit" {
		t.Errorf("the death is that of %q", e.Func)
	}
	for _, f := range rest {
		want(t, f, "")
	}
	if text, err := os.ReadFile(log); err != nil || string(text) != "0\n1\n2\n3\n4\n" {
		t.Errorf("the tasks wrote %q, %v", text, err)
	}
}

func TestCancelOfATaskSentAhead(t *testing.T) {
	p, first, release := gated(t)
	second := filepath.Join(t.TempDir(), "second")
	running := submit(p, "gate", second)
	ctx, cancel := context.WithCancelCause(t.Context())
	never := filepath.Join(t.TempDir(), "never")
	cancelled := p.Submit(ctx, "append", []byte(never+" ran"))
	rest := []*Future{submit(p, "echo", "a"), submit(p, "echo", "b")}
	release()
	want(t, first, "")
	begun(t, second)
	if sentAhead(p) != cancelled {
		t.Fatal("no task was sent ahead")
	}
	cancel(os.ErrInvalid)
	select {
	case <-running.Done():
		t.Error("the running task ended with the one behind it")
	default:
	}
	openGate(t, second)
	want(t, running, "")
	wantIs(t, cancelled, os.ErrInvalid)
	want(t, rest[0], "a")
	want(t, rest[1], "b")
}

func TestKillWithATaskSentAhead(t *testing.T) {
	p, first, release := gated(t)
	second := filepath.Join(t.TempDir(), "second")
	all := []*Future{submit(p, "gate", second)}
	for range 4 {
		all = append(all, submit(p, "echo", ""))
	}
	release()
	want(t, first, "")
	begun(t, second)
	if sentAhead(p) != all[1] {
		t.Fatal("no task was sent ahead")
	}
	p.Kill()
	for _, f := range all {
		wantIs(t, f, ErrClosed)
	}
}

// Questions must not starve behind tasks, nor be sent in between two that the
// worker has.
func TestStatsWhileTasksAreSentAhead(t *testing.T) {
	sendAheadBelow(t, 24*time.Hour)
	p := open(t, Options{Workers: 1})
	var tasks []*Future
	for range 2000 {
		tasks = append(tasks, submit(p, "echo", "x"))
	}
	for range 20 {
		if _, err := p.Stats(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range tasks {
		want(t, f, "x")
	}
	if stats, err := p.Stats(t.Context()); err != nil || stats[0].Tasks != 2000 {
		t.Errorf("%+v, %v, want 2000 tasks", stats, err)
	}
}

// Tasks that are long are not sent ahead: one could be stuck behind another
// while a worker is free.
func TestLongTasksAreNotSentAhead(t *testing.T) {
	sendAheadBelow(t, 0)
	p := open(t, Options{Workers: 1})
	file := filepath.Join(t.TempDir(), "gate")
	want(t, submit(p, "echo", ""), "")
	running := submit(p, "gate", file)
	for range 5 {
		submit(p, "echo", "")
	}
	begun(t, file)
	if sentAhead(p) != nil {
		t.Error("a task was sent ahead")
	}
	openGate(t, file)
	want(t, running, "")
}
