package procpool

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"juggle/internal/reexec"
	"juggle/models/procpool/internal/shm"
)

// A Pool is a number of worker processes and a queue of tasks. Its methods may
// be called from any goroutine. Close or Kill it, or its processes stay until
// this program ends.
type Pool struct {
	options      Options
	patience     patience
	slots        []*slot
	tasks        sync.WaitGroup // that have not ended
	serving      sync.WaitGroup // goroutines of the slots and the pulse
	stopped      chan struct{}  // closed when the workers are told to end
	stir         chan struct{}  // has room for one; wakes the pulse
	limiter      limiter
	sharedMemory string // what kind it is, in words

	mu      sync.Mutex // guards all below, and what slots, workers, chunks and futures say
	queue   queue
	paces   []pace        // of each function
	spare   []*chunk      // to be used again
	live    int           // workers that are ready
	pause   time.Duration // until the pulse looks again; 0 if it stands still
	lastID  uint64        // of a frame
	deaths  int           // in a row, with no task done in between
	closing bool          // no more tasks
	ended   bool          // the workers were told to end
	failure error         // why all that is unfinished fails; nil while all is well
}

// Open starts a pool and waits until every worker that is to be there from the
// start is ready. ctx bounds the start alone. If a worker does not start, Open
// ends the others and returns its [*StartError]; if ctx ends first, an error that
// wraps its cause.
func Open(ctx context.Context, o Options) (*Pool, error) {
	if program.funcs == nil {
		// A worker of such a program would run main, and open a pool again.
		return nil, errors.New("procpool: WorkerMain was not called with functions; call it first in main and in TestMain")
	}
	o, err := o.withDefaults()
	if err != nil {
		return nil, err
	}
	p, err := newPool(o)
	if err != nil {
		return nil, err
	}
	cancel := context.AfterFunc(ctx, func() {
		p.fail(fmt.Errorf("procpool: opening a pool: %w", context.Cause(ctx)))
	})
	var starting sync.WaitGroup
	for _, s := range p.slots {
		started := func() {}
		if s.index < o.MinWorkers {
			starting.Add(1)
			started = starting.Done
		}
		p.serving.Go(func() { s.run(started) })
	}
	p.serving.Go(p.beat)
	starting.Wait()
	if !cancel() {
		<-p.stopped // by the function above, or by a failure before it
	}
	if err := p.reason(); err != nil {
		p.serving.Wait()
		return nil, err
	}
	return p, nil
}

// newPool makes a pool without workers. It tries what all of them will need.
func newPool(o Options) (*Pool, error) {
	memory, err := shm.New(0)
	if errors.Is(err, errors.ErrUnsupported) {
		err = reexec.ErrUnsupported // such a system has no sockets to inherit either, and this says what to do
	}
	if err != nil {
		return nil, &StartError{Err: err}
	}
	defer memory.Close()
	p := &Pool{
		options:      o,
		patience:     patient,
		stopped:      make(chan struct{}),
		stir:         make(chan struct{}, 1),
		limiter:      newLimiter(o.MemoryLimit),
		sharedMemory: memory.Kind(),
		paces:        make([]pace, len(program.funcs)),
	}
	p.queue.init()
	for i := range o.Workers {
		p.slots = append(p.slots, &slot{pool: p, index: i, wanted: make(chan struct{}, 1)})
	}
	return p, nil
}

// Close waits until every submitted task has ended, then ends the workers, and
// returns when all are reaped. From the call on, Submit fails with [ErrClosed].
// A task that never ends keeps it waiting until somebody calls Kill. It returns
// nil, or the reason if the pool was broken. It may be called twice, but not
// from a function given to [Future.OnDone].
func (p *Pool) Close() error {
	p.mu.Lock()
	p.closing = true
	p.mu.Unlock()
	p.tasks.Wait()
	p.hangUp()
	p.serving.Wait()
	if err := p.reason(); errors.Is(err, ErrBroken) {
		return err
	}
	return nil
}

// Kill ends the pool at once: what is unfinished fails with [ErrClosed] and the
// workers are killed. It returns when all are reaped. It may be called twice
// and while Close waits, but not from a function given to [Future.OnDone].
func (p *Pool) Kill() {
	p.fail(ErrClosed)
	p.tasks.Wait()
	p.serving.Wait()
}

// reason returns why the pool failed, or nil.
func (p *Pool) reason() error {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.failure
}

// hangUp asks the workers to end. A worker that has a task is not asked
// before: tasks are waited for first.
func (p *Pool) hangUp() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.endWorkers()
}

// fail makes all that is unfinished fail with reason, and the workers end. Only
// the first reason counts. A running task ends when its worker is reaped.
func (p *Pool) fail(reason error) {
	p.mu.Lock()
	if p.failure != nil || p.ended {
		p.mu.Unlock()
		return
	}
	p.failure = reason
	p.closing = true
	var all endings
	for _, it := range p.queue.takeAll() {
		all.add(it, outcome{err: reason})
	}
	for _, s := range p.slots {
		if s.worker != nil {
			s.worker.doomed = true
		}
	}
	p.endWorkers()
	p.mu.Unlock()
	p.conclude(all)
}

// endWorkers closes the sockets. The goroutine of each slot sees that and does
// the rest. Callers hold p.mu.
func (p *Pool) endWorkers() {
	if p.ended {
		return
	}
	p.ended = true
	close(p.stopped)
	for _, s := range p.slots {
		if s.worker != nil {
			s.worker.hangUp()
			s.worker.attend()
		}
	}
}
