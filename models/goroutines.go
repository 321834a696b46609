package models

import (
	"context"
	"runtime"
	"sync"
)

// goroutines runs each task on a goroutine of its own, as Go programs do. The
// runtime spreads them over all CPUs and takes a processor from one that
// computes for more than 10 ms. A task costs about 2.7 KB and a microsecond or
// less to start.
type goroutines struct{}

func (goroutines) Name() string { return "goroutines" }

func (goroutines) Start(_ context.Context, job Job) (Runner, error) {
	return inProcess{job, runGoroutines}, job.validate()
}

func runGoroutines(b *batch) {
	env := &blockingEnv{b.ctx, b.job}
	spread(b, b.job.Limit, func(i int) { b.do(env, i) })
}

// spread calls do for each task on a goroutine of its own, with at most limit of
// them at a time if limit is not 0, and waits for all.
func spread(b *batch, limit int, do func(i int)) {
	var group sync.WaitGroup
	defer group.Wait()
	if limit == 0 || limit >= len(b.answers) {
		for i := range b.answers {
			group.Go(func() { do(i) })
		}
		return
	}
	slots := make(chan struct{}, limit)
	for i := range b.answers {
		select {
		case slots <- struct{}{}:
		case <-b.ctx.Done():
			return
		}
		group.Go(func() {
			defer func() { <-slots }()
			do(i)
		})
	}
}

// threads runs each task on an OS thread of its own. People who come from
// Python think of threads; in Go this is what they would cost. The tasks in
// flight are bounded, because the runtime ends a program that has more than
// 10,000 threads (runtime/debug.SetMaxThreads) and most systems allow fewer.
type threads struct{}

// threadLimit bounds the threads of a run.
const threadLimit = 2000

func (threads) Name() string { return "threads" }

func (threads) Start(_ context.Context, job Job) (Runner, error) {
	return inProcess{job, runThreads}, job.validate()
}

func runThreads(b *batch) {
	env := &blockingEnv{b.ctx, b.job}
	limit := b.job.Limit
	if limit == 0 {
		limit = threadLimit
	}
	spread(b, min(limit, threadLimit), func(i int) {
		runtime.LockOSThread()
		defer runtime.UnlockOSThread()
		b.do(env, i)
	})
}

// gil runs goroutines in a process where one of them runs at a time, which is
// what a global interpreter lock does to threads: waiting overlaps, computing
// does not, and the running one is still switched away from every 10 ms.
type gil struct{}

func (gil) Name() string { return "gil" }

// Start sets GOMAXPROCS to 1 for the whole process until Close.
func (gil) Start(_ context.Context, job Job) (Runner, error) {
	if err := job.validate(); err != nil {
		return nil, err
	}
	return &oneProcessor{inProcess{job, runGoroutines}, runtime.GOMAXPROCS(1)}, nil
}

// oneProcessor gives the other processors back when it is closed.
type oneProcessor struct {
	inProcess
	before int
}

func (r *oneProcessor) Close() error {
	if r.before != 0 {
		runtime.GOMAXPROCS(r.before)
		r.before = 0
	}
	return nil
}
