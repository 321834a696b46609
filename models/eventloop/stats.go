package eventloop

import (
	"math/bits"
	"time"
)

// Stats are the counters of a loop since it was made.
type Stats struct {
	Ticks      uint64        // rounds of the loop
	Polls      uint64        // how often the kernel was asked for news
	Turns      uint64        // how often a task went on
	Callbacks  uint64        // how many were called
	Tasks      int           // that have not ended
	Ready      int           // tasks and callbacks that could go on now
	MostReady  int           // in one tick
	Timers     int           // that run
	Sockets    int           // that are open
	Coroutines int           // that are kept for tasks to come
	Elapsed    time.Duration // on the loop's clock
	Idle       time.Duration // of which the loop waited in the kernel; 0 with virtual time
	Lateness   Lateness      // of timers
}

// Busy returns the share of the time in which the loop did not wait for the
// kernel, between 0 and 1. It is what Node calls event loop utilization: a loop
// that is always busy has no time for what comes next.
func (s Stats) Busy() float64 {
	if s.Elapsed <= 0 {
		return 0
	}
	return 1 - s.Idle.Seconds()/s.Elapsed.Seconds()
}

// Lateness counts how late timers ran out: at place i those that were less than
// 2^i nanoseconds late and not less than half of that.
type Lateness [48]uint64

// Quantile returns a bound that the share q of all timers has kept, to the next
// power of two; 0 if there were none. q is between 0 and 1.
func (h *Lateness) Quantile(q float64) time.Duration {
	total := uint64(0)
	for _, n := range h {
		total += n
	}
	rank, seen := uint64(q*float64(total)), uint64(0)
	for i, n := range h {
		if seen += n; n > 0 && seen >= rank {
			return time.Duration(1) << i
		}
	}
	return 0
}

func (h *Lateness) add(ns int64) {
	h[min(bits.Len64(uint64(max(0, ns))), len(h)-1)]++
}

// Stats returns the counters of the loop. It is for the loop's thread, and costs
// a copy.
func (l *Loop) Stats() Stats {
	s := l.stats
	s.Turns -= s.Callbacks // counted together, since that is quicker
	s.Tasks, s.Ready, s.Timers, s.Sockets = l.live, l.ready.n, l.timers.n, l.open
	s.Coroutines, s.Elapsed = len(l.idle), l.Time()
	return s
}
