package eventloop

import (
	"fmt"
	"runtime"
)

// Close cancels the tasks that are left with [ErrMainEnded], waits for them, and
// releases what the loop holds. It returns the errors of tasks that nobody has
// waited for, [ErrDeadlock] if virtual time has shown that some will never end, and
// [ErrRunning] or [ErrThread] if it cannot close the loop. Callbacks that are due
// when the last task has ended are called; timers are not waited for. A second
// Close does nothing.
func (l *Loop) Close() error {
	switch err := l.usable(); err {
	case nil:
		return l.shut(nil)
	case ErrClosed:
		return nil
	default:
		return err
	}
}

// shut closes the loop and joins err with the errors nobody has seen.
func (l *Loop) shut(err error) error {
	defer l.release()
	l.wind(ErrMainEnded)
	if l.live > 0 {
		l.report(fmt.Errorf("%w; %d tasks are left, in waits that no cancellation reaches", ErrDeadlock, l.live))
	}
	l.release() // which still calls what was posted
	return l.failures.take(err)
}

// wind ends all tasks and calls what is to be called at their end. That may begin
// tasks, and callbacks may call one another for ever.
func (l *Loop) wind(cause error) {
	l.closing = true
	l.drain(cause)
	for rounds := 0; l.live == 0 && l.ready.n > 0 && rounds < maxRounds; rounds++ {
		l.stopping = true
		l.turn(func() bool { return false }) // one tick
		l.drain(cause)
	}
}

// maxRounds bounds the ticks for callbacks when a loop is closed.
const maxRounds = 1000

// drain cancels all tasks and runs until they have ended, whoever calls Stop
// meanwhile.
func (l *Loop) drain(cause error) {
	l.trunk = &l.root
	l.cancelAll(cause)
	l.stopping, l.stuck = false, false
	for l.live > 0 && !l.stuck {
		l.turn(func() bool { return l.live == 0 })
	}
}

// release releases what the loop holds. No task is left.
func (l *Loop) release() {
	if l.ended {
		return
	}
	l.ended = true
	l.signals.close()
	l.killChildren()
	if l.debug != nil {
		l.debug.close(l.sockets)
	}
	l.stopIdle()
	for _, d := range l.sockets {
		if d != nil {
			d.release()
		}
	}
	l.inbox.close()
	l.poller.close()
	l.blunt()
	loops.Delete(int(l.thread.Swap(0)))
	runtime.UnlockOSThread()
}
