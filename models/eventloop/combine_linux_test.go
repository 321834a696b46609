package eventloop_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"juggle/models/eventloop"
)

// after returns a body that sleeps and then returns a value or an error.
func after[T any](r *trace, name string, d time.Duration, v T, err error) func(ctx context.Context) (T, error) {
	return func(ctx context.Context) (T, error) {
		if e := eventloop.Sleep(ctx, d); e != nil {
			r.add("%s: %v", name, e)
			return *new(T), e
		}
		r.add("%s is done", name)
		return v, err
	}
}

// stubborn returns a body that needs a time to clean up when it is cancelled.
func stubborn(r *trace, name string, d, cleanUp time.Duration, then error) func(ctx context.Context) (int, error) {
	return func(ctx context.Context) (int, error) {
		err := eventloop.Sleep(ctx, d)
		if err == nil {
			return 1, nil
		}
		r.add("%s cleans up", name)
		if again := eventloop.Sleep(ctx, cleanUp); again != nil {
			return 0, again
		}
		r.add("%s has cleaned up", name)
		if then != nil {
			return 0, then
		}
		return 2, nil
	}
}

// combining has the behaviours of what combines tasks.
var combining = []behaviour{
	{23, "gather: the first error comes out at once, the siblings go on, their errors are swallowed", []string{"1 a is done", "1 gather: [] error of the test", "2 b is done", "3 c is done"}, func(ctx context.Context, r *trace) error {
		a := eventloop.GoValue(ctx, after(r, "a", time.Second, 0, errTest))
		b := eventloop.GoValue(ctx, after(r, "b", 2*time.Second, 0, errors.New("swallowed")))
		c := eventloop.GoValue(ctx, after(r, "c", 3*time.Second, 3, nil))
		values, err := eventloop.Gather[int](ctx, c, a, b).Await(ctx)
		r.add("gather: %v %v", values, err)
		return c.Wait(ctx)
	}},
	{24, "gather: cancel cancels every child that is left, and completes when all have ended", []string{"1 a is done", "2 b: error of the test", "2 c cleans up", "4 c has cleaned up", "4 cancelled: false error of the test"}, func(ctx context.Context, r *trace) error {
		a := eventloop.GoValue(ctx, after(r, "a", time.Second, 1, nil))
		b := eventloop.GoValue(ctx, after(r, "b", 5*time.Second, 1, nil))
		c := eventloop.GoValue(ctx, stubborn(r, "c", 5*time.Second, 2*time.Second, nil))
		g := eventloop.Gather[int](ctx, a, b, c)
		if err := eventloop.Sleep(ctx, 2*time.Second); err != nil {
			return err
		}
		g.Cancel(errTest)
		_, err := g.Await(ctx)
		r.add("cancelled: %t %v", g.Cancelled(), err)
		return nil
	}},
	{25, "gather: one cancelled child comes out as an error, the others go on; with all outcomes it is one of them", []string{"1 fast: error of the test", "2 b is done", "2 all: [error of the test <nil>]"}, func(ctx context.Context, r *trace) error {
		a := eventloop.GoValue(ctx, func(ctx context.Context) (int, error) { return 0, forever(ctx) })
		b := eventloop.GoValue(ctx, after(r, "b", 2*time.Second, 1, nil))
		fast, all := eventloop.Gather[int](ctx, a, b), eventloop.GatherAll(ctx, a, b)
		if err := eventloop.Sleep(ctx, time.Second); err != nil {
			return err
		}
		a.Cancel(errTest)
		r.add("fast: %v", fast.Wait(ctx))
		errs, err := all.Await(ctx)
		r.add("all: %v", errs)
		return err
	}},
	{26, "gather keeps the order of its arguments, takes duplicates, and nothing is nothing", []string{"1 quick is done", "2 slow is done", "2 [s q s] <nil>", "2 [] <nil>"}, func(ctx context.Context, r *trace) error {
		slow := eventloop.GoValue(ctx, after(r, "slow", 2*time.Second, "s", nil))
		quick := eventloop.GoValue(ctx, after(r, "quick", time.Second, "q", nil))
		values, err := eventloop.Gather[string](ctx, slow, quick, slow).Await(ctx)
		r.add("%v %v", values, err)
		values, err = eventloop.Gather[string, eventloop.Awaiter[string]](ctx).Await(ctx)
		r.add("%v %v", values, err)
		return nil
	}},
	{27, "wait for the first returns all that are done at that moment", []string{"1 a is done", "1 b is done", "1 done 2, pending 1, <nil>", "2 c is done"}, func(ctx context.Context, r *trace) error {
		a := eventloop.GoValue(ctx, after(r, "a", time.Second, 1, nil))
		b := eventloop.GoValue(ctx, after(r, "b", time.Second, 1, nil))
		c := eventloop.GoValue(ctx, after(r, "c", 2*time.Second, 1, nil))
		done, pending, err := eventloop.Wait(ctx, eventloop.FirstDone, 0, a, b, c, a)
		r.add("done %d, pending %d, %v", len(done), len(pending), err)
		return c.Wait(ctx)
	}},
	{28, "wait for the first error returns when one has failed; a cancelled one does not count", []string{"2 b is done", "2 done 2, pending 1", "3 c is done", "3 done 2, pending 0"}, func(ctx context.Context, r *trace) error {
		a := eventloop.GoValue(ctx, func(ctx context.Context) (int, error) { return 0, forever(ctx) })
		b := eventloop.GoValue(ctx, after(r, "b", 2*time.Second, 1, errTest))
		c := eventloop.GoValue(ctx, after(r, "c", 3*time.Second, 1, nil))
		if err := eventloop.Sleep(ctx, time.Second); err != nil {
			return err
		}
		a.Cancel(nil)
		done, pending, err := eventloop.Wait(ctx, eventloop.FirstError, 0, a, b, c)
		r.add("done %d, pending %d", len(done), len(pending))
		b.Err()
		done, pending, again := eventloop.Wait(ctx, eventloop.FirstError, 0, a, c)
		r.add("done %d, pending %d", len(done), len(pending))
		return errors.Join(err, again)
	}},
	{29, "wait with a timeout returns the sets and cancels nothing", []string{"1 a is done", "2 done 1, pending 1, <nil>", "3 b is done"}, func(ctx context.Context, r *trace) error {
		a := eventloop.GoValue(ctx, after(r, "a", time.Second, 1, nil))
		b := eventloop.GoValue(ctx, after(r, "b", 3*time.Second, 1, nil))
		done, pending, err := eventloop.Wait(ctx, eventloop.AllDone, 2*time.Second, a, b)
		r.add("done %d, pending %d, %v", len(done), len(pending), err)
		return b.Wait(ctx)
	}},
	{30, "cancelling wait leaves the children running, cancelling await does not", []string{"1 waiter: error of the test", "1 b: error of the test", "1 awaiter: error of the test", "2 a is done"}, func(ctx context.Context, r *trace) error {
		a := eventloop.GoValue(ctx, after(r, "a", 2*time.Second, 1, nil))
		b := eventloop.GoValue(ctx, after(r, "b", 2*time.Second, 1, nil))
		waiter := eventloop.Go(ctx, func(ctx context.Context) error {
			_, _, err := eventloop.Wait(ctx, eventloop.AllDone, 0, a)
			r.add("waiter: %v", err)
			return err
		})
		awaiter := eventloop.Go(ctx, func(ctx context.Context) error {
			_, err := b.Await(ctx)
			r.add("awaiter: %v", err)
			return err
		})
		if err := eventloop.Sleep(ctx, time.Second); err != nil {
			return err
		}
		waiter.Cancel(errTest)
		awaiter.Cancel(errTest)
		return a.Wait(ctx)
	}},
	{31, "as completed yields in the order of completion, and a timeout once per missing item", []string{"1 b is done", "1 b <nil>", "2 a is done", "2 a <nil>", "3 c context deadline exceeded", "3 d context deadline exceeded", "3 c: context canceled", "3 d: context canceled"}, func(ctx context.Context, r *trace) error {
		names := map[eventloop.Awaitable]string{}
		var all []eventloop.Awaitable
		for i, d := range []time.Duration{2, 1, 5, 6} {
			name := string(rune('a' + i))
			task := eventloop.GoValue(ctx, after(r, name, d*time.Second, i, nil))
			names[task] = name
			all = append(all, task)
		}
		for task, err := range eventloop.Completed(ctx, 3*time.Second, all...) {
			r.add("%s %v", names[task], err)
		}
		for _, task := range all[2:] {
			task.Cancel(nil)
			task.Wait(ctx)
		}
		return nil
	}},
	{32, "wait for: a limit of 1 s and 2 s of cleaning up make 3 s", []string{"1 inner cleans up", "3 inner has cleaned up", "3 0 context deadline exceeded"}, func(ctx context.Context, r *trace) error {
		inner := eventloop.GoValue(ctx, stubborn(r, "inner", 10*time.Second, 2*time.Second, context.DeadlineExceeded))
		v, err := eventloop.WaitFor(ctx, inner, time.Second)
		r.add("%d %v", v, err)
		return nil
	}},
	{33, "wait for: an inner one that makes another error of the cancel raises that, and one that makes a value returns it", []string{"1 a cleans up", "2 a has cleaned up", "2 0 error of the test", "3 b cleans up", "4 b has cleaned up", "4 2 <nil>"}, func(ctx context.Context, r *trace) error {
		v, err := eventloop.WaitFor(ctx, eventloop.GoValue(ctx, stubborn(r, "a", 10*time.Second, time.Second, errTest)), time.Second)
		r.add("%d %v", v, err)
		v, err = eventloop.WaitFor(ctx, eventloop.GoValue(ctx, stubborn(r, "b", 10*time.Second, time.Second, nil)), time.Second)
		r.add("%d %v", v, err)
		return nil
	}},
	{34, "wait for nothing: what is done gives its result, what is new never starts", []string{"0 7 <nil>", "0 0 context deadline exceeded"}, func(ctx context.Context, r *trace) error {
		done := eventloop.NewFuture[int](ctx)
		done.Resolve(7)
		v, err := eventloop.WaitFor(ctx, done, 0)
		r.add("%d %v", v, err)
		v, err = eventloop.WaitFor(ctx, eventloop.GoValue(ctx, func(context.Context) (int, error) {
			r.add("it started")
			return 1, nil
		}), 0)
		r.add("%d %v", v, err)
		return nil
	}},
	{22, "a foreign cancel within a timeout is told from the timeout's own, nested or not", []string{"1 inner: context deadline exceeded, expired true false", "2 outer: error of the test, expired false, requests 1"}, func(ctx context.Context, r *trace) error {
		task := eventloop.Go(ctx, func(ctx context.Context) error {
			outer := eventloop.WithTimeout(ctx, 10*time.Second)
			defer outer.Close()
			inner := eventloop.WithTimeout(outer, time.Second)
			defer inner.Close()
			err := forever(inner)
			r.add("inner: %v, expired %t %t", err, inner.Expired(), outer.Expired())
			err = forever(outer)
			r.add("outer: %v, expired %t, requests %d", err, outer.Expired(), eventloop.Current(ctx).Cancelling())
			return nil
		})
		if err := eventloop.Sleep(ctx, 2*time.Second); err != nil {
			return err
		}
		task.Cancel(errTest)
		return task.Wait(ctx)
	}},
}

