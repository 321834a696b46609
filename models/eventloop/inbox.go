package eventloop

import (
	"sync"
	"sync/atomic"
)

// An inbox takes functions from any goroutine for the loop to call. It is the
// only way into a loop from outside, and the only lock in it.
//
// The poller is woken only if the loop is blocked in it, and only once until
// the loop has taken what came: a thousand results that arrive together cost
// one system call.
type inbox struct {
	mu     sync.Mutex
	calls  []func()
	closed bool
	spare  []func() // the slice that calls was before; for the loop alone

	// One side sets news and then looks at asleep, the other sets asleep and
	// then looks at news, so one of them sees the other.
	news   atomic.Bool // calls is not empty
	asleep atomic.Bool // the loop blocks, or is about to, and was not woken yet
}

// Post has the loop call f on its thread in its next tick, in the order of the
// calls of Post. It is loop.call_soon_threadsafe, and the one method for which the
// goroutine of the caller does not matter; see also [Submit]. A loop that waits is
// woken by one system call for all that is posted until it runs. What is posted
// while the loop delivers comes in the tick after, so a flood of it keeps neither
// sockets nor timers waiting for more than a tick. If f panics, the loop goes on,
// and Close returns the panic. Post returns [ErrClosed] if the loop is closed.
func (l *Loop) Post(f func()) error {
	if !l.post(func() { l.stats.Callbacks++; l.stats.Turns++; l.guard(f) }) {
		return ErrClosed
	}
	return nil
}

// post has the loop call f in its next tick. After the loop has ended it does
// nothing and returns false.
func (l *Loop) post(f func()) bool {
	b := &l.inbox
	b.mu.Lock()
	defer b.mu.Unlock() // after wake: its descriptor must not be closed before
	if b.closed {
		return false
	}
	b.calls = append(b.calls, f)
	b.news.Store(true)
	if b.asleep.CompareAndSwap(true, false) {
		l.poller.wake()
	}
	return true
}

// call calls f on the loop's thread: at once if this is it, or else soon. It
// returns false if the loop has ended.
func (l *Loop) call(f func()) bool {
	if l.here() {
		f()
		return true
	}
	return l.post(f)
}

// here reports whether the calling goroutine is on the loop's thread.
func (l *Loop) here() bool { return l.thread.Load() == int64(threadID()) }

// fallAsleep reports whether the loop may block. If so, the next post wakes it,
// and the loop says so with wakeUp.
func (b *inbox) fallAsleep() bool {
	b.asleep.Store(true)
	if b.news.Load() {
		b.asleep.Store(false)
		return false
	}
	return true
}

func (b *inbox) wakeUp() { b.asleep.Store(false) }

// deliver calls what was posted so far.
func (b *inbox) deliver() {
	if !b.news.Load() {
		return
	}
	b.mu.Lock()
	calls := b.calls
	b.calls, b.spare = b.spare, nil
	b.news.Store(false)
	b.mu.Unlock()
	for i, f := range calls {
		calls[i] = nil
		f()
	}
	b.spare = calls[:0]
}

// close has later posts do nothing, after delivering what came before.
func (b *inbox) close() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.deliver()
}
