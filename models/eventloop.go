package models

import (
	"context"
	"errors"
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
	r := &loopRun{batch: b, compute: compute}
	run := eventloop.Run
	if b.job.Switches {
		r.watchers = map[*eventloop.Task]func(running bool){}
		run = r.runWatched
	}
	err := run(b.ctx, func(ctx context.Context) error {
		for _, task := range r.startTasks(ctx) {
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

// A loopRun is one run of a batch on an event loop.
type loopRun struct {
	*batch
	compute  offload
	watchers map[*eventloop.Task]func(running bool) // nil unless they were asked for
}

// runWatched is eventloop.Run that tells the watchers of switches.
func (r *loopRun) runWatched(ctx context.Context, main func(ctx context.Context) error) error {
	tell := func(running bool) func(*eventloop.Task) {
		return func(t *eventloop.Task) {
			if watch := r.watchers[t]; watch != nil {
				watch(running)
			}
		}
	}
	l, err := eventloop.New(eventloop.Options{Hooks: &eventloop.Hooks{Resumed: tell(true), Suspended: tell(false)}})
	if err != nil {
		return err
	}
	err = l.Run(ctx, main)
	return errors.Join(err, l.Close())
}

// do runs task i of the batch in a coroutine.
func (r *loopRun) do(ctx context.Context, i int) {
	env := loopEnv{ctx, r.compute}
	if r.watchers == nil {
		r.batch.do(&env, i)
		return
	}
	task := eventloop.Current(ctx)
	defer delete(r.watchers, task)
	r.batch.do(&watchedEnv{env, func(f func(running bool)) { r.watchers[task] = f }}, i)
}

// startTasks makes a coroutine per task, or one per place where the tasks in
// flight are bounded.
func (r *loopRun) startTasks(ctx context.Context) []*eventloop.Task {
	n := len(r.answers)
	if limit := r.job.Limit; limit > 0 && limit < n {
		next := 0
		return startEach(ctx, limit, func(ctx context.Context, _ int) error {
			for next < n && r.ctx.Err() == nil {
				i := next
				next++
				r.do(ctx, i)
				if err := eventloop.Yield(ctx); err != nil {
					return err
				}
			}
			return nil
		})
	}
	return startEach(ctx, n, func(ctx context.Context, i int) error {
		r.do(ctx, i)
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

// watchedEnv is one that tells of switches.
type watchedEnv struct {
	loopEnv
	watch func(f func(running bool))
}

func (e *watchedEnv) OnSwitch(f func(running bool)) { e.watch(f) }
