package models

import (
	"context"
	"net"
	"runtime"
	"time"
)

// blockingEnv is the Env of every model whose tasks may block a goroutine. It
// has no state of a task's own, so the tasks of a run share one.
type blockingEnv struct {
	ctx context.Context
	job Job
}

func (e *blockingEnv) Context() context.Context { return e.ctx }

func (e *blockingEnv) Sleep(d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-e.ctx.Done():
		return context.Cause(e.ctx)
	}
}

func (e *blockingEnv) Yield() error {
	runtime.Gosched()
	return context.Cause(e.ctx)
}

func (e *blockingEnv) Dial(network, address string) (net.Conn, error) {
	var dialer net.Dialer
	conn, err := dialer.DialContext(e.ctx, network, address)
	if err != nil {
		// The dialer has a timer of its own for the deadline, which may be the
		// first to fire. The context then ends at once.
		if deadline, ok := e.ctx.Deadline(); ok && !time.Now().Before(deadline) {
			<-e.ctx.Done()
		}
		return nil, causeOr(e.ctx, err)
	}
	c := &stoppableConn{Conn: conn, ctx: e.ctx}
	c.forget = context.AfterFunc(e.ctx, func() { conn.Close() })
	return c, nil
}

func (e *blockingEnv) Offload(input []byte) ([]byte, error) { return e.job.compute(input) }

// stoppableConn is a connection that is closed when the run is stopped, which
// is the one way to interrupt a blocked Read whatever deadlines the task set.
type stoppableConn struct {
	net.Conn
	ctx    context.Context
	forget func() bool
}

func (c *stoppableConn) Read(b []byte) (int, error) {
	n, err := c.Conn.Read(b)
	if err != nil {
		err = causeOr(c.ctx, err)
	}
	return n, err
}

func (c *stoppableConn) Write(b []byte) (int, error) {
	n, err := c.Conn.Write(b)
	if err != nil {
		err = causeOr(c.ctx, err)
	}
	return n, err
}

func (c *stoppableConn) Close() error {
	c.forget()
	return c.Conn.Close()
}

// causeOr returns why ctx ended, if it has, and otherwise err.
func causeOr(ctx context.Context, err error) error {
	if cause := context.Cause(ctx); cause != nil {
		return cause
	}
	return err
}