func TestCombining(t *testing.T) { checkBehaviours(t, combining) }

// TestTimeoutScopes is the row of timeout and timeout_at: rescheduled, ended before
// the deadline, with one that has passed, and used after Close.
func TestTimeoutScopes(t *testing.T) {
	checkLeftovers(t)
	virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		s := eventloop.WithTimeout(ctx, time.Second)
		s.SetDeadline(l.Time() + 3*time.Second)
		if when, ok := s.When(); when != 3*time.Second || !ok {
			t.Errorf("due at %v, %t", when, ok)
		}
		wantIs(t, "later", forever(s), context.DeadlineExceeded)
		if l.Time() != 3*time.Second || !s.Expired() {
			t.Errorf("it ended at %v, expired: %t", l.Time(), s.Expired())
		}
		s.Close()
		s = eventloop.WithTimeout(ctx, time.Second)
		s.ClearDeadline()
		if err := eventloop.Sleep(s, 2*time.Second); err != nil || s.Expired() {
			t.Errorf("without a deadline: %v", err)
		}
		s.SetDeadline(l.Time() - time.Second)
		wantIs(t, "a deadline that has passed", eventloop.Sleep(s, time.Second), context.DeadlineExceeded)
		s.Close()
		wantIs(t, "after Close", eventloop.Sleep(s, 1), context.DeadlineExceeded)
		s = eventloop.WithTimeout(ctx, time.Second)
		s.Close()
		if err := eventloop.Sleep(ctx, 2*time.Second); err != nil || s.Expired() {
			t.Errorf("a scope that was closed in time: %v, expired %t", err, s.Expired())
		}
		return nil
	})
}

