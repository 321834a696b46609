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
	resume func() (struct{}, bool) // switches to the task; for the loop
	yield  func(struct{}) bool     // switches back to the loop; for the task

	// The wait that the task is in; see suspend.
	parked bool
	heeds  bool         // its own cancellation ends the wait
	passes bool         // and goes on to what it waits for
	cut    bool         // the wait was ended by a request to cancel
	turn   uint32       // counts the waits, so that a late message can be told
	on     fmt.Stringer // what it waits for, for those who ask
	result error        // of the wait
	timer  timer        // its owner is the task
	list   *waitList    // the list it is on
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
		c.timer.owner = t
		return c
	}
	c := new(coroutine)
	c.timer.owner = t
	// The function to stop it is not kept: a coroutine that is resumed without a
	// task ends. That saves memory in every task that waits.
	c.resume, _ = iter.Pull(c.serve)
	return c
}

// task returns the task that c runs, nil while it is idle.
func (c *coroutine) task() *Task {
	t, _ := c.timer.owner.(*Task)
	return t
}

// serve runs tasks until it is resumed without one.
func (c *coroutine) serve(yield func(struct{}) bool) {
	l := c.task().loop
	adopt(l)
	defer disown()
	if l.debug != nil {
		l.debug.joined(c)
		defer l.debug.left(c)
	}
	c.yield = yield
	for t := c.task(); t != nil; t = c.task() {
		t.run()
		c.timer.owner, c.result = nil, nil
		if len(l.idle) >= maxIdle {
			return
		}
		l.idle = append(l.idle, c)
		yield(struct{}{})
	}
}

// stopIdle ends all coroutines once no task is left.
func (l *Loop) stopIdle() {
	for _, c := range l.idle {
		c.resume()
	}
	l.idle = nil
}
