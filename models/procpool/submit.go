package procpool

import (
	"context"
	"fmt"
	"iter"
)

// Submit hands the pool a task: call the function registered as name with input.
// It does not block. Tasks begin in the order in which they were submitted. The
// caller must not change input before the task has ended.
//
// When ctx ends, the task fails with its cause: one that waits is dropped, and
// one that runs ends when its worker has been killed. One that a worker was sent
// ahead ends when its turn comes, in the same way. A task that cannot run at
// all has ended when Submit returns: [ErrClosed], [ErrBroken],
// [ErrUnknownFunc], [ErrTooLarge].
//
// A task costs about one round trip on a socket; see the package comment.
func (p *Pool) Submit(ctx context.Context, name string, input []byte) *Future {
	f := &Future{name: name, done: make(chan struct{})}
	number, err := program.find(name)
	if err == nil {
		err = checkInput(name, input)
	}
	if err == nil && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if err != nil {
		f.end(nil, err)
		return f
	}
	f.request = frame{kind: kindTask, number: number, payload: input}
	if ctx.Done() != nil {
		f.stop = context.AfterFunc(ctx, func() { p.cancel(f, context.Cause(ctx)) })
	}
	due, err := p.admit(f)
	if err != nil {
		f.end(nil, err)
	}
	due.send()
	return f
}

// checkInput reports an input that no frame can hold.
func checkInput(name string, input []byte) error {
	if len(input) > MaxPayload {
		return fmt.Errorf("%w: the input of %s has %d bytes, the limit is %d", ErrTooLarge, name, len(input), MaxPayload)
	}
	return nil
}

// admit takes f into the pool: to an idle worker, or else to the end of the
// queue.
func (p *Pool) admit(f *Future) (order, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.failure != nil:
		return order{}, p.failure
	case p.closing:
		return order{}, ErrClosed
	case f.cause != nil:
		return order{}, f.cause
	}
	p.tasks.Add(1)
	p.lastID++
	f.request.id = p.lastID
	if w := p.idle(); w != nil {
		return w.take(f), nil
	}
	f.place = p.queue.PushBack(f)
	return order{}, nil
}

// requeue puts a task that was not begun before all others. It does so once for
// each task: an input too large for the memory of a worker must not kill them
// all. Callers hold p.mu.
func (p *Pool) requeue(f *Future) order {
	f.requeued = true
	return p.pushFront(f)
}

// pushFront gives f to an idle worker, or puts it before all others. Callers
// hold p.mu.
func (p *Pool) pushFront(f *Future) order {
	if w := p.idle(); w != nil {
		return w.take(f)
	}
	f.place = p.queue.PushFront(f)
	return order{}
}

// cancel ends f because its context has ended.
func (p *Pool) cancel(f *Future, cause error) {
	p.mu.Lock()
	if f.ending || f.cause != nil {
		p.mu.Unlock()
		return
	}
	f.cause = cause
	if w := f.worker; w != nil && w.task == f {
		w.doom() // whose slot ends f when the process is gone
	}
	waits := f.place != nil
	if waits {
		p.queue.Remove(f.place)
		f.place = nil
		f.ending = true
	}
	p.mu.Unlock()
	if waits {
		p.end(f, nil, cause)
	}
}

// end ends a future that was admitted. Callers have set f.ending and do not
// hold p.mu.
func (p *Pool) end(f *Future, output []byte, err error) {
	f.end(output, err)
	p.tasks.Done()
}

// front returns the first future of a queue that is not empty. Callers hold p.mu.
func (p *Pool) front() *Future { return p.queue.Front().Value.(*Future) }

// dequeue takes the first future from the queue. Callers hold p.mu.
func (p *Pool) dequeue() *Future {
	f := p.queue.Remove(p.queue.Front()).(*Future)
	f.place = nil
	return f
}

// idle returns a worker that waits for a request, or nil. It prefers the first,
// whose memory is warm. Callers hold p.mu.
func (p *Pool) idle() *worker {
	for _, s := range p.slots {
		if w := s.worker; w != nil && w.ready && !w.doomed && w.waiting == 0 {
			return w
		}
	}
	return nil
}

// Map calls the function registered as name with each input and yields the
// results in the order of the inputs. It submits up to four tasks for each
// worker before it yields the first, so inputs may be endless. A failed task
// yields its error and the rest goes on. When the caller stops early, tasks not
// yielded are cancelled as by their context, and Map returns when they have
// ended.
func (p *Pool) Map(ctx context.Context, name string, inputs iter.Seq[[]byte]) iter.Seq2[[]byte, error] {
	return func(yield func([]byte, error) bool) {
		ctx, cancel := context.WithCancel(ctx)
		ahead := make(chan *Future, 4*len(p.slots))
		defer func() {
			cancel()
			close(ahead)
			for f := range ahead {
				f.Result()
			}
		}()
		for input := range inputs {
			if len(ahead) == cap(ahead) && !yield((<-ahead).Result()) {
				return
			}
			ahead <- p.Submit(ctx, name, input)
		}
		for len(ahead) > 0 && yield((<-ahead).Result()) {
		}
	}
}
