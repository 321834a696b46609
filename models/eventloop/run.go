package eventloop

import (
	"cmp"
	"context"
	"math/rand/v2"
	"runtime"
	"sync"
	"time"
)

// Run makes an event loop on the calling goroutine, runs main in it as its first
// task, and returns when main and all other tasks have ended. It is asyncio.run,
// without what that does about Ctrl-C, which [Main] does.
//
// When main has ended, the tasks that are left are cancelled with
// [ErrMainEnded] and waited for. When ctx ends, every task is cancelled with its
// cause, main too. At the end sockets that tasks left open are closed.
//
// Run returns main's error, joined with those of the tasks that failed and were
// not waited for; of more than 100 such errors the rest are counted. A task that
// returns the cause it was cancelled with has not failed. A panic in main is
// returned as a [*PanicError].
//
// Run returns [ErrNested] on a thread that has a loop, and an error that wraps
// errors.ErrUnsupported on a system for which there is no poller. If a task
// calls runtime.Goexit, as t.FailNow does, all tasks are cancelled with
// [ErrGoexit] and waited for, everything is released, and then Goexit goes on in
// the goroutine that called Run, which therefore does not return.
//
// While Run runs, its goroutine is locked to its OS thread.
func Run(ctx context.Context, main func(ctx context.Context) error) error {
	l, err := New(Options{})
	if err != nil {
		return err
	}
	defer l.release() // does nothing after shut
	return l.shut(l.Run(ctx, main))
}

// Options say how a loop is to work. The zero value is what [Run] uses.
type Options struct {
	// VirtualTime has the loop's clock stand still while a task can go on, and
	// jump to the next timer when all wait: an hour of sleep takes no time, and
	// every time in a test is exact. While a task waits for a socket or another
	// goroutine, the clock stands still too. If nothing is left that could wake
	// a task, all are cancelled with [ErrDeadlock].
	VirtualTime bool
	// WithoutKernel has the loop do without the kernel's news: it has no sockets
	// and no children, only connections of a [Network], and runs on every system.
	WithoutKernel bool
	// Seed has the tasks and callbacks that are ready in a tick run in random
	// order, the same for the same seed. 0 stands for first come, first served.
	Seed uint64
	// OnError is called on the loop's thread for every error that nobody can
	// wait for, such as the panic of a callback. It is the exception handler of
	// asyncio. Without it, and if it panics, Close returns the error.
	OnError func(err error)
	// Hooks are called when something happens in the loop. nil stands for none.
	Hooks *Hooks
	// Helpers run what [Offload] and [File] give them. nil stands for Helpers of
	// the loop's own. It is loop.set_default_executor; for an [Executor] of
	// another kind there is [OffloadTo].
	Helpers *Helpers
	// Debug looks for mistakes. nil stands for no debug mode.
	Debug *Debug
}

// poller makes the poller that the options ask for.
func (o *Options) poller() (poller, error) {
	if o.WithoutKernel {
		return newMemoryPoller(), nil
	}
	return newPoller()
}

// loops has the loop of every OS thread that has one.
var loops sync.Map

// New makes a loop for the calling goroutine, which it locks to its OS thread
// until [Loop.Close]. Only this goroutine may run and close the loop, and it must
// not call runtime.LockOSThread meanwhile. A thread has one loop at most; New
// returns [ErrNested] if there is another. It is asyncio.Runner.
func New(options Options) (*Loop, error) {
	// Before the first coroutine: each must be resumed with the same lock on
	// the thread with which it was made.
	runtime.LockOSThread()
	l, err := newLoop(options)
	if err != nil {
		runtime.UnlockOSThread()
	}
	return l, err
}

func newLoop(options Options) (*Loop, error) {
	p, err := options.poller()
	if err != nil {
		return nil, err
	}
	l := &Loop{began: time.Now(), virtual: options.VirtualTime, poller: p, onError: options.OnError}
	l.notify, l.trunk = l.socketReady, &l.root
	if l.virtual {
		l.began = virtualEpoch
	}
	if options.Seed != 0 {
		l.pick = rand.New(rand.NewPCG(options.Seed, 0)).IntN
	}
	l.hooks = options.Hooks
	l.helpers = cmp.Or(options.Helpers, new(Helpers))
	thread := threadID()
	if _, taken := loops.LoadOrStore(thread, l); taken {
		p.close()
		return nil, ErrNested
	}
	l.thread.Store(int64(thread))
	if options.Debug != nil {
		l.debug = newDebugger(options.Debug)
	}
	l.watched = l.hooks != nil || l.debug != nil
	l.blunt = func() {}
	if !options.WithoutKernel { // else nothing is waited for in the kernel
		l.blunt = sharpen()
	}
	return l, nil
}

