package procpool

import (
	"context"
	"fmt"
)

// Submit hands the pool a task: call the function registered as name with input.
// It does not wait for a worker. Tasks begin in the order in which they were
// submitted, as far as several workers have one. The caller must not change input
// before the task has ended.
//
// When ctx ends, the task fails with its cause: one that waits is dropped, and
// one that runs is told so by the end of the context that it got. If it has not
// returned after [Options.CancelGrace], its worker is killed; the error is a
// [*KilledError] then, which wraps the cause. A result that comes all the same
// counts. A task that cannot run at all has ended when Submit returns:
// [ErrClosed], [ErrBroken], [ErrUnknownFunc], [ErrTooLarge].
//
// A task costs about one round trip on a socket, or much less while many of them
// wait; see the package comment.
func (p *Pool) Submit(ctx context.Context, name string, input []byte) *Future {
	f := newFuture(name)
	number, err := program.find(name)
	if err == nil {
		err = checkInput(name, input)
	}
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		f.end(outcome{err: err})
		return f
	}
	f.pool, f.number, f.input = p, number, input
	if ctx.Done() != nil {
		f.stop = context.AfterFunc(ctx, func() { p.cancel(f, context.Cause(ctx)) })
	}
	c, more, err := p.admit(f)
	if err != nil {
		f.end(outcome{err: err})
		return f
	}
	if c != nil {
		p.send(c, more)
	}
	return f
}

// checkInput reports an input that is too large.
func checkInput(name string, input []byte) error {
	if len(input) > MaxPayload {
		return fmt.Errorf("%w: the input of %s has %d bytes, the limit is %d", ErrTooLarge, name, len(input), MaxPayload)
	}
	return nil
}

// admit takes f into the queue and returns the chunk that is to be sent now, if
// there is one. More tells that somebody is to read the reply in any case: only
// for a chunk of f alone that may be whoever waits for f.
func (p *Pool) admit(f *Future) (c *chunk, more bool, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if f.cause != nil {
		return nil, false, f.cause
	}
	if err := p.refuses(); err != nil {
		return nil, false, err
	}
	p.tasks.Add(1)
	p.queue.add(f)
	c = p.next()
	if p.queue.length > 0 {
		for _, s := range p.slots {
			if s.worker != nil {
				s.worker.attend()
			}
		}
	}
	return c, c != nil && (len(c.items) > 1 || c.items[0].sink != f), nil
}

// refuses says why the pool takes no more tasks, or returns nil. Callers hold
// p.mu.
func (p *Pool) refuses() error {
	switch {
	case p.failure != nil:
		return p.failure
	case p.closing:
		return ErrClosed
	}
	return nil
}
