package models

import (
	"context"

	"juggle/internal/usage"
)

// sequential runs one task after the other on the calling goroutine. It is what
// the other models are compared with: no switch, no queue, nothing shared, so
// its wall time is the sum of all waiting and all computing.
type sequential struct{}

func (sequential) Name() string { return "sequential" }

func (sequential) Start(_ context.Context, job Job) (Runner, error) {
	return inProcess{job, runSequential}, job.validate()
}

func runSequential(b *batch) {
	env := &blockingEnv{b.ctx, b.job}
	for i := range b.answers {
		b.do(env, i)
	}
}

// inProcess is the Runner of models that need nothing but this process.
type inProcess struct {
	job Job
	run func(*batch)
}

func (r inProcess) Run(ctx context.Context, n int) (Outcome, error) {
	b, err := newBatch(ctx, r.job, n)
	if err != nil {
		return Outcome{}, err
	}
	r.run(b)
	b.closeJob()
	return b.result()
}

func (inProcess) Workers(context.Context) ([]usage.Process, error) { return nil, nil }

func (inProcess) Close() error { return nil }
