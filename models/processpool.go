package models

import (
	"context"
	"encoding/binary"
	"errors"
	"sync"

	"juggle/internal/usage"
	"juggle/models/procpool"
)

// processPool sends the tasks to worker processes, one per CPU, and runs one
// task at a time in each. Nothing is shared: a task that crashes takes no other
// with it, and a task and its answer each cost a message.
type processPool struct{}

func (processPool) Name() string { return "processpool" }

// Start starts the workers and has each make the job.
func (processPool) Start(ctx context.Context, job Job) (Runner, error) {
	return startPool(ctx, job, runInPool)
}

// poolRunner is the Runner of models with worker processes.
type poolRunner struct {
	job  Job
	pool *procpool.Pool
	run  func(*poolRunner, *batch)
	runs uint64
}

func startPool(ctx context.Context, job Job, run func(*poolRunner, *batch)) (Runner, error) {
	if err := job.validate(); err != nil {
		return nil, err
	}
	workers := Parallelism()
	if job.Limit > 0 {
		workers = min(workers, job.Limit)
	}
	pool, err := procpool.Open(ctx, procpool.Options{
		Workers: workers,
		WarmUp:  procpool.Call{Func: openFunc, Input: encodeOpen(job)},
	})
	if err != nil {
		return nil, err
	}
	return &poolRunner{job: job, pool: pool, run: run}, nil
}

func (r *poolRunner) Run(ctx context.Context, n int) (Outcome, error) {
	b, err := newBatch(ctx, r.job, n)
	if err != nil {
		return Outcome{}, err
	}
	r.runs++
	r.run(r, b)
	return b.result()
}

func (r *poolRunner) Workers(ctx context.Context) ([]usage.Process, error) {
	stats, err := r.pool.Stats(ctx)
	workers := make([]usage.Process, len(stats))
	for i, s := range stats {
		// A worker that died has cost what it did.
		workers[i] = s.Usage
		workers[i].UserCPU += s.Past.UserCPU
		workers[i].SystemCPU += s.Past.SystemCPU
		workers[i].PeakRSSBytes = max(workers[i].PeakRSSBytes, s.Past.PeakRSSBytes)
	}
	return workers, err
}

func (r *poolRunner) Close() error { return r.pool.Close() }

// runInPool submits every task and waits until each has ended.
func runInPool(r *poolRunner, b *batch) {
	var group sync.WaitGroup
	group.Add(len(b.answers))
	for i := range b.answers {
		input := binary.AppendUvarint(nil, r.runs)
		input = binary.AppendUvarint(input, uint64(i))
		r.pool.Submit(b.ctx, taskFunc, input).OnDone(func(answer []byte, err error) {
			defer group.Done()
			b.finish(i, answer, fromPool(err))
		})
	}
	group.Wait()
}

// fromPool gives a panic in a worker the type that a panic has in this process.
func fromPool(err error) error {
	if p := (*procpool.PanicError)(nil); errors.As(err, &p) {
		return &PanicError{Value: p.Value, Stack: p.Stack}
	}
	return err
}
