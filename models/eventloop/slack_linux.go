package eventloop

import "golang.org/x/sys/unix"

// sharpen has the kernel end the waits of the calling thread as soon as their time
// has come, and returns what has it be as before. By default it may be 50 µs late,
// to wake for several timers at once; see PR_SET_TIMERSLACK in prctl(2). A loop
// has one timer in the kernel for all of its own, so there is little to save, and
// the thread is the loop's for as long as it lasts.
func sharpen() (undo func()) {
	before, err := unix.PrctlRetInt(unix.PR_GET_TIMERSLACK, 0, 0, 0, 0)
	if err != nil || unix.Prctl(unix.PR_SET_TIMERSLACK, 1, 0, 0, 0) != nil {
		return func() {}
	}
	return func() { unix.Prctl(unix.PR_SET_TIMERSLACK, uintptr(before), 0, 0, 0) }
}
