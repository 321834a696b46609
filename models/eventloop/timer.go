package eventloop

// A timer runs out at a time. It is part of what it belongs to, which has at most
// one running, so that sleeping allocates nothing.
type timer struct {
	when  int64 // on the loop's clock, in nanoseconds
	owner expirer
	place int32 // in the heap, counted from 1; 0 while the timer is not running
	late  bool  // of a task's timer: the wait has failed when it runs out
}

// An expirer has a timer.
type expirer interface {
	// expire is called when the timer has run out.
	expire()
}

// timers is a binary heap of running timers. Timers due at the same time fire in
// the order they were added, which asyncio leaves open.
//
// A cancelled timer is taken out at once. asyncio marks it and cleans up later,
// which is quicker per timer but makes the heap as large as the busiest minute.
type timers struct {
	heap  []timerEntry
	added uint64
}

// timerEntry repeats the time, so that comparing two timers does not follow
// pointers.
type timerEntry struct {
	when  int64
	order uint64
	timer *timer
}

func (e timerEntry) before(f timerEntry) bool {
	return e.when < f.when || e.when == f.when && e.order < f.order
}

// next returns when the first timer is due.
func (h *timers) next() (when int64, ok bool) {
	if len(h.heap) == 0 {
		return 0, false
	}
	return h.heap[0].when, true
}

// add starts tm, which must not be running, to fire at tm.when.
func (h *timers) add(tm *timer) {
	h.added++
	h.heap = append(h.heap, timerEntry{})
	h.up(len(h.heap)-1, timerEntry{tm.when, h.added, tm})
}

// pop takes out the first timer if it is due at now.
func (h *timers) pop(now int64) *timer {
	if len(h.heap) == 0 || h.heap[0].when > now {
		return nil
	}
	tm := h.heap[0].timer
	h.remove(tm)
	return tm
}

// remove stops tm if it is running.
func (h *timers) remove(tm *timer) {
	if tm.place == 0 {
		return
	}
	i, n := int(tm.place)-1, len(h.heap)-1
	tm.place = 0
	last := h.heap[n]
	h.heap[n] = timerEntry{}
	h.heap = h.heap[:n]
	switch {
	case i == n:
	case i > 0 && last.before(h.heap[(i-1)/2]):
		h.up(i, last)
	default:
		h.down(i, last)
	}
}

// up puts e at place i or above it.
func (h *timers) up(i int, e timerEntry) {
	for i > 0 {
		parent := (i - 1) / 2
		if !e.before(h.heap[parent]) {
			break
		}
		h.put(i, h.heap[parent])
		i = parent
	}
	h.put(i, e)
}

// down puts e at place i or below it.
func (h *timers) down(i int, e timerEntry) {
	for {
		child := 2*i + 1
		if child >= len(h.heap) {
			break
		}
		if right := child + 1; right < len(h.heap) && h.heap[right].before(h.heap[child]) {
			child = right
		}
		if !h.heap[child].before(e) {
			break
		}
		h.put(i, h.heap[child])
		i = child
	}
	h.put(i, e)
}

func (h *timers) put(i int, e timerEntry) {
	h.heap[i] = e
	e.timer.place = int32(i + 1)
}
