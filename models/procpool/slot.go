package procpool

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"juggle/internal/reexec"
)

// grace is how long a worker that was told to end, or whose socket broke, may
// take before it is killed.
const grace = 5 * time.Second

// A slot is the place of one worker after another. Its goroutine starts the
// process, reads what it sends, and buries it.
type slot struct {
	pool     *Pool
	worker   *worker // nil while there is none; guarded by Pool.mu
	restarts int     // workers after the first; guarded by Pool.mu
	asks     []ask   // questions not sent yet; guarded by Pool.mu
}

// run keeps the slot filled until the pool ends. It calls started when the first
// worker is ready or has failed the pool.
func (s *slot) run(started func()) {
	w, err := s.start()
	if err != nil {
		s.pool.fail(err)
	}
	started()
	for {
		var lived time.Duration
		if err == nil {
			lived, err = s.serve(w)
		}
		if !s.mayRestart(err, lived) {
			return
		}
		w, err = s.start()
	}
}

// start starts a worker and brings it to where it can take tasks. The error is
// a *StartError.
func (s *slot) start() (*worker, error) {
	child, err := reexec.Start(role, reexec.Options{Environment: []string{"GOMAXPROCS=1"}})
	if err != nil {
		return nil, &StartError{Err: err}
	}
	w := newWorker(child)
	err = s.adopt(w)
	if err == nil {
		err = w.prepare(s.pool.options)
	}
	if err == nil {
		return w, nil
	}
	s.disown()
	if hungUp(err) {
		child.Stop(grace) // how it ends tells more than that it does
		err = newCrashError(child)
	} else {
		child.Kill()
	}
	return nil, &StartError{PID: child.PID(), Err: err, Output: child.Output()}
}

// adopt makes w the worker of s, unless the pool has ended meanwhile.
func (s *slot) adopt(w *worker) error {
	s.pool.mu.Lock()
	defer s.pool.mu.Unlock()
	if s.pool.ended {
		return ErrClosed
	}
	s.worker = w
	return nil
}

// disown leaves s without a worker and tells whether the worker was doomed.
func (s *slot) disown() (doomed bool) {
	s.pool.mu.Lock()
	defer s.pool.mu.Unlock()
	doomed = s.worker != nil && s.worker.doomed
	s.worker = nil
	return doomed
}

// serve gives the worker requests and reads the replies until it ends. It
// returns how long it lived and why it died, or nil if the pool wanted that.
func (s *slot) serve(w *worker) (lived time.Duration, death error) {
	ready := time.Now()
	s.pool.mu.Lock()
	w.ready = true
	due := s.next(w)
	s.pool.mu.Unlock()
	due.send()
	for {
		reply, err := readFrame(w.in, nil)
		if err == nil {
			err = s.handle(w, reply)
		}
		if err != nil {
			lived = time.Since(ready)
			return lived, s.bury(w, err)
		}
	}
}

// handle takes a reply, sends the next request, and then ends the task: the
// worker is not to wait for callbacks.
func (s *slot) handle(w *worker, reply frame) error {
	p := s.pool
	p.mu.Lock()
	if w.doomed || w.waiting == 0 || reply.id != w.waiting {
		p.mu.Unlock()
		return fmt.Errorf("%w: a reply that nobody waits for", errProtocol)
	}
	f := w.task
	var output []byte
	var err, broken error
	if f == nil {
		broken = s.answer(w, reply)
	} else {
		output, err, broken = f.outcome(reply)
	}
	if broken != nil {
		p.mu.Unlock()
		return broken
	}
	w.waiting = 0
	if f != nil {
		w.done()
		p.deaths = 0
	}
	due := s.next(w)
	ahead := s.ahead(w)
	p.mu.Unlock()
	due.send()
	ahead.send()
	if f != nil {
		p.end(f, output, err)
	}
	return nil
}

// aheadBelow is the longest pace at which a worker is sent a task ahead. A round
// trip that leaves a processor idle costs some 0.1 ms or more, which is little
// beside longer tasks; and whatever is stuck behind a long task could have run
// elsewhere (celery/celery#3434). It is a variable for tests alone.
var aheadBelow = 5 * time.Millisecond

