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
//
// The heap lies in pages, because a slice that grows is copied: that would stop
// the loop for milliseconds when a million timers run, and leave as much garbage
// as there are timers. Pages are kept for later timers.
type timers struct {
	pages []*timerPage
	n     int
	added uint64
}

// timerPage holds as many as fill an allocation of 3 KiB.
type timerPage [128]timerEntry

// timerEntry repeats the time, so that comparing two timers does not follow
// pointers.
type timerEntry struct {
	when  int64
	order uint64
	timer *timer
}

func (e *timerEntry) before(f *timerEntry) bool {
	return e.when < f.when || e.when == f.when && e.order < f.order
}

// at returns place i, counted from 0.
func (h *timers) at(i int) *timerEntry {
	const size = uint(len(timerPage{}))
	return &h.pages[uint(i)/size][uint(i)%size]
}

// next returns when the first timer is due.
func (h *timers) next() (when int64, ok bool) {
	if h.n == 0 {
		return 0, false
	}
	return h.at(0).when, true
}

// add starts tm, which must not be running, to fire at tm.when.
func (h *timers) add(tm *timer) {
	if h.n == len(h.pages)*len(timerPage{}) {
		h.pages = append(h.pages, new(timerPage))
	}
	h.added++
	h.n++
	h.up(h.n-1, timerEntry{tm.when, h.added, tm})
}

// pop takes out the first timer if it is due at now.
func (h *timers) pop(now int64) *timer {
	if h.n == 0 || h.at(0).when > now {
		return nil
	}
	tm := h.at(0).timer
	h.remove(tm)
	return tm
}

// remove stops tm if it is running.
func (h *timers) remove(tm *timer) {
	if tm.place == 0 {
		return
	}
	i := int(tm.place) - 1
	tm.place = 0
	h.n--
	last := *h.at(h.n)
	*h.at(h.n) = timerEntry{}
	switch {
	case i == h.n:
	case i > 0 && last.before(h.at((i-1)/2)):
		h.up(i, last)
	default:
		h.down(i, last)
	}
}

// up puts e at place i or above it.
func (h *timers) up(i int, e timerEntry) {
	to := h.at(i)
	for i > 0 {
		above := h.at((i - 1) / 2)
		if !e.before(above) {
			break
		}
		to.put(i, above)
		i, to = (i-1)/2, above
	}
	to.put(i, &e)
}

// down puts e at place i or below it.
func (h *timers) down(i int, e timerEntry) {
	to := h.at(i)
	for {
		child := 2*i + 1
		if child >= h.n {
			break
		}
		below := h.at(child)
		if child+1 < h.n {
			if right := h.at(child + 1); right.before(below) {
				child, below = child+1, right
			}
		}
		if !below.before(&e) {
			break
		}
		to.put(i, below)
		i, to = child, below
	}
	to.put(i, &e)
}

// put makes e the entry at place i, which is to.
func (to *timerEntry) put(i int, e *timerEntry) {
	*to = *e
	e.timer.place = int32(i + 1)
}
