// Package procpool runs registered functions in a pool of worker processes and
// loses nothing: every submitted task ends exactly once, and a worker that dies
// costs the one task that it was running.
//
// # When to use it
//
// Goroutines use all cores already. Processes are worth their price for
// isolation: a crash, a leak, a fatal error such as a concurrent map write, or
// a task that never ends stays in one process and can be killed there.
//
// # Vocabulary
//
// A [Func] is a function with a name, over bytes; a [Task] is one over values. A
// worker is this same binary, started again, that calls functions by name. A task
// is one call; its [Future] is how the caller learns how it ended. A chunk is what
// a worker is sent at once: one task or many of one function. A slot is the place
// of one worker: when the worker dies, another process takes the slot. The owner
// is the process that opened the pool.
//
// # How a task runs
//
//  1. main and TestMain call [WorkerMain] first, with every function. In a
//     worker process that call serves tasks and never returns.
//  2. [Open] starts the workers side by side. Each says hello and does the
//     warm-up, if there is one.
//  3. [Pool.Submit], [Pool.Map] and [Pool.MapCompleted] put tasks into the queue.
//     A worker that has room is sent a chunk of them. It runs one and has one
//     more ready, so that it does not wait for the owner in between.
//  4. The worker runs the tasks of a chunk one after another. What they return it
//     writes to memory that it shares with the owner, and when all are done it says
//     so on its socket. The owner reads the results, sends the next chunk and then
//     ends the futures.
//  5. [Pool.Close] waits for all tasks and ends the workers by closing their
//     sockets. [Pool.Kill] does not wait.
//
// # Why nothing is lost
//
// Pools of other systems hang when a worker dies while it holds the lock of a
// queue that all workers share (python/cpython#96062, celery/billiard#457).
// Here processes share no lock, no queue and no pipe, so a dead worker can
// spoil its own socket and memory alone.
//
// For each chunk that a worker has there is one word in shared memory. In it the
// worker counts the tasks that it begins, and the owner sets how many it may
// begin. Both do so in single atomic steps, so at any instant, and if the
// worker dies at any instruction, every task is finished, or running, or not
// begun, and both sides agree which. That is why
//
//   - a death costs the running task: results of finished ones are in memory that
//     outlives the worker, and what was not begun runs elsewhere;
//   - an idle worker can be given what another has not begun: after a task that
//     takes long, in a prefetched chunk, in one whose worker is stopped;
//   - cancelling reaches a task wherever it is, and no other.
//
// # How a task ends
//
//	the function returned bytes      the same bytes
//	it returned an error             *TaskError with the same text
//	it panicked                      *PanicError with the stack; the worker lives on
//	it called runtime.Goexit         ErrGoexit; the worker lives on
//	its worker died                  *CrashError: exit code, signal, whether memory was out, what it printed
//	it ran longer than TaskTimeout   *TimeoutError
//	its context ended                context.Cause
//	and it did not return then       *KilledError around one of the last two, with the worker's stacks
//	bytes over MaxPayload            ErrTooLarge
//	Kill                             ErrClosed
//	workers die again and again      ErrBroken with the last death
//
// A task runs once, unless [Options.Retries] asks for more. One that was sent to a
// worker but not begun was not run, and goes to another worker; if a second
// worker dies just before it begins the same task, the task fails with a
// CrashError that says so. A worker that has chunks and runs nothing of them for
// 2 s is replaced: it was stopped, or is wedged.
//
// A task over its time, or whose context has ended, is told through the context
// that it was called with. If it has not returned after [Options.CancelGrace],
// the worker is sent SIGQUIT, on which the Go runtime prints what its goroutines
// are doing, and then SIGKILL with all processes of its group. What else the worker
// had is taken back before.
//
// A pool is broken when more workers died in a row than max(5, 2 × workers)
// and no task was done in between. A worker that had lived for 10 s begins the
// count anew.
//
// # Large payloads
//
// An input or output of 16 KiB or more is copied once, into shared memory, and read
// there: by the function, whose input is valid until it returns, and by the owner
// who calls [Future.Borrow] and later [Loan.Release]. [Future.Result] copies it
// once more. The memory has no name, so nothing is left of it when both processes
// are gone, however they went.
//
// # What ends with what
//
// Each worker leads a process group. A worker's end takes its group with it. When
// the owner dies, by SIGKILL too, the kernel kills the groups of its workers; what
// does so elsewhere than on Linux [Pool.Mechanisms] says. A worker that was asked to
// end exits by itself. stdin of a
// worker is the null device; what it prints is drained, and the begin and the end
// of it go into errors.
//
// # Costs
//
// Medians on a virtual machine with two cores (AMD EPYC, Linux 6.18, Go 1.26.8)
// that did nothing else, and the benchmark of this package that shows them again
// (go test -run '^$' -bench NAME). Compare within one run: a busy machine changes
// all of them.
//
//	25 µs            a task and its result, one at a time     RoundTrip
//	  1.2 times      a byte there and back on a socket        Socketpair
//	23 µs            the same, told to a callback             Callback
//	0.15 to 0.2 µs   a task of Map that does nothing          MapTiny
//	0.004            allocations for each of these            MapTiny
//	15 to 18 GB/s    8 MiB of input or output; a copy of it
//	                 in memory goes at 21 to 26 GB/s          Payload
//	8 to 16 KiB      from here on blocks beat the socket      Threshold
//	3.5 to 5 ms      a pool of two workers and a first result Open
//	3.6 to 4 MiB     memory of a worker that has no work      IdleWorker
//	0.95             of two cores used by tasks that compute  Compute
//	70 to 90 µs      Stats, which asks every worker           Stats
//
// # Limits
//
// A worker runs Go code on one processor (GOMAXPROCS=1), so that N workers use N.
// Tasks of one worker share its memory, and what one leaves behind there the next
// will find. A process that a task starts and moves to another process group
// outlives the worker, unless [Options.MemoryLimit] put both into a cgroup. Windows
// has no sockets to inherit: Open returns reexec.ErrUnsupported there. On macOS and
// the BSDs the package is built and not run.
package procpool
