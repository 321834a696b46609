//go:build !linux || goroutineid

package eventloop

import (
	"sync"

	"juggle/internal/goroutine"
)

// Not every system tells a thread its number: macOS does not promise its system
// call for that to programs, and OpenBSD has no system calls but those that its
// C library makes. Without cgo, the goroutine has to stand for the thread. That
// is exact, since a loop's goroutine is locked to its thread, and all that runs
// there besides are the coroutines that the loop made. The price is a
// microsecond or so per question, which nothing asks that is done often.
//
// A coroutine that a task makes for itself with iter.Pull is not known here. From
// in there, what would be done at once is done in the next tick instead.
//
// Linux has its thread numbers. The build tag goroutineid has it do without, so
// that the tests can try this.

// adopted has the loop of each goroutine that is a coroutine of one.
var adopted sync.Map // from int to *Loop

// threadID identifies the OS thread that calls, by the number of the goroutine
// that runs the loop there, and for all others by their own.
func threadID() int {
	id := goroutine.ID()
	if l, ok := adopted.Load(id); ok {
		return int(l.(*Loop).thread.Load())
	}
	return id
}

// adopt has the calling goroutine count as one of l's.
func adopt(l *Loop) { adopted.Store(goroutine.ID(), l) }

// disown undoes adopt.
func disown() { adopted.Delete(goroutine.ID()) }
