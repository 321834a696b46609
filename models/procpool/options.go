package procpool

import (
	"fmt"
	"runtime"
	"time"
)

// Options say how a pool is made. The zero value is ready to use.
type Options struct {
	// Workers is the most worker processes at a time; 0 stands for
	// runtime.GOMAXPROCS(0).
	Workers int
	// MinWorkers is the fewest: Open starts them, and they stay. 0 stands for
	// Workers. Further workers are started when tasks wait and nobody is free.
	MinWorkers int
	// IdleTimeout is how long a worker over MinWorkers may have nothing to do
	// before it ends; 0 stands for 10 s.
	IdleTimeout time.Duration

	// WarmUp, if it names a function, is called once in each worker before the
	// worker takes tasks, and again in each replacement. If it does not return
	// a result, the worker has not started.
	WarmUp Call
	// StartTimeout bounds how long a worker may take from its start until its
	// warm-up is done; 0 stands for 10 s.
	StartTimeout time.Duration

	// ChunkSize fixes how many tasks a worker is sent at once; 0 lets the pool
	// choose, from how long tasks take, so that a chunk runs for some 5 ms.
	// Large inputs travel alone whatever it says.
	ChunkSize int

	// TaskTimeout bounds how long one task may run, counted from its begin in
	// the worker; 0 stands for no bound. When it is over, the task's context
	// ends; see CancelGrace for what happens then. The error is or wraps a
	// [*TimeoutError]. The pool looks eight times in that while, and not more
	// often than once in a millisecond, so a task may run that much longer.
	TaskTimeout time.Duration
	// CancelGrace is how long a running task may take to return after its context
	// has ended; 0 stands for 100 ms. After that its worker prints its goroutines
	// (SIGQUIT) and is killed with all processes of its group (SIGKILL).
	CancelGrace time.Duration

	// Retries is how many more times a task may run whose worker died. 0 runs
	// every task at most once: a task that kills its worker would kill the next.
	Retries int

	// MaxTasks, MaxAge and MaxMemory say when a worker is replaced: after so many
	// tasks (up to a tenth fewer, so that not all retire at once), so long after
	// its start, or when it has more bytes resident. 0 stands for never. A worker
	// is replaced between two chunks. It looks at its memory about once a second.
	MaxTasks  int
	MaxAge    time.Duration
	MaxMemory int64

	// MemoryLimit bounds the bytes of memory of each worker, with the processes that
	// it starts; 0 stands for no bound. Where the system lets this process make
	// cgroups, the kernel kills a worker that goes beyond, and the [*CrashError] of
	// its task says so. Elsewhere the Go runtime of the worker is told (GOMEMLIMIT),
	// which is a wish and no limit; [Pool.Mechanisms] says which it is.
	MemoryLimit int64
	// CPUs, if not empty, holds sets of processor numbers: the worker of slot i may
	// run on those of set i modulo their number. Linux alone has this.
	CPUs [][]int

	// Hooks tell of what the pool does.
	Hooks Hooks
}

// withDefaults returns o with its zero values filled in.
func (o Options) withDefaults() (Options, error) {
	if o.Workers == 0 {
		o.Workers = max(runtime.GOMAXPROCS(0), o.MinWorkers)
	}
	if o.MinWorkers == 0 {
		o.MinWorkers = o.Workers
	}
	for _, d := range []struct {
		field *time.Duration
		zero  time.Duration
	}{{&o.StartTimeout, 10 * time.Second}, {&o.IdleTimeout, 10 * time.Second}, {&o.CancelGrace, 100 * time.Millisecond}} {
		if *d.field == 0 {
			*d.field = d.zero
		}
	}
	if err := o.check(); err != nil {
		return o, err
	}
	if o.WarmUp.Func == "" {
		return o, nil
	}
	if _, err := program.find(o.WarmUp.Func); err != nil {
		return o, fmt.Errorf("warm-up: %w", err)
	}
	return o, checkInput(o.WarmUp.Func, o.WarmUp.Input)
}

// chunkLimit is the most items that a chunk may have.
const chunkLimit = 1 << 20

// check reports what no pool can be.
func (o Options) check() error {
	if o.MinWorkers > o.Workers {
		return fmt.Errorf("procpool: MinWorkers is %d, more than Workers, which is %d", o.MinWorkers, o.Workers)
	}
	if o.ChunkSize > chunkLimit {
		return fmt.Errorf("procpool: ChunkSize is %d; the limit is %d", o.ChunkSize, chunkLimit)
	}
	for _, v := range []struct {
		name  string
		value int64
	}{
		{"Workers", int64(o.Workers)},
		{"MinWorkers", int64(o.MinWorkers)},
		{"IdleTimeout", int64(o.IdleTimeout)},
		{"StartTimeout", int64(o.StartTimeout)},
		{"ChunkSize", int64(o.ChunkSize)},
		{"TaskTimeout", int64(o.TaskTimeout)},
		{"CancelGrace", int64(o.CancelGrace)},
		{"Retries", int64(o.Retries)},
		{"MaxTasks", int64(o.MaxTasks)},
		{"MaxAge", int64(o.MaxAge)},
		{"MaxMemory", o.MaxMemory},
		{"MemoryLimit", o.MemoryLimit},
	} {
		if v.value < 0 {
			return fmt.Errorf("procpool: %s is %d; it may not be negative", v.name, v.value)
		}
	}
	return checkCPUs(o.CPUs)
}
