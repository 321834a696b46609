package eventloop

import (
	"context"
	"net"
	"os"
)

// ambient returns what the running task t waits with in a function that takes no
// context, such as Read of a connection.
func (t *Task) ambient() context.Context {
	if t.extra != nil && t.extra.io != nil {
		return t.extra.io
	}
	return t.context()
}

// setAmbient makes ctx what ambient returns, and returns what was so before. nil
// stands for the context of t.
func (t *Task) setAmbient(ctx context.Context) (before context.Context) {
	if ctx != nil && t.is(ctx) {
		ctx = nil
	}
	if ctx == nil && t.extra == nil {
		return nil
	}
	x := t.more()
	before, x.io = x.io, ctx
	return before
}

// An interruption is why a read was cancelled. That it is temporary, as a deadline
// is, tells crypto/tls that it may read on later; it would remember any other error
// for good. So to cancel a task that reads ends its call, and not the connection.
type interruption struct{ cause error }

// resumable returns err, which has kept a read from waiting, as an interruption if
// it is none of those that package net has.
func resumable(err error) error {
	if err == net.ErrClosed || err == os.ErrDeadlineExceeded {
		return err
	}
	return interruption{err}
}

func (i interruption) Error() string { return i.cause.Error() }

func (i interruption) Unwrap() error { return i.cause }

func (i interruption) Timeout() bool { return false }

func (i interruption) Temporary() bool { return true }
