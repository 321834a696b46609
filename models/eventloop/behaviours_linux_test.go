package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"juggle/models/eventloop"
)

// A trace is what happened, and when on the virtual clock.
type trace struct {
	loop   *eventloop.Loop
	events []string
}

func (r *trace) add(event string, args ...any) {
	r.events = append(r.events, fmt.Sprintf("%g ", r.loop.Time().Seconds())+fmt.Sprintf(event, args...))
}

// A behaviour is one of asyncio that this package has too. Its number is that of
// the list of behaviours the package is held to.
type behaviour struct {
	number int
	name   string
	want   []string
	do     func(ctx context.Context, r *trace) error
}

// behaviours are those of the loop, of futures and of tasks. What a behaviour does
// is run under virtual time.
var behaviours = []behaviour{
	{1, "callbacks run in order, each once; one added in a pass runs in the next", []string{"0 a", "0 b", "0 pass", "0 c"}, func(ctx context.Context, r *trace) error {
		r.loop.CallSoon(func() {
			r.add("a")
			r.loop.CallSoon(func() { r.add("c") })
		})
		r.loop.CallSoon(func() { r.add("b") })
		err := eventloop.Yield(ctx)
		r.add("pass")
		return errors.Join(err, eventloop.Yield(ctx), eventloop.Yield(ctx))
	}},
	{2, "a cancelled handle never runs, even in the ready batch", []string{"0 a", "0 cancelled: true"}, func(ctx context.Context, r *trace) error {
		var second *eventloop.Handle
		r.loop.CallSoon(func() {
			r.add("a")
			r.add("cancelled: %t", second.Cancel())
		})
		second = r.loop.CallSoon(func() { r.add("b") })
		return errors.Join(eventloop.Yield(ctx), eventloop.Yield(ctx))
	}},
	{5, "timers fire in the order of their deadlines, a negative delay in the next pass", []string{"0 now", "1 a", "1 b", "2 c"}, func(ctx context.Context, r *trace) error {
		r.loop.CallLater(2*time.Second, func() { r.add("c") })
		r.loop.CallLater(time.Second, func() { r.add("a") })
		r.loop.CallAt(time.Second, func() { r.add("b") }) // same time: first come, first served
		r.loop.CallLater(-time.Second, func() { r.add("now") })
		return eventloop.Sleep(ctx, 3*time.Second)
	}},
	{9, "thousands of cancelled timers do not keep the loop alive or late", []string{"1 done"}, func(ctx context.Context, r *trace) error {
		var handles []*eventloop.Handle
		for i := range 5000 {
			handles = append(handles, r.loop.CallLater(time.Duration(i+1)*time.Hour, func() { r.add("a cancelled timer") }))
		}
		for _, h := range handles {
			h.Cancel()
		}
		err := eventloop.Sleep(ctx, time.Second)
		r.add("done")
		return err
	}},
	{10, "a result resumes the waiter a pass later, and who awaits that task another pass later", []string{"0 resolved", "0 pass 1", "0 waiter", "0 pass 2", "0 awaiter", "0 pass 3"}, func(ctx context.Context, r *trace) error {
		f := eventloop.NewFuture[int](ctx)
		waiter := eventloop.Go(ctx, func(ctx context.Context) error {
			err := f.Wait(ctx)
			r.add("waiter")
			return err
		})
		eventloop.Go(ctx, func(ctx context.Context) error {
			err := waiter.Wait(ctx)
			r.add("awaiter")
			return err
		})
		if err := eventloop.Sleep(ctx, 0); err != nil {
			return err
		}
		f.Resolve(1)
		r.add("resolved")
		for i := range 3 {
			r.loop.CallSoon(func() {})
			r.add("pass %d", i+1)
			if err := eventloop.Yield(ctx); err != nil {
				return err
			}
		}
		return nil
	}},
	{11, "callbacks of a future are scheduled, never called inside; removing one while they are processed works", []string{"0 set", "0 first", "0 late"}, func(ctx context.Context, r *trace) error {
		f := eventloop.NewFuture[int](ctx)
		var second *eventloop.Handle
		f.OnDone(func() { r.add("first"); second.Cancel() })
		second = f.OnDone(func() { r.add("second") })
		f.Resolve(1)
		r.add("set")
		err := eventloop.Yield(ctx)
		f.OnDone(func() { r.add("late") })
		return errors.Join(err, eventloop.Yield(ctx))
	}},
	{12, "a second result is refused, after cancel too; cancelling a future that is done does nothing", []string{"0 true true false", "0 true true"}, func(ctx context.Context, r *trace) error {
		f := eventloop.NewFuture[int](ctx)
		f.Resolve(1)
		r.add("%t %t %t", f.Resolve(2) == eventloop.ErrDone, f.Reject(errTest) == eventloop.ErrDone, f.Cancel(nil))
		g := eventloop.NewFuture[int](ctx)
		r.add("%t %t", g.Cancel(nil), g.Resolve(1) == eventloop.ErrDone)
		return nil
	}},
	{13, "awaiting oneself is refused", []string{"0 " + eventloop.ErrSelfWait.Error()}, func(ctx context.Context, r *trace) error {
		var task *eventloop.Task
		task = eventloop.Go(ctx, func(ctx context.Context) error {
			r.add("%v", task.Await(ctx))
			return nil
		})
		return task.Wait(ctx)
	}},
	{14, "a task that is cancelled before its first step never runs its body", []string{"0 cancelled: true error of the test"}, func(ctx context.Context, r *trace) error {
		task := eventloop.Go(ctx, func(context.Context) error { r.add("the body ran"); return nil })
		task.Cancel(errTest)
		err := task.Wait(ctx)
		r.add("cancelled: %t %v", task.Cancelled(), err)
		return nil
	}},
	{15, "a task that catches the cancel and returns is finished, and the count stays", []string{"0 caught error of the test", "0 cancelled: false, requests: 1"}, func(ctx context.Context, r *trace) error {
		task := eventloop.Go(ctx, func(ctx context.Context) error {
			r.add("caught %v", forever(ctx))
			return nil
		})
		err := eventloop.Yield(ctx)
		task.Cancel(errTest)
		err = errors.Join(err, task.Wait(ctx))
		r.add("cancelled: %t, requests: %d", task.Cancelled(), task.Cancelling())
		return err
	}},
	{16, "a task that ignores the cancel keeps running, and a later one works again", []string{"1 ignored", "3 slept on", "4 ended: error of the test"}, func(ctx context.Context, r *trace) error {
		task := eventloop.Go(ctx, func(ctx context.Context) error {
			if forever(ctx) == errTest {
				r.add("ignored")
			}
			if err := eventloop.Sleep(ctx, 2*time.Second); err != nil {
				return err
			}
			r.add("slept on")
			return forever(ctx)
		})
		for _, pause := range []time.Duration{1, 3} {
			if err := eventloop.Sleep(ctx, pause*time.Second); err != nil {
				return err
			}
			task.Cancel(errTest)
		}
		err := task.Wait(ctx)
		r.add("ended: %v", err)
		return nil
	}},
	{17, "cancel reaches through a chain of awaited tasks to the innermost future", []string{"0 inner error of the test", "0 future cancelled: true", "0 outer error of the test"}, func(ctx context.Context, r *trace) error {
		f := eventloop.NewFuture[int](ctx)
		f.OnDone(func() { r.add("future cancelled: %t", f.Cancelled()) })
		inner := eventloop.Go(context.WithoutCancel(ctx), func(ctx context.Context) error {
			_, err := f.Await(ctx)
			r.add("inner %v", err)
			return err
		})
		outer := eventloop.Go(ctx, func(ctx context.Context) error {
			err := inner.Await(ctx)
			r.add("outer %v", err)
			return err
		})
		err := errors.Join(eventloop.Yield(ctx), eventloop.Yield(ctx))
		outer.Cancel(errTest)
		wantIsErr(r, outer.Wait(ctx))
		return err
	}},
	{18, "cancel of the current task is raised at its next wait; if it returns first, it ends cancelled", []string{"0 before the wait", "0 error of the test", "0 returned, cancelled: true error of the test"}, func(ctx context.Context, r *trace) error {
		var task *eventloop.Task
		task = eventloop.Go(ctx, func(ctx context.Context) error {
			task.Cancel(errTest)
			r.add("before the wait")
			r.add("%v", eventloop.Sleep(ctx, time.Hour))
			return nil
		})
		err := task.Wait(ctx)
		task = eventloop.Go(ctx, func(context.Context) error {
			task.Cancel(errTest)
			return nil
		})
		ended := task.Wait(ctx)
		r.add("returned, cancelled: %t %v", task.Cancelled(), ended)
		return err
	}},
	{19, "a cancel after the future is done and before the waiter runs drops the value", []string{"0 error of the test", "0 still there: 7"}, func(ctx context.Context, r *trace) error {
		f := eventloop.NewFuture[int](ctx)
		task := eventloop.Go(ctx, func(ctx context.Context) error {
			_, err := f.Await(ctx)
			r.add("%v", err)
			return err
		})
		err := eventloop.Yield(ctx)
		f.Resolve(7)
		task.Cancel(errTest)
		task.Wait(ctx)
		v, _ := f.Result()
		r.add("still there: %d", v)
		return err
	}},
	{20, "two cancels in one tick deliver one error, and count two", []string{"0 error of the test", "1 slept", "1 requests: 2"}, func(ctx context.Context, r *trace) error {
		task := eventloop.Go(ctx, func(ctx context.Context) error {
			r.add("%v", forever(ctx))
			err := eventloop.Sleep(ctx, time.Second)
			r.add("slept")
			return err
		})
		err := eventloop.Yield(ctx)
		task.Cancel(errTest)
		task.Cancel(errTest)
		err = errors.Join(err, task.Wait(ctx))
		r.add("requests: %d", task.Cancelling())
		return err
	}},
	{21, "uncancel to nothing drops a cancel that was not delivered", []string{"0 left: 0", "1 slept"}, func(ctx context.Context, r *trace) error {
		var task *eventloop.Task
		task = eventloop.Go(ctx, func(ctx context.Context) error {
			task.Cancel(errTest)
			r.add("left: %d", task.Uncancel())
			err := eventloop.Sleep(ctx, time.Second)
			r.add("slept")
			return err
		})
		return task.Wait(ctx)
	}},
}

