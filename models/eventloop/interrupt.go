package eventloop

import (
	"context"
	"fmt"
	"os"
	"os/signal"
)

// ErrInterrupted is the cause with which [Main] cancels its task when the user
// interrupts the program. It wraps context.Canceled.
var ErrInterrupted = fmt.Errorf("eventloop: interrupted (SIGINT): %w", context.Canceled)

// Main is [Run] for the main function of a program, which a Ctrl-C ends in good
// order. It is asyncio.run with what that does about SIGINT.
//
// The first SIGINT asks the main task to end, with [ErrInterrupted]; see
// [Task.Cancel]. Main then returns what the task makes of that: the same error if
// it returns it, and nil if it has dealt with it. The second SIGINT ends the
// process at once, as one does in a program that does not care, even if the loop
// is held up. So does any SIGINT once the main task has ended, while the tasks
// that are left clean up.
//
// A SIGINT for which a task has a [SignalHandler] goes to that alone. If SIGINT
// was ignored when the program began, as in the background of some shells, it
// stays so. Main may run in any goroutine, but in one at a time.
func Main(main func(ctx context.Context) error) error {
	return Run(context.Background(), func(ctx context.Context) error {
		t := running(ctx)
		stop := interruptible(t.loop, t)
		defer stop()
		return main(ctx)
	})
}

// interruptible has the first SIGINT cancel main and the second end the process,
// until stop is called. The goroutine does not need the loop for that, since the
// loop may be what hangs.
func interruptible(l *Loop, main *Task) (stop func()) {
	if signal.Ignored(os.Interrupt) {
		return func() {}
	}
	news, gone := make(chan os.Signal, 2), make(chan struct{})
	signal.Notify(news, os.Interrupt)
	go func() {
		defer close(gone)
		interrupted := false
		for range news {
			switch {
			case l.signals.interrupts.Load():
			case !interrupted:
				interrupted = true
				main.Cancel(ErrInterrupted)
			default:
				dieOfInterrupt()
			}
		}
	}()
	return func() {
		signal.Stop(news) // after which nothing is sent any more
		close(news)
		<-gone
	}
}

// dieOfInterrupt ends the process as a SIGINT does that nobody catches, so that
// whoever waits for it sees that. A status of 130, as shells make of it, would
// say that the program has chosen to end.
func dieOfInterrupt() {
	signal.Reset(os.Interrupt)
	if self, err := os.FindProcess(os.Getpid()); err == nil && self.Signal(os.Interrupt) == nil {
		select {} // it arrives in a moment
	}
	os.Exit(130) // where a process cannot send itself one
}
