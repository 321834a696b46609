package procpool

import (
	"context"
	"encoding/json"
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

	"juggle/models/procpool/internal/shm"
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

// A scribbler overwrites what owner and worker share.
type scribbler struct {
	Fill byte
	Then string // return, exit or hang
	Dir  string // if not empty, where it waits first; see fault.await
}

func (s scribbler) String() string {
	text, _ := json.Marshal(s) // of a number and strings
	return string(text)
}

// scribble fills the words that owner and worker share with one byte.
func scribble(_ context.Context, in []byte) ([]byte, error) {
	var s scribbler
	if err := json.Unmarshal(in, &s); err != nil {
		return nil, err
	}
	page, err := sharedPage()
	if err != nil {
		return nil, err
	}
	if s.Dir != "" {
		fault{Dir: s.Dir}.await("scribble")
	}
	for i := range page {
		page[i] = s.Fill
	}
	switch s.Then {
	case "exit":
		os.Exit(5)
	case "hang":
		fault{Dir: s.Dir}.report()
		select {}
	}
	return in, nil
}

// sharedPage maps the start of the memory that this worker shares.
func sharedPage() ([]byte, error) {
	fd, err := unix.Dup(outFD)
	if err != nil {
		return nil, err
	}
	memory, err := shm.Inherit(os.NewFile(uintptr(fd), "results"))
	if err != nil {
		return nil, err
	}
	return memory.Map(0, pageBytes)
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

var scribbles = []byte{0, 1, 2, 0x7f, 0x80, 0xff}

// A worker that overwrites the words that it shares with its owner may lose what
// it has, or have it run twice, or give wrong results: that it can do anyway. But
// each task still ends once, and the owner lives on.
func TestScribbledPage(t *testing.T) {
	impatient(t)
	whatever := func(error) bool { return true }
	for _, fill := range scribbles {
		for _, then := range []string{"return", "exit"} {
			t.Run(fmt.Sprint(fill, " ", then), func(t *testing.T) {
				t.Parallel()
				r := newRig(t, Options{Workers: 2, ChunkSize: 6, StartTimeout: time.Minute})
				defer r.end(t)
				defer watchdog(t, r.pool)()
				for range 3 {
					bad := r.submit(t.Context(), "hostile page", scribbler{Fill: fill, Then: then}.String())
					r.asFutures(t, t.Context(), "", whatever)
					r.asMap(t, t.Context(), "", whatever)
					bad.Result()
				}
				if r.pool.reason() == nil {
					r.meet(t)
				}
			})
		}
	}
}

// What was delivered before a worker overwrites the words is not delivered again,
// whatever they say.
func TestScribbledPageAfterDelivery(t *testing.T) {
	impatient(t)
	for _, fill := range scribbles {
		for _, then := range []string{"return", "exit", "hang"} {
			t.Run(fmt.Sprint(fill, " ", then), func(t *testing.T) {
				t.Parallel()
				r := newRig(t, Options{Workers: 1, ChunkSize: 5, CancelGrace: time.Millisecond, StartTimeout: time.Minute})
				defer r.end(t)
				defer watchdog(t, r.pool)()
				r.scribbleAfterDelivery(t, scribbler{fill, then, r.dir})
			})
		}
	}
}

func (r *rig) scribbleAfterDelivery(t *testing.T, s scribbler) {
	gate, scribbling := r.hold(t, "met"), r.hold(t, "scribble")
	defer gate()
	defer scribbling()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	r.submit(t.Context(), "meet", r.dir) // so that a chunk forms behind it
	r.reported(t)
	var first []*counted
	for range 3 {
		first = append(first, r.submit(t.Context(), "hostile page", "no scribbler"))
	}
	r.submit(ctx, "hostile page", s.String())
	r.submit(t.Context(), "hostile page", "no scribbler")
	gate()
	for _, f := range first {
		wantError[*TaskError](t, f.Future)
	}
	scribbling()
	if s.Then == "hang" {
		r.reported(t)
		cancel()
	}
	for _, f := range r.futures {
		f.Result()
	}
}
