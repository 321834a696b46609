//go:build unix

package procpool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"
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
	sizes := []int{0, 1, inlineBytes - 1, inlineBytes, inlineBytes + 1, keepBytes + 1, 16 << 20, 3}
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

func TestWarmUp(t *testing.T) {
	p := open(t, Options{Workers: 1, WarmUp: Call{"warm", []byte("w")}})
	want(t, submit(p, "warmth", ""), "w")
	wantError[*CrashError](t, submit(p, "exit", "1"))
	want(t, submit(p, "warmth", ""), "w") // the replacement was warmed up, once
}

func TestStartFails(t *testing.T) {
	tests := map[string]struct {
		warmUp  Call
		timeout time.Duration
		check   func(*StartError) bool
	}{
		"error": {Call{"fail", []byte("no coal")}, 0, func(e *StartError) bool {
			task, ok := errors.AsType[*TaskError](e)
			return ok && task.Text == "no coal"
		}},
		"panic": {Call{"panic", []byte("fire")}, 0, func(e *StartError) bool {
			p, ok := errors.AsType[*PanicError](e)
			return ok && p.Value == "fire"
		}},
		"goexit": {Call{Func: "goexit"}, 0, func(e *StartError) bool { return errors.Is(e, ErrGoexit) }},
		"exit": {Call{"exit", []byte("3")}, 0, func(e *StartError) bool {
			crash, ok := errors.AsType[*CrashError](e)
			return ok && crash.ExitCode == 3 && e.Output == "last words\n" && strings.Contains(e.Error(), "last words")
		}},
		"garbage": {Call{"garbage", []byte("this is not a frame at all")}, 0, func(e *StartError) bool {
			return errors.Is(e, errProtocol)
		}},
		"hangs": {Call{"hang", []byte(os.DevNull)}, time.Millisecond, func(e *StartError) bool {
			return errors.Is(e, os.ErrDeadlineExceeded)
		}},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			t.Cleanup(leaks(t))
			p, err := Open(t.Context(), Options{Workers: 2, WarmUp: tt.warmUp, StartTimeout: tt.timeout})
			e, ok := errors.AsType[*StartError](err)
			if p != nil || !ok || e.PID == 0 || !tt.check(e) {
				t.Errorf("got %v, %T %v", p, err, err)
			}
		})
	}
}

func TestOpenRefuses(t *testing.T) {
	t.Cleanup(leaks(t))
	ended, end := context.WithCancelCause(t.Context())
	end(os.ErrProcessDone)
	known := program
	for name, tt := range map[string]struct {
		ctx     context.Context
		o       Options
		program registry
		want    string
	}{
		"unknown warm-up":  {t.Context(), Options{WarmUp: Call{Func: "ehco"}}, known, "no function \"ehco\""},
		"negative workers": {t.Context(), Options{Workers: -1}, known, "may be negative"},
		"ended context":    {ended, Options{}, known, os.ErrProcessDone.Error()},
		"no WorkerMain":    {t.Context(), Options{}, registry{}, "WorkerMain was not called"},
	} {
		program = tt.program
		p, err := Open(tt.ctx, tt.o)
		program = known
		if p != nil || err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, %v", name, p, err)
		}
	}
}

