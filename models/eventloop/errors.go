package eventloop

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
)

var (
	// ErrNested is what New and Run return on a thread that has a loop already,
	// as asyncio.run does inside a coroutine.
	ErrNested = errors.New("eventloop: this thread has a loop already; inside it, use Go to begin a task")
	// ErrClosed says that the loop has been closed.
	ErrClosed = errors.New("eventloop: the loop is closed; make another with New")
	// ErrRunning says that the loop runs, which it must not for this.
	ErrRunning = errors.New("eventloop: the loop is running")
	// ErrThread says that a loop was to run or close on another thread than the
	// one that it was made on.
	ErrThread = errors.New("eventloop: the loop belongs to another thread; call this in the goroutine that called New")
	// ErrStopped is what Run of a loop returns if Stop ended it before main.
	ErrStopped = errors.New("eventloop: the loop was stopped before main had ended")
	// ErrDeadlock is the cause with which a loop with virtual time cancels all
	// tasks when each waits for another, and what Run then returns.
	ErrDeadlock = errors.New("eventloop: deadlock: every task waits, and nothing is left that could wake one")
	// ErrNotDone says that there is no outcome yet.
	ErrNotDone = errors.New("eventloop: not done yet; wait for it")
	// ErrDone says that there is an outcome already.
	ErrDone = errors.New("eventloop: the outcome is there already; the first one stays")
	// ErrOtherLoop says that a task waited for what belongs to another loop.
	ErrOtherLoop = errors.New("eventloop: this belongs to another loop; a task can wait for its own loop's alone")
	// ErrMainEnded is the cause with which Run cancels the tasks that are left
	// when main has ended. It wraps context.Canceled.
	ErrMainEnded = fmt.Errorf("eventloop: the main task has ended: %w", context.Canceled)
	// ErrGoexit is the error of a task that called runtime.Goexit, as FailNow
	// of package testing does, and the cause with which all others are then
	// cancelled; see [Run].
	ErrGoexit = errors.New("eventloop: the task called runtime.Goexit; return an error instead")
	// ErrSelfWait is what Wait returns to a task that waits for itself.
	ErrSelfWait = errors.New("eventloop: a task waits for itself, which would take for ever")
)

// errOutside is what a connection returns to a caller that is no task.
var errOutside = errors.New("eventloop: used outside a task of its loop")

// A PanicError says that a task panicked, or a function given to [Offload]. The
// loop and the other tasks go on.
type PanicError struct {
	Value any    // what it panicked with
	Stack string // where, as debug.Stack prints it
}

// newPanicError is to be called by the deferred function that recovered v, while
// the stack of the panic is still there: iter.Pull hands on the value alone.
func newPanicError(v any) *PanicError {
	return &PanicError{Value: v, Stack: string(debug.Stack())}
}

func (e *PanicError) Error() string { return fmt.Sprintf("eventloop: a task panicked: %v", e.Value) }

// Unwrap returns Value if that is an error.
func (e *PanicError) Unwrap() error {
	err, _ := e.Value.(error)
	return err
}
