package procpool

import (
	"container/list"
	"context"
	"fmt"
	"sync"
)

// A Future is a task that was submitted. It ends exactly once. Its methods may
// be called from any goroutine.
type Future struct {
	request frame
	name    string
	stop    func() bool // stops watching the context; may be nil

	// Guarded by Pool.mu.
	place    *list.Element // in the queue, or nil
	worker   *worker       // that runs it or was sent it ahead, or nil
	requeued bool          // a worker died before it read the task
	ending   bool          // end was or will be called
	cause    error         // why it was cancelled

	done   chan struct{}
	output []byte // read after done
	err    error  // read after done

	mu        sync.Mutex
	ended     bool
	callbacks []func([]byte, error)
}

// Done is closed when the task has ended. The call is over then, or its process
// is gone, and the pool does not read the input any more.
func (f *Future) Done() <-chan struct{} { return f.done }

// Result waits until the task has ended and returns what the function returned,
// or why there is no such thing; see the package comment for the errors. Every
// call returns the same slice. An empty output may be nil.
func (f *Future) Result() ([]byte, error) {
	<-f.done
	return f.output, f.err
}

// Wait is Result, but returns the cause of ctx if that ends first. The task goes
// on: what cancels a task is the context given to [Pool.Submit].
func (f *Future) Wait(ctx context.Context) ([]byte, error) {
	select {
	case <-f.done:
		return f.output, f.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// OnDone has call called once with the result when the task has ended: at once
// if it has, and else on the goroutine that ended it, as a rule the one that
// reads for the worker. So call must be quick and must not wait for another task
// nor close the pool. It may submit tasks.
func (f *Future) OnDone(call func(output []byte, err error)) {
	f.mu.Lock()
	ended := f.ended
	if !ended {
		f.callbacks = append(f.callbacks, call)
	}
	f.mu.Unlock()
	if ended {
		call(f.output, f.err)
	}
}

// end ends f. A second call is a mistake of this package, and panics.
func (f *Future) end(output []byte, err error) {
	if f.stop != nil {
		f.stop()
	}
	f.request.payload = nil // the input is the caller's again
	f.output, f.err = output, err
	f.mu.Lock()
	f.ended = true
	callbacks := f.callbacks
	f.callbacks = nil
	f.mu.Unlock()
	close(f.done)
	for _, call := range callbacks {
		call(output, err)
	}
}

// outcome is what a reply to task f says, or an error if it is no such reply.
func (f *Future) outcome(reply frame) (output []byte, err, broken error) {
	switch reply.kind {
	case kindResult:
		return reply.payload, nil, nil
	case kindError:
		return nil, &TaskError{Func: f.name, Text: string(reply.payload)}, nil
	case kindPanic:
		value, stack, broken := unpackPanic(reply.payload)
		return nil, &PanicError{Func: f.name, Value: value, Stack: stack}, broken
	case kindGoexit:
		return nil, fmt.Errorf("procpool: %s: %w", f.name, ErrGoexit), nil
	case kindTooLarge:
		return nil, fmt.Errorf("%w: %s returned %s bytes, the limit is %d", ErrTooLarge, f.name, reply.payload, MaxPayload), nil
	}
	return nil, nil, fmt.Errorf("%w: kind %d as the reply to a task", errProtocol, reply.kind)
}
