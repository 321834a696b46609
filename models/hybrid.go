package models

import (
	"context"

	"juggle/models/eventloop"
)

// hybrid is an event loop that hands what only computes to worker processes:
// the tutorials' run_in_executor with a process pool.
type hybrid struct{}

func (hybrid) Name() string { return "hybrid" }

// Start starts the workers and has each make the job.
func (hybrid) Start(ctx context.Context, job Job) (Runner, error) {
	return startPool(ctx, job, func(r *poolRunner, b *batch) {
		runLoop(b, r.computeElsewhere)
		b.closeJob()
	})
}

// computeElsewhere runs Compute in a worker while other coroutines go on.
func (r *poolRunner) computeElsewhere(ctx context.Context, input []byte) ([]byte, error) {
	if r.job.Compute == nil {
		return r.job.compute(input)
	}
	future := r.pool.Submit(ctx, computeFunc, input)
	answer, err := eventloop.AwaitFunc(ctx, func(resolve func([]byte, error)) { future.OnDone(resolve) })
	return answer, fromPool(err)
}
