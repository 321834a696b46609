package eventloop

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"
)

// ErrNothing is what [Wait] returns if it is given nothing to wait for.
var ErrNothing = errors.New("eventloop: Wait for nothing, which would never end; give it at least one awaitable")

// Until says when [Wait] is over.
type Until int

const (
	AllDone    Until = iota // all have an outcome
	FirstDone               // one has
	FirstError              // one has failed, or all have an outcome; a cancellation is no failure
)

// Wait waits for several tasks, futures and the like, and returns those that have
// an outcome and those that have not, in the order of the arguments, each once. It
// is asyncio.wait: it cancels nothing, and a timeout is no error. A timeout that is
// not positive stands for none. If ctx ends, or the calling task is cancelled, it
// returns the cause as well as the two lists.
func Wait(ctx context.Context, until Until, timeout time.Duration, parts ...Awaitable) (done, pending []Awaitable, err error) {
	t := running(ctx)
	w := &several{all: unique(parts)}
	if len(w.all) == 0 {
		return nil, nil, ErrNothing
	}
	for _, p := range w.all {
		if p.outcome().loop != t.loop {
			return nil, slices.Clone(w.all), ErrOtherLoop
		}
	}
	w.over = func() bool { return until.met(w.all) }
	if err = t.ended(ctx); err == nil && !w.over() {
		err = w.wait(ctx, t, timeout)
	}
	for _, p := range w.all {
		if p.Done() {
			done = append(done, p)
		} else {
			pending = append(pending, p)
		}
	}
	return done, pending, err
}

func (u Until) met(all []Awaitable) bool {
	ended := 0
	for _, p := range all {
		if !p.Done() {
			continue
		}
		ended++
		if u == FirstDone || u == FirstError && p.outcome().err != nil && !p.Cancelled() {
			return true
		}
	}
	return ended == len(all)
}

// several is a wait of one task for several awaitables.
type several struct {
	all     []Awaitable
	waiting waitList
	over    func() bool
}

// wait waits until it is over, or timeout has passed if it is positive.
func (w *several) wait(ctx context.Context, t *Task, timeout time.Duration) error {
	for _, p := range w.all {
		if !p.Done() {
			h := p.OnDone(func() {
				if w.over() {
					w.waiting.wakeAll(nil)
				}
			})
			defer h.Cancel()
		}
	}
	w.waiting.push(t)
	if timeout > 0 {
		t.arm(t.loop.after(timeout), false)
	}
	return t.park(ctx, w)
}

func (w *several) parts() []Awaitable { return w.all }

func (w *several) String() string {
	left := 0
	for _, p := range w.all {
		if !p.Done() {
			left++
		}
	}
	return fmt.Sprintf("Wait (%d of %d left)", left, len(w.all))
}

// unique returns the awaitables without repetitions.
func unique(parts []Awaitable) []Awaitable {
	var all []Awaitable
	for _, p := range parts {
		if !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	return all
}

// Completed yields tasks, futures and the like in the order in which they come to
// an outcome, each once. It is asyncio.as_completed. After a timeout, if that is
// positive, those that are left are yielded with context.DeadlineExceeded; they go
// on. If ctx ends, or the calling task is cancelled, nil is yielded with the cause,
// and that is the end. The range may be left at any time.
func Completed(ctx context.Context, timeout time.Duration, parts ...Awaitable) iter.Seq2[Awaitable, error] {
	return func(yield func(Awaitable, error) bool) {
		t := running(ctx)
		c := &completion{several: several{all: unique(parts)}}
		c.over = func() bool { return len(c.ready) > 0 }
		defer c.watch(t.loop)()
		deadline := t.loop.after(timeout)
		for left := len(c.all); left > 0; left-- {
			err := t.ended(ctx)
			if err == nil && len(c.ready) == 0 {
				err = c.next(ctx, t, timeout > 0, deadline)
			}
			if err != nil {
				yield(nil, err)
				return
			}
			if len(c.ready) == 0 {
				c.late(yield)
				return
			}
			p := c.ready[0]
			c.ready = c.ready[1:]
			if !yield(p, nil) {
				return
			}
		}
	}
}

// A completion is a Completed under way.
type completion struct {
	several
	ready []Awaitable // have an outcome and were not yielded
}

// watch collects what comes to an outcome, until stop.
func (c *completion) watch(l *Loop) (stop func()) {
	var handles []*Handle
	for _, p := range c.all {
		if p.outcome().loop != l {
			panic("eventloop: Completed of what belongs to another loop")
		}
		if p.Done() {
			c.ready = append(c.ready, p)
			continue
		}
		handles = append(handles, p.OnDone(func() {
			c.ready = append(c.ready, p)
			c.waiting.wakeAll(nil)
		}))
	}
	return func() {
		for _, h := range handles {
			h.Cancel()
		}
	}
}

// next waits for the next outcome, or until the deadline.
func (c *completion) next(ctx context.Context, t *Task, limited bool, deadline int64) error {
	c.waiting.push(t)
	if limited {
		t.arm(deadline, false)
	}
	return t.park(ctx, c)
}

// late yields what has come to no outcome in time.
func (c *completion) late(yield func(Awaitable, error) bool) {
	for _, p := range c.all {
		if !p.Done() && !yield(p, context.DeadlineExceeded) {
			return
		}
	}
}
