package eventloop_test

import (
	"context"
	"errors"
	"os"
	"syscall"
	"testing"
	"time"

	"juggle/models/eventloop"
)

// raiseSignal sends this process a signal.
func raiseSignal(sig syscall.Signal) error { return syscall.Kill(os.Getpid(), sig) }

// yieldUntil yields until done.
func yieldUntil(ctx context.Context, done func() bool) error {
	for !done() {
		if err := eventloop.Sleep(ctx, time.Millisecond); err != nil {
			return err
		}
	}
	return nil
}

// TestSignalHandler covers the row add_signal_handler of the checklist.
func TestSignalHandler(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		var calls []string
		handler := func(name string) func() {
			return func() {
				if eventloop.Current(ctx) != nil {
					t.Error("the handler runs in a task")
				}
				calls = append(calls, name)
			}
		}
		stopFirst := eventloop.SignalHandler(ctx, syscall.SIGUSR1, handler("first"))
		stopSecond := eventloop.SignalHandler(ctx, syscall.SIGUSR1, handler("second"))
		stopOther := eventloop.SignalHandler(ctx, syscall.SIGUSR2, handler("other"))
		defer stopOther()
		expect := func(sig syscall.Signal, want ...string) error {
			calls = nil
			if err := raiseSignal(sig); err != nil {
				return err
			}
			err := yieldUntil(ctx, func() bool { return len(calls) >= len(want) })
			wantEqual(t, "calls", calls, want)
			return err
		}
		err := errors.Join(
			expect(syscall.SIGUSR1, "first", "second"),
			expect(syscall.SIGUSR2, "other"),
		)
		stopFirst()
		stopFirst()
		err = errors.Join(err, expect(syscall.SIGUSR1, "second"))
		stopSecond()
		return errors.Join(err, expect(syscall.SIGUSR2, "other"))
	})
}

// TestSignalHandlersLeft ends a loop with handlers, whose goroutines end too. A
// handler that panics is reported.
func TestSignalHandlersLeft(t *testing.T) {
	checkLeftovers(t)
	var stop func()
	err := eventloop.Run(t.Context(), func(ctx context.Context) error {
		called := false
		stop = eventloop.SignalHandler(ctx, syscall.SIGUSR1, func() { called = true; panic(errTest) })
		eventloop.SignalHandler(ctx, syscall.SIGUSR2, func() {})
		if err := raiseSignal(syscall.SIGUSR1); err != nil {
			return err
		}
		return yieldUntil(ctx, func() bool { return called })
	})
	wantIs(t, "Run", err, errTest)
	stop()
}

// TestHandlerStoppedByAnother stops a handler that is to be called already.
func TestHandlerStoppedByAnother(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		called := false
		var stopLater func()
		stop := eventloop.SignalHandler(ctx, syscall.SIGUSR1, func() { called = true; stopLater() })
		defer stop()
		stopLater = eventloop.SignalHandler(ctx, syscall.SIGUSR1, func() { t.Error("it was called after stop") })
		if err := raiseSignal(syscall.SIGUSR1); err != nil {
			return err
		}
		if err := yieldUntil(ctx, func() bool { return called }); err != nil {
			return err
		}
		return turns(ctx)
	})
}

func TestSignalMisuse(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		for _, sig := range []os.Signal{syscall.SIGKILL, syscall.SIGSTOP} {
			wantPanic(t, "eventloop: a handler for "+sig.String()+", which no process can catch", func() {
				eventloop.SignalHandler(ctx, sig, func() {})
			})
		}
		wantPanic(t, "eventloop: NotifySignals without a signal; name those to wait for", func() { eventloop.NotifySignals(ctx) })
		return nil
	})
}

func TestSignals(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		arrived := 0
		s := eventloop.NotifySignals(ctx, syscall.SIGUSR1, syscall.SIGUSR2)
		defer s.Stop()
		for _, sig := range []os.Signal{syscall.SIGUSR1, syscall.SIGUSR2} {
			stop := eventloop.SignalHandler(ctx, sig, func() { arrived++ })
			defer stop()
		}
		send := func(sigs ...syscall.Signal) error {
			for _, sig := range sigs {
				before := arrived
				if err := raiseSignal(sig); err != nil {
					return err
				}
				if err := yieldUntil(ctx, func() bool { return arrived > before }); err != nil {
					return err
				}
			}
			return nil
		}

		// Nobody waits: kept in order, each kind once.
		if err := send(syscall.SIGUSR2, syscall.SIGUSR1, syscall.SIGUSR2); err != nil {
			return err
		}
		var got []os.Signal
		for range 2 {
			sig, err := s.Next(ctx)
			if err != nil {
				return err
			}
			got = append(got, sig)
		}
		wantEqual(t, "signals", got, []os.Signal{syscall.SIGUSR2, syscall.SIGUSR1})

		// Tasks wait: first come, first served, but one that was cancelled.
		var order []int
		waiter := func(i int) *eventloop.Task {
			task := eventloop.Go(ctx, func(ctx context.Context) error {
				_, err := s.Next(ctx)
				if err == nil {
					order = append(order, i)
				}
				return err
			})
			if err := turns(ctx); err != nil {
				t.Error(err)
			}
			return task
		}
		tasks := []*eventloop.Task{waiter(0), waiter(1), waiter(2), waiter(3)}
		tasks[0].Cancel(errTest)
		wantIs(t, "the task that was cancelled", tasks[0].Wait(ctx), errTest)
		if err := send(syscall.SIGUSR1, syscall.SIGUSR1); err != nil {
			return err
		}
		if err := turns(ctx); err != nil {
			return err
		}
		wantEqual(t, "order", order, []int{1, 2})

		s.Stop()
		wantIs(t, "Next when Stop is called", tasks[3].Wait(ctx), os.ErrClosed)
		_, err := s.Next(ctx)
		wantIs(t, "Next after Stop", err, os.ErrClosed)
		return nil
	})
}

// TestSignalForCancelledWaiter cancels a task between the signal and its turn: the
// signal goes to the next one.
func TestSignalForCancelledWaiter(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		var waiters []*eventloop.Task
		s := eventloop.NotifySignals(ctx, syscall.SIGUSR1)
		defer s.Stop()
		// It is called right after s has called the first waiter.
		stop := eventloop.SignalHandler(ctx, syscall.SIGUSR1, func() { waiters[0].Cancel(errTest) })
		defer stop()
		for range 2 {
			waiters = append(waiters, eventloop.Go(ctx, func(ctx context.Context) error { _, err := s.Next(ctx); return err }))
		}
		if err := errors.Join(turns(ctx), raiseSignal(syscall.SIGUSR1)); err != nil {
			return err
		}
		wantIs(t, "the task that was cancelled", waiters[0].Wait(ctx), errTest)
		return waiters[1].Wait(ctx)
	})
}
