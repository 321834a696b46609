package eventloop

import "time"

// Hooks are called when something happens in a loop; see [Options]. Those that are
// nil are not. All run on the loop's thread, must not wait, and cost their time. What
// they panic with is reported like the panic of a callback. A loop without hooks pays
// for one comparison with nil each; one with hooks also for a switch to the loop and
// back whenever a task waits.
//
// They are trio's instruments, and what a timeline of tasks is drawn from.
type Hooks struct {
	Begun     func(t *Task) // a task was begun
	Resumed   func(t *Task) // a task runs now
	Suspended func(t *Task) // it runs no longer: it waits, or has ended
	Ended     func(t *Task) // a task has ended
	// Poll is called before the loop asks the kernel for news, with how long it
	// is ready to wait, negative for any time; Polled is called after.
	Poll   func(timeout time.Duration)
	Polled func()
}

// begun, resumed, suspended and ended tell whoever watches the loop.
func (l *Loop) begun(t *Task) {
	if l.debug != nil {
		l.debug.began(&t.promise)
	}
	if h := l.hooks; h != nil && h.Begun != nil {
		l.guard(func() { h.Begun(t) })
	}
}

func (l *Loop) resumed(t *Task) {
	if l.debug != nil {
		l.debug.resumed(t)
	}
	if h := l.hooks; h != nil && h.Resumed != nil {
		l.guard(func() { h.Resumed(t) })
	}
}

func (l *Loop) suspended(t *Task) {
	if l.debug != nil {
		l.debug.suspended()
	}
	if h := l.hooks; h != nil && h.Suspended != nil {
		l.guard(func() { h.Suspended(t) })
	}
}

func (l *Loop) taskEnded(t *Task) {
	if h := l.hooks; h != nil && h.Ended != nil {
		l.guard(func() { h.Ended(t) })
	}
}
