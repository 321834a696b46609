package eventloop

import (
	"context"
	"fmt"
	"iter"
	"time"
)

// Completed yields tasks, futures and the like in the order in which they come to
// an outcome, each once: those that have one already come first, in the order of
// the arguments. It is asyncio.as_completed.
//
// After a timeout, if that is positive, those that are left are yielded in the
// order of the arguments, each with context.DeadlineExceeded; they go on. If ctx
// ends, or the calling task is cancelled, a zero value is yielded with the cause,
// and that is the end; so it is with [ErrOtherLoop] and [ErrSelfWait], of which see
// [Wait]. The range may be left at any time, and leaves nothing behind.
//
// What is yielded has the type of the arguments. Those of several types can be
// given as a []Awaitable.
func Completed[A Awaitable](ctx context.Context, timeout time.Duration, parts ...A) iter.Seq2[A, error] {
	return func(yield func(A, error) bool) {
		t := running(ctx)
		c := &completion[A]{task: t}
		if err := c.begin(unique(parts)); err != nil {
			yield(*new(A), err)
			return
		}
		defer c.leave()
		deadline := t.loop.after(timeout)
		for left := len(c.all); left > 0; left-- {
			err := t.ended(ctx)
			if err == nil && len(c.done) == 0 {
				err = c.wait(ctx, timeout > 0, deadline)
			}
			if err != nil {
				yield(*new(A), err)
				return
			}
			if len(c.done) == 0 {
				c.late(yield)
				return
			}
			p := c.done[0]
			c.done = c.done[1:]
			if !yield(p, nil) {
				return
			}
		}
	}
}

// A completion is a Completed under way.
type completion[A Awaitable] struct {
	task *Task
	all  []completing[A]
	done []A  // have an outcome and were not yielded
	idle bool // the task waits for the next one
}

// A completing is one part of a completion.
type completing[A Awaitable] struct {
	link watch
	in   *completion[A]
	part A
}

// begin sorts out what has an outcome, and watches the rest.
func (c *completion[A]) begin(parts []A) error {
	for _, part := range parts {
		if err := c.task.mayWaitFor(part.outcome()); err != nil {
			return err
		}
	}
	c.all = make([]completing[A], len(parts))
	var spare extras
	for i, part := range parts {
		n := &c.all[i]
		n.in, n.part = c, part
		p := part.outcome()
		if p.done {
			c.done = append(c.done, part)
			continue
		}
		n.link.by = n
		spare.lend(p, len(parts)-i)
		p.extra.watches.add(&n.link, p)
	}
	return nil
}

func (c *completion[A]) leave() {
	c.idle = false
	for i := range c.all {
		c.all[i].link.leave()
	}
}

// settled notes the order of outcomes, which that of the turns need not be.
func (n *completing[A]) settled(*promise) {
	n.in.done = append(n.in.done, n.part)
	if n.in.idle && len(n.in.done) == 1 {
		n.in.task.loop.ready.push(n.in)
	}
}

func (c *completion[A]) step() {
	if c.idle && len(c.done) > 0 { // it may have gone on meanwhile, and wait again
		c.task.wake(nil)
	}
}

// wait waits for the next outcome, or until the deadline.
func (c *completion[A]) wait(ctx context.Context, limited bool, deadline int64) error {
	if limited {
		c.task.arm(deadline, false)
	}
	c.idle = true
	err := c.task.park(ctx, c)
	c.idle = false
	return err
}

// late yields what is left after the deadline. What comes to an outcome while the
// others are yielded has come in time.
func (c *completion[A]) late(yield func(A, error) bool) {
	for i := range c.all {
		n := &c.all[i]
		if n.link.of != nil && !yield(n.part, context.DeadlineExceeded) {
			return
		}
	}
	for i := 0; i < len(c.done) && yield(c.done[i], nil); i++ {
	}
}

func (c *completion[A]) parts() []Awaitable {
	var all []Awaitable
	for i := range c.all {
		all = append(all, c.all[i].part)
	}
	return all
}

// String says how many have no outcome yet.
func (c *completion[A]) String() string {
	left := 0
	for i := range c.all {
		if c.all[i].link.of != nil {
			left++
		}
	}
	return fmt.Sprintf("Completed (%d of %d left)", left, len(c.all))
}
