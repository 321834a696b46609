// Package eventloop is asyncio for Go: a single-threaded cooperative event loop
// whose tasks are plain functions.
//
// # Vocabulary
//
// A task is a function that runs until it has to wait, and goes on when what it
// waits for is there. The loop decides which task runs next. A task is parked
// while it waits and ready when it could go on. A callback is a function that the
// loop calls by itself; it cannot wait. A tick is one round of the loop. A task's
// context carries the task and its loop, so the functions here need no other
// argument to find both.
//
// # How it works
//
//  1. [Run] locks the calling goroutine to its OS thread, makes a loop there
//     and runs a main task. [Go] begins more tasks.
//  2. A task runs in a coroutine made by iter.Pull. To wait is to switch away; that
//     is a call, so any function may wait at any depth, and no function has a
//     colour. A coroutine whose task has ended runs a later task.
//  3. One tick: ask the kernel which sockets are ready, take what other
//     goroutines sent, take the timers that are due, and then run what is ready
//     at that moment, each task until it waits. What becomes ready meanwhile runs
//     in the next tick, so no task keeps others from their sockets by making
//     itself ready again and again.
//  4. With nothing ready, the loop blocks in the kernel until the next timer,
//     a socket or another goroutine wakes it. It never polls.
//  5. When main has ended, [Run] cancels the tasks that are left, waits for
//     them and releases everything.
//
// Between two waits a task has the loop for itself: what tasks share needs no
// lock, and what one task computes holds up all others. Long computing belongs
// into [Offload] or another process.
//
// [New] makes a loop with [Options] that runs several times or for ever; with them,
// time can be virtual, the order of turns random but repeatable, and mistakes
// reported. [Explore] runs a small program in every order there is.
//
// # Waiting and cancellation
//
// There are two ways to end what a task waits for, and both return the cause from
// the wait.
//
// A context that ends is the way of Go, and of trio. Whatever waits takes a context
// and fails as soon as that has ended, as does every later wait with it. It may be
// the one handed to the task, one derived from it with package context, or a
// [Scope], which has a deadline on the loop's clock and can be shielded. A task's
// context ends with the context it was begun with, and at the latest when main has
// ended. It does not end because its task has returned.
//
// [Task.Cancel] is the way of asyncio: a request, delivered once, to the wait that
// the task is in or to its next one. A task that catches it may clean up with
// further waits. A task that goes on as if nothing had been should call
// [Task.Uncancel]. Tasks that were begun with the context of the task are asked
// too; a task that is begun with context.WithoutCancel(ctx), and a [Scope] within
// that, are kept out of it.
//
// What was handed to a task is never lost to a cancellation: a lock, a permit or an
// item that was due to it goes to the next one, and a result that was there before
// it stays in the future.
//
// Methods of net.Conn and net.Listener take no context. They wait with that of
// the task that calls them, and with the deadline that was set.
//
// # Between tasks
//
// What has to hold across waits is kept with asyncio's primitives: [Lock], [Event],
// [Condition], [Semaphore], [Barrier] and [Queue], which [NewPriorityQueue] and
// [NewLIFOQueue] make with another order. They serve tasks in the order in which
// these came, need no atomics, since a loop has one thread, and belong to one loop.
// Unlike asyncio's, they fail at once with a context that has ended, even if there
// is nothing to wait for.
//
// # Traps
//
//   - Whatever blocks without this package (a channel, a mutex held elsewhere,
//     time.Sleep, the net package) blocks the whole loop. Offload it. Debug mode,
//     see [Debug], reports it while it lasts.
//   - Functions that wait must be called by the running task itself, not by a
//     goroutine it started. This panics where it can be told cheaply, always in
//     debug mode, and is a data race that the race detector finds where it cannot.
//   - A task must not leave runtime.LockOSThread unbalanced when it waits. The
//     Go runtime ends the process if it does.
//   - A task that neither returns nor waits after its context has ended keeps
//     Run from returning.
//   - A task that ends without unlocking leaves the lock held; a [Condition] that
//     waits for it waits even when it is cancelled, and Run with it.
//   - A tls.Conn takes one reader and one writer at a time: its mutexes would block
//     the loop. A [Writer] or [Transport] above a socket of the loop never waits
//     inside crypto/tls.
//
// # From asyncio
//
//	asyncio                              eventloop
//	run                                  Main, or Run where signals are somebody else's
//	Runner, new_event_loop               New, Loop.Run, Loop.Close
//	run_forever, stop, is_running        Loop.RunForever, Loop.Stop, Loop.Running
//	get_running_loop                     FromContext
//	create_task                          Go, GoValue for a task with a result
//	eager_task_factory, eager_start      GoEager
//	Task.get_name, set_name              Task.Name, Task.SetName
//	current_task, all_tasks              Current, Loop.Tasks
//	Task.cancel, cancelling, uncancel    Task.Cancel, Task.Cancelling, Task.Uncancel
//	Future                               Future: Resolve, Reject, Cancel, Result
//	add_done_callback, remove_           OnDone, Handle.Cancel
//	await x                              x.Await
//	await shield(x)                      x.Wait, or Shield to hand on
//	sleep, sleep(0)                      Sleep, Yield
//	gather, with return_exceptions       Gather, Join, GatherAll
//	wait                                 Wait
//	as_completed                         Completed
//	wait_for                             WaitFor, with NoValue for a plain task
//	timeout, timeout_at                  WithTimeout, Scope.SetDeadline
//	TaskGroup                            RunGroup, Group.Go, GoIn for a result
//	call_soon, call_later, call_at       Loop.CallSoon, Loop.CallLater, Loop.CallAt
//	call_soon_threadsafe                 Loop.Post
//	run_coroutine_threadsafe             Submit
//	to_thread, run_in_executor           Offload, OffloadTo
//	set_default_executor                 Options.Helpers
//	shutdown_default_executor            Helpers.Wait
//	wrap_future                          AwaitFunc
//	time                                 Loop.Time
//	set_exception_handler                Options.OnError
//	set_debug                            Options.Debug
//	Lock, Event, Condition               Lock, Event, Condition
//	Semaphore, BoundedSemaphore          NewSemaphore, NewBoundedSemaphore
//	Barrier                              NewBarrier
//	Queue, PriorityQueue, LifoQueue      NewQueue, NewPriorityQueue, NewLIFOQueue
//	put_nowait, get_nowait               Queue.TryPut, Queue.TryGet
//	Queue.shutdown, immediate=True       Queue.Shutdown, Queue.ShutdownNow
//	open_connection                      DialStream, Dial for a net.Conn
//	start_server                         ServeStream, Serve for a net.Conn
//	StreamReader                         Reader: ReadLine, ReadUntil, ReadExactly
//	StreamWriter.drain, writelines       Writer.Drain, Writer.WriteAll
//	write_eof, wait_closed               Writer.CloseWrite, Writer.WaitClosed
//	Server.serve_forever, close_clients  Server.ServeForever, Server.CloseClients
//	create_connection, create_server     DialProtocol, ServeProtocol
//	Protocol, Transport                  Protocol, Transport
//	start_tls                            NewReader and NewWriter on a tls.Conn
//	create_datagram_endpoint             Dial("udp"), ListenPacket
//	getaddrinfo                          LookupNetIP, LookupPort
//	happy_eyeballs_delay, interleave     Dialer.AttemptDelay, Dialer.FirstFamily
//	create_subprocess_exec               Command.Start
//	communicate                          Process.Communicate, or Command.Run for all
//	add_signal_handler                   SignalHandler, NotifySignals to wait for them
//	capture_call_graph, ps, pstree       Loop.Dump
//
// What does not exist: event loop policies and child watchers, which Python is
// giving up too; contextvars, since a context.Context carries values; coroutine
// objects and with them the coroutine that was never awaited, since a call runs the
// function; sslproto, since crypto/tls runs over a connection of [Dial] as it is;
// create_subprocess_shell, as nothing is passed to a shell that is not named as the
// program; async with and async for, which are defer and iter.Seq2; sock_recv and
// add_reader, since every socket is a net.Conn; getnameinfo, which is
// net.Resolver.LookupAddr in [Offload]; set_task_factory, since [Hooks] see every
// task; removing a callback by its function, since functions cannot be compared.
//
// # Costs
//
// A parked task costs a goroutine's memory (2 KiB of stack at least) plus some 400
// bytes, no less: it is a coroutine, and that is a goroutine. Switching costs two
// coroutine switches, or none for the task that is the loop meanwhile. An ended
// task's coroutine is kept for the next one, up to a limit. Socket calls that cannot
// block are not announced to the Go scheduler; other blocking calls inside a task
// may cost the loop its processor.
//
// Measured with the benchmarks of this package on two cores of an AMD EPYC virtual
// machine, Linux 6.18, Go 1.26.8; both sides of each row in one run:
//
//	                                    this package        compared with
//	switch, 2 tasks taking turns        80 ns               61 ns, a bare iter.Pull
//	switch, 1000 tasks taking turns     100 ns              78 ns, 1000 of iter.Pull
//	begin, run and await a task         245 ns, 1 alloc     272 ns, goroutine and channel
//	the same, begun eagerly             190 ns, 1 alloc     272 ns
//	sleep                               195 ns, 0 allocs
//	lateness of timers, p50 and p99     85 us, 150 us       600 us, 1.1 ms, time.Sleep
//	a million sleeping tasks, each      3147 B              2750 B, parked goroutines
//	a million timers with callback      129 B each
//	echo, server CPU per request, 100 connections of 1 KiB, over a raw epoll loop:
//	    callback protocol               1.03
//	    streams                         1.12
//	    a net.Conn per task             1.09                1.26, package net, GOMAXPROCS=1
//	the same, 1000 connections of 64 B:
//	    callback protocol               1.06
//	    streams                         1.15
//	    a net.Conn per task             1.11                1.36, package net, GOMAXPROCS=1
//	trip to a helper and back           35 us               38 us, channels from a locked thread
//	Lock and Unlock, free               13 ns               5 ns, sync.Mutex
//
// An eager task that never waits still needs a stack of its own to be able to, so
// it pays for one switch; the rest is allocation and collection.
//
// # Limits
//
// The poller is epoll on Linux and kqueue on macOS and the BSDs; kqueue is built
// and vetted, not run. Elsewhere Run returns an error that wraps
// errors.ErrUnsupported, but a loop WithoutKernel and a [Network] work on every
// system. [Listen] and [ListenPacket] do not resolve names. Names are looked up in
// the loop: the hosts file, then DNS over UDP, and over TCP if an answer is too
// large; nothing is cached but the files. With virtual time, contexts of package
// context that end inside the loop are noticed in the next tick. A tick calls at most a thousand
// submissions; what comes more quickly than it can be called piles up. With virtual
// time, no limit on a child passes while a task waits for it. Sockets and tasks
// belong to the loop that made them.
package eventloop