// A context that ends while workers start ends them.
func TestOpenIsCancelled(t *testing.T) {
	t.Cleanup(leaks(t))
	file := filepath.Join(t.TempDir(), "begun")
	ctx, cancel := context.WithCancelCause(t.Context())
	go func() {
		begun(t, file)
		cancel(os.ErrProcessDone)
	}()
	p, err := Open(ctx, Options{Workers: 2, WarmUp: Call{"hang", []byte(file)}, StartTimeout: time.Hour})
	if p != nil || !errors.Is(err, os.ErrProcessDone) {
		t.Errorf("got %v, %v", p, err)
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

// Workers that are asked to end do so by themselves.
func TestWorkersEndAtTheEndOfTheStream(t *testing.T) {
	for _, name := range []string{"", "hang", "spin"} {
		t.Run(name, func(t *testing.T) {
			p := open(t, Options{Workers: 1})
			child := p.slots[0].worker.child
			if name != "" {
				file := filepath.Join(t.TempDir(), "begun")
				submit(p, name, file)
				begun(t, file)
			}
			child.Socket.Close()
			if code := child.State().ExitCode(); code != 0 {
				t.Errorf("exit code %d, want 0; it printed %q", code, child.Output())
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

func TestCancel(t *testing.T) {
	p := open(t, Options{Workers: 1})
	file := filepath.Join(t.TempDir(), "begun")
	running, stopRunning := context.WithCancelCause(t.Context())
	queued, stopQueued := context.WithCancelCause(t.Context())
	spinning := p.Submit(running, "spin", []byte(file))
	begun(t, file)
	never := filepath.Join(t.TempDir(), "never")
	dropped := p.Submit(queued, "append", []byte(never+" ran"))
	last := submit(p, "echo", "on")
	stopQueued(os.ErrInvalid)
	wantIs(t, dropped, os.ErrInvalid)
	select {
	case <-spinning.Done():
		t.Error("the running task ended with the queued one")
	default:
	}
	stopRunning(os.ErrExist)
	wantIs(t, spinning, os.ErrExist)
	want(t, last, "on")
	wantIs(t, p.Submit(queued, "echo", nil), os.ErrInvalid) // at once
	if _, err := os.Stat(never); err == nil {
		t.Error("a dropped task ran")
	}
	if stats, err := p.Stats(t.Context()); err != nil || stats[0].Restarts != 1 {
		t.Errorf("got %+v, %v, want 1 restart", stats, err)
	}
}

func TestFuture(t *testing.T) {
	p := open(t, Options{Workers: 1})
	file := filepath.Join(t.TempDir(), "begun")
	ctx, cancel := context.WithCancel(t.Context())
	f := p.Submit(ctx, "hang", []byte(file))
	begun(t, file)
	impatient, stop := context.WithCancelCause(t.Context())
	stop(os.ErrInvalid)
	if _, err := f.Wait(impatient); err != os.ErrInvalid {
		t.Errorf("Wait: %v", err)
	}
	var calls atomic.Int32
	called := make(chan error, 2)
	f.OnDone(func(_ []byte, err error) { calls.Add(1) })
	f.OnDone(func(_ []byte, err error) { called <- err })
	cancel()
	if err := <-called; err != context.Canceled {
		t.Errorf("OnDone: %v", err)
	}
	if _, err := f.Wait(t.Context()); err != context.Canceled {
		t.Errorf("Wait: %v", err)
	}
	f.OnDone(func(_ []byte, err error) { calls.Add(1) })
	if n := calls.Load(); n != 2 {
		t.Errorf("%d calls, want 2: one before the end and one at once after it", n)
	}
}

// A callback may submit the next task, as an event loop does.
func TestCallbackSubmits(t *testing.T) {
	p := open(t, Options{Workers: 2})
	const n = 1000
	last := make(chan string)
	var step func(output []byte, err error)
	step = func(output []byte, err error) {
		if i, _ := strconv.Atoi(string(output)); err != nil || i >= n {
			last <- fmt.Sprint(string(output), err)
			return
		}
		submit(p, "double", string(output)).OnDone(step)
	}
	submit(p, "echo", "1").OnDone(step)
	if got := <-last; got != "1024<nil>" {
		t.Errorf("the chain ended with %s", got)
	}
}

// Many goroutines submit and cancel while the pool closes.
func TestManySubmitters(t *testing.T) {
	p := open(t, Options{Workers: 2})
	var submitters sync.WaitGroup
	var ended [3]atomic.Int32
	const goroutines, each = 8, 100
	for range goroutines {
		submitters.Go(func() {
			for i := range each {
				ctx, cancel := context.WithCancel(context.Background())
				f := p.Submit(ctx, "echo", []byte("on"))
				if i%10 == 0 {
					cancel()
				}
				switch output, err := f.Result(); {
				case err == nil && string(output) == "on":
					ended[0].Add(1)
				case errors.Is(err, context.Canceled) && i%10 == 0:
					ended[1].Add(1)
				case errors.Is(err, ErrClosed):
					ended[2].Add(1)
				default:
					t.Errorf("got %q, %v", output, err)
				}
				cancel()
				if i == each/2 {
					submitters.Go(func() { p.Close() })
				}
			}
		})
	}
	submitters.Wait()
	done, cancelled, refused := ended[0].Load(), ended[1].Load(), ended[2].Load()
	if done+cancelled+refused != goroutines*each || done == 0 {
		t.Errorf("%d done, %d cancelled, %d refused of %d", done, cancelled, refused, goroutines*each)
	}
}

func TestUnknownFunction(t *testing.T) {
	p := open(t, Options{Workers: 1})
	f := submit(p, "ehco", "")
	select {
	case <-f.Done():
	default:
		t.Error("the future had not ended when Submit returned")
	}
	wantIs(t, f, ErrUnknownFunc)
	if _, err := f.Result(); !strings.Contains(err.Error(), `"ehco"`) || !strings.Contains(err.Error(), "echo, double") {
		t.Errorf("%v does not name what was asked for and what there is", err)
	}
}

func TestMap(t *testing.T) {
	p := open(t, Options{Workers: 2})
	var drawn int
	numbers := func(yield func([]byte) bool) { // endless
		for ; yield([]byte(strconv.Itoa(drawn))); drawn++ {
		}
	}
	i := 0
	for output, err := range p.Map(t.Context(), "double", numbers) {
		if err != nil || string(output) != strconv.Itoa(2*i) {
			t.Fatalf("result %d is %q, %v", i, output, err)
		}
		if i++; i == 100 {
			break
		}
	}
	if ahead := drawn - i; ahead > 4*2 {
		t.Errorf("Map read %d inputs ahead, want at most 8", ahead)
	}
	p.tasks.Wait() // Map left no task running

	var got []string
	words := [][]byte{[]byte("1"), []byte("x"), []byte("3")}
	for output, err := range p.Map(t.Context(), "double", slices.Values(words)) {
		_, failed := errors.AsType[*TaskError](err)
		got = append(got, fmt.Sprint(string(output), failed))
	}
	if !slices.Equal(got, []string{"2false", "true", "6false"}) {
		t.Errorf("got %q", got)
	}
	var none iter.Seq[[]byte] = func(func([]byte) bool) {}
	for range p.Map(t.Context(), "double", none) {
		t.Error("a result of nothing")
	}
}

func TestRegistry(t *testing.T) {
	nothing := func(context.Context, []byte) ([]byte, error) { return nil, nil }
	for name, mistake := range map[string]func(){
		"empty name":       func() { NewFunc("", nothing) },
		"zero byte":        func() { NewFunc("a\x00b", nothing) },
		"nil function":     func() { NewFunc("a", nil) },
		"two of a name":    func() { newRegistry([]Func{NewFunc("a", nothing), NewFunc("a", nothing)}) },
		"zero Func":        func() { newRegistry([]Func{{}}) },
		"WorkerMain twice": func() { WorkerMain() },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("%s: no panic", name)
				}
			}()
			mistake()
		}()
	}
}

func TestHello(t *testing.T) {
	nothing := func(context.Context, []byte) ([]byte, error) { return nil, nil }
	ours := newRegistry([]Func{NewFunc("a", nothing)})
	others := newRegistry([]Func{NewFunc("b", nothing)})
	rebuilt := ours
	rebuilt.build++
	for name, tt := range map[string]struct {
		hello []byte
		pid   int
		want  string
	}{
		"ours":            {ours.hello(), os.Getpid(), ""},
		"another process": {ours.hello(), os.Getpid() + 1, "answered in place of"},
		"another build":   {rebuilt.hello(), os.Getpid(), "another build"},
		"other functions": {others.hello(), os.Getpid(), "registered the functions"},
		"short":           {ours.hello()[:11], os.Getpid(), "broke the protocol"},
	} {
		err := ours.checkHello(tt.hello, tt.pid)
		if (err == nil) != (tt.want == "") || err != nil && !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: got %v, want %q", name, err, tt.want)
		}
	}
	if ours.build == 0 {
		t.Error("this binary has no build id")
	}
}
