package procpool

import (
	"fmt"
	"sync"
	"time"

	"juggle/internal/usage"
)

// patience is how long a pool waits for a worker that does not do what it should.
type patience struct {
	end   time.Duration // one that was told to end, or whose socket broke, until it is killed
	dump  time.Duration // one that is to print its goroutines, until it is killed
	stall time.Duration // one that has chunks and does nothing: it is stopped or wedged, and is replaced
}

// patient is what each pool begins with; a variable for tests.
var patient = patience{end: 5 * time.Second, dump: time.Second, stall: 2 * time.Second}

// A slot is the place of one worker after another. Its goroutine starts the
// process, reads what it sends, and buries it.
type slot struct {
	pool   *Pool
	index  int
	wanted chan struct{} // has room for one; tells an empty slot that a worker is wanted

	// Guarded by Pool.mu.
	worker   *worker // nil while there is none
	called   bool    // a worker is wanted or on its way
	restarts int     // workers after the first
	asks     []ask   // questions not sent yet
	past     usage.Process
	total    WorkerStats // of all its workers so far, but for Usage
}

// run has one worker after another for as long as the pool wants one here. It
// calls started when the first worker is ready or has failed the pool.
func (s *slot) run(started func()) {
	started = sync.OnceFunc(started)
	defer started()
	for first := true; s.await(); first = false {
		w, err := s.start()
		if first && err != nil && s.index < s.pool.options.MinWorkers {
			s.pool.fail(err)
		}
		if err == nil {
			s.ready(w)
		}
		started()
		var lived time.Duration
		if err == nil {
			lived, err = s.serve(w)
		}
		if !s.mayRestart(err, lived) {
			return
		}
	}
}

// await waits until a worker is wanted in this slot: always, in one of the
// fewest that the pool keeps, and else when grow says so. It reports false if
// the pool has ended.
func (s *slot) await() bool {
	p := s.pool
	p.mu.Lock()
	s.called = s.index < p.options.MinWorkers || p.queue.length > 0 && s.restarts > 0
	if !s.called {
		tell(answer{stats: s.stats()}, s.asks) // no worker will
		s.asks = nil
	}
	called, ended := s.called, p.ended
	p.mu.Unlock()
	if called || ended {
		return !ended
	}
	select {
	case <-s.wanted:
		return true
	case <-p.stopped:
		return false
	}
}

// start starts a worker and brings it to where it can take tasks. The error is
// a *StartError.
func (s *slot) start() (*worker, error) {
	w, err := startWorker(s)
	if err != nil {
		return nil, &StartError{Err: err}
	}
	err = s.adopt(w)
	if err == nil {
		err = w.prepare(s.pool.options)
	}
	if err == nil {
		return w, nil
	}
	s.disown()
	if hungUp(err) {
		w.child.Stop(s.pool.patience.end) // how it ends tells more than that it does
		err = newCrashError(w)
	} else {
		w.child.Kill()
	}
	w.retire()
	s.account(w)
	w.release()
	return nil, &StartError{PID: w.child.PID(), Err: err, Output: w.child.Output()}
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

// disown leaves s without a worker.
func (s *slot) disown() {
	s.pool.mu.Lock()
	defer s.pool.mu.Unlock()
	s.worker = nil
}

// ready lets w take chunks and questions.
func (s *slot) ready(w *worker) {
	p := s.pool
	p.mu.Lock()
	defer p.mu.Unlock()
	w.born = time.Now()
	w.ready, w.idle = true, w.born
	p.live++
}

// serve gives the worker requests and has its replies read until it ends. It
// returns how long it lived and why it died, or nil if the pool wanted that.
func (s *slot) serve(w *worker) (lived time.Duration, death error) {
	p := s.pool
	p.mu.Lock()
	question := s.question(w)
	p.mu.Unlock()
	hookWorker(p.options.Hooks.WorkerReady, w, nil)
	w.question(question)
	p.pump()
	err := s.watch(w)
	lived = time.Since(w.born)
	return lived, s.bury(w, err)
}

// handle takes a reply.
func (s *slot) handle(w *worker, reply frame) error {
	if reply.kind == kindDone {
		d, err := readDone(reply)
		if err != nil {
			return err
		}
		return s.done(w, d)
	}
	s.pool.mu.Lock()
	defer s.pool.mu.Unlock()
	return s.answer(w, reply)
}

// done takes the results of a chunk, gets the worker more to do, and then tells
// those who wait: the worker is not to wait for callbacks.
func (s *slot) done(w *worker, d done) error {
	p := s.pool
	p.mu.Lock()
	c, err := w.finishing(d)
	if err != nil {
		p.mu.Unlock()
		return err
	}
	back := p.requeue(c.items[d.items:c.limit]) // the worker had no room for more results
	c.limit = d.items
	first := c.read
	w.watched = false
	p.mu.Unlock()

	c.got, err = c.collect(c.got[:0], d)
	e := endings{c.items[first : first+len(c.got)], c.got}

	p.mu.Lock()
	s.tally(e)
	if err == nil {
		w.chunks[c.place] = nil
		p.learn(c, d)
	}
	p.mu.Unlock()
	p.conclude(back)
	if err != nil {
		p.conclude(e) // bury sees to the others
		return err
	}
	w.memory.giveInputs(c.blocks)
	p.pump()
	p.hookChunk(c, d)
	p.conclude(e)

	p.mu.Lock()
	p.keep(c)
	p.mu.Unlock()
	return nil
}

// tally counts items that were done, which are in no chunk any more. Callers hold
// Pool.mu.
func (s *slot) tally(e endings) {
	if len(e.items) > 0 {
		s.pool.deaths = 0
	}
	s.total.Tasks += len(e.items)
	for i, it := range e.items {
		it.sink.placed(nil, 0)
		s.total.InputBytes += int64(len(it.input))
		s.total.OutputBytes += int64(len(e.got[i].output))
		if l := e.got[i].loan; l != nil {
			s.total.OutputBytes += int64(len(l.bytes))
		}
	}
}

// finishing finds the chunk that the worker says is done. From here on nobody
// else reads its results. Callers hold Pool.mu.
func (w *worker) finishing(d done) (*chunk, error) {
	for _, c := range w.chunks {
		if c == nil || c.id != d.id || w.doomed || !c.encoded.Load() {
			continue
		}
		if d.items > c.limit || d.items < c.read {
			return nil, fmt.Errorf("%w: %d results of a chunk of %d", ErrProtocol, d.items, c.limit)
		}
		c.closing = true
		return c, nil
	}
	return nil, fmt.Errorf("%w: a reply that nobody waits for", ErrProtocol)
}

// learn counts what a chunk has cost, and lets a worker retire that has done its
// share. Callers hold p.mu.
func (p *Pool) learn(c *chunk, d done) {
	w := c.worker
	p.paces[c.number].add(d.items, d.took)
	w.tasks += d.items
	w.slot.total.Busy += d.took
	w.moved = time.Now()
	if w.held() == 0 {
		w.idle = w.moved
	}
	p.recycle(w)
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
