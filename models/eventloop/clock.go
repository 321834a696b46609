package eventloop

import (
	"math"
	"time"
)

// virtualEpoch is when the virtual clock of every loop begins.
var virtualEpoch = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)

// Time returns the time since the loop was made: on the kernel's monotonic clock,
// or on the virtual one. It is loop.time. It may be called from any goroutine.
func (l *Loop) Time() time.Duration { return time.Duration(l.now()) }

// Now returns the time of day on the loop's clock, which with virtual time begins
// at the turn of the millennium. It may be called from any goroutine.
func (l *Loop) Now() time.Time { return l.wall(l.now()) }

// now is the loop's clock: nanoseconds since it was made.
func (l *Loop) now() int64 {
	if l.virtual {
		return l.clock.Load()
	}
	return int64(time.Since(l.began))
}

// wall returns the time of day at when.
func (l *Loop) wall(when int64) time.Time { return l.began.Add(time.Duration(when)) }

// until returns how long it is to a time of day.
func (l *Loop) until(at time.Time) time.Duration {
	if l.virtual {
		return at.Sub(l.Now())
	}
	return time.Until(at)
}

// after returns the time d from now, or the end of time.
func (l *Loop) after(d time.Duration) int64 {
	now := l.now()
	if int64(d) > math.MaxInt64-now {
		return math.MaxInt64
	}
	return now + int64(d)
}

// patience returns how long the loop may wait for news with nothing ready,
// negative for any time.
//
// Virtual time jumps to the next timer when all tasks wait for one another or for
// time. While one waits for what is outside, a socket or another goroutine, it
// stands still, since nobody knows what time it is out there.
func (l *Loop) patience() time.Duration {
	when, timed := l.timers.next()
	if !l.virtual {
		if !timed {
			return -1
		}
		return time.Duration(max(0, when-l.now()))
	}
	switch {
	case l.outside > 0:
		return -1
	case l.inbox.news():
	case timed:
		l.clock.Store(max(when, l.now()))
	default:
		l.stuck = true
	}
	return 0
}

// hopeless reports whether still nothing can ever be ready. Another goroutine may
// have sent something in the last moment.
func (l *Loop) hopeless() bool {
	_, timed := l.timers.next()
	return l.ready.n == 0 && !timed && l.outside == 0 && !l.inbox.news()
}