func TestShield(t *testing.T) {
	checkLeftovers(t)
	virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		inner := eventloop.GoValue(ctx, func(ctx context.Context) (int, error) { return 7, eventloop.Sleep(ctx, 2*time.Second) })
		outer := eventloop.Go(ctx, func(ctx context.Context) error {
			_, err := eventloop.Shield[int](inner).Await(ctx)
			return err
		})
		if err := eventloop.Sleep(ctx, time.Second); err != nil {
			return err
		}
		outer.Cancel(errTest)
		wantIs(t, "who waits", outer.Wait(ctx), errTest)
		if v, err := inner.Await(ctx); v != 7 || err != nil || l.Time() != 2*time.Second {
			t.Errorf("the shielded one: %d, %v at %v", v, err, l.Time())
		}
		if s := eventloop.Shield[int](inner); s != eventloop.Awaiter[int](inner) {
			t.Error("a shield of what is done is not that itself")
		}
		doomed := eventloop.GoValue(ctx, func(ctx context.Context) (int, error) { return 0, forever(ctx) })
		s := eventloop.Shield[int](doomed)
		doomed.Cancel(errTest)
		_, err := s.Await(ctx)
		wantIs(t, "the shield of one that was cancelled", err, errTest)
		if !s.Cancelled() {
			t.Error("it was not cancelled")
		}
		return nil
	})
}

