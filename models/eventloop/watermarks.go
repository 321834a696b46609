package eventloop

import "fmt"

// Above DefaultHighWater bytes that wait to be sent, a [Transport] tells its
// [Protocol] to pause and [Writer.Drain] waits, until there are no more than
// DefaultLowWater. They are those of asyncio.
const (
	DefaultHighWater = 64 << 10
	DefaultLowWater  = 16 << 10
)

// watermarks tell when there is too much to send, and when there is room again.
type watermarks struct {
	high, low int
	full      bool // between the two, on the way down
}

func defaultWatermarks() watermarks {
	return watermarks{high: DefaultHighWater, low: DefaultLowWater}
}

// rise reports whether the water, which is this high, has come above the mark.
func (w *watermarks) rise(size int) bool {
	if w.full || size <= w.high {
		return false
	}
	w.full = true
	return true
}

// fall reports whether the water has come below the other mark.
func (w *watermarks) fall(size int) bool {
	if !w.full || size > w.low {
		return false
	}
	w.full = false
	return true
}

// set moves the marks.
func (w *watermarks) set(high, low int) {
	if low < 0 || high < low {
		panic(fmt.Sprintf("eventloop: write buffer limits of %d high and %d low; use 0 <= low <= high", high, low))
	}
	w.high, w.low = high, low
}
