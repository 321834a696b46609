package eventloop_test

import (
	"context"
	"runtime"
	"testing"
	"time"

	"juggle/models/eventloop"
)

// goexits runs main in a loop of a goroutine of its own, which ends in there.
func goexits(t *testing.T, options eventloop.Options, program func(l *eventloop.Loop)) {
	t.Helper()
	returned := false
	done := make(chan struct{})
	go func() {
		defer close(done)
		l, err := eventloop.New(options)
		if err != nil {
			t.Error(err)
			return
		}
		defer l.Close()
		program(l)
		returned = true
	}()
	<-done
	if returned {
		t.Error("Goexit did not reach the goroutine that called Run")
	}
}

// TestGoexitSparesOthers has tasks and callbacks call runtime.Goexit while another
// task waits in each way. That task is only cancelled: it leaves its wait as
// always, with nothing left behind, and may clean up with further waits.
func TestGoexitSparesOthers(t *testing.T) {
	checkLeftovers(t)
	for name, end := range map[string]func(ctx context.Context, l *eventloop.Loop){
		"a task": func(ctx context.Context, l *eventloop.Loop) {
			eventloop.Go(ctx, func(context.Context) error { runtime.Goexit(); return nil })
		},
		"a task begun eagerly": func(ctx context.Context, l *eventloop.Loop) {
			eventloop.Go(ctx, func(ctx context.Context) error {
				eventloop.GoEager(ctx, func(context.Context) error { runtime.Goexit(); return nil })
				return eventloop.Sleep(ctx, time.Second)
			})
		},
		"a callback": func(ctx context.Context, l *eventloop.Loop) { l.CallSoon(runtime.Goexit) },
		"a task begun by a callback": func(ctx context.Context, l *eventloop.Loop) {
			l.CallSoon(func() {
				eventloop.GoEager(ctx, func(context.Context) error { runtime.Goexit(); return nil })
			})
		},
	} {
		for how, wait := range map[string]func(ctx context.Context) error{
			"Sleep": forever,
			"Yield": func(ctx context.Context) error {
				for {
					if err := eventloop.Yield(ctx); err != nil {
						return err
					}
				}
			},
			"AwaitFunc": func(ctx context.Context) error {
				_, err := eventloop.AwaitFunc(ctx, func(func(int, error)) {})
				return err
			},
			"Scope": func(ctx context.Context) error {
				s := eventloop.WithScope(ctx)
				defer s.Close()
				return forever(s)
			},
		} {
			var err, cleanUp error
			passed := time.Duration(-1)
			goexits(t, eventloop.Options{VirtualTime: true}, func(l *eventloop.Loop) {
				l.Run(t.Context(), func(ctx context.Context) error {
					end(ctx, l)
					defer func() {
						if passed < 0 {
							cleanUp = eventloop.Sleep(context.WithoutCancel(ctx), time.Hour)
							passed = l.Time()
						}
					}()
					err = wait(ctx)
					return err
				})
			})
			if err != eventloop.ErrGoexit || cleanUp != nil || passed != time.Hour {
				t.Errorf("%s while another is in %s: it got %v, and cleaned up until %v: %v", name, how, err, passed, cleanUp)
			}
		}
	}
}

// TestGoexitCancelsAll has a task of an earlier run be there.
func TestGoexitCancelsAll(t *testing.T) {
	checkLeftovers(t)
	var left *eventloop.Task
	goexits(t, eventloop.Options{}, func(l *eventloop.Loop) {
		for n := range 2 {
			err := l.Run(t.Context(), func(ctx context.Context) error {
				if n == 1 {
					runtime.Goexit()
				}
				left = eventloop.Go(ctx, forever)
				return eventloop.Yield(ctx)
			})
			if err != nil {
				t.Error(err)
			}
		}
	})
	wantIs(t, "the task of the first run", left.Err(), eventloop.ErrGoexit)
}
