package procpool

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"syscall"
	"time"
)

var (
	// ErrClosed says that the pool was closed or killed.
	ErrClosed = errors.New("procpool: the pool is closed")
	// ErrBroken says that workers died again and again, and the pool gave up.
	// The error that wraps it also wraps the last [*CrashError] or
	// [*StartError].
	ErrBroken = errors.New("procpool: the pool is broken")
	// ErrUnknownFunc says that no function of the given name was registered.
	ErrUnknownFunc = errors.New("procpool: no function")
	// ErrTooLarge says that an input or an output is over [MaxPayload].
	ErrTooLarge = errors.New("procpool: too large")
	// ErrGoexit says that a task called runtime.Goexit, as FailNow and SkipNow
	// of package testing do, and so gave neither result nor error.
	ErrGoexit = errors.New("the task called runtime.Goexit")
	// ErrProtocol says that a worker sent what is no frame, or not one that was
	// due, or wrote results that are none: a task or a library used the descriptors
	// or the memory that are the pool's. It is the Err of a [*CrashError].
	ErrProtocol = errors.New("it broke the protocol of its socket")
)

// A TaskError is an error that a function returned in a worker. Its text is the
// text of that error; what that error wraps stays in the worker.
type TaskError struct {
	Func string // the function
	Text string
}

func (e *TaskError) Error() string { return e.Text }

// A PanicError says that a function panicked. Its worker recovered and lives on.
type PanicError struct {
	Func  string // the function
	Value string // what it panicked with, as fmt.Sprint prints it
	Stack string // of the goroutine in the worker
}

func (e *PanicError) Error() string {
	return fmt.Sprintf("procpool: %s panicked: %s", e.Func, e.Value)
}

// A CrashError says that a worker died.
type CrashError struct {
	// Func is the function that the worker was running, and empty if none.
	Func string
	PID  int
	// ExitCode is what it exited with, and -1 if a signal ended it.
	ExitCode int
	// Signal is what ended it, and 0 if it exited.
	Signal syscall.Signal
	// OutOfMemory says whether it died for want of memory.
	OutOfMemory OutOfMemory
	// Deaths is how many workers died of the task, with [Options.Retries]; 0 if
	// none did.
	Deaths int
	// Err is set if the worker did not end by itself: it wrote what is no
	// frame, and the pool ended it.
	Err error
	// Output holds the begin and the end of what it printed, some 32 KiB.
	Output string
}

func (e *CrashError) Error() string {
	doing := "while idle"
	if e.Func != "" {
		doing = "while it ran " + e.Func
	}
	if e.Deaths > 1 {
		doing += fmt.Sprintf(", as %d before it did", e.Deaths-1)
	}
	return fmt.Sprintf("procpool: worker %d died %s: %s%s", e.PID, doing, e.how(), quote(e.Output))
}

// Unwrap returns Err.
func (e *CrashError) Unwrap() error { return e.Err }

// how says how the process ended.
func (e *CrashError) how() string {
	switch {
	case e.Err != nil:
		return e.Err.Error()
	case e.OutOfMemory == OOMRuntime:
		return fmt.Sprintf("out of memory, as its Go runtime says (exit code %d)", e.ExitCode)
	case e.Signal == syscall.SIGKILL:
		return e.OutOfMemory.killed()
	case e.Signal != 0:
		return "killed by " + signalName(e.Signal)
	}
	return fmt.Sprintf("exit code %d", e.ExitCode)
}

// newCrashError waits for the end of a worker and describes it.
func newCrashError(w *worker) *CrashError {
	state := w.child.State()
	e := &CrashError{PID: w.child.PID(), ExitCode: state.ExitCode(), Output: w.child.Output()}
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		e.Signal = status.Signal()
	}
	e.OutOfMemory = w.oom.verdict(w.group, e.Signal, e.Output)
	return e
}

// A TimeoutError says that a task ran longer than [Options.TaskTimeout]. It is a
// context.DeadlineExceeded.
type TimeoutError struct {
	Func  string
	Limit time.Duration
}

func (e *TimeoutError) Error() string {
	return fmt.Sprintf("procpool: %s ran longer than %v, its TaskTimeout", e.Func, e.Limit)
}

// Unwrap returns context.DeadlineExceeded.
func (e *TimeoutError) Unwrap() error { return context.DeadlineExceeded }

// A KilledError says that a task was to end, did not, and that its worker was
// killed for that.
type KilledError struct {
	Func string
	PID  int
	// Err is why it was to end: a [*TimeoutError], or the cause of its context.
	Err error
	// Stacks is what the worker's goroutines were doing, as the Go runtime
	// prints it on SIGQUIT, and empty if the worker was past doing that.
	Stacks string
}

func (e *KilledError) Error() string {
	return fmt.Sprintf("%v; it did not return when told to, so its worker %d was killed", e.Err, e.PID)
}

// Unwrap returns Err.
func (e *KilledError) Unwrap() error { return e.Err }

// stacks returns what the runtime printed on SIGQUIT.
func stacks(output string) string {
	for _, start := range []string{"SIGQUIT: quit", "goroutine "} { // the first may be lost
		if at := strings.Index(output, start); at >= 0 {
			return output[at:]
		}
	}
	return ""
}

// A StartError says that a worker was not ready in time, or not at all.
type StartError struct {
	PID    int   // 0 if no process could be started
	Err    error // why
	Output string
}

func (e *StartError) Error() string {
	if e.PID == 0 {
		return "procpool: " + e.Err.Error()
	}
	why := e.Err.Error()
	if crash, ok := e.Err.(*CrashError); ok {
		why = crash.how()
	}
	return fmt.Sprintf("procpool: worker %d did not start: %s%s", e.PID, why, quote(e.Output))
}

// Unwrap returns Err: a [*TaskError] or [*PanicError] of the warm-up, a
// [*CrashError], os.ErrDeadlineExceeded, or an error of package reexec.
func (e *StartError) Unwrap() error { return e.Err }

// quote returns the line of output that tells most: the first of a traceback of
// the Go runtime, since what follows it is long and says less, or else the last.
func quote(output string) string {
	var line string
	for l := range strings.Lines(output) {
		if l = strings.TrimSpace(l); l == "" {
			continue
		}
		line = l
		if traceback.MatchString(l) {
			break
		}
	}
	if line == "" {
		return ""
	}
	return fmt.Sprintf("; it printed %.200q", line)
}

// traceback matches what begins a traceback, or one that lost its beginning.
var traceback = regexp.MustCompile(`^(panic|fatal error|SIG[A-Z]+): |^goroutine \d`)
