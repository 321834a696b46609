package procpool

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	ossignal "os/signal"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// hostileFuncs is what workers do that mean their owner no good.
func hostileFuncs() []Func {
	return []Func{
		NewFunc("hostile stdin", readStdin),
		NewFunc("hostile chdir", changeDirectory),
		NewFunc("hostile close", closeDescriptors),
		NewFunc("hostile children", leaveChildren),
		NewFunc("hostile setenv", changeEnvironment),
		NewFunc("hostile signals", ignoreSignals),
		NewFunc("hostile GOMAXPROCS", changeProcs),
		NewFunc("hostile Goexit", lockAndExit),
		NewFunc("hostile page", scribble),
	}
}

func readStdin(context.Context, []byte) ([]byte, error) {
	b, err := io.ReadAll(os.Stdin)
	return fmt.Append(nil, len(b)), err
}

func changeDirectory(context.Context, []byte) ([]byte, error) { return nil, os.Chdir("/") }

func closeDescriptors(context.Context, []byte) ([]byte, error) {
	for fd := range 21 {
		unix.Close(fd)
	}
	return nil, nil
}

// leaveChildren starts processes that outlive the task, and hold its stdout and
// stderr open, and returns their ids. One ignores what ends a process politely.
func leaveChildren(context.Context, []byte) ([]byte, error) {
	var pids []string
	for _, script := range []string{"sleep 1000", "trap '' HUP INT TERM PIPE; sleep 1000", "sleep 1000 & wait"} {
		cmd := exec.Command("/bin/sh", "-c", script)
		cmd.Stdout, cmd.Stderr = os.Stdout, os.Stderr
		if err := cmd.Start(); err != nil {
			return nil, err
		}
		pids = append(pids, fmt.Sprint(cmd.Process.Pid))
	}
	return []byte(strings.Join(pids, " ")), nil
}

func changeEnvironment(context.Context, []byte) ([]byte, error) {
	os.Clearenv()
	return nil, os.Setenv("HOSTILE", "yes")
}

// ignoreSignals ignores all that can be, and never returns.
func ignoreSignals(_ context.Context, in []byte) ([]byte, error) {
	ossignal.Ignore()
	if err := os.WriteFile(string(in), nil, 0o600); err != nil {
		return nil, err
	}
	select {}
}

func changeProcs(context.Context, []byte) ([]byte, error) {
	runtime.GOMAXPROCS(64)
	return nil, nil
}

// lockAndExit ends the thread that it runs on.
func lockAndExit(context.Context, []byte) ([]byte, error) {
	runtime.LockOSThread()
	runtime.Goexit()
	return nil, nil
}

// What a task does to its process, it does to its process: the owner and the
// tasks of other workers see nothing of it, and the pool works on.
func TestHostileTasks(t *testing.T) {
	impatient(t)
	before := surroundings(t)
	for name, tt := range map[string]struct {
		input  string
		ending func(output string, err error) bool
	}{
		"print":              {"", func(output string, err error) bool { return output == "printed" }},
		"hostile stdin":      {"", func(output string, err error) bool { return output == "0" }},
		"hostile chdir":      {"", func(output string, err error) bool { return err == nil }},
		"hostile close":      {"", func(output string, err error) bool { return err == nil || isCrash(err) }},
		"hostile children":   {"", func(output string, err error) bool { return len(strings.Fields(output)) == 3 }},
		"hostile setenv":     {"", func(output string, err error) bool { return err == nil }},
		"hostile GOMAXPROCS": {"", func(output string, err error) bool { return err == nil }},
		"hostile Goexit":     {"", func(output string, err error) bool { return errors.Is(err, ErrGoexit) }},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r := newRig(t, Options{Workers: 2, StartTimeout: time.Minute})
			defer r.close(t)
			defer watchdog(t, r.pool)()
			for range 3 {
				first := r.submit(t.Context(), name, tt.input)
				r.asFutures(t, t.Context(), "", strict)
				r.asMap(t, t.Context(), "", strict)
				if output, err := first.Result(); !tt.ending(string(output), err) {
					t.Errorf("it ended with %q, %v", output, err)
				}
			}
			r.meet(t)
			if now := surroundings(t); !slices.Equal(now, before) {
				t.Errorf("the owner has %q, had %q", now, before)
			}
		})
	}
}

func isCrash(err error) bool {
	_, ok := errors.AsType[*CrashError](err)
	return ok
}

// surroundings is what of this process a task might change, if it ran here.
func surroundings(t *testing.T) []string {
	t.Helper()
	dir, err := os.Getwd()
	if err != nil {
		t.Fatal(err)
	}
	stdin, err := os.Readlink("/proc/self/fd/0")
	if err != nil {
		t.Fatal(err)
	}
	return append(os.Environ(), dir, stdin, fmt.Sprint(runtime.GOMAXPROCS(0)))
}

// The children that a task left behind end with their worker, also those that
// hold its stdout open and ignore polite signals.
func TestChildrenEndWithTheirWorker(t *testing.T) {
	r := newRig(t, Options{Workers: 1})
	t.Cleanup(leaks(t))
	defer watchdog(t, r.pool)()
	output, err := r.submit(t.Context(), "hostile children", "").Result()
	if err != nil {
		t.Fatal(err)
	}
	r.close(t)
	for _, pid := range strings.Fields(string(output)) {
		await(t, "a grandchild outlived its worker", func() bool { return isGone(pid) })
	}
}

// isGone tells whether a process has ended, reaped or not.
func isGone(pid string) bool {
	stat, err := os.ReadFile("/proc/" + pid + "/stat")
	if err != nil {
		return true
	}
	_, rest, _ := strings.Cut(string(stat), ") ")
	return strings.HasPrefix(rest, "Z") || strings.HasPrefix(rest, "X")
}

// A task that ignores all signals and never ends is killed when it is cancelled.
func TestTaskThatIgnoresSignals(t *testing.T) {
	impatient(t)
	r := newRig(t, Options{Workers: 2, CancelGrace: time.Millisecond})
	defer r.close(t)
	defer watchdog(t, r.pool)()
	ctx, cancel := context.WithCancel(t.Context())
	file := t.TempDir() + "/begun"
	f := r.submit(ctx, "hostile signals", file)
	begun(t, file)
	cancel()
	wantIs(t, f.Future, context.Canceled)
	wantError[*KilledError](t, f.Future)
	r.meet(t)
}
