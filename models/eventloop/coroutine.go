package eventloop

import (
	"fmt"
	"iter"
)

// A coroutine runs tasks, one after another. Making one costs several
// allocations and a goroutine, so the loop keeps those that are idle. It also has
// what a task needs to wait: a task that never runs again does not, so tasks are
// small.
//
// iter.Pull is the supported door to the runtime's coroutine switch. Goroutines
// that hand over by channels were rejected: they cost several times as much, and
// far more on a locked thread (golang/go#18023).
type coroutine struct {
	resume    func() (struct{}, bool) // switches to the task; for the loop
	stop      func()                  // ends an idle coroutine; for the loop
	yield     func(struct{}) bool     // switches back to the loop; for the task
	runs      *Task
	goroutine int // in debug mode, its number

	// The wait that the task is in; see suspend.
	parked bool
	heeds  bool         // its own cancellation ends the wait
	passes bool         // and goes on to what it waits for
	cut    bool         // the wait was ended by a cancellation
	turn   uint32       // counts the waits, so that a late message can be told
	on     fmt.Stringer // what it waits for, for those who ask
	result error        // of the wait
	timer  timer
	list   *waitList // the list it is on
	next   *Task
	prev   *Task
}

// maxIdle bounds the idle coroutines of a loop, each of which holds a stack.
const maxIdle = 4096

// idleCoroutine returns one that will run t when it is resumed.
func (l *Loop) idleCoroutine(t *Task) *coroutine {
	if n := len(l.idle); n > 0 {
		c := l.idle[n-1]
		l.idle = l.idle[:n-1]
		c.runs, c.timer.owner = t, t
		return c
	}
	c := &coroutine{runs: t}
	c.timer.owner = t
	c.resume, c.stop = iter.Pull(func(yield func(struct{}) bool) {
		adopt(l)
		defer disown()
		c.yield = yield
		if l.debug != nil {
			c.goroutine = goroutineID()
			l.debug.worker.Store(int64(c.goroutine))
		}
		for {
			c.runs.run()
			c.runs, c.timer.owner, c.result = nil, nil, nil
			if len(l.idle) >= maxIdle {
				return
			}
			l.idle = append(l.idle, c)
			if !yield(struct{}{}) {
				return
			}
		}
	})
	return c
}

// stopIdle ends all coroutines once no task is left.
func (l *Loop) stopIdle() {
	for _, c := range l.idle {
		c.stop()
	}
	l.idle = nil
}
