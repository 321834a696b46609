package procpool

import (
	"bytes"
	"context"
	"runtime"
	"sync"
)

// A Future is a task that was submitted. It ends exactly once. Its methods may
// be called from any goroutine. A goroutine that waits in Result or Borrow may
// do the pool's work meanwhile: read what the worker sends, give it the next
// chunk, and call the functions given to OnDone of other futures.
type Future struct {
	pool     *Pool // nil if no pool took the task
	funcName string
	number   uint16
	input    []byte
	stop     func() bool // stops watching the context; may be nil

	// Guarded by Pool.mu.
	place node    // in the queue
	chunk *chunk  // that it is in, or nil
	at    int     // its index there
	leads *worker // that a goroutine waiting for f reads for, or nil
	cause error   // why it was cancelled

	done chan struct{}
	err  error // read after done

	mu        sync.Mutex // guards all below
	ended     bool
	output    []byte
	loan      *loan           // until somebody asked for the output
	forgotten runtime.Cleanup // returns the loan if nobody can ask any more
	callbacks []func([]byte, error)
}

func newFuture(name string) *Future {
	f := &Future{funcName: name, done: make(chan struct{})}
	f.place.future = f
	return f
}

// Done is closed when the task has ended. The call is over then, or its process
// is gone, and the pool does not read the input any more.
func (f *Future) Done() <-chan struct{} {
	f.attend()
	return f.done
}

// Result waits until the task has ended and returns what the function returned,
// or why there is no such thing; see the package comment for the errors. Every
// call returns the same slice, which is the caller's. An empty output may be nil.
// Small outputs of tasks that a worker got together share memory, so one of them
// keeps some tens of KiB alive: copy what is kept for long.
func (f *Future) Result() ([]byte, error) {
	f.await()
	return f.take(), f.err
}

// Wait is Result, but returns the cause of ctx if that ends first. The task goes
// on: what cancels a task is the context given to [Pool.Submit].
func (f *Future) Wait(ctx context.Context) ([]byte, error) {
	if ctx.Done() == nil {
		return f.Result()
	}
	select {
	case <-f.Done():
		return f.take(), f.err
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
}

// await waits until f has ended.
func (f *Future) await() {
	select {
	case <-f.done:
	default:
		f.lead()
		<-f.done
	}
}

// take returns the output. One that is lent is copied, and the loan returned.
func (f *Future) take() []byte {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.loan != nil {
		f.output = bytes.Clone(f.loan.bytes)
		f.loan.giveBack()
		f.loan = nil
	}
	return f.output
}

// A Loan is an output that was not copied: the worker's memory, until Release.
type Loan struct {
	output []byte
	loan   *loan // nil if the output was copied after all
}

// Borrow is Result without a copy of a large output: the bytes are the shared
// memory that the worker wrote them to, until the loan is released. The first
// call takes the output away from Result and Wait, which then return nothing.
//
// A worker has room for a few loans; when more are out, outputs are copied as
// they arrive. So a loan that is kept slows the pool down but does not stop it.
func (f *Future) Borrow() (*Loan, error) {
	f.await()
	if f.err != nil {
		return nil, f.err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	l := &Loan{f.output, f.loan}
	if f.loan != nil {
		l.output, f.loan = f.loan.bytes, nil
		f.forgotten.Stop()
	}
	return l, nil
}

// Bytes is the output. It must not be used after Release.
func (l *Loan) Bytes() []byte { return l.output }

// Release gives the memory back. It may be called twice.
func (l *Loan) Release() {
	l.output = nil
	if l.loan != nil {
		l.loan.giveBack()
	}
}

// OnDone has call called once with the result when the task has ended: at once
// if it has, and else on the goroutine that ended it, as a rule the one that
// reads for the worker. So call must be quick, must not wait for another task nor
// close the pool, and must not end the goroutine (runtime.Goexit, as t.FailNow
// does). It may submit tasks.
func (f *Future) OnDone(call func(output []byte, err error)) {
	f.mu.Lock()
	ended := f.ended
	if !ended {
		f.callbacks = append(f.callbacks, call)
	}
	f.mu.Unlock()
	if ended {
		call(f.take(), f.err)
	} else {
		f.attend()
	}
}

// end ends f. A second call is a mistake of this package, and panics.
func (f *Future) end(got outcome) {
	if f.stop != nil {
		f.stop()
	}
	f.input = nil // it is the caller's again
	f.err = got.err
	f.mu.Lock()
	f.output, f.loan, f.ended = got.output, got.loan, true
	if got.loan != nil {
		f.forgotten = runtime.AddCleanup(f, (*loan).giveBack, got.loan)
	}
	callbacks := f.callbacks
	f.callbacks = nil
	f.mu.Unlock()
	close(f.done)
	for _, call := range callbacks {
		call(f.take(), f.err)
	}
}

func (f *Future) name() string { return f.funcName }

func (f *Future) stopped() error { return f.cause }

func (f *Future) placed(c *chunk, at int) {
	f.chunk, f.at = c, at
	if c == nil && f.leads != nil {
		f.leads.interrupt()
	}
}

func (f *Future) finish(_ []item, got []outcome) { f.end(got[0]) }
