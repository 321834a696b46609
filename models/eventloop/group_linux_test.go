package eventloop_test

import (
	"context"
	"errors"
	"slices"
	"testing"
	"time"

	"juggle/models/eventloop"
)

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

// TestGroupWithinACancelledGroup has a group in a task of another, which is ended:
// the inner one was cancelled from outside, and says so.
func TestGroupWithinACancelledGroup(t *testing.T) {
	checkLeftovers(t)
	virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		var inner error
		err := eventloop.RunGroup(ctx, func(ctx context.Context, g *eventloop.Group) error {
			g.Go(func(ctx context.Context) error {
				inner = eventloop.RunGroup(ctx, func(ctx context.Context, _ *eventloop.Group) error { return forever(ctx) })
				return inner
			})
			if err := eventloop.Sleep(ctx, time.Second); err != nil {
				return err
			}
			g.Cancel()
			return nil
		})
		if err != nil {
			t.Errorf("the outer group: %v", err)
		}
		wantIs(t, "the inner group", inner, context.Canceled)
		return nil
	})
}

// TestGroupCancelledTwice is asked to end again while its tasks clean up: that is
// one cancellation, as two requests in one tick are.
func TestGroupCancelledTwice(t *testing.T) {
	checkLeftovers(t)
	virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		task := eventloop.Go(ctx, func(ctx context.Context) error {
			err := eventloop.RunGroup(ctx, func(ctx context.Context, g *eventloop.Group) error {
				g.Go(func(ctx context.Context) error {
					err := forever(ctx)
					return errors.Join(err, eventloop.Sleep(context.WithoutCancel(ctx), 3*time.Second))
				})
				return nil
			})
			wantIs(t, "the group", err, errTest)
			if n := eventloop.Current(ctx).Cancelling(); n != 2 {
				t.Errorf("%d requests, want 2", n)
			}
			return eventloop.Sleep(ctx, 1)
		})
		l.CallLater(time.Second, func() { task.Cancel(errTest) })
		l.CallLater(2*time.Second, func() { task.Cancel(errTest) })
		return task.Wait(ctx)
	})
}

// TestGroupUnwinds has the body of a group panic: the tasks end first, and their
// errors are not lost.
func TestGroupUnwinds(t *testing.T) {
	checkLeftovers(t)
	err := closing(t, func(ctx context.Context, l *eventloop.Loop) error {
		task := eventloop.Go(ctx, func(ctx context.Context) error {
			return eventloop.RunGroup(ctx, func(ctx context.Context, g *eventloop.Group) error {
				g.Go(func(ctx context.Context) error {
					forever(ctx)
					if err := eventloop.Sleep(context.WithoutCancel(ctx), time.Second); err != nil {
						return err
					}
					return errTest
				})
				if err := eventloop.Yield(ctx); err != nil {
					return err
				}
				panic(errStop)
			})
		})
		err := task.Wait(ctx)
		wantIs(t, "the task", err, errStop)
		if l.Time() != time.Second {
			t.Errorf("it ended at %v", l.Time())
		}
		return nil
	})
	wantIs(t, "Close", err, errTest)
}

// TestGroupAfterAnOldRequest is not cancelled again for a request that came before it.
func TestGroupAfterAnOldRequest(t *testing.T) {
	checkLeftovers(t)
	virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		task := eventloop.Go(ctx, func(ctx context.Context) error {
			wantIs(t, "a wait", forever(ctx), errStop)
			err := eventloop.RunGroup(ctx, func(ctx context.Context, g *eventloop.Group) error {
				g.Go(func(context.Context) error { return errTest })
				return eventloop.Sleep(ctx, time.Hour)
			})
			var failed *eventloop.GroupError
			if !errors.As(err, &failed) || len(failed.Errors) != 1 || failed.Errors[0] != errTest {
				t.Errorf("the group: %v", err)
			}
			return eventloop.Sleep(ctx, time.Second)
		})
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
		task.Cancel(errStop)
		return task.Wait(ctx)
	})
}