// wantIsErr notes an error other than that of the test.
func wantIsErr(r *trace, err error) {
	if !errors.Is(err, errTest) {
		r.add("unexpected: %v", err)
	}
}

func TestBehaviours(t *testing.T) { checkBehaviours(t, behaviours) }

// checkBehaviours runs behaviours under virtual time and compares their traces.
func checkBehaviours(t *testing.T, all []behaviour) {
	for _, b := range all {
		t.Run(fmt.Sprintf("%d %s", b.number, b.name), func(t *testing.T) {
			checkLeftovers(t)
			r := &trace{}
			virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
				r.loop = l
				return b.do(ctx, r)
			})
			if !slices.Equal(r.events, b.want) {
				t.Errorf("got  %q\nwant %q", r.events, b.want)
			}
		})
	}
}

// TestStopBeforeRun is behaviour 3: exactly one pass, with all that was queued.
// The loop can be run again.
func TestStopBeforeRun(t *testing.T) {
	checkLeftovers(t)
	l := newLoop(t, eventloop.Options{})
	var events []string
	l.CallSoon(func() {
		events = append(events, "first")
		l.CallSoon(func() { events = append(events, "second pass") })
	})
	l.CallSoon(func() { events = append(events, "same pass") })
	l.Stop()
	if err := l.RunForever(t.Context()); err != nil {
		t.Error(err)
	}
	if want := []string{"first", "same pass"}; !slices.Equal(events, want) {
		t.Errorf("%q, want %q", events, want)
	}
	l.CallSoon(l.Stop)
	if err := l.RunForever(t.Context()); err != nil || len(events) != 3 {
		t.Errorf("the second run: %q, %v", events, err)
	}
}

