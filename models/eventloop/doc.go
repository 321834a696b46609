// Package eventloop is asyncio for Go: a single-threaded cooperative event loop
// whose tasks are plain functions.
//
// # Vocabulary
//
// A task is a function that runs until it has to wait, and goes on when what it
// waits for is there. The loop decides which task runs next. A task is parked
// while it waits and ready when it could go on. A tick is one round of the
// loop. A task's context carries the task and its loop, so the functions here
// need no other argument to find both.
//
// # How it works
//
//  1. [Run] locks the calling goroutine to its OS thread, makes a loop there
//     and runs a main task. [Go] begins more tasks.
//  2. A task runs in a coroutine made by iter.Pull. To wait is to switch back
//     to the loop; that is a call, so any function may wait at any depth, and
//     no function has a colour. A coroutine whose task has ended runs a later
//     task.
//  3. One tick: ask the kernel which sockets are ready, take what other
//     goroutines sent, take the timers that are due, and then run the tasks
//     that are ready at that moment, each until it waits. A task that becomes
//     ready meanwhile runs in the next tick, so no task keeps others from
//     their sockets by making itself ready again and again.
//  4. With nothing ready, the loop blocks in the kernel until the next timer,
//     a socket or another goroutine wakes it. It never polls.
//  5. When main has ended, [Run] cancels the tasks that are left, waits for
//     them and releases everything.
//
// Between two waits a task has the loop for itself: what tasks share needs no
// lock, and what one task computes holds up all others. Long computing belongs
// into [Offload] or another process.
//
// # Between tasks
//
// What has to hold across waits is kept with asyncio's primitives: [Lock],
// [Event], [Semaphore] and [Queue]. They serve tasks in the order in which these
// came, need no atomics, since a loop has one thread, and belong to one loop. A
// task that is cancelled after it was woken and before it ran gets the cause,
// and what was due to it goes to the next. Unlike asyncio's, they fail at once
// with a context that has ended, even if there is nothing to wait for.
//
// # Waiting and cancellation
//
// Whatever waits takes a context and returns context.Cause of it as soon as it
// has ended. It may be the one handed to the task or one derived from it, with
// a timeout of its own for instance. A task's context ends with [Task.Cancel],
// with that of the task that began it, with the context it was begun with, and
// at the latest when main has ended. It does not end because its task has
// returned: tasks may outlive the one that began them.
//
// A cancelled context stays cancelled, so every later wait with it fails at
// once. To wait during clean-up, pass context.WithoutCancel(ctx), best with a
// new timeout around it. A value that was there before the cancellation is
// returned and not lost; the next wait then reports the cancellation.
//
// Methods of net.Conn and net.Listener take no context. They wait with that of
// the task that calls them, and with the deadline that was set.
//
// # Traps
//
//   - Whatever blocks without this package (a channel, a mutex held elsewhere,
//     time.Sleep, the net package) blocks the whole loop. Offload it.
//   - Functions that wait must be called by the running task itself, not by a
//     goroutine it started. This panics where it can be told cheaply, and is a
//     data race that the race detector finds where it cannot.
//   - A task must not leave runtime.LockOSThread unbalanced when it waits. The
//     Go runtime ends the process if it does.
//   - A task that neither returns nor waits after its context has ended keeps
//     Run from returning.
//
// # Costs
//
// A parked task costs a goroutine's memory (2 KiB of stack at least) plus 256
// bytes, no less. Switching costs two coroutine switches. An ended task's
// coroutine is kept for the next one, up to a limit.
//
// # Limits
//
// The poller is epoll, so Run works on Linux; elsewhere it returns an error
// that wraps errors.ErrUnsupported. [Dial] and [Listen] do not resolve names.
// Sockets and tasks belong to the loop that made them.
package eventloop
