package eventloop

import "iter"

// A coroutine runs tasks, one after another. Making one costs several
// allocations and a goroutine, so the loop keeps those that are idle.
//
// iter.Pull is the supported door to the runtime's coroutine switch. Goroutines
// that hand over by channels were rejected: they cost several times as much, and
// far more on a locked thread (golang/go#18023).
type coroutine struct {
	resume func() (struct{}, bool) // switches to the task; for the loop
	stop   func()                  // ends an idle coroutine; for the loop
	yield  func(struct{}) bool     // switches back to the loop; for the task
	task   *Task
}

// maxIdle bounds the idle coroutines of a loop, each of which holds a stack.
const maxIdle = 4096

// coroutine returns one that will run t when it is resumed.
func (l *Loop) coroutine(t *Task) *coroutine {
	if n := len(l.idle); n > 0 {
		c := l.idle[n-1]
		l.idle = l.idle[:n-1]
		c.task = t
		return c
	}
	c := &coroutine{task: t}
	c.resume, c.stop = iter.Pull(func(yield func(struct{}) bool) {
		c.yield = yield
		for {
			c.task.run()
			c.task = nil
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