// TestStopInsideAPass is behaviour 4: the rest of the pass still runs.
func TestStopInsideAPass(t *testing.T) {
	checkLeftovers(t)
	l := newLoop(t, eventloop.Options{})
	var events []string
	l.CallSoon(func() { l.Stop(); l.CallSoon(func() { events = append(events, "next pass") }) })
	l.CallSoon(func() { events = append(events, "rest") })
	if err := l.RunForever(t.Context()); err != nil {
		t.Error(err)
	}
	if want := []string{"rest"}; !slices.Equal(events, want) {
		t.Errorf("%q, want %q", events, want)
	}
	err := l.Run(t.Context(), func(ctx context.Context) error {
		l.Stop()
		return forever(ctx)
	})
	wantIs(t, "Run that was stopped", err, eventloop.ErrStopped)
}

// TestErrorsOfCallbacks is behaviours 6 and 7: the handler gets them, later
// callbacks still run, and a handler that fails itself does not end the loop.
func TestErrorsOfCallbacks(t *testing.T) {
	checkLeftovers(t)
	var handled []error
	later := 0
	l := newLoop(t, eventloop.Options{OnError: func(err error) {
		handled = append(handled, err)
		if len(handled) == 2 {
			panic("the handler fails")
		}
	}})
	for range 3 {
		l.CallSoon(func() { panic("in a callback") })
		l.CallSoon(func() { later++ })
	}
	l.CallSoon(l.Stop)
	if err := l.RunForever(t.Context()); err != nil {
		t.Error(err)
	}
	if len(handled) != 3 || later != 3 {
		t.Errorf("%d errors, %d later callbacks", len(handled), later)
	}
	err := l.Close()
	var p *eventloop.PanicError
	if !errors.As(err, &p) || p.Value != "in a callback" || countOf(err, "the handler fails") != 1 {
		t.Errorf("Close returns %v", err)
	}
}

