package models

import (
	"context"
	"net"
	"time"

	"juggle/models/eventloop"
)

// eventLoop runs all tasks on one OS thread, as coroutines that switch only
// where they wait. Waiting overlaps without a lock or a second thread; a task
// that computes holds up all others.
type eventLoop struct{}

func (eventLoop) Name() string { return "eventloop" }

func (eventLoop) Start(_ context.Context, job Job) (Runner, error) {
	return inProcess{job, func(b *batch) { runLoop(b, b.computeHere) }}, job.validate()
}

// computeHere offloads to nowhere: the loop stands still meanwhile.
func (b *batch) computeHere(_ context.Context, input []byte) ([]byte, error) {
	return b.job.compute(input)
}

// An offload runs a job's Compute somewhere, and suspends the task that asks
// until the answer is there.
type offload func(ctx context.Context, input []byte) ([]byte, error)

// runLoop runs the tasks of b on an event loop on the calling thread.
func runLoop(b *batch, compute offload) {
	err := eventloop.Run(b.ctx, func(ctx context.Context) error {
		tasks := startTasks(ctx, b, compute)
		for _, task := range tasks {
			if err := task.Wait(ctx); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		b.stop(err) // a failure of the loop itself; a task's own came first
	}
}

// startTasks makes a coroutine per task, or one per place where the tasks in
// flight are bounded.
func startTasks(ctx context.Context, b *batch, compute offload) []*eventloop.Task {
	n := len(b.answers)
	if limit := b.job.Limit; limit > 0 && limit < n {
		next := 0
		return startEach(ctx, limit, func(ctx context.Context, _ int) error {
			for next < n && b.ctx.Err() == nil {
				i := next
				next++
				b.do(&loopEnv{ctx, compute}, i)
				if err := eventloop.Yield(ctx); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return startEach(ctx, n, func(ctx context.Context, i int) error {
		b.do(&loopEnv{ctx, compute}, i)
		return nil
	})
}

func startEach(ctx context.Context, n int, body func(ctx context.Context, i int) error) []*eventloop.Task {
	tasks := make([]*eventloop.Task, n)
	for i := range tasks {
		tasks[i] = eventloop.Go(ctx, func(ctx context.Context) error { return body(ctx, i) })
	}
	return tasks
}

// loopEnv is the Env of a task on an event loop.
type loopEnv struct {
	ctx     context.Context
	compute offload
}

func (e *loopEnv) Context() context.Context { return e.ctx }

func (e *loopEnv) Sleep(d time.Duration) error { return eventloop.Sleep(e.ctx, d) }

func (e *loopEnv) Yield() error { return eventloop.Yield(e.ctx) }

func (e *loopEnv) Dial(network, address string) (net.Conn, error) {
	return eventloop.Dial(e.ctx, network, address)
}

func (e *loopEnv) Offload(input []byte) ([]byte, error) { return e.compute(e.ctx, input) }
