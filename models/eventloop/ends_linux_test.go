package eventloop_test

import (
	"context"
	"errors"
	"runtime"
	"slices"
	"strings"
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

// TestStopWhileClosing stops a loop while tasks clean up. Close waits for them all
// the same.
func TestStopWhileClosing(t *testing.T) {
	checkLeftovers(t)
	cleaned := false
	run(t, func(ctx context.Context) error {
		eventloop.Go(ctx, func(ctx context.Context) error {
			forever(ctx)
			eventloop.FromContext(ctx).Stop()
			cleaned = eventloop.Sleep(context.WithoutCancel(ctx), time.Millisecond) == nil
			return nil
		})
		return eventloop.Yield(ctx)
	})
	if !cleaned {
		t.Error("Run returned before a task had cleaned up")
	}
}

// TestCloseCallsBack has callbacks be due when the last task ends.
func TestCloseCallsBack(t *testing.T) {
	checkLeftovers(t)
	var called []string
	call := func(what string) func() { return func() { called = append(called, what) } }
	run(t, func(ctx context.Context) error {
		l := eventloop.FromContext(ctx)
		eventloop.Go(ctx, forever).OnDone(call("OnDone"))
		eventloop.Current(ctx).OnDone(call("OnDone of main"))
		l.CallSoon(call("CallSoon"))
		l.CallLater(time.Hour, call("CallLater"))
		return nil
	})
	if want := []string{"CallSoon", "OnDone of main", "OnDone"}; !slices.Equal(called, want) {
		t.Errorf("called %q, want %q", called, want)
	}
}

// TestRunAfterDeadlock runs a loop again after a run in which a task could not
// even be cancelled.
func TestRunAfterDeadlock(t *testing.T) {
	checkLeftovers(t)
	l := newLoop(t, eventloop.Options{VirtualTime: true})
	var release *eventloop.Future[int]
	err := l.Run(t.Context(), func(ctx context.Context) error {
		release = eventloop.NewFuture[int](ctx)
		return release.Wait(context.WithoutCancel(ctx))
	})
	wantIs(t, "Run", err, eventloop.ErrDeadlock)
	ran := false
	err = l.Run(t.Context(), func(ctx context.Context) error {
		ran = true
		if err := release.Resolve(1); err != nil {
			return err
		}
		return eventloop.Sleep(ctx, time.Second)
	})
	if err != nil || !ran {
		t.Errorf("the second run: %v, main began: %t", err, ran)
	}
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// TestHooksWhenStopped checks that turns begin and end one after another, also for
// the task that is left waiting by Stop.
func TestHooksWhenStopped(t *testing.T) {
	checkLeftovers(t)
	var running *eventloop.Task
	l := newLoop(t, eventloop.Options{VirtualTime: true, Hooks: &eventloop.Hooks{
		Resumed: func(task *eventloop.Task) {
			if running != nil {
				t.Errorf("%v was resumed while %v ran", task, running)
			}
			running = task
		},
		Suspended: func(task *eventloop.Task) {
			if running != task {
				t.Errorf("%v was suspended while %v ran", task, running)
			}
			running = nil
		},
	}})
	l.CallLater(time.Second, l.Stop)
	wantIs(t, "Run", l.Run(t.Context(), forever), eventloop.ErrStopped)
	if err := l.Close(); err != nil {
		t.Error(err)
	}
}

// TestHooksThatPanic has each hook panic once.
func TestHooksThatPanic(t *testing.T) {
	checkLeftovers(t)
	panics := func(what string) func(*eventloop.Task) {
		done := false
		return func(*eventloop.Task) {
			if !done {
				done = true
				panic(what)
			}
		}
	}
	var reported []string
	l := newLoop(t, eventloop.Options{
		VirtualTime: true,
		OnError:     func(err error) { reported = append(reported, err.Error()) },
		Hooks: &eventloop.Hooks{
			Begun: panics("begun"), Resumed: panics("resumed"), Suspended: panics("suspended"), Ended: panics("ended"),
		},
	})
	err := l.Run(t.Context(), func(ctx context.Context) error {
		return eventloop.Go(ctx, func(ctx context.Context) error { return eventloop.Sleep(ctx, time.Second) }).Wait(ctx)
	})
	if err != nil || len(reported) != 4 {
		t.Errorf("Run: %v, reported: %q", err, reported)
	}
}

// TestOnDoneForgetsCancelled asks again and again to be called back, as a wait
// with a time limit does, and takes that back.
func TestOnDoneForgetsCancelled(t *testing.T) {
	checkLeftovers(t)
	virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		f := eventloop.NewFuture[int](ctx)
		calls := 0
		kept := f.OnDone(func() { calls++ })
		var before, after runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		const n = 100_000
		for range n {
			f.OnDone(func() { calls += n }).Cancel()
		}
		runtime.GC()
		runtime.ReadMemStats(&after)
		if grown := int64(after.HeapAlloc) - int64(before.HeapAlloc); grown > n*16 {
			t.Errorf("%d bytes are kept for callbacks that were taken back", grown)
		}
		if err := f.Resolve(1); err != nil {
			return err
		}
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
		if calls != 1 || kept.Cancel() {
			t.Errorf("%d calls, want 1", calls)
		}
		runtime.KeepAlive(f)
		return nil
	})
}

// TestClosedLoopIsRefused checks that what a closed loop would never do is refused.
func TestClosedLoopIsRefused(t *testing.T) {
	checkLeftovers(t)
	var ctx context.Context
	var done *eventloop.Task
	run(t, func(c context.Context) error { ctx, done = c, eventloop.Current(c); return nil })
	l := eventloop.FromContext(ctx)
	nothing := func(context.Context) error { return nil }
	for name, call := range map[string]func(){
		"CallSoon":  func() { l.CallSoon(func() {}) },
		"CallLater": func() { l.CallLater(time.Second, func() {}) },
		"CallAt":    func() { l.CallAt(time.Second, func() {}) },
		"OnDone":    func() { done.OnDone(func() {}) },
		"Go":        func() { eventloop.Go(ctx, nothing) },
		"GoEager":   func() { eventloop.GoEager(ctx, nothing) },
		"NewFuture": func() { eventloop.NewFuture[int](ctx) },
		"WithScope": func() { eventloop.WithScope(ctx) },
		"Yield":     func() { eventloop.Yield(ctx) },
	} {
		func() {
			defer func() {
				if v, ok := recover().(string); !ok || !strings.HasPrefix(v, "eventloop: ") {
					t.Errorf("%s: panic %q", name, v)
				}
			}()
			call()
		}()
	}
	wantIs(t, "Run", l.Run(t.Context(), nothing), eventloop.ErrClosed)
	wantIs(t, "RunForever", l.RunForever(t.Context()), eventloop.ErrClosed)
	wantIs(t, "Wait", done.Wait(ctx), nil)
	l.Stop()
	if done.Cancel(nil) || l.Close() != nil {
		t.Error("Cancel or a second Close did something")
	}
}

// TestPanicWhileReleasing has what was posted while the loop released what it held
// panic. Close returns that.
func TestPanicWhileReleasing(t *testing.T) {
	checkLeftovers(t)
	l := newLoop(t, eventloop.Options{})
	if err := l.Post(func() { panic("in what was posted") }); err != nil {
		t.Fatal(err)
	}
	var p *eventloop.PanicError
	if err := l.Close(); !errors.As(err, &p) || p.Value != "in what was posted" {
		t.Errorf("Close returns %v", err)
	}
}
