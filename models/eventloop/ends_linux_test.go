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
