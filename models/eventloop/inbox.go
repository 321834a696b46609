package eventloop

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// An inbox takes functions from any goroutine for the loop to call, first come,
// first served. It is the only way into a loop from outside.
//
// It is a list to whose end others add, and from whose beginning the loop takes,
// with no lock. A lock made the loop wait for goroutines that held it while they
// did not run, for a hundred milliseconds at a time under a flood.
//
// The poller is woken only if the loop is blocked in it, and only once until
// the loop has taken what came: a thousand results that arrive together cost
// one system call.
type inbox struct {
	none  letter                 // before the first
	taken *letter                // the last that was taken, nil for none; for the loop alone
	last  atomic.Pointer[letter] // the last that came, nil for none; &noMore after close

	// One side adds a letter and then looks at asleep, the other sets asleep and
	// then looks for letters, so one of them sees the other.
	asleep atomic.Bool // the loop blocks, or is about to, and was not woken yet

	waking sync.Mutex // held while the poller is woken; it must not be closed meanwhile
	closed bool
}

// A letter is a function to call. Whoever adds one makes it the last, and only
// then links it, so for a moment those from there on cannot be reached. They are
// taken later.
type letter struct {
	next atomic.Pointer[letter]
	call func()
}

var noMore letter

// maxLetters is how many calls the loop makes in a tick. The rest waits for the
// next ticks, so that submissions that come more quickly than they can be called
// keep neither sockets nor timers waiting.
const maxLetters = 1024

// Post has the loop call f on its thread in its next tick, in the order of the
// calls of Post. It is loop.call_soon_threadsafe, and the one method for which the
// goroutine of the caller does not matter; see also [Submit]. A loop that waits is
// woken by one system call for all that is posted until it runs. A tick
// calls a thousand at most, and nothing that is posted meanwhile, so a flood keeps
// neither sockets nor timers waiting; but what comes more quickly than it can be
// called piles up. If f panics, the loop goes on,
// and Close returns the panic. Post returns [ErrClosed] if the loop is closed.
func (l *Loop) Post(f func()) error {
	if !l.post(func() { l.stats.Callbacks++; l.stats.Turns++; l.guard(f) }) {
		return ErrClosed
	}
	return nil
}

// post has the loop call f in its next tick, or a later one if many came before.
// After the loop has ended it does nothing and returns false. It never blocks for
// long.
func (l *Loop) post(f func()) bool {
	b := &l.inbox
	if !b.add(&letter{call: f}) {
		return false
	}
	if b.asleep.Load() && b.asleep.CompareAndSwap(true, false) {
		b.waking.Lock()
		defer b.waking.Unlock()
		if !b.closed {
			l.poller.wake()
		}
	}
	return true
}

// add adds n, and returns false after close.
func (b *inbox) add(n *letter) bool {
	for {
		last := b.last.Load()
		if last == &noMore {
			return false
		}
		if !b.last.CompareAndSwap(last, n) {
			continue
		}
		if last == nil {
			last = &b.none
		}
		last.next.Store(n)
		return true
	}
}

// before returns the letter before the next that is to be taken.
func (b *inbox) before() *letter {
	if b.taken == nil {
		return &b.none
	}
	return b.taken
}

// news reports whether a letter came, even if it cannot be reached yet.
func (b *inbox) news() bool { return b.last.Load() != b.taken }

// ready reports whether there is a letter to take.
func (b *inbox) ready() bool { return b.before().next.Load() != nil }

// take takes the next letter, and returns nil if there is none to reach.
func (b *inbox) take() func() {
	before := b.before()
	n := before.next.Load()
	if n == nil {
		return nil
	}
	before.next.Store(nil) // or one old letter would keep all later ones
	b.taken = n
	call := n.call
	n.call = nil
	return call
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
	if b.ready() {
		b.asleep.Store(false)
		return false
	}
	return true
}

func (b *inbox) wakeUp() { b.asleep.Store(false) }

// deliver calls what was posted so far, or the first of it.
func (b *inbox) deliver() {
	if !b.ready() {
		return
	}
	last := b.last.Load()
	for range maxLetters {
		call := b.take()
		if call == nil {
			return
		}
		call()
		if b.taken == last {
			return
		}
	}
}

// close has later posts do nothing, after delivering what came before.
func (b *inbox) close() {
	last := b.last.Swap(&noMore)
	b.waking.Lock()
	b.closed = true
	b.waking.Unlock()
	for b.taken != last {
		if call := b.take(); call != nil {
			call()
		} else {
			runtime.Gosched() // whoever added the next is about to link it
		}
	}
}
