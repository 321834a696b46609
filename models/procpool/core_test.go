//go:build unix

package procpool

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"
)

// The owner gets the items of a chunk that were done, those that were not begun
// run elsewhere, and only the one that killed the worker fails.
func TestDeathCostsOneItemOfAChunk(t *testing.T) {
	p := open(t, Options{Workers: 1, ChunkSize: 8})
	line := filepath.Join(t.TempDir(), "ran")
	inputs := func(yield func([]byte) bool) {
		for i := range 24 {
			text := fmt.Sprintf("%s %d", line, i)
			if i == 13 {
				text = "exit"
			}
			if !yield([]byte(text)) {
				return
			}
		}
	}
	i, failed := 0, []int(nil)
	for _, err := range p.Map(t.Context(), "append or exit", inputs) {
		if crash, ok := errors.AsType[*CrashError](err); ok && crash.ExitCode == 3 {
			failed = append(failed, i)
		} else if err != nil {
			t.Errorf("item %d: %v", i, err)
		}
		i++
	}
	if !slices.Equal(failed, []int{13}) || i != 24 {
		t.Errorf("%d items, of which %v died; want 24 and 13", i, failed)
	}
	ran, err := os.ReadFile(line)
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.Fields(string(ran))
	slices.Sort(lines)
	if len(lines) != 23 || len(slices.Compact(lines)) != 23 {
		t.Errorf("%d items ran, want each of 23 once: %q", len(lines), lines)
	}
}

// appendOrExit is appendLine, or the end of its process.
func appendOrExit(ctx context.Context, in []byte) ([]byte, error) {
	if string(in) == "exit" {
		os.Exit(3)
	}
	return appendLine(ctx, in)
}

// A task that listens to its context ends when it is cancelled, and its worker
// lives on.
func TestCancelReachesARunningTask(t *testing.T) {
	p := open(t, Options{Workers: 1, CancelGrace: time.Hour})
	for range 3 {
		file := filepath.Join(t.TempDir(), "begun")
		ctx, cancel := context.WithCancelCause(t.Context())
		f := p.Submit(ctx, "listen", []byte(file))
		begun(t, file)
		cancel(os.ErrInvalid)
		if _, err := f.Result(); err != os.ErrInvalid {
			t.Errorf("got %v, want the cause", err)
		}
		want(t, submit(p, "ended", ""), "false") // the next task has a context of its own
	}
	if stats, err := p.Stats(t.Context()); err != nil || stats[0].Restarts != 0 {
		t.Errorf("%+v, %v; want no restart", stats, err)
	}
}

// listen is hang, until its context ends.
func listen(ctx context.Context, in []byte) ([]byte, error) {
	if err := os.WriteFile(string(in), nil, 0o600); err != nil {
		return nil, err
	}
	<-ctx.Done()
	return nil, ctx.Err()
}

// A task over its deadline is told so, then dumped, then killed; the error says
// what it was doing.
func TestTaskTimeout(t *testing.T) {
	p := open(t, Options{Workers: 1, TaskTimeout: 50 * time.Millisecond, CancelGrace: 50 * time.Millisecond})
	dir := t.TempDir()
	for _, name := range []string{"hang", "spin"} {
		f := submit(p, name, filepath.Join(dir, name))
		killed := wantError[*KilledError](t, f)
		timeout := wantError[*TimeoutError](t, f)
		if timeout.Func != name || !errors.Is(killed, context.DeadlineExceeded) {
			t.Errorf("%s: got %v", name, killed)
		}
		// What runs on another thread at that moment the runtime does not always show.
		if !strings.Contains(killed.Stacks, "procpool."+name+"(") && !strings.Contains(killed.Stacks, "stack unavailable") {
			t.Errorf("%s: the stacks do not show it:\n%s", name, killed.Stacks)
		}
	}
	f := submit(p, "listen", filepath.Join(dir, "listen"))
	if _, ok := errors.AsType[*KilledError](wantError[*TimeoutError](t, f)); ok {
		t.Error("a task that ended when told to was killed")
	}
	want(t, submit(p, "echo", "on"), "on")
}

// Work behind a task that takes long goes to a worker that has nothing to do.
func TestWorkIsTakenBack(t *testing.T) {
	p := open(t, Options{Workers: 2, ChunkSize: 100})
	file := filepath.Join(t.TempDir(), "gate")
	slow := submit(p, "gate", file)
	begun(t, file)
	var quick []*Future
	for range 300 {
		quick = append(quick, submit(p, "echo", "x"))
	}
	for _, f := range quick {
		want(t, f, "x")
	}
	open := func() { os.WriteFile(file+".open", nil, 0o600) }
	open()
	want(t, slow, "")
}

// What is finished is told, also if the rest of its chunk takes long.
func TestFinishedItemsDoNotWaitForTheirChunk(t *testing.T) {
	p := open(t, Options{Workers: 1, ChunkSize: 10})
	dir := t.TempDir()
	hold := submit(p, "gate", filepath.Join(dir, "hold")) // so that a chunk forms
	begun(t, filepath.Join(dir, "hold"))
	for _, name := range []string{"ready", "hold"} {
		os.WriteFile(filepath.Join(dir, name+".open"), nil, 0o600)
	}
	var fs []*Future
	for range 3 {
		fs = append(fs, submit(p, "gate", filepath.Join(dir, "ready")))
	}
	slow := submit(p, "gate", filepath.Join(dir, "slow"))
	want(t, hold, "")
	for _, f := range fs {
		want(t, f, "")
	}
	select {
	case <-slow.Done():
		t.Error("the slow one is done")
	default:
	}
	os.WriteFile(filepath.Join(dir, "slow.open"), nil, 0o600)
	want(t, slow, "")
}

