package eventloop

import (
	"context"
	"os"
	"os/signal"
	"slices"
	"sync/atomic"
)

// SignalHandler has the loop call f whenever this process gets sig, until stop is
// called or the loop is closed. f is called as [Loop.CallSoon] calls: on the
// loop's thread, outside any task, and not inside the signal. It is
// add_signal_handler, and stop is remove_signal_handler, but a signal may have
// any number of handlers; they are called in the order in which they came.
//
// While a signal has a handler, what it does by default it does not. As with the
// kernel, several of one kind that come before the loop gets round to them count
// as one. There may be handlers in several loops, and channels of os/signal
// besides; each gets every signal. A loop that is held up by a task calls no
// handler. SignalHandler panics for SIGKILL and SIGSTOP, which nothing can catch.
//
// SignalHandler and stop are for tasks and callbacks of the loop. stop may be
// called again, and after the end of the loop.
func SignalHandler(ctx context.Context, sig os.Signal, f func()) (stop func()) {
	if !catchable(sig) {
		panic("eventloop: a handler for " + sig.String() + ", which no process can catch")
	}
	l := loopOf(ctx, "SignalHandler")
	if l.debug != nil {
		l.debug.check(l)
	}
	return l.signals.add(l, sig, f)
}

// signals are the signals that a loop has handlers for.
type signals struct {
	watches    map[os.Signal]*signalWatch
	interrupts atomic.Bool // os.Interrupt is among them
}

// A signalWatch is one of them. It has a channel and a goroutine of its own. One
// goroutine for all signals of a loop would need one channel, and a channel can
// only give up all its signals at once: the others would do what they do by
// default in between, which is to end the process.
type signalWatch struct {
	loop     *Loop
	news     chan os.Signal
	posted   atomic.Bool // the loop has been told, and has not looked yet
	gone     chan struct{}
	handlers []*signalHandler
}

type signalHandler struct {
	call func() // nil once it was stopped
}

func (s *signals) add(l *Loop, sig os.Signal, f func()) (stop func()) {
	w := s.watches[sig]
	if w == nil {
		w = &signalWatch{loop: l, news: make(chan os.Signal, 1), gone: make(chan struct{})}
		if s.watches == nil {
			s.watches = map[os.Signal]*signalWatch{}
		}
		s.watches[sig] = w
		s.mark(sig, true)
		signal.Notify(w.news, sig)
		go w.watch()
	}
	h := &signalHandler{f}
	w.handlers = append(w.handlers, h)
	return func() {
		if h.call == nil {
			return
		}
		h.call = nil
		w.handlers = slices.DeleteFunc(w.handlers, func(other *signalHandler) bool { return other == h })
		if len(w.handlers) == 0 && s.watches[sig] == w {
			delete(s.watches, sig)
			w.close()
			s.mark(sig, false)
		}
	}
}

// mark notes whether sig has a handler, for interruptible.
func (s *signals) mark(sig os.Signal, handled bool) {
	if sig == os.Interrupt {
		s.interrupts.Store(handled)
	}
}

// close stops all handlers, at the end of the loop.
func (s *signals) close() {
	for _, w := range s.watches {
		w.close()
	}
	s.watches = nil
}

// watch tells the loop of each signal, in the goroutine.
func (w *signalWatch) watch() {
	defer close(w.gone)
	for range w.news {
		if !w.posted.Swap(true) {
			w.loop.post(w.deliver)
		}
	}
}

// deliver has the handlers called.
func (w *signalWatch) deliver() {
	w.posted.Store(false)
	for _, h := range w.handlers {
		w.loop.CallSoon(func() {
			if h.call != nil { // or another one has stopped it meanwhile
				h.call()
			}
		})
	}
}

// close gives the signal back, and returns when the goroutine has ended.
func (w *signalWatch) close() {
	signal.Stop(w.news) // after which nothing is sent any more
	close(w.news)
	<-w.gone
}
