package eventloop

import (
	"context"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

// A Loop runs tasks on one OS thread. Everything in it belongs to that thread,
// but for inbox, thread and began.
type Loop struct {
	began  time.Time
	thread atomic.Int64 // 0 once the loop has ended
	inbox  inbox
	poller poller
	notify func(fd int, readable, writable bool) // ready of poller.wait; made once
	ended  bool

	ready   queue  // tasks that could go on
	timers  timers // tasks that wait for a time
	current *Task  // the task that runs
	credit  int    // input and output it may do before others have their turn
	idle    []*coroutine

	root     scope
	main     *Task
	live     int // tasks that have not ended
	failures failures
	orphans  orphans
	exiting  bool // a task called runtime.Goexit

	sockets []*descriptor // by number; nil where there is none
	open    int           // how many there are
}

// loops has the loop of every OS thread that runs one.
var loops sync.Map

// Run makes an event loop on the calling goroutine, runs main in it as its first
// task, and returns when main and all other tasks have ended. It is asyncio.run.
//
// When main has ended, the tasks that are left are cancelled with
// [ErrMainEnded] and waited for. When ctx ends, every task is cancelled with its
// cause, main too. At the end sockets that tasks left open are closed.
//
// Run returns main's error, joined with those of the tasks that failed and were
// not waited for; of more than 100 such errors the rest are counted. A task that
// returns the cause it was cancelled with has not failed. A panic in main is
// returned as a [*PanicError].
//
// Run returns [ErrNested] on a thread that runs a loop, and an error that wraps
// errors.ErrUnsupported on a system for which there is no poller. If a task
// calls runtime.Goexit, as t.FailNow does, all tasks are cancelled with
// [ErrGoexit] and waited for, everything is released, and then Goexit goes on in
// the goroutine that called Run, which therefore does not return.
//
// While Run runs, its goroutine is locked to its OS thread.
func Run(ctx context.Context, main func(ctx context.Context) error) error {
	// Before the first coroutine: each must be resumed with the same lock on
	// the thread with which it was made.
	runtime.LockOSThread()
	defer runtime.UnlockOSThread()
	l, err := newLoop()
	if err != nil {
		return err
	}
	defer l.close()
	if ctx.Err() != nil {
		l.cancelAll(context.Cause(ctx))
	}
	stop := context.AfterFunc(ctx, func() {
		l.post(func() { l.cancelAll(context.Cause(ctx)) })
	})
	defer stop()
	l.main = l.begin(ctx, nil, main)
	l.run()
	return l.failures.join(l.main.err)
}

func newLoop() (*Loop, error) {
	p, err := newPoller()
	if err != nil {
		return nil, err
	}
	l := &Loop{began: time.Now(), poller: p}
	l.notify = l.socketReady
	thread := threadID()
	if _, taken := loops.LoadOrStore(thread, l); taken {
		p.close()
		return nil, ErrNested
	}
	l.thread.Store(int64(thread))
	return l, nil
}

// run runs tasks until none is left.
func (l *Loop) run() {
	defer func() {
		if l.exiting { // this goroutine is ending, but the other tasks are not done
			l.exiting = false
			l.current = nil
			l.cancelAll(ErrGoexit)
			l.run()
		}
	}()
	for !l.main.done {
		l.tick()
	}
	l.cancelAll(ErrMainEnded)
	for l.live > 0 {
		l.tick()
	}
}

// tick is one round of the loop: the kernel's news, other goroutines' news, the
// timers that are due, and then every task that is ready now, once. Those that
// become ready meanwhile have to wait for the next tick, after its news.
func (l *Loop) tick() {
	l.poll()
	l.inbox.deliver()
	l.fire()
	for range l.ready.n {
		l.step(l.ready.pop())
	}
}

// poll makes ready what waits for a socket. It blocks if nothing else is to be
// done. With neither sockets nor time to pass, there is nothing to ask.
func (l *Loop) poll() {
	timeout := time.Duration(0)
	if l.ready.n == 0 {
		timeout = l.untilTimer()
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

// cancelAll cancels every task, and those to come.
func (l *Loop) cancelAll(cause error) {
	l.root.cancel(cause)
	l.orphans.cancel(l.root.cause)
}

// untilTimer returns how long it is to the first timer, negative without one.
func (l *Loop) untilTimer() time.Duration {
	when, ok := l.timers.next()
	if !ok {
		return -1
	}
	return time.Duration(max(0, when-l.now()))
}

// fire makes ready the tasks whose timers are due.
func (l *Loop) fire() {
	if _, ok := l.timers.next(); !ok {
		return
	}
	now := l.now()
	for tm := l.timers.pop(now); tm != nil; tm = l.timers.pop(now) {
		tm.task.wake(tm.err)
	}
}

// step runs t until it waits or ends.
func (l *Loop) step(t *Task) {
	if t.co == nil {
		t.co = l.coroutine(t)
	}
	l.current = t
	l.credit = maxCredit
	t.co.resume()
	l.current = nil
}

// close releases what the loop holds. No task is left.
func (l *Loop) close() {
	l.ended = true
	l.stopIdle()
	for _, d := range l.sockets {
		if d != nil {
			d.release()
		}
	}
	l.inbox.close()
	l.poller.close()
	loops.Delete(int(l.thread.Swap(0)))
}
