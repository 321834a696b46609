package harness

import "time"

// A stamp is a moment in nanoseconds on a clock that all processes of this
// machine share, so that what happened in a worker and what happened in its
// parent can stand on one time axis.
//
// Go's own monotonic reading counts from the start of each process. It is the
// same clock underneath, so one comparison at start-up is enough, and a stamp
// costs no more than time.Since (some 50 ns; a clock_gettime system call, which
// was tried first, costs three times that).
type stamp = int64

// clock ties Go's monotonic readings to the shared clock.
type clock struct {
	zero   time.Time
	shared int64
}

// theClock is read-only after start-up.
var theClock = newClock()

// newClock compares the two clocks a few times and keeps the comparison that
// took least time, so that being interrupted in one does no harm.
func newClock() clock {
	var best clock
	least := time.Duration(1<<63 - 1)
	for range 5 {
		before := time.Now()
		shared := sharedClock()
		if took := time.Since(before); took < least {
			least = took
			best = clock{before, shared - int64(took)/2}
		}
	}
	return best
}

// now returns the present moment.
func now() stamp { return theClock.shared + int64(time.Since(theClock.zero)) }
