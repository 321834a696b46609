package eventloop

import "time"

// A Handle is a callback that a loop is to call. It is asyncio.Handle and
// asyncio.TimerHandle. Its methods are for the loop's thread.
type Handle struct {
	loop  *Loop
	call  func() // nil once it was called or cancelled
	timer timer
	link  *watch // whose callback it is; nil for one of the loop
}

// CallSoon has the loop call f in its next tick, in turn with the tasks that are
// ready. It is loop.call_soon. f runs on the loop's thread, outside any task, so
// it cannot wait. If it panics, the loop goes on, and Run returns the panic as a
// [*PanicError] among the errors that nobody has seen.
//
// CallSoon, CallLater and CallAt are for tasks and callbacks of the loop, and
// before it runs for its goroutine. From other goroutines there is [Loop.Post]. They
// panic if the loop has been closed. CallSoon allocates the Handle alone.
func (l *Loop) CallSoon(f func()) *Handle {
	h := l.callback(f)
	l.ready.push(h)
	return h
}

// callback makes a Handle.
func (l *Loop) callback(f func()) *Handle {
	if l.debug != nil {
		l.debug.check(l)
	}
	if l.ended {
		panic("eventloop: a callback for a loop that has ended")
	}
	return &Handle{loop: l, call: f}
}

// CallLater has the loop call f after d or a little later, never earlier. It is
// loop.call_later. If d is not positive, f is called in the next tick. Callbacks
// that are due at the same time are called in the order in which they were asked
// for.
func (l *Loop) CallLater(d time.Duration, f func()) *Handle {
	return l.callAt(l.after(max(0, d)), f)
}

// CallAt has the loop call f at the time when of [Loop.Time], or a little later.
// It is loop.call_at.
func (l *Loop) CallAt(when time.Duration, f func()) *Handle {
	return l.callAt(int64(when), f)
}

func (l *Loop) callAt(when int64, f func()) *Handle {
	h := l.callback(f)
	h.timer.owner, h.timer.when = h, when
	l.timers.add(&h.timer)
	return h
}

// Cancel has the callback not be called, and reports whether it would have been:
// false says that it was called or cancelled before. A callback that is to be
// called in this tick can still be cancelled.
func (h *Handle) Cancel() bool {
	pending := h.call != nil
	h.call = nil
	h.loop.timers.remove(&h.timer)
	if h.link != nil {
		h.link.leave()
	}
	return pending
}

// When returns the time of [Loop.Time] at which the callback is due. For one of
// CallSoon it is 0.
func (h *Handle) When() time.Duration { return time.Duration(h.timer.when) }

// expire makes the callback ready.
func (h *Handle) expire() { h.loop.ready.push(h) }

// step calls it.
func (h *Handle) step() {
	if f := h.call; f != nil {
		h.call = nil
		h.loop.stats.Callbacks++
		h.loop.guard(f)
	}
}

// guard calls f, which is no task, and keeps a panic of it from the loop.
func (l *Loop) guard(f func()) {
	returned := false
	defer func() {
		if v := recover(); v != nil {
			l.report(newPanicError(v))
		} else if !returned {
			l.exiting = true // by runtime.Goexit, which nothing can stop
		}
	}()
	f()
	returned = true
}
