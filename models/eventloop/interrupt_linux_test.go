package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"testing"
	"time"

	"juggle/models/eventloop"
)

// TestInterrupt sends SIGINT to a child that runs a loop; see the row Runner of the
// checklist. Each step is a line that the child prints, or a signal for it.
func TestInterrupt(t *testing.T) {
	const interrupted = "Main: eventloop: interrupted (SIGINT): context canceled"
	tests := []struct {
		loop   string
		steps  []any
		status int
		signal syscall.Signal
	}{
		{"waits", []any{"ready", syscall.SIGINT, interrupted}, 3, 0},
		{"has dealt with it", []any{"ready", syscall.SIGINT, "Main: <nil>"}, 0, 0},
		{"cleans up", []any{"ready", syscall.SIGINT, "cleaning up", syscall.SIGINT}, -1, syscall.SIGINT},
		{"leaves a task", []any{"ready", syscall.SIGINT, "cleaning up", syscall.SIGINT}, -1, syscall.SIGINT},
		{"handles", []any{"ready", syscall.SIGINT, "handled", syscall.SIGINT, "handled", syscall.SIGINT, "handled", "Main: <nil>"}, 0, 0},
		{"handles no more", []any{"ready", syscall.SIGINT, interrupted}, 3, 0},
		{"restores", []any{"ready", syscall.SIGHUP}, -1, syscall.SIGHUP},
	}
	for _, test := range tests {
		t.Run(test.loop, func(t *testing.T) {
			checkChildren(t)
			run(t, func(ctx context.Context) error {
				p, err := piped("loop", test.loop).Start(ctx)
				if err != nil {
					return err
				}
				defer p.Stop(ctx, 0)
				if err := followSteps(p, test.steps...); err != nil {
					t.Error(err)
				}
				_, stderr, err := p.Communicate(ctx, nil)
				if status, sig := exitOf(err); status != test.status || sig != test.signal {
					t.Errorf("the child: %v\n%s", err, stderr)
				}
				return nil
			})
		})
	}
}

// followSteps takes the steps: a line that p is to print, a signal to send.
func followSteps(p *eventloop.Process, steps ...any) error {
	for _, step := range steps {
		switch step := step.(type) {
		case syscall.Signal:
			if err := p.Signal(step); err != nil {
				return err
			}
		case string:
			if got, err := lineOf(p.Stdout); got != step || err != nil {
				return fmt.Errorf("the child prints %q, %v, want %q", got, err, step)
			}
		}
	}
	return nil
}

// TestInterruptHangingLoop interrupts a loop that is held up by a task.
func TestInterruptHangingLoop(t *testing.T) {
	checkChildren(t)
	run(t, func(ctx context.Context) error {
		p, err := startChild(ctx, piped("loop", "hangs"))
		if err != nil {
			return err
		}
		defer p.Stop(ctx, 0)
		for p.State() == nil { // two that come at once would count as one
			if err := p.Signal(os.Interrupt); err != nil {
				return err
			}
			scope := eventloop.WithTimeout(ctx, 20*time.Millisecond)
			p.Wait(scope)
			scope.Close()
		}
		if _, sig := exitOf(p.Wait(ctx)); sig != syscall.SIGINT {
			t.Errorf("the child: %v", p.Wait(ctx))
		}
		return nil
	})
}

// TestInterruptIgnored starts a loop as a shell does in the background.
func TestInterruptIgnored(t *testing.T) {
	checkChildren(t)
	run(t, func(ctx context.Context) error {
		signal.Ignore(os.Interrupt)
		p, err := piped("loop", "answers").Start(ctx)
		signal.Reset(os.Interrupt)
		heedInterrupts()
		if err != nil {
			return err
		}
		defer p.Stop(ctx, 0)
		return followSteps(p, "ready", syscall.SIGINT, syscall.SIGINT, syscall.SIGUSR1, "answered")
	})
}

// beLoop runs a loop in a child.
func beLoop(args []string) int {
	err := eventloop.Main(childLoops[args[0]])
	fmt.Println("Main:", err)
	if err != nil {
		return 3
	}
	return 0
}

var childLoops = map[string]func(ctx context.Context) error{
	"waits": func(ctx context.Context) error {
		fmt.Println("ready")
		return forever(ctx)
	},
	"cleans up": func(ctx context.Context) error {
		fmt.Println("ready")
		if err := forever(ctx); !errors.Is(err, eventloop.ErrInterrupted) || !errors.Is(err, context.Canceled) {
			return err
		}
		fmt.Println("cleaning up")
		return forever(ctx)
	},
	"has dealt with it": func(ctx context.Context) error {
		fmt.Println("ready")
		forever(ctx)
		return eventloop.Sleep(ctx, time.Millisecond) // a request is delivered once
	},
	"leaves a task": func(ctx context.Context) error {
		eventloop.GoEager(ctx, func(ctx context.Context) error {
			forever(ctx)
			shield := eventloop.WithShield(ctx)
			defer shield.Close()
			fmt.Println("cleaning up")
			return forever(shield)
		})
		fmt.Println("ready")
		return forever(ctx)
	},
	"hangs": func(context.Context) error {
		fmt.Println("ready")
		beIdle()
		return nil
	},
	"handles": func(ctx context.Context) error {
		s := eventloop.NotifySignals(ctx, os.Interrupt)
		defer s.Stop()
		fmt.Println("ready")
		for range 3 {
			if _, err := s.Next(ctx); err != nil {
				return err
			}
			fmt.Println("handled")
		}
		return nil
	},
	"handles no more": func(ctx context.Context) error {
		eventloop.SignalHandler(ctx, os.Interrupt, func() {})()
		fmt.Println("ready")
		return forever(ctx)
	},
	"restores": func(ctx context.Context) error {
		eventloop.SignalHandler(ctx, syscall.SIGHUP, func() {})()
		fmt.Println("ready")
		return forever(ctx)
	},
	"answers": func(ctx context.Context) error {
		s := eventloop.NotifySignals(ctx, syscall.SIGUSR1)
		defer s.Stop()
		fmt.Println("ready")
		if _, err := s.Next(ctx); err != nil {
			return err
		}
		fmt.Println("answered")
		return nil
	},
}
