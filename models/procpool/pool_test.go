//go:build unix

package procpool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

func TestManyTinyTasks(t *testing.T) {
	p := open(t, Options{Workers: 2})
	const n = 10_000
	futures := make([]*Future, n)
	for i := range n {
		futures[i] = submit(p, "double", strconv.Itoa(i))
	}
	for i, f := range futures {
		want(t, f, strconv.Itoa(2*i))
	}
	stats, err := p.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var done int
	for _, s := range stats {
		done += s.Tasks
	}
	if done != n {
		t.Errorf("the workers did %d tasks, want %d", done, n)
	}
}

func TestTasksBeginInOrder(t *testing.T) {
	p := open(t, Options{Workers: 1})
	file := filepath.Join(t.TempDir(), "order")
	var wanted strings.Builder
	for i := range 100 {
		submit(p, "append", fmt.Sprintf("%s %d", file, i))
		fmt.Fprintln(&wanted, i)
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(file); err != nil || string(got) != wanted.String() {
		t.Errorf("the tasks ran as %q, %v", got, err)
	}
}

func TestBigPayloads(t *testing.T) {
	p := open(t, Options{Workers: 2})
	var futures []*Future
	sizes := []int{0, 1, bigBytes - 1, bigBytes, bigBytes + 1, chunkTotal + 1, 16 << 20, 3}
	input := func(size int) []byte { return bytes.Repeat([]byte{byte(size), byte(size >> 8), 7}, size/3+1)[:size] }
	for _, size := range sizes {
		futures = append(futures, p.Submit(t.Context(), "echo", input(size)))
	}
	for i, f := range futures {
		if got, err := f.Result(); err != nil || !bytes.Equal(got, input(sizes[i])) {
			t.Errorf("%d bytes came back as %d bytes, %v", sizes[i], len(got), err)
		}
	}
}

func TestTooLarge(t *testing.T) {
	p := open(t, Options{Workers: 1})
	wantIs(t, p.Submit(t.Context(), "echo", make([]byte, MaxPayload+1)), ErrTooLarge)
	wantIs(t, submit(p, "bytes", strconv.Itoa(MaxPayload+1)), ErrTooLarge)
	want(t, submit(p, "echo", "on"), "on")
	_, err := Open(t.Context(), Options{WarmUp: Call{"echo", make([]byte, MaxPayload+1)}})
	if !errors.Is(err, ErrTooLarge) {
		t.Errorf("a warm-up that is too large: %v", err)
	}
}

func TestWorkersAreProcessesWithOneProcessor(t *testing.T) {
	p := open(t, Options{Workers: 2})
	want(t, submit(p, "procs", ""), "1")
	stats, err := p.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	a, b := stats[0].Usage.PID, stats[1].Usage.PID
	if a == b || a == os.Getpid() || b == os.Getpid() {
		t.Errorf("the workers are processes %d and %d, the owner is %d", a, b, os.Getpid())
	}
	pid, err := submit(p, "pid", "").Result()
	if err != nil || string(pid) != strconv.Itoa(a) && string(pid) != strconv.Itoa(b) {
		t.Errorf("a task ran in process %s, %v", pid, err)
	}
}

func TestStats(t *testing.T) {
	p := open(t, Options{Workers: 2})
	before, err := p.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	want(t, submit(p, "bytes", "8000000"), string(make([]byte, 8000000)))
	wantError[*CrashError](t, submit(p, "exit", "1"))
	after, err := p.Stats(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if len(before) != 2 || len(after) != 2 {
		t.Fatalf("%d accounts, then %d, want 2", len(before), len(after))
	}
	restarts := 0
	for i := range after {
		if before[i].Tasks != 0 || before[i].Restarts != 0 {
			t.Errorf("an unused worker: %+v", before[i])
		}
		if after[i].Usage.PID == 0 || after[i].Usage.UserCPU+after[i].Usage.SystemCPU <= 0 {
			t.Errorf("an account without costs: %+v", after[i])
		}
		if same := after[i].Usage.PID == before[i].Usage.PID; same != (after[i].Restarts == 0) {
			t.Errorf("%+v after %+v", after[i], before[i])
		}
		restarts += after[i].Restarts
	}
	if restarts != 1 {
		t.Errorf("%d restarts, want 1", restarts)
	}
}

// A busy worker answers between two tasks, even when more wait.
func TestStatsOfBusyWorker(t *testing.T) {
	p := open(t, Options{Workers: 1})
	file := filepath.Join(t.TempDir(), "begun")
	ctx, cancel := context.WithCancel(t.Context())
	hung := p.Submit(ctx, "hang", []byte(file))
	begun(t, file)
	impatient, stop := context.WithCancelCause(t.Context())
	stop(os.ErrDeadlineExceeded)
	if _, err := p.Stats(impatient); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("a busy worker answered: %v", err)
	}
	answered := make(chan error)
	go func() {
		_, err := p.Stats(t.Context())
		answered <- err
	}()
	cancel() // the question goes to the replacement, whenever it is asked
	wantIs(t, hung, context.Canceled)
	if err := <-answered; err != nil {
		t.Error(err)
	}
	p.Close()
	if _, err := p.Stats(t.Context()); !errors.Is(err, ErrClosed) {
		t.Errorf("a closed pool answered: %v", err)
	}
}

func TestCloseDrains(t *testing.T) {
	p := open(t, Options{Workers: 2})
	var futures []*Future
	for i := range 500 {
		futures = append(futures, submit(p, "double", strconv.Itoa(i)))
	}
	if err := p.Close(); err != nil {
		t.Fatal(err)
	}
	for i, f := range futures {
		select {
		case <-f.Done():
			want(t, f, strconv.Itoa(2*i))
		default:
			t.Fatalf("task %d had not ended when Close returned", i)
		}
	}
	wantIs(t, submit(p, "echo", ""), ErrClosed)
	if err := p.Close(); err != nil {
		t.Errorf("closing twice: %v", err)
	}
	p.Kill()
}

// A worker that is asked to end does so by itself. One whose owner is gone, be it
// idle or not, kills its group, itself with it.
func TestWorkersEndAtTheEndOfTheStream(t *testing.T) {
	for _, name := range []string{"asked", "idle", "hang", "spin"} {
		t.Run(name, func(t *testing.T) {
			p := open(t, Options{Workers: 1})
			w := p.slots[0].worker
			switch name {
			case "asked":
				p.mu.Lock()
				w.hangUp()
				p.mu.Unlock()
			case "idle":
				w.child.Socket.Close()
			default:
				file := filepath.Join(t.TempDir(), "begun")
				submit(p, name, file)
				begun(t, file)
				w.bell.Close()
			}
			if code := w.child.State().ExitCode(); (code == 0) != (name == "asked") {
				t.Errorf("exit code %d; it printed %q", code, w.child.Output())
			}
		})
	}
}

func TestKillWhileRunning(t *testing.T) {
	p := open(t, Options{Workers: 2})
	dir := t.TempDir()
	var futures []*Future
	for _, name := range []string{"hang", "spin", "echo", "echo"} {
		futures = append(futures, submit(p, name, filepath.Join(dir, name)))
	}
	begun(t, filepath.Join(dir, "hang"))
	begun(t, filepath.Join(dir, "spin"))
	closed := make(chan error)
	go func() { closed <- p.Close() }() // would wait for ever
	p.Kill()
	for _, f := range futures {
		wantIs(t, f, ErrClosed)
	}
	if children() {
		t.Error("a worker was not reaped when Kill returned")
	}
	if err := <-closed; err != nil {
		t.Error(err)
	}
	p.Kill()
	wantIs(t, submit(p, "echo", ""), ErrClosed)
}
