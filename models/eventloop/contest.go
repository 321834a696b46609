package eventloop

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"
)

// A contest is several attempts to connect, of which the first to succeed counts.
type contest struct {
	loop    *Loop
	dial    func(ctx context.Context, addr netip.AddrPort) (net.Conn, error)
	left    []netip.AddrPort // not tried yet
	begun   []*attempt
	running int
	winner  *attempt
	errs    []error
	news    Event // an attempt has ended, or has had its time alone
}

// An attempt to connect is a task.
type attempt struct {
	task *Task
	conn net.Conn
}

// errOvertaken is the cause with which attempts end that are not needed.
var errOvertaken = fmt.Errorf("eventloop: another attempt to connect was faster: %w", context.Canceled)

// race dials addrs, each when the one before has failed or has taken delay, or
// with a negative delay only when it has failed. It returns the first
// connection, the errors of all, or why ctx has ended. Before it returns, the
// other attempts have ended and left nothing open. It is asyncio's staggered_race.
func race(ctx context.Context, delay time.Duration, addrs []netip.AddrPort, dial func(ctx context.Context, addr netip.AddrPort) (net.Conn, error)) (net.Conn, error) {
	r := &contest{loop: running(ctx).loop, dial: dial, left: addrs}
	scope := WithScope(ctx)
	defer scope.Close()
	err := r.run(scope, delay)
	scope.Cancel(errOvertaken)
	if err != nil {
		r.winner = nil
	}
	r.clear(ctx)
	if err != nil {
		return nil, err
	}
	return r.winner.conn, nil
}

// run begins attempts until there is a winner or no address left.
func (r *contest) run(scope *Scope, delay time.Duration) error {
	for r.winner == nil {
		if len(r.left) == 0 && r.running == 0 {
			return dialErrors(r.errs)
		}
		if len(r.left) > 0 {
			r.begin(scope)
		}
		if err := r.await(scope, delay); err != nil {
			return err
		}
	}
	return nil
}

func (r *contest) begin(scope *Scope) {
	addr := r.left[0]
	r.left = r.left[1:]
	a := new(attempt)
	a.task = Go(scope, func(ctx context.Context) (err error) {
		a.conn, err = r.dial(ctx, addr)
		return err
	}).SetName("dial " + addr.String())
	a.task.OnDone(func() { r.ended(a) })
	r.begun = append(r.begun, a)
	r.running++
}

// ended takes note of an attempt that has ended.
func (r *contest) ended(a *attempt) {
	r.running--
	if err := a.task.Err(); err != nil {
		r.errs = append(r.errs, err)
	} else if r.winner == nil {
		r.winner = a
	}
	r.news.Set()
}

// await waits until an attempt has ended, or until it is time for the next one.
func (r *contest) await(scope *Scope, delay time.Duration) error {
	r.news.Clear()
	if len(r.left) > 0 && delay >= 0 {
		defer r.loop.CallLater(delay, r.news.Set).Cancel()
	}
	return r.news.Wait(scope)
}

// clear waits for the attempts that were ended, and closes what more than one has
// opened. An attempt may have a connection and an error both, if it was
// cancelled at the end.
func (r *contest) clear(ctx context.Context) {
	shield := WithShield(ctx)
	defer shield.Close()
	for _, a := range r.begun {
		a.task.Wait(shield)
		if a != r.winner && a.conn != nil {
			a.conn.Close()
		}
	}
}

// dialErrors are the errors of several attempts to connect.
type dialErrors []error

// Error says them in one line. That they are about dialling is said around it.
func (e dialErrors) Error() string {
	texts := make([]string, len(e))
	for i, err := range e {
		texts[i] = err.Error()
		if op, ok := errors.AsType[*net.OpError](err); ok && op.Addr != nil {
			texts[i] = op.Addr.String() + ": " + op.Err.Error()
		}
	}
	return strings.Join(texts, "; ")
}

func (e dialErrors) Unwrap() []error { return e }

// Timeout reports whether all attempts took too long, for net.Error.
func (e dialErrors) Timeout() bool {
	for _, err := range e {
		if netErr, ok := errors.AsType[net.Error](err); !ok || !netErr.Timeout() {
			return false
		}
	}
	return true
}