// TestLoopIsUsedWrongly is behaviour 8: a loop in a running loop, closing a
// running one and running a closed one are refused; closing twice is silent.
func TestLoopIsUsedWrongly(t *testing.T) {
	checkLeftovers(t)
	l := newLoop(t, eventloop.Options{})
	err := l.Run(t.Context(), func(ctx context.Context) error {
		wantIs(t, "Close inside", l.Close(), eventloop.ErrRunning)
		wantIs(t, "RunForever inside", l.RunForever(ctx), eventloop.ErrRunning)
		_, err := eventloop.New(eventloop.Options{})
		wantIs(t, "New inside", err, eventloop.ErrNested)
		_, err = eventloop.Offload(ctx, func() (int, error) { return 0, errors.Join(l.Run(ctx, nil), l.Close()) })
		wantIs(t, "on another thread", err, eventloop.ErrThread)
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	for range 2 {
		if err := l.Close(); err != nil {
			t.Error(err)
		}
	}
	wantIs(t, "RunForever of a closed loop", l.RunForever(t.Context()), eventloop.ErrClosed)
}

// TestOtherLoopsFuture is the other half of behaviour 13.
func TestOtherLoopsFuture(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		mine := eventloop.NewFuture[int](ctx)
		_, err := eventloop.Offload(ctx, func() (int, error) {
			return 0, eventloop.Run(context.Background(), func(ctx context.Context) error { return mine.Wait(ctx) })
		})
		wantIs(t, "Wait", err, eventloop.ErrOtherLoop)
		return nil
	})
}

func newLoop(t *testing.T, options eventloop.Options) *eventloop.Loop {
	t.Helper()
	l, err := eventloop.New(options)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l
}

// countOf counts the lines of an error that hold text.
func countOf(err error, text string) int {
	n := 0
	for line := range strings.Lines(err.Error()) {
		if strings.Contains(line, text) {
			n++
		}
	}
	return n
}
