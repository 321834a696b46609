package eventloop

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
)

var (
	// ErrNested is what Run returns on a thread that runs a loop already, as
	// asyncio.run does inside a coroutine.
	ErrNested = errors.New("eventloop: Run inside a running loop; use Go to begin a task in it")
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
