//go:build unix

package procpool

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"
)

func TestTaskFailsAndWorkerLivesOn(t *testing.T) {
	p := open(t, Options{Workers: 1})
	pid, _ := submit(p, "pid", "").Result()

	if e := wantError[*TaskError](t, submit(p, "fail", "no\nluck")); e.Func != "fail" || e.Error() != "no\nluck" {
		t.Errorf("got %+v", e)
	}
	e := wantError[*PanicError](t, submit(p, "panic", "fire"))
	if e.Func != "panic" || e.Value != "fire" || !strings.Contains(e.Stack, "procpool.testFuncs") {
		t.Errorf("got %+v", e)
	}
	wantError[*PanicError](t, submit(p, "panic nil", ""))
	for range 3 {
		wantIs(t, submit(p, "goexit", ""), ErrGoexit)
	}
	want(t, submit(p, "print", ""), "printed")
	want(t, submit(p, "pid", ""), string(pid))
}

func TestWorkerDiesWhileRunning(t *testing.T) {
	deaths := map[string]struct {
		name, input string
		check       func(*CrashError) bool
	}{
		"exit": {"exit", "3", func(e *CrashError) bool {
			return e.ExitCode == 3 && e.Signal == 0 && e.Output == "last words\n" && strings.Contains(e.Error(), "exit code 3")
		}},
		"exit 0": {"exit", "0", func(e *CrashError) bool { return e.ExitCode == 0 }},
		"SIGKILL": {"signal", strconv.Itoa(int(unix.SIGKILL)), func(e *CrashError) bool {
			return e.Signal == syscall.SIGKILL && e.ExitCode == -1 && strings.Contains(e.Error(), "SIGKILL")
		}},
		// The Go runtime turns this one into a traceback and exit code 2.
		"SIGSEGV": {"signal", strconv.Itoa(int(unix.SIGSEGV)), func(e *CrashError) bool {
			return e.ExitCode == 2 && strings.Contains(e.Output, "goroutine ")
		}},
		"SIGTERM": {"signal", strconv.Itoa(int(unix.SIGTERM)), func(e *CrashError) bool {
			return e.Signal == syscall.SIGTERM && strings.Contains(e.Error(), "SIGTERM")
		}},
		"fatal error": {"unlock", "", func(e *CrashError) bool {
			return e.ExitCode == 2 && strings.Contains(e.Error(), "unlock of unlocked mutex")
		}},
		"garbage": {"garbage", "this is not a frame at all", func(e *CrashError) bool {
			return errors.Is(e, ErrProtocol) && strings.Contains(e.Error(), `"this"`)
		}},
		"half a reply": {"half", strings.Repeat("x", 100_000), func(e *CrashError) bool { return e.ExitCode == 9 }},
	}
	for name, tt := range deaths {
		t.Run(name, func(t *testing.T) {
			p := open(t, Options{Workers: 2})
			var others []*Future
			for i := range 20 {
				others = append(others, submit(p, "double", strconv.Itoa(i)))
			}
			dies := submit(p, tt.name, tt.input)
			for i := range 20 {
				others = append(others, submit(p, "double", strconv.Itoa(i)))
			}
			e := wantError[*CrashError](t, dies)
			if e.Func != tt.name || e.PID == 0 || !tt.check(e) {
				t.Errorf("got %+v: %v", e, e)
			}
			for i, f := range others {
				want(t, f, strconv.Itoa(2*(i%20)))
			}
		})
	}
}

func TestWorkerDiesWhileIdle(t *testing.T) {
	p := open(t, Options{Workers: 1})
	for range 3 {
		before, err := p.Stats(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		unix.Kill(before[0].Usage.PID, unix.SIGKILL)
		want(t, submit(p, "echo", "on"), "on") // whether or not the pool has noticed
	}
	after, err := p.Stats(t.Context())
	if err != nil || after[0].Restarts != 3 {
		t.Errorf("got %+v, %v, want 3 restarts", after, err)
	}
}

// One byte that comes while a worker is idle costs that worker, and not the task
// that the next reply is for.
func TestStrayByteWhileIdle(t *testing.T) {
	p := open(t, Options{Workers: 1})
	file := filepath.Join(t.TempDir(), "now")
	want(t, submit(p, "stray", file), "promised")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	await(t, "the worker was not replaced", func() bool {
		stats, err := p.Stats(t.Context())
		return err == nil && stats[0].Restarts == 1
	})
	want(t, submit(p, "echo", "on"), "on")
}

// Workers that die whenever they run something are not started for ever.
func TestStorm(t *testing.T) {
	p := open(t, Options{Workers: 2})
	var futures []*Future
	for range 50 {
		futures = append(futures, submit(p, "exit", "3"))
	}
	crashed, broken := 0, 0
	for _, f := range futures {
		_, err := f.Result()
		e, ok := errors.AsType[*CrashError](err)
		switch {
		case !ok || e.ExitCode != 3 || !strings.Contains(err.Error(), "last words"):
			t.Errorf("got %v", err)
		case errors.Is(err, ErrBroken):
			broken++
		default:
			crashed++
		}
	}
	// The sixth death breaks the pool, while the other worker may be dying too.
	if crashed < 5 || crashed > 7 || crashed+broken != 50 {
		t.Errorf("%d crashed and %d found the pool broken", crashed, broken)
	}
	wantIs(t, submit(p, "echo", ""), ErrBroken)
	if _, err := p.Stats(t.Context()); !errors.Is(err, ErrBroken) {
		t.Errorf("Stats: %v", err)
	}
	if err := p.Close(); !errors.Is(err, ErrBroken) {
		t.Errorf("Close: %v", err)
	}
}

// A task that is done shows that workers work, and begins the count anew.
func TestCrashesBetweenSuccessesAreNoStorm(t *testing.T) {
	p := open(t, Options{Workers: 1})
	for range 4 {
		for range 4 {
			wantError[*CrashError](t, submit(p, "exit", "3"))
		}
		want(t, submit(p, "echo", "on"), "on")
	}
}

// A warm-up that works once and never again breaks the pool when its worker has
// to be replaced.
func TestStormOfStarts(t *testing.T) {
	file := filepath.Join(t.TempDir(), "once")
	p := open(t, Options{Workers: 1, WarmUp: Call{"once", []byte(file)}})
	wantError[*CrashError](t, submit(p, "exit", "3"))
	f := submit(p, "echo", "")
	wantIs(t, f, ErrBroken)
	if e := wantError[*StartError](t, f); !strings.Contains(e.Error(), fmt.Sprint("warm-up: open ", file)) {
		t.Errorf("got %v", e)
	}
}
