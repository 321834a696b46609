package eventloop_test

import (
	"context"
	"errors"
	"slices"
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

// A groupCase is a row of TaskGroup in the checklist.
type groupCase struct {
	name string
	want []string
	do   func(ctx context.Context, r *trace) error
}

func TestGroup(t *testing.T) {
	sleep := func(r *trace, name string, d time.Duration, err error) func(ctx context.Context) error {
		body := after(r, name, d, 0, err)
		return func(ctx context.Context) error { _, err := body(ctx); return err }
	}
	for _, c := range []groupCase{
		{"waits for all, also for those begun while it ends", []string{"0 body is done", "1 a is done", "2 b is done", "2 <nil>"}, func(ctx context.Context, r *trace) error {
			return eventloop.RunGroup(ctx, func(ctx context.Context, g *eventloop.Group) error {
				g.Go(func(ctx context.Context) error {
					err := sleep(r, "a", time.Second, nil)(ctx)
					g.Go(sleep(r, "b", time.Second, nil))
					return err
				})
				r.add("body is done")
				return nil
			})
		}},
		{"the first failure cancels siblings and body, and all failures come out", []string{
			"1 a is done", "1 body: eventloop: the group was cancelled: context canceled", "1 late: eventloop: the group has ended or is being ended, and takes no more tasks", "1 c: eventloop: the group was cancelled: context canceled", "1 b cleans up",
			"1 eventloop: 2 tasks of a group failed\n  error of the test\n  second",
		}, func(ctx context.Context, r *trace) error {
			return eventloop.RunGroup(ctx, func(ctx context.Context, g *eventloop.Group) error {
				g.Go(sleep(r, "a", time.Second, errTest))
				g.Go(func(ctx context.Context) error {
					if forever(ctx) != nil {
						r.add("b cleans up")
					}
					return errors.New("second")
				})
				g.Go(sleep(r, "c", time.Hour, nil))
				err := forever(ctx)
				r.add("body: %v", err)
				_, late := g.Go(sleep(r, "never", 0, nil))
				r.add("late: %v", late)
				return err
			})
		}},
		{"the body's failure cancels the tasks", []string{"1 a: eventloop: the group was cancelled: context canceled", "1 error of the test"}, func(ctx context.Context, r *trace) error {
			return eventloop.RunGroup(ctx, func(ctx context.Context, g *eventloop.Group) error {
				g.Go(sleep(r, "a", time.Hour, nil))
				if err := eventloop.Sleep(ctx, time.Second); err != nil {
					return err
				}
				return errTest
			})
		}},
		{"a task that was cancelled has not failed", []string{"1 a: context canceled", "2 b is done", "2 <nil>"}, func(ctx context.Context, r *trace) error {
			return eventloop.RunGroup(ctx, func(ctx context.Context, g *eventloop.Group) error {
				a, _ := g.Go(sleep(r, "a", time.Hour, nil))
				g.Go(sleep(r, "b", 2*time.Second, nil))
				err := eventloop.Sleep(ctx, time.Second)
				a.Cancel(nil)
				return err
			})
		}},
		{"Cancel ends it without an error, twice too", []string{"1 a: eventloop: the group was cancelled: context canceled", "1 <nil>"}, func(ctx context.Context, r *trace) error {
			return eventloop.RunGroup(ctx, func(ctx context.Context, g *eventloop.Group) error {
				g.Go(sleep(r, "a", time.Hour, nil))
				err := eventloop.Sleep(ctx, time.Second)
				g.Cancel()
				g.Cancel()
				return err
			})
		}},
		{"a cancel from outside reaches the tasks and comes out", []string{"1 a: error of the test", "1 error of the test"}, func(ctx context.Context, r *trace) error {
			task := eventloop.Go(ctx, func(ctx context.Context) error {
				return eventloop.RunGroup(ctx, func(ctx context.Context, g *eventloop.Group) error {
					g.Go(sleep(r, "a", time.Hour, nil))
					return nil
				})
			})
			err := eventloop.Sleep(ctx, time.Second)
			task.Cancel(errTest)
			return errors.Join(err, task.Wait(ctx))
		}},
		{"a cancel from outside and a failure: the failure comes out, and the next wait is cancelled", []string{"1 group: a failure", "1 next: error of the test, requests 1", "1 <nil>"}, func(ctx context.Context, r *trace) error {
			task := eventloop.Go(ctx, func(ctx context.Context) error {
				err := eventloop.RunGroup(ctx, func(ctx context.Context, g *eventloop.Group) error {
					g.Go(func(ctx context.Context) error {
						if forever(ctx) != nil {
							return errors.New("a failure")
						}
						return nil
					})
					return nil
				})
				r.add("group: %v", err)
				r.add("next: %v, requests %d", eventloop.Sleep(ctx, time.Hour), eventloop.Current(ctx).Cancelling())
				return nil
			})
			err := eventloop.Sleep(ctx, time.Second)
			task.Cancel(errTest)
			return errors.Join(err, task.Wait(ctx))
		}},
		{"a task is begun and waited for until it is ready", []string{"1 port 80", "2 failed: error of the test", "2 silent: eventloop: the task ended before it said that it was ready", "3 server is done", "3 <nil>"}, func(ctx context.Context, r *trace) error {
			return eventloop.RunGroup(ctx, func(ctx context.Context, g *eventloop.Group) error {
				port, err := eventloop.StartIn(ctx, g, func(ctx context.Context, ready func(int)) error {
					err := eventloop.Sleep(ctx, time.Second)
					ready(80)
					return errors.Join(err, sleep(r, "server", 2*time.Second, nil)(ctx))
				})
				r.add("port %d", port)
				_, failed := eventloop.StartIn(ctx, g, func(ctx context.Context, ready func(int)) error {
					return errors.Join(eventloop.Sleep(ctx, time.Second), errTest)
				})
				r.add("failed: %v", failed)
				_, silent := eventloop.StartIn(ctx, g, func(context.Context, func(int)) error { return nil })
				r.add("silent: %v", silent)
				return err
			})
		}},
		{"a task that fails after it was ready fails the group", []string{"0 1 <nil>", "1 error of the test"}, func(ctx context.Context, r *trace) error {
			return eventloop.RunGroup(ctx, func(ctx context.Context, g *eventloop.Group) error {
				v, err := eventloop.StartIn(ctx, g, func(ctx context.Context, ready func(int)) error {
					ready(1)
					if err := eventloop.Sleep(ctx, time.Second); err != nil {
						return err
					}
					return errTest
				})
				r.add("%d %v", v, err)
				return nil
			})
		}},
	} {
		t.Run(c.name, func(t *testing.T) {
			checkLeftovers(t)
			r := &trace{}
			virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
				r.loop = l
				err := c.do(ctx, r)
				r.add("%v", err)
				return nil
			})
			if !slices.Equal(r.events, c.want) {
				t.Errorf("got  %q\nwant %q", r.events, c.want)
			}
		})
	}
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