// ahead sends a worker that runs a task the one after it, so that it need not
// wait for the owner in between. It does so only for small and quick tasks, and
// while more tasks are queued than there are workers: the last ones go to
// whoever is free. Callers hold Pool.mu and send the order, behind the one of
// next, after they have released it.
func (s *slot) ahead(w *worker) order {
	p := s.pool
	switch {
	case w.doomed || p.ended || w.task == nil || w.ahead != nil || len(s.asks) > 0:
		return order{}
	case w.pace == 0 || w.pace > aheadBelow || p.queue.Len() <= len(p.slots):
		return order{}
	case len(w.task.request.payload) > inlineBytes || len(p.front().request.payload) > inlineBytes:
		return order{}
	}
	f := p.dequeue()
	f.worker, w.ahead = w, f
	return order{w, f.request}
}

// next gives an idle worker its next request. Questions go first: under load
// the queue is never empty. Callers hold Pool.mu and send the order after they
// have released it.
func (s *slot) next(w *worker) order {
	p := s.pool
	switch {
	case w.doomed || p.ended || w.waiting != 0:
		return order{}
	case len(s.asks) > 0:
		return s.question(w)
	case p.queue.Len() > 0:
		return w.take(p.dequeue())
	}
	return order{}
}

// bury ends a worker whose socket gave err, and then its task. It returns why
// the worker died, or nil if the pool wanted that.
func (s *slot) bury(w *worker, err error) error {
	doomed := s.disown()
	if doomed || errors.Is(err, errProtocol) {
		w.child.Kill()
	} else {
		w.child.Stop(grace)
	}
	delivered := w.retire()
	crash := newCrashError(w.child)
	if errors.Is(err, errProtocol) {
		crash.Err = err
	}

	p := s.pool
	p.mu.Lock()
	s.asks = append(w.asked, s.asks...)
	var due order
	var fate error
	f, ahead := w.drop(), w.ahead
	next, aheadFate := s.putBack(w, ahead) // first, so that it stays behind f
	// What was unread may have been the task sent ahead, so then it says nothing.
	unread := ahead == nil && wasUnread(err) && !errors.Is(err, io.ErrUnexpectedEOF)
	switch {
	case f == nil:
	case f.cause != nil:
		fate = f.cause
	case p.failure != nil:
		fate = p.failure
	case (unread || !slices.Contains(delivered[:], f.request.id)) && !f.requeued:
		due = p.requeue(f)
	default:
		crash.Func = f.name
		fate = crash
	}
	if fate != nil {
		f.ending = true
	}
	wanted := w.doomed || p.ended
	p.mu.Unlock()

	due.send()
	next.send()
	if fate != nil {
		p.end(f, nil, fate)
	}
	if aheadFate != nil {
		p.end(ahead, nil, aheadFate)
	}
	if wanted {
		return nil
	}
	return crash
}

// putBack finds out what becomes of the task that a dead worker was sent ahead.
// It was not begun, because the reply to the one before never came, so it is the
// next to run elsewhere, unless it is not to run any more. Callers hold Pool.mu.
func (s *slot) putBack(w *worker, f *Future) (due order, fate error) {
	if f == nil {
		return order{}, nil
	}
	w.ahead, f.worker = nil, nil
	switch p := s.pool; {
	case f.cause != nil:
		fate = f.cause
	case p.failure != nil:
		fate = p.failure
	default:
		return p.pushFront(f), nil
	}
	f.ending = true
	return order{}, fate
}

// stormWindow is how long a worker must have lived for its death to count as
// unrelated to those before.
const stormWindow = 10 * time.Second

// mayRestart tells whether the slot gets another worker. death is why the last
// one ended, or nil if the pool ended it on purpose; lived is how long it had
// been ready. A pool whose workers die in a row breaks here: to start them for
// ever would hide the reason. Erlang's supervisors count restarts in a period.
// That alone would miss workers that take long to fail at their start, so here
// deaths count until a task is done.
func (s *slot) mayRestart(death error, lived time.Duration) bool {
	p := s.pool
	p.mu.Lock()
	if death != nil && lived >= stormWindow {
		p.deaths = 0
	}
	if death != nil {
		p.deaths++
	}
	deaths, ended := p.deaths, p.ended
	storm := death != nil && deaths > max(5, 2*len(p.slots))
	if !ended && !storm {
		s.restarts++
	}
	p.mu.Unlock()
	if storm {
		p.fail(fmt.Errorf("%w: %d workers in a row died and no task was done; the last: %w", ErrBroken, deaths, death))
	}
	return !ended && !storm
}
