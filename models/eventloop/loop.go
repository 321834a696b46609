package eventloop

import (
	"sync/atomic"
	"time"
)

// A Loop runs tasks and callbacks on one OS thread. [Run] makes one for as long
// as it runs; [New] makes one that runs several times, or for ever. The loop of a
// task is found with [FromContext].
//
// Everything in it belongs to its thread, but for inbox, thread, began and clock.
type Loop struct {
	began   time.Time
	virtual bool         // time is that of clock alone
	clock   atomic.Int64 // nanoseconds since began
	thread  atomic.Int64 // 0 once the loop is closed
	inbox   inbox
	poller  poller
	blunt   func()                                     // undoes sharpen
	notify  func(fd int, readable, writable, odd bool) // ready of poller.wait; made once

	ready   queue           // what can go on
	batch   int             // how much of it has its turn in this tick
	timers  timers          // what waits for a time
	current *Task           // the task that runs
	top     *Task           // the task that the loop itself has switched to, or none
	enough  func() bool     // says whether the run is done
	credit  int             // input and output it may do before others have their turn
	pick    func(n int) int // which of the n that are left in the tick is next; nil for the first
	outside int             // how many waits only the world outside can end
	follows []*follower     // with virtual time, the contexts whose end is waited for
	handed  *Handle         // what a host has left to the loop
	idle    []*coroutine

	stats   Stats
	hooks   *Hooks
	debug   *debugger
	watched bool // by one of these two

	root     scope
	trunk    *scope // of the tasks that Run has begun; else the root
	live     int    // tasks that have not ended
	count    uint32 // of the tasks and futures that were made
	asked    uint64 // how often tasks were asked to end
	asking   bool   // they are now
	failures failures
	helpers  *Helpers // of Offload
	onError  func(error)
	orphans  orphans

	running  bool
	closing  bool         // only what is there already runs to its end
	stopping bool         // Stop was called
	ticked   bool         // the run has begun a tick
	fault    any          // what the loop itself has panicked with
	stuck    bool         // nothing can ever be ready again
	exits    []*coroutine // whose task called runtime.Goexit, which is to go on in the loop's goroutine
	exiting  bool         // it does
	ended    bool

	sockets  []*descriptor // by number; nil where there is none
	open     int           // how many there are
	shortage shortage      // of descriptors for them
	heard    []news        // of them, for those that have no task
	incoming []byte        // what a Transport has just received

	resolver Resolver              // of tasks that bring none
	children map[*Process]struct{} // that have not ended
	signals  signals
}

// schedule runs what is ready, one after another, until it is host's turn, and
// returns true; or returns false when the loop is to stop.
//
// host is the task that calls, because it waits: a task that waits could switch
// to the loop, which would switch to the next task. It is cheaper to be the loop
// meanwhile, on its own stack; then its next turn costs no switch at all. Only a
// task that the loop itself has switched to can do so, since a coroutine must be
// left to whoever switched to it. host is nil for the loop itself. A callback is
// left to that: it may call runtime.Goexit, which must not end the host.
func (l *Loop) schedule(host *Task) bool {
	for {
		if l.batch == 0 && !l.tick() {
			return false
		}
		for l.batch > 0 {
			if l.pick != nil {
				l.ready.advance(l.pick(l.batch))
			}
			l.batch--
			switch next := l.ready.pop().(type) {
			case *Task:
				if next == host {
					l.current, l.credit = host, maxCredit
					return true
				}
				if host == nil {
					l.top = next
				}
				// Not a call of step: each return after a switch of stacks is
				// one that the processor has not predicted.
				switch {
				case next.coroutine == nil && !next.start():
				case l.watched:
					next.watchedStep()
				default:
					l.current, l.credit = next, maxCredit
					next.resume()
				}
				if host == nil {
					l.top = nil
					if l.handed != nil {
						l.takeOver()
					}
				}
			case *Handle:
				if host != nil {
					l.handed = next
					return false
				}
				l.current = nil
				next.step()
			default: // what combines awaitables, which calls nobody else's code
				l.current = nil
				next.step()
			}
		}
	}
}

// takeOver calls what a host has left to the loop.
func (l *Loop) takeOver() {
	h := l.handed
	l.handed, l.current = nil, nil
	h.step()
}

// tick begins a round of the loop: the kernel's news, other goroutines' news, the
// timers that are due. What is ready then is the batch, which runs in this round.
// What becomes ready meanwhile has to wait for the next one, after its news. It
// returns false if the loop is to stop.
func (l *Loop) tick() bool {
	l.current = nil
	if len(l.follows) > 0 {
		l.follow()
	}
	if l.over() {
		return false
	}
	l.poll()
	l.inbox.deliver()
	l.fire()
	l.batch = l.ready.n
	l.stats.Ticks++
	l.stats.Turns += uint64(l.batch)
	l.stats.MostReady = max(l.stats.MostReady, l.batch)
	return true
}

// poll makes ready what waits for a socket. It blocks if nothing else is to be
// done. With neither sockets nor time to pass, there is nothing to ask.
func (l *Loop) poll() {
	timeout := time.Duration(0)
	if l.ready.n == 0 && !l.stopping {
		timeout = l.patience()
	}
	if timeout != 0 && !l.inbox.fallAsleep() {
		timeout = 0
	}
	if timeout == 0 && l.open == 0 {
		return
	}
	if l.hooks != nil && l.hooks.Poll != nil {
		l.guard(func() { l.hooks.Poll(timeout) })
	}
	l.stats.Polls++
	err := l.ask(timeout)
	if l.hooks != nil && l.hooks.Polled != nil {
		l.guard(l.hooks.Polled)
	}
	if err != nil {
		l.fault = "eventloop: the loop's own descriptors are broken: " + err.Error()
	}
	l.inbox.wakeUp()
	l.tell()
}

// ask asks the kernel for news, and counts how long it has waited.
func (l *Loop) ask(timeout time.Duration) error {
	if timeout == 0 || l.virtual {
		return l.poller.wait(timeout, l.notify)
	}
	began := l.now()
	err := l.poller.wait(timeout, l.notify)
	l.stats.Idle += time.Duration(l.now() - began)
	return err
}

// fire makes ready what waits for a time that has come.
func (l *Loop) fire() {
	if _, ok := l.timers.next(); !ok {
		return
	}
	now := l.now()
	for tm := l.timers.pop(now); tm != nil; tm = l.timers.pop(now) {
		l.stats.Lateness.add(now - tm.when)
		tm.owner.expire()
	}
}

// cancelAll cancels every task of this run, and those to come.
func (l *Loop) cancelAll(cause error) {
	l.asOne(func() { l.trunk.cancel(cause) })
	l.orphans.cancel(l.trunk.cause)
}

// number returns the number of the next task or future.
func (l *Loop) number() uint32 {
	l.count++
	return l.count
}

// report makes known an error that nobody can wait for.
func (l *Loop) report(err error) {
	if l.onError == nil {
		l.failures.report(err)
		return
	}
	defer func() {
		if v := recover(); v != nil {
			l.failures.report(err)
			l.failures.report(newPanicError(v))
		}
	}()
	l.onError(err)
}
