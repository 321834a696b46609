// Package procpool runs registered functions in a pool of worker processes and
// loses nothing: every submitted task ends exactly once, and a worker that dies
// fails the one task it was running.
//
// # When to use it
//
// Goroutines use all cores already. Processes are worth their price for
// isolation: a crash, a leak, a fatal error such as a concurrent map write, or
// a task that never ends stays in one process and can be killed there.
//
// # Vocabulary
//
// A [Func] is a function with a name. A worker is this same binary, started
// again, that calls functions by name. A task is one call; its [Future] is how
// the caller learns how it ended. A slot is the place of one worker: when the
// worker dies, another process takes the slot.
//
// # How a task runs
//
//  1. main and TestMain call [WorkerMain] first, with every function. In a
//     worker process that call serves tasks and never returns.
//  2. [Open] starts the workers side by side. Each says hello and does the
//     warm-up, if there is one.
//  3. [Pool.Submit] gives the task to an idle worker, or puts it at the end of
//     the queue. A worker runs one task at a time. While tasks are quick and
//     many, it is sent one ahead, so that it does not wait for the next.
//  4. The worker reads a frame from its private socket, calls the function and
//     writes one frame back. The goroutine that reads for that worker sends
//     the next task first and then ends the future.
//  5. [Pool.Close] waits for all tasks and ends the workers by closing their
//     sockets. [Pool.Kill] does not wait.
//
// Pools of other systems hang when a worker dies while it holds the lock of a
// queue that all workers share (python/cpython#96062, celery/billiard#457).
// Here processes share no lock, no queue and no pipe, so a dead worker can
// spoil its own socket alone.
//
// # How a task ends
//
//	the function returned bytes      the same bytes
//	it returned an error             *TaskError with the same text
//	it panicked                      *PanicError with the stack; the worker lives on
//	it called runtime.Goexit         ErrGoexit; the worker lives on
//	its worker died                  *CrashError; the worker is replaced
//	its context ended                context.Cause; a worker that was running it is killed and replaced
//	bytes over MaxPayload            ErrTooLarge
//	Kill                             ErrClosed
//	workers die again and again      ErrBroken with the last death
//
// A task never runs twice. One exception to "a death fails the task" follows
// from that: a task whose worker died before it read the whole frame was not
// begun, so it goes to another worker, once; and so does one that was sent ahead
// to a worker that died in the task before.
//
// A pool is broken when more workers died in a row than max(5, 2 × workers)
// and no task was done in between. A worker that had lived for 10 s begins the
// count anew.
//
// # Costs
//
// On a virtual machine with two cores (AMD EPYC, Linux 6.18, Go 1.26, noisy):
// 27 to 45 µs from Submit until Result returns, where bare bytes take 15 to 25
// µs to a child and back. Much of the rest is waking the goroutine that waits:
// a chain of tasks in [Future.OnDone] takes 20 µs for each. Two workers and a
// first result take 3 to 4 ms, 1 MiB there and back 1.1 to 1.7 ms, and 16 MiB
// 20 to 40 ms. The benchmarks of this package measure it again.
//
// # Limits
//
// Inputs and outputs are copied through a socket and held in memory; see
// [MaxPayload]. A worker runs Go code on one processor (GOMAXPROCS=1), so that
// N workers use N. Tasks of one worker share its memory, and what one leaves
// behind there the next will find. Windows has no sockets to inherit: Open
// returns reexec.ErrUnsupported there.
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
			s.worker.child.Socket.Close()
			s.worker.attend()
		}
	}
}
