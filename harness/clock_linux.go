package harness

import "golang.org/x/sys/unix"

// sharedClock reads CLOCK_MONOTONIC, which counts from the start of the machine
// and is the same in every process; see clock_gettime(2).
func sharedClock() int64 {
	var t unix.Timespec
	if err := unix.ClockGettime(unix.CLOCK_MONOTONIC, &t); err != nil {
		panic("harness: CLOCK_MONOTONIC: " + err.Error())
	}
	return t.Nano()
}
