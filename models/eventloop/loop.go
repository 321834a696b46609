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
	notify  func(fd int, readable, writable bool) // ready of poller.wait; made once

	ready   queue           // what can go on
	timers  timers          // what waits for a time
	current *Task           // the task that runs
	credit  int             // input and output it may do before others have their turn
	pick    func(n int) int // which of the n that are left in the tick is next; nil for the first
	outside int             // how many waits only the world outside can end
	idle    []*coroutine

	root     scope
	trunk    *scope // of the tasks that Run has begun; else the root
	live     int    // tasks that have not ended
	count    uint32 // of the tasks and futures that were made
	failures failures
	onError  func(error)
	orphans  orphans

	running  bool
	stopping bool // Stop was called
	stuck    bool // nothing can ever be ready again
	exiting  bool // a task called runtime.Goexit
	ended    bool

	sockets []*descriptor // by number; nil where there is none
	open    int           // how many there are
}

// tick is one round of the loop: the kernel's news, other goroutines' news, the
// timers that are due, and then everything that is ready now, once. What becomes
// ready meanwhile has to wait for the next tick, after its news.
func (l *Loop) tick() {
	l.poll()
	l.inbox.deliver()
	l.fire()
	for n := l.ready.n; n > 0; n-- {
		if l.pick != nil {
			l.ready.advance(l.pick(n))
		}
		l.ready.pop().step()
	}
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
	if err := l.poller.wait(timeout, l.notify); err != nil {
		panic("eventloop: the loop's own descriptors are broken: " + err.Error())
	}
	l.inbox.wakeUp()
}

// fire makes ready what waits for a time that has come.
func (l *Loop) fire() {
	if _, ok := l.timers.next(); !ok {
		return
	}
	now := l.now()
	for tm := l.timers.pop(now); tm != nil; tm = l.timers.pop(now) {
		tm.owner.expire()
	}
}

// cancelAll cancels every task of this run, and those to come.
func (l *Loop) cancelAll(cause error) {
	l.trunk.cancel(cause)
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
