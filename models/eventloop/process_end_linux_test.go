package eventloop_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"juggle/models/eventloop"
)

func TestStop(t *testing.T) {
	tests := []struct {
		role   string
		grace  time.Duration
		status int
		signal syscall.Signal
	}{
		{"stubborn", time.Millisecond, -1, syscall.SIGKILL},
		{"stubborn", 0, -1, syscall.SIGKILL},
		{"obedient", time.Hour, 0, 0},
		{"obedient", 0, -1, syscall.SIGKILL},
	}
	for _, test := range tests {
		for _, cancelled := range []bool{false, true} {
			t.Run(fmt.Sprint(test.role, test.grace, cancelled), func(t *testing.T) {
				checkChildren(t)
				run(t, func(ctx context.Context) error {
					p, err := startChild(ctx, piped(test.role, "10"))
					if err != nil {
						return err
					}
					scope := eventloop.WithScope(ctx)
					defer scope.Close()
					if cancelled {
						scope.Cancel(errTest)
						eventloop.Current(ctx).Cancel(errTest)
					}
					err = p.Stop(scope, test.grace)
					if status, sig := exitOf(err); status != test.status || sig != test.signal {
						t.Errorf("Stop: %v", err)
					}
					if again := p.Stop(scope, time.Hour); again != err {
						t.Errorf("Stop again: %v", again)
					}
					if cancelled {
						wantIs(t, "the request to cancel, after Stop", eventloop.Yield(ctx), errTest)
					}
					return nil
				})
			})
		}
	}
}

// TestRunEndsItsChild has the context of Run end while the child runs.
func TestRunEndsItsChild(t *testing.T) {
	const size = 300_000 // more than a pipe holds
	tests := []struct {
		role   string
		grace  time.Duration
		output string
	}{
		{"obedient", time.Hour, "ready\n" + strings.Repeat("x", size)},
		{"obedient", 0, "ready\n"},
		{"stubborn", time.Millisecond, "ready\n"},
	}
	for _, test := range tests {
		t.Run(fmt.Sprint(test.role, test.grace), func(t *testing.T) {
			checkChildren(t)
			says, hears, err := os.Pipe()
			if err != nil {
				t.Fatal(err)
			}
			defer says.Close()
			c := piped(test.role, fmt.Sprint(size))
			c.Grace, c.Stderr = test.grace, eventloop.StdioFile(hears)
			run(t, func(ctx context.Context) error {
				scope := eventloop.WithScope(ctx)
				defer scope.Close()
				eventloop.Go(ctx, func(ctx context.Context) error {
					// It holds up the loop, so that Run has not seen what the child
					// has printed by then when its context ends.
					_, err := bufio.NewReader(says).ReadString('\n')
					scope.Cancel(errTest)
					return errors.Join(err, hears.Close())
				})
				stdout, _, err := c.Run(scope, []byte("input that nobody reads"))
				wantIs(t, "Run", err, errTest)
				if string(stdout) != test.output {
					t.Errorf("Run returns %d bytes, want %d", len(stdout), len(test.output))
				}
				return nil
			})
		})
	}
}

// TestCancelChildWaits cancels each wait for a child, in each way. The child runs
// on, and the next wait works.
func TestCancelChildWaits(t *testing.T) {
	waits := map[string]func(ctx context.Context, p *eventloop.Process) error{
		"Wait": func(ctx context.Context, p *eventloop.Process) error { return p.Wait(ctx) },
		"Communicate": func(ctx context.Context, p *eventloop.Process) error {
			_, _, err := p.Communicate(ctx, nil)
			return err
		},
		"Read": func(ctx context.Context, p *eventloop.Process) error {
			_, err := p.Stdout.Read(make([]byte, 1))
			return err
		},
		"Write": func(ctx context.Context, p *eventloop.Process) error {
			_, err := p.Stdin.Write(make([]byte, 1<<20))
			return err
		},
	}
	for name, wait := range waits {
		for _, way := range []string{"Cancel", "ended before", "Scope", "context"} {
			if way != "Cancel" && (name == "Read" || name == "Write") {
				continue // they have no context but that of the task
			}
			t.Run(name+" "+way, func(t *testing.T) {
				checkChildren(t)
				run(t, func(ctx context.Context) error {
					p, err := startChild(ctx, piped("stubborn"))
					if err != nil {
						return err
					}
					wantIs(t, name, cancelWait(ctx, way, func(ctx context.Context) error { return wait(ctx, p) }), errTest)
					if p.State() != nil {
						t.Errorf("the child has ended: %v", p.State())
					}
					p.Kill()
					_, _, err = p.Communicate(ctx, nil)
					if _, sig := exitOf(err); sig != syscall.SIGKILL {
						t.Errorf("afterwards: %v", err)
					}
					return nil
				})
			})
		}
	}
}

// cancelWait runs wait in a task and cancels it in one of several ways, in most of
// them when it waits.
func cancelWait(ctx context.Context, way string, wait func(ctx context.Context) error) error {
	scope := eventloop.WithScope(ctx)
	defer scope.Close()
	own, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	if way == "ended before" {
		scope.Cancel(errTest)
	}
	task := eventloop.Go(ctx, func(ctx context.Context) error {
		switch way {
		case "Cancel":
			return wait(ctx)
		case "context":
			return wait(own)
		default:
			return wait(scope)
		}
	})
	if err := turns(ctx); err != nil {
		return err
	}
	switch way {
	case "Cancel":
		task.Cancel(errTest)
	case "context":
		cancel(errTest)
	case "Scope":
		scope.Cancel(errTest)
	}
	return task.Wait(ctx)
}

// TestWaitOfSeveralTasks has several tasks wait for one child, and one of another
// loop.
func TestWaitOfSeveralTasks(t *testing.T) {
	checkChildren(t)
	run(t, func(ctx context.Context) error {
		p, err := child("sleep").Start(ctx)
		if err != nil {
			return err
		}
		var waits []*eventloop.Task
		for range 5 {
			waits = append(waits, eventloop.Go(ctx, p.Wait))
		}
		if err := turns(ctx); err != nil {
			return err
		}
		_, err = eventloop.Offload(ctx, func() (any, error) {
			return nil, eventloop.Run(t.Context(), func(ctx context.Context) error {
				_, _, err := p.Communicate(ctx, nil)
				wantIs(t, "Communicate in another loop", err, eventloop.ErrOtherLoop)
				wantIs(t, "Wait in another loop", p.Wait(ctx), eventloop.ErrOtherLoop)
				wantIs(t, "Stop in another loop", p.Stop(ctx, 0), eventloop.ErrOtherLoop)
				return nil
			})
		})
		p.Kill()
		for _, wait := range waits {
			if _, sig := exitOf(wait.Wait(ctx)); sig != syscall.SIGKILL {
				t.Errorf("a task got %v", wait.Err())
			}
		}
		return err
	})
}