// Run runs main as a task and returns its error when it has ended. Tasks that
// are left stay as they are, and go on when the loop runs again. When ctx ends,
// main and all tasks that were begun meanwhile are cancelled with its cause.
//
// It returns [ErrStopped] if [Loop.Stop] ended it, and [ErrRunning],
// [ErrThread] or [ErrClosed] if it cannot run.
func (l *Loop) Run(ctx context.Context, main func(ctx context.Context) error) error {
	if err := l.usable(); err != nil {
		return err
	}
	stop := l.bind(ctx)
	defer stop()
	t := new(Task).begin(ctx, l, nil, main)
	l.ready.push(t)
	l.turn(func() bool { return t.done })
	switch {
	case t.done:
		return t.look()
	case l.stuck:
		return ErrDeadlock
	}
	return ErrStopped
}

// RunForever runs tasks and callbacks until [Loop.Stop] is called or ctx ends,
// and then returns nil or the cause. It is loop.run_forever.
func (l *Loop) RunForever(ctx context.Context) error {
	if err := l.usable(); err != nil {
		return err
	}
	stop := l.bind(ctx)
	defer stop()
	ended := false
	defer l.whenEnded(ctx, func() { ended = true })()
	l.turn(func() bool { return ended })
	if l.stuck {
		return ErrDeadlock
	}
	if ended {
		return context.Cause(ctx)
	}
	return nil
}

// Stop has Run or RunForever return when everything that is ready in this tick
// has had its turn. If the loop does not run, the next run is one tick long.
// Stop may be called from any goroutine.
func (l *Loop) Stop() { l.call(func() { l.stopping = true }) }

// Running reports whether the loop runs. It is for the loop's goroutine.
func (l *Loop) Running() bool { return l.running }

// Closed reports whether the loop has been closed. It may be called from any
// goroutine.
func (l *Loop) Closed() bool { return l.thread.Load() == 0 }

// usable returns why the loop cannot run or close now, or nil.
func (l *Loop) usable() error {
	switch {
	case l.Closed():
		return ErrClosed
	case !l.here():
		return ErrThread
	case l.running:
		return ErrRunning
	}
	return nil
}

// bind has the tasks that are begun from now on end when ctx does, until unbind.
func (l *Loop) bind(ctx context.Context) (unbind func()) {
	trunk := new(scope)
	trunk.enter(&l.root)
	l.trunk = trunk
	cancel := func() {
		if l.trunk == trunk {
			l.cancelAll(context.Cause(ctx))
		}
	}
	if ctx.Err() != nil {
		cancel()
	}
	stop := l.whenEnded(ctx, cancel)
	return func() {
		stop()
		trunk.leave()
		l.trunk = &l.root
	}
}

// turn runs until enough, Stop, or until nothing can ever be ready.
func (l *Loop) turn(enough func() bool) {
	l.running, l.enough, l.stuck = true, enough, false
	defer func() {
		l.running, l.stopping, l.ticked = false, false, false
		l.current, l.top = nil, nil
		if l.exiting { // this goroutine is ending, but the other tasks are not done
			l.exiting = false
			l.wind(ErrGoexit)
		}
	}()
	l.schedule(nil)
	if l.fault != nil {
		panic(l.fault)
	}
	if n := len(l.exits); n > 0 {
		l.exiting = true
		c := l.exits[n-1]
		l.exits = l.exits[:n-1]
		c.resume() // and this goroutine ends; see coroutine.exit
	}
}

// over reports whether the run is to end before another tick.
func (l *Loop) over() bool {
	if l.ticked && l.stopping || l.fault != nil || len(l.exits) > 0 || l.enough() {
		return true
	}
	l.ticked = true
	if l.stuck = l.stuck && l.hopeless(); !l.stuck {
		return false
	}
	if l.trunk.cause != nil {
		return true // all were cancelled, and some wait nevertheless
	}
	l.cancelAll(ErrDeadlock)
	l.stuck = false
	return false
}
