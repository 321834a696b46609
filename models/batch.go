package models

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"sync/atomic"
)

// A TaskError says which task of a job failed, and why.
type TaskError struct {
	Job  string
	Task int
	// Err is what the task returned, a *PanicError if it panicked, or what a
	// worker process died of.
	Err error
}

func (e *TaskError) Error() string { return fmt.Sprintf("task %d of %s: %v", e.Task, e.Job, e.Err) }

func (e *TaskError) Unwrap() error { return e.Err }

// A PanicError is a panic of a task. It keeps the stack of the place that
// panicked, in whatever process that was.
type PanicError struct {
	Value string
	Stack string
}

func (e *PanicError) Error() string { return "panic: " + e.Value }

// errGoexit is the error of a task that ended its goroutine instead of
// returning.
var errGoexit = errors.New("the task called runtime.Goexit; return an error instead")

// A batch is one run of a job's tasks: their answers, and what stops them.
type batch struct {
	job     Job
	answers [][]byte
	done    atomic.Int64
	ctx     context.Context
	stop    context.CancelCauseFunc
}

// newBatch makes the state for a run of n tasks that ends when ctx does. The
// caller calls result, which releases the context.
func newBatch(ctx context.Context, job Job, n int) (*batch, error) {
	if n < 0 || n > job.N {
		return nil, fmt.Errorf("%s has %d tasks, not %d", job.Name, job.N, n)
	}
	b := &batch{job: job, answers: make([][]byte, n)}
	b.ctx, b.stop = context.WithCancelCause(ctx)
	return b, nil
}

// do runs task i here and takes its answer or its failure.
func (b *batch) do(env Env, i int) {
	if b.ctx.Err() != nil {
		return
	}
	finished := false
	defer func() { // runs after a Goexit too
		if !finished {
			b.finish(i, nil, errGoexit)
		}
	}()
	answer, err := call(b.job.Body, env, i)
	finished = true
	b.finish(i, answer, err)
}

// call runs a body and turns its panic into an error while the stack is there.
func call(body Body, env Env, i int) (answer []byte, err error) {
	defer func() {
		if v := recover(); v != nil {
			answer, err = nil, &PanicError{Value: fmt.Sprint(v), Stack: string(debug.Stack())}
		}
	}()
	return body(env, i)
}

// finish takes what task i gave. The first failure stops the batch; what fails
// after that fails because of it and is not news.
func (b *batch) finish(i int, answer []byte, err error) {
	if err != nil {
		b.stop(&TaskError{Job: b.job.Name, Task: i, Err: err})
		return
	}
	b.answers[i] = answer
	b.done.Add(1)
}

// result says how the batch ended; every task has ended before it is called.
func (b *batch) result() (Outcome, error) {
	defer b.stop(nil)
	done := int(b.done.Load())
	if done == len(b.answers) {
		return Outcome{Answers: b.answers}, nil
	}
	cause := context.Cause(b.ctx)
	if failure := (*TaskError)(nil); errors.As(cause, &failure) {
		return Outcome{}, cause
	}
	return Outcome{}, fmt.Errorf("%s stopped after %d of %d tasks: %w", b.job.Name, done, len(b.answers), cause)
}

// closeJob releases what the tasks of this process shared.
func (b *batch) closeJob() {
	if b.job.Close != nil {
		b.job.Close()
	}
}

// compute runs the job's Compute in this process.
func (j Job) compute(input []byte) ([]byte, error) {
	if j.Compute == nil {
		return nil, fmt.Errorf("%s offloads, but its job has no Compute", j.Name)
	}
	return j.Compute(input)
}
