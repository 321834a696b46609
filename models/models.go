// Package models runs the same tasks in different ways.
//
// # Vocabulary
//
// A task is one unit of work: a function of its index that returns an answer.
// A [Job] is N such tasks. A [Model] decides when and where they run, and what
// a task waits on is its [Env]. A variant is a model that is not one of the
// four, kept to show one thing more.
//
// # How one body runs under every model
//
//  1. [Model.Start] makes ready what the model needs: nothing for sequential
//     and goroutines, worker processes for processpool.
//  2. [Runner.Run] runs all tasks and returns their answers in index order.
//  3. A body that waits does so through its Env. Under sequential, goroutines
//     and processpool the wait blocks the goroutine; under eventloop it
//     suspends the coroutine the task runs in, and the loop runs another task
//     meanwhile. Go needs no colour for this: a coroutine made by iter.Pull
//     runs any function, so the same source serves all models.
//  4. Work that only computes goes through [Env.Offload]. Every model but
//     hybrid runs it right there; hybrid sends it to its worker processes.
//  5. [Runner.Close] gives back everything that Start took.
//
// A model that runs tasks in other processes cannot send a function there. It
// sends [Job.Name] and [Job.Params], and the process on the other side, which
// is the same binary, makes the job again from them: see [ServeWorker].
//
// # Limits
//
// This package knows neither workloads nor time. What a task costs is measured
// by whoever wraps the body; see juggle/harness.
package models

import (
	"context"
	"fmt"
	"net"
	"runtime"
	"time"

	"juggle/internal/usage"
)

// A Model runs the tasks of a job in its own way.
type Model interface {
	// Name is the word used for the model in flags, files and figures.
	Name() string
	// Start makes ready what the model needs to run the job's tasks, such as
	// worker processes. The context bounds starting alone; a Runner lives until
	// its Close.
	Start(ctx context.Context, job Job) (Runner, error)
}

// A Runner is a started model. Its methods are for one goroutine at a time.
type Runner interface {
	// Run runs the first n tasks of the job and returns their answers in index
	// order. The first task that fails stops the run: tasks that wait are
	// interrupted, those not begun are not begun, and the error is a
	// [*TaskError]. When ctx ends, Run stops in the same way and returns an
	// error for which errors.Is(err, context.Cause(ctx)) holds. A body that
	// computes without ever waiting is not interrupted in this process; in a
	// worker process it is killed.
	//
	// Run may be called again; tasks then begin afresh and share nothing with
	// an earlier run.
	Run(ctx context.Context, n int) (Outcome, error)
	// Workers returns what each live worker process has used since it began,
	// and an empty slice where the model has none. A harness takes the
	// difference around a run.
	Workers(ctx context.Context) ([]usage.Process, error)
	// Close releases everything Start took. It returns once every process and
	// goroutine of the model has ended. It may be called twice.
	Close() error
}

// A Body is the work of one task: a function of its index. It must not use
// anything that depends on which other tasks ran before it or beside it.
type Body func(env Env, i int) (answer []byte, err error)

// A Job is N independent tasks.
type Job struct {
	// Name and Params say what the job is, so that another process of the
	// same binary can make it again; see [ServeWorker].
	Name   string
	Params []byte
	// N is the number of tasks.
	N int
	// Limit bounds the tasks in flight at once; 0 stands for no bound. Under
	// processpool the number of workers bounds them as well.
	Limit int
	// Body is the work of a task.
	Body Body
	// Compute is the part of a body that only computes, if it has one; a body
	// reaches it through [Env.Offload]. It must be a pure function of input.
	Compute func(input []byte) ([]byte, error)
	// Switches asks for Envs that are [Switcher]s where the model itself switches
	// between tasks: eventloop and hybrid.
	Switches bool
	// Close, if not nil, releases what the tasks of one process share, such as
	// idle connections. It is called once after the last task of a run, where
	// the tasks ran: under eventloop on the loop's thread.
	Close func()
}

// validate reports what no model could run.
func (j Job) validate() error {
	switch {
	case j.Body == nil:
		return fmt.Errorf("job %q has no body", j.Name)
	case j.N < 0:
		return fmt.Errorf("job %q has %d tasks", j.Name, j.N)
	case j.Limit < 0:
		return fmt.Errorf("job %q has a limit of %d tasks in flight", j.Name, j.Limit)
	}
	return nil
}

// An Outcome is what a run gave.
type Outcome struct {
	// Answers holds one answer per task, in index order.
	Answers [][]byte
}

// Env is what a task may wait on. Each model supplies its own. An Env belongs
// to one task and is used by that task's own goroutine or coroutine alone.
type Env interface {
	// Context ends when the run is stopped. A task may pass it on, but waiting
	// on its Done channel blocks the loop under eventloop; wait with the
	// methods below.
	Context() context.Context
	// Sleep waits for d, never less. It returns early, with the cause, when
	// the run is stopped.
	Sleep(d time.Duration) error
	// Yield lets another task run, where tasks take turns, and returns the
	// cause when the run is stopped.
	Yield() error
	// Dial connects to a TCP or Unix address of this machine. The connection's
	// Read and Write wait in the model's own way, are interrupted when the run
	// is stopped, and are for the tasks of this process alone.
	Dial(network, address string) (net.Conn, error)
	// Offload runs the job's Compute on input where the model puts work that
	// only computes: right here, or under hybrid in a worker process while
	// other tasks go on.
	Offload(input []byte) ([]byte, error)
}

// A Switcher is the Env of a task that the model itself suspends and resumes; see
// [Job]. OnSwitch has f called, on the thread that runs the task, with false when
// the task is suspended and with true when it goes on, until the body has
// returned. Nothing of it is left to be paid for where a job does not ask.
type Switcher interface {
	OnSwitch(f func(running bool))
}

// All returns the four models in teaching order: what everybody knows first,
// then one new idea each.
func All() []Model {
	return []Model{sequential{}, goroutines{}, eventLoop{}, processPool{}}
}

// Variants returns the auxiliary models. They answer questions that people who
// come from Python ask: what do OS threads cost, what would a global
// interpreter lock do, what if the loop hands its computing to processes.
func Variants() []Model {
	return []Model{threads{}, gil{}, hybrid{}}
}

// Parallelism is the number of workers that processpool and hybrid start: one
// per CPU that this process may use at the same time.
func Parallelism() int { return runtime.GOMAXPROCS(0) }
