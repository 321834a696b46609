package procpool

import (
	"errors"
	"os"
	"time"
)

// Who reads what a worker sends. As a rule that is the goroutine of its slot. To
// be woken by that one costs a waiting goroutine more than half of a round trip
// on the socket: the runtime wakes a second thread for it. So a goroutine that
// waits in Result reads for its worker itself if nobody else does (leader and
// followers: Schmidt and others, 2000). The slot reads
//
//   - what was sent with nobody waiting in Result: batches, questions, futures
//     whose end is awaited in another way;
//   - while tasks are queued, which the next reply lets go;
//   - after a while without any of that, so that what an idle worker does by
//     itself is noticed.
//
// A reader is told to stop by a read deadline in the past. Frames from a worker
// fit into the buffer and are consumed whole, so a deadline loses nothing.

// mayRead makes the caller the reader of w if nobody is, and tells whether it did.
// Callers hold Pool.mu.
func (w *worker) mayRead() bool {
	if w.read || !w.ready || w.failed != nil {
		return false
	}
	w.read = true
	return true
}

// attend has the slot of w read if nobody does. Callers hold Pool.mu.
func (w *worker) attend() {
	select {
	case w.wake <- struct{}{}:
	default:
	}
}

// interrupt has whoever reads for w look again at what it waits for.
func (w *worker) interrupt() { w.child.Socket.SetReadDeadline(time.Unix(1, 0)) }

// read reads and handles one reply of a worker whose reader the caller is.
func (s *slot) read(w *worker) error {
	reply, err := readFrame(w.in, nil)
	if errors.Is(err, os.ErrDeadlineExceeded) {
		return w.child.Socket.SetReadDeadline(time.Time{})
	}
	if err != nil {
		return err
	}
	return s.handle(w, reply)
}

// watch reads what w sends, whenever nobody else does and there is a reason to,
// until the worker ends. It returns why reading ended.
func (s *slot) watch(w *worker) (err error) {
	for err == nil {
		if err = s.turn(w); err != nil {
			return err
		}
		for err == nil && !s.relax(w) {
			err = s.read(w)
		}
	}
	return err
}

// turn waits until it is for the slot to read for w, or somebody who read for it
// has failed.
func (s *slot) turn(w *worker) error {
	ended := w.child.Done()
	for {
		select {
		case <-w.wake:
		case <-ended:
			ended = nil
		}
		s.pool.mu.Lock()
		mine, err := w.mayRead(), w.failed
		s.pool.mu.Unlock()
		if mine || err != nil {
			return err
		}
	}
}

// relax lets others read for w if the slot need not. It reports whether it did.
func (s *slot) relax(w *worker) bool {
	p := s.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	if w.watched || w.owes() || p.queue.length > 0 {
		return false
	}
	w.reader(nil)
	return true
}

// owes tells whether w has something to say, was told to end or has died, so that
// somebody is to read. Callers hold Pool.mu.
func (w *worker) owes() bool {
	return w.held() > 0 || len(w.asked) > 0 || w.closed || w.doomed || w.slot.pool.ended || w.dead()
}

// dead tells whether the process of w was reaped.
func (w *worker) dead() bool {
	select {
	case <-w.child.Done():
		return true
	default:
		return false
	}
}

// reader notes that the reader of w left, with an error if that is why. Callers
// hold Pool.mu.
func (w *worker) reader(err error) {
	w.read, w.failed = false, err
	if w.dead() { // while somebody else read, maybe
		w.attend()
	}
}

// tend sees to a worker that nobody reads for: the pulse calls it. It returns
// when to look again, or 0. Callers hold p.mu.
func (p *Pool) tend(w *worker, now time.Time) (pause time.Duration) {
	switch {
	case w.read:
		return 0
	case w.owes():
		w.attend()
	case now.Sub(w.idle) >= slowBeat:
		w.watched = true
		w.attend()
	}
	return slowBeat
}

// lead has the goroutine that waits for f read for its worker, if nobody does. It
// returns when f has ended or is not with that worker any more.
func (f *Future) lead() {
	w := f.reach()
	if w == nil {
		return
	}
	s := w.slot
	var err error
	for err == nil && f.isWith(w) {
		err = s.read(w)
	}
	f.leave(w, err)
}

// leave ends what reach began.
func (f *Future) leave(w *worker, err error) {
	f.pool.mu.Lock()
	defer f.pool.mu.Unlock()
	if f.leads == w {
		f.leads = nil
	}
	w.reader(err)
	if err != nil || w.owes() || f.pool.queue.length > 0 {
		w.attend()
	}
	if f.chunk != nil {
		f.chunk.worker.attend() // now that nobody who waits for f reads
	}
}

// reach makes the caller the reader of the worker that has f, and returns that,
// or nil if it cannot be.
func (f *Future) reach() *worker {
	if f.pool == nil {
		return nil // f was refused
	}
	f.pool.mu.Lock()
	defer f.pool.mu.Unlock()
	if f.chunk == nil || f.chunk.closing || !f.chunk.worker.mayRead() {
		return nil
	}
	f.leads = f.chunk.worker
	return f.leads
}

// isWith tells whether f is still to come from w.
func (f *Future) isWith(w *worker) bool {
	select {
	case <-f.done:
		return false
	default:
	}
	f.pool.mu.Lock()
	defer f.pool.mu.Unlock()
	return f.chunk != nil && f.chunk.worker == w
}

// attend has the pool read for f although nobody waits in Result.
func (f *Future) attend() {
	if f.pool == nil {
		return
	}
	f.pool.mu.Lock()
	defer f.pool.mu.Unlock()
	if f.chunk != nil {
		f.chunk.worker.attend()
	}
}