// TestMisuseOfCombinations is what is refused: nothing to wait for, oneself, and what
// belongs to another loop.
func TestMisuseOfCombinations(t *testing.T) {
	checkLeftovers(t)
	other, err := eventloop.New(eventloop.Options{WithoutKernel: true})
	if err != nil {
		t.Fatal(err)
	}
	foreign := eventloop.LoopFuture[int](other)
	if err := other.Close(); err != nil {
		t.Error(err)
	}
	virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		self := eventloop.Current(ctx)
		_, _, err := eventloop.Wait[eventloop.Awaitable](ctx, eventloop.AllDone, 0)
		wantIs(t, "Wait for nothing", err, eventloop.ErrNothing)
		_, _, err = eventloop.Wait(ctx, eventloop.AllDone, 0, self)
		wantIs(t, "Wait for oneself", err, eventloop.ErrSelfWait)
		_, _, err = eventloop.Wait(ctx, eventloop.AllDone, 0, foreign)
		wantIs(t, "Wait for another loop's", err, eventloop.ErrOtherLoop)
		_, err = eventloop.Gather(ctx, foreign).Await(ctx)
		wantIs(t, "Gather another loop's", err, eventloop.ErrOtherLoop)
		_, err = eventloop.WaitFor(ctx, eventloop.NoValue(self), time.Second)
		wantIs(t, "WaitFor oneself", err, eventloop.ErrSelfWait)
		for _, err := range eventloop.Completed(ctx, 0, foreign) {
			wantIs(t, "Completed of another loop's", err, eventloop.ErrOtherLoop)
		}
		for range eventloop.Completed[eventloop.Awaitable](ctx, 0) {
			t.Error("Completed of nothing yields something")
		}
		return nil
	})
}