// Workers over MinWorkers come when tasks wait, and go when they are idle.
func TestPoolGrowsAndShrinks(t *testing.T) {
	ended := make(chan int, 10)
	p := open(t, Options{Workers: 3, MinWorkers: 1, IdleTimeout: time.Millisecond, Hooks: Hooks{
		WorkerEnded: func(e WorkerEvent) { ended <- e.Slot },
	}})
	dir := t.TempDir()
	var gates []*Future
	for i := range 3 {
		gates = append(gates, submit(p, "gate", filepath.Join(dir, fmt.Sprint(i))))
	}
	for i := range gates {
		begun(t, filepath.Join(dir, fmt.Sprint(i)))
	}
	for i := range gates {
		os.WriteFile(filepath.Join(dir, fmt.Sprint(i, ".open")), nil, 0o600)
	}
	gone := []int{<-ended, <-ended}
	slices.Sort(gone)
	if !slices.Equal(gone, []int{1, 2}) {
		t.Errorf("workers %v ended, want 1 and 2", gone)
	}
	for _, g := range gates {
		want(t, g, "")
	}
	want(t, submit(p, "echo", "on"), "on")
}

// A worker is replaced after MaxTasks, and nothing is lost.
func TestRecycling(t *testing.T) {
	p := open(t, Options{Workers: 2, MaxTasks: 5, ChunkSize: 2})
	pids := make(map[string]int)
	for range 30 {
		pid, err := submit(p, "pid", "").Result()
		if err != nil {
			t.Fatal(err)
		}
		pids[string(pid)]++
	}
	for pid, n := range pids {
		if n > 6 { // the chunk that reached five may have had two
			t.Errorf("worker %s did %d tasks", pid, n)
		}
	}
}

// A large output can be read where the worker wrote it, and the worker does not
// write there again before it is released.
func TestBorrow(t *testing.T) {
	p := open(t, Options{Workers: 1})
	var loans []*Loan
	for i := range 3 * lentAtMost {
		l, err := p.Submit(t.Context(), "echo", slices.Repeat([]byte{byte(i)}, bigBytes)).Borrow()
		if err != nil {
			t.Fatal(err)
		}
		loans = append(loans, l)
	}
	p.Close()
	for i, l := range loans {
		if !slices.Equal(l.Bytes(), slices.Repeat([]byte{byte(i)}, bigBytes)) {
			t.Errorf("loan %d has changed", i)
		}
		l.Release()
		l.Release()
	}
	if lent := loans[0].loan; lent == nil || lent.memory.mapped != nil {
		t.Error("the memory is still mapped")
	}
}

// A task whose worker died runs again if that was asked for, and not for ever.
func TestRetries(t *testing.T) {
	p := open(t, Options{Workers: 1, Retries: 2})
	if e := wantError[*CrashError](t, submit(p, "exit", "3")); e.Deaths != 3 || !strings.Contains(e.Error(), "as 2 before") {
		t.Errorf("got %v", e)
	}
	file := filepath.Join(t.TempDir(), "tried")
	want(t, submit(p, "second time", file), "survived")
}

// secondTime dies the first time that it is called for a file.
func secondTime(ctx context.Context, in []byte) ([]byte, error) {
	if _, err := once(ctx, in); err == nil {
		os.Exit(4)
	}
	return []byte("survived"), nil
}

// MapCompleted yields what is done, whatever is before it, with its index.
func TestMapCompleted(t *testing.T) {
	p := open(t, Options{Workers: 2})
	file := filepath.Join(t.TempDir(), "gate")
	inputs := slices.Values([][]byte{[]byte(file), []byte(file + "2"), []byte(file + "2")})
	os.WriteFile(file+"2.open", nil, 0o600)
	var order []int
	for i, got := range p.MapCompleted(t.Context(), "gate", inputs) {
		if got.Err != nil {
			t.Error(got.Err)
		}
		if order = append(order, i); len(order) == 2 {
			os.WriteFile(file+".open", nil, 0o600)
		}
	}
	if len(order) != 3 || order[2] != 0 {
		t.Errorf("completed in the order %v", order)
	}
}

// An error that nobody would read is shortened, and costs no worker.
func TestEndlessErrors(t *testing.T) {
	p := open(t, Options{Workers: 1})
	text := strings.Repeat("e", 2*textBytes)
	failed := wantError[*TaskError](t, submit(p, "fail", text))
	panicked := wantError[*PanicError](t, submit(p, "panic", text))
	for _, got := range []string{failed.Text, panicked.Value} {
		if len(got) > textBytes+100 || !strings.HasSuffix(got, fmt.Sprintf("(%d bytes in all)", 2*textBytes)) {
			t.Errorf("%d bytes that end in %q", len(got), got[max(0, len(got)-40):])
		}
	}
	if stats, err := p.Stats(t.Context()); err != nil || stats[0].Restarts != 0 {
		t.Errorf("%+v, %v", stats, err)
	}
}
