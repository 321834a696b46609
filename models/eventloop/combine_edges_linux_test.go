package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"testing"
	"time"

	"juggle/models/eventloop"
)

// A closing runs main in a loop with virtual time and returns what Close reports.
func closing(t *testing.T, main func(ctx context.Context, l *eventloop.Loop) error) error {
	t.Helper()
	l, err := eventloop.New(eventloop.Options{VirtualTime: true})
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	if err := l.Run(t.Context(), func(ctx context.Context) error { return main(ctx, l) }); err != nil {
		t.Error(err)
	}
	return l.Close()
}

// TestCancelReachesThroughAChainOnce is behaviour 17: every task of a chain is asked
// once, though it is below the others and awaited by them.
func TestCancelReachesThroughAChainOnce(t *testing.T) {
	checkLeftovers(t)
	virtually(t, func(ctx context.Context, _ *eventloop.Loop) error {
		var tasks []*eventloop.Task
		var link func(depth int) func(ctx context.Context) error
		link = func(depth int) func(ctx context.Context) error {
			return func(ctx context.Context) error {
				if depth == 0 {
					return forever(ctx)
				}
				next := eventloop.Go(ctx, link(depth-1))
				tasks = append(tasks, next)
				return next.Await(ctx)
			}
		}
		tasks = append(tasks, eventloop.Go(ctx, link(15)))
		if err := eventloop.Sleep(ctx, time.Second); err != nil {
			return err
		}
		tasks[0].Cancel(errTest)
		for i, task := range tasks {
			wantIs(t, fmt.Sprint("task ", i), task.Wait(ctx), errTest)
			if n := task.Cancelling(); n != 1 {
				t.Errorf("task %d was asked %d times", i, n)
			}
		}
		return nil
	})
}

// TestTimeoutAndCancelAtOnce is behaviour 22: a request that comes together with a
// timeout is not lost with it, whichever is first.
func TestTimeoutAndCancelAtOnce(t *testing.T) {
	checkLeftovers(t)
	for _, timeoutFirst := range []bool{true, false} {
		virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
			var task *eventloop.Task
			task = eventloop.Go(ctx, func(ctx context.Context) error {
				scope := eventloop.WithScope(ctx)
				defer scope.Close()
				l.CallLater(time.Second, func() {
					if !timeoutFirst {
						task.Cancel(errTest)
					}
					scope.Cancel(context.DeadlineExceeded)
					if timeoutFirst {
						task.Cancel(errTest)
					}
				})
				err := forever(scope)
				if timeoutFirst {
					wantIs(t, "the wait", err, context.DeadlineExceeded)
					err = eventloop.Sleep(ctx, time.Second)
				}
				wantIs(t, "the cancelled wait", err, errTest)
				return eventloop.Sleep(ctx, time.Second) // delivered once
			})
			return task.Wait(ctx)
		})
	}
}

// TestOutcomeThatComesWithACancellation has the task that waits be cancelled after
// what it waits for has failed and before it goes on: somebody must hear of it.
func TestOutcomeThatComesWithACancellation(t *testing.T) {
	checkLeftovers(t)
	for name, wait := range map[string]func(ctx context.Context, f *eventloop.Future[int]) error{
		"Wait":  func(ctx context.Context, f *eventloop.Future[int]) error { return f.Wait(ctx) },
		"Await": func(ctx context.Context, f *eventloop.Future[int]) error { _, err := f.Await(ctx); return err },
		"WaitFor": func(ctx context.Context, f *eventloop.Future[int]) error {
			_, err := eventloop.WaitFor(ctx, f, time.Hour)
			return err
		},
	} {
		err := closing(t, func(ctx context.Context, l *eventloop.Loop) error {
			f := eventloop.NewFuture[int](ctx)
			waiter := eventloop.Go(ctx, func(ctx context.Context) error { return wait(ctx, f) })
			if err := eventloop.Sleep(ctx, time.Second); err != nil {
				return err
			}
			f.Reject(errTest)
			waiter.Cancel(errStop)
			wantIs(t, name, waiter.Wait(ctx), errStop)
			return nil
		})
		wantIs(t, name+": Close", err, errTest)
	}
}

var errStop = errors.New("asked to stop")

// TestGatherRefusesALateCancel is test_cancel_gather_1: with all parts done there is
// nothing left to cancel, and who awaits is told at its next wait.
func TestGatherRefusesALateCancel(t *testing.T) {
	checkLeftovers(t)
	virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		f := eventloop.NewFuture[int](ctx)
		g := eventloop.Gather[int](ctx, f)
		awaiter := eventloop.Go(ctx, func(ctx context.Context) error {
			_, err := g.Await(ctx)
			if err == nil {
				err = eventloop.Sleep(ctx, 1)
			}
			return err
		})
		late := eventloop.Go(ctx, func(ctx context.Context) error {
			f.Resolve(1)
			if g.Cancel(errTest) {
				t.Error("there was something to cancel")
			}
			eventloop.Current(ctx).Cancel(errTest)
			_, err := g.Await(ctx)
			if err == nil {
				err = eventloop.Sleep(ctx, 1)
			}
			return err
		})
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
		awaiter.Cancel(errTest)
		wantIs(t, "who awaited", awaiter.Wait(ctx), errTest)
		wantIs(t, "who was cancelled before", late.Wait(ctx), errTest)
		again := eventloop.NewFuture[int](ctx)
		outer := eventloop.Gather(ctx, eventloop.Gather(ctx, again))
		again.Resolve(2)
		if outer.Cancel(errTest) {
			t.Error("there was something to cancel within the parts")
		}
		if values, err := outer.Await(ctx); fmt.Sprint(values) != "[[2]]" || err != nil {
			t.Errorf("the outer gathering: %v, %v", values, err)
		}
		if values, err := g.Result(); !slices.Equal(values, []int{1}) || err != nil {
			t.Errorf("the gathering: %v, %v", values, err)
		}
		return nil
	})
}

// TestGatherThatNobodyAwaits is cancelled, or ends with main: that is no failure.
func TestGatherThatNobodyAwaits(t *testing.T) {
	checkLeftovers(t)
	err := closing(t, func(ctx context.Context, l *eventloop.Loop) error {
		slow := func(ctx context.Context) (int, error) {
			err := forever(ctx)
			return 0, errors.Join(err, eventloop.Sleep(context.WithoutCancel(ctx), time.Second))
		}
		quick := func(ctx context.Context) (int, error) { return 0, forever(ctx) }
		eventloop.Gather[int](ctx, eventloop.GoValue(ctx, quick), eventloop.GoValue(ctx, slow))
		cancelled := eventloop.Gather[int](ctx, eventloop.GoValue(ctx, quick))
		one := eventloop.GoValue(ctx, quick)
		eventloop.Gather[int](ctx, one)
		if err := eventloop.Sleep(ctx, time.Second); err != nil {
			return err
		}
		cancelled.Cancel(errTest)
		one.Cancel(errTest)
		return eventloop.Sleep(ctx, time.Second)
	})
	if err != nil {
		t.Errorf("Close reports %v", err)
	}
}

// TestGatherAllIsCancelled after one part has failed: the list does not come out, so
// that error is still to be seen.
func TestGatherAllIsCancelled(t *testing.T) {
	checkLeftovers(t)
	err := closing(t, func(ctx context.Context, l *eventloop.Loop) error {
		g := eventloop.GatherAll(ctx, eventloop.Go(ctx, forever), eventloop.Go(ctx, func(context.Context) error { return errTest }))
		if err := eventloop.Sleep(ctx, time.Second); err != nil {
			return err
		}
		g.Cancel(errStop)
		errs, err := g.Await(ctx)
		if wantIs(t, "GatherAll", err, errStop); errs != nil {
			t.Errorf("it gave %v", errs)
		}
		return nil
	})
	wantIs(t, "Close", err, errTest)
}

// TestCompletedAtTheTimeout has parts end at the very time of the timeout: each is
// yielded, either with its outcome or as missing.
func TestCompletedAtTheTimeout(t *testing.T) {
	checkLeftovers(t)
	virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		var tasks []eventloop.Awaitable
		for _, d := range []time.Duration{3, 1, 3, 4} {
			tasks = append(tasks, eventloop.Go(ctx, func(ctx context.Context) error { return eventloop.Sleep(ctx, d*time.Second) }))
		}
		if err := eventloop.Yield(ctx); err != nil { // their timers are before that of Completed
			return err
		}
		seen := map[eventloop.Awaitable]int{}
		for task, err := range eventloop.Completed(ctx, 3*time.Second, tasks...) {
			seen[task]++
			if missing := errors.Is(err, context.DeadlineExceeded); missing == task.Done() {
				t.Errorf("%v: done %t, with %v", task, task.Done(), err)
			}
		}
		for _, task := range tasks {
			if seen[task] != 1 {
				t.Errorf("%v was yielded %d times", task, seen[task])
			}
		}
		return nil
	})
}

// TestCompletedWhileTheMissingAreYielded has a part end after the timeout, and before
// it was its turn to be yielded as missing.
func TestCompletedWhileTheMissingAreYielded(t *testing.T) {
	checkLeftovers(t)
	virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		f, g := eventloop.NewFuture[int](ctx), eventloop.NewFuture[int](ctx)
		var got []string
		for a, err := range eventloop.Completed(ctx, time.Second, f, g) {
			got = append(got, fmt.Sprint(a == f, a.Done(), err))
			g.Resolve(1)
		}
		if want := []string{"true false context deadline exceeded", "false true <nil>"}; !slices.Equal(got, want) {
			t.Errorf("got %q, want %q", got, want)
		}
		f.Resolve(1)
		return nil
	})
}

// TestWaitLeavesTheNextWaitAlone has a part end at the time of the timeout. The news
// of it comes when the task waits for something else.
func TestWaitLeavesTheNextWaitAlone(t *testing.T) {
	checkLeftovers(t)
	virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		f := eventloop.NewFuture[int](ctx)
		l.CallLater(time.Second, func() { f.Resolve(1) })
		for range 2 {
			if done, _, err := eventloop.Wait(ctx, eventloop.AllDone, time.Second, f); len(done) != 1 || err != nil {
				t.Errorf("done: %v, %v", done, err)
			}
			before := l.Time()
			if err := eventloop.Sleep(ctx, time.Second); err != nil || l.Time() != before+time.Second {
				t.Errorf("slept for %v, %v", l.Time()-before, err)
			}
		}
		return nil
	})
}

// TestWaitForTellsWhy is the row of wait_for: a timeout is one however the inner one
// says that it was cancelled, and who waits can be cancelled while that cleans up.
func TestWaitForTellsWhy(t *testing.T) {
	checkLeftovers(t)
	passed := virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		_, err := eventloop.WaitFor(ctx, eventloop.GoValue(ctx, func(ctx context.Context) (int, error) {
			if forever(ctx) == nil {
				t.Error("it ended")
			}
			return 0, ctx.Err()
		}), time.Second)
		wantIs(t, "an inner one that returns ctx.Err()", err, context.DeadlineExceeded)

		// The inner one has a timeout of its own at the same time.
		for _, first := range []time.Duration{2, 1} {
			inner := eventloop.GoValue(ctx, func(ctx context.Context) (int, error) {
				for n := 0; ; n++ { // its limit may run out just before that of WaitFor
					scope := eventloop.WithTimeout(ctx, first*time.Second)
					err := forever(scope)
					scope.Close()
					if !errors.Is(err, context.DeadlineExceeded) {
						return 0, err
					}
					if n > 5 {
						return 0, errors.New("it was never cancelled")
					}
				}
			})
			if err := eventloop.Yield(ctx); err != nil {
				return err
			}
			_, err = eventloop.WaitFor(ctx, inner, 2*time.Second)
			wantIs(t, "an inner one that tries again", err, context.DeadlineExceeded)
		}

		scope := eventloop.WithScope(ctx)
		defer scope.Close()
		l.CallLater(time.Second, func() { scope.Cancel(errTest) })
		_, err = eventloop.WaitFor(scope, eventloop.GoValue(context.WithoutCancel(ctx), func(ctx context.Context) (int, error) {
			return 0, errors.Join(context.Canceled, forever(ctx))
		}), time.Hour)
		wantIs(t, "within a scope that is cancelled", err, errTest)

		shielded := eventloop.Go(ctx, func(ctx context.Context) error {
			_, err := eventloop.WaitFor(context.WithoutCancel(ctx), eventloop.NoValue(eventloop.Go(context.WithoutCancel(ctx), forever)), 2*time.Second)
			wantIs(t, "behind a shield", err, context.DeadlineExceeded)
			return eventloop.Sleep(ctx, time.Hour)
		})
		l.CallLater(time.Second, func() { shielded.Cancel(errTest) })
		wantIs(t, "the wait after that", shielded.Wait(ctx), errTest)

		outer := eventloop.Go(ctx, func(ctx context.Context) error {
			_, err := eventloop.WaitFor(ctx, eventloop.GoValue(context.WithoutCancel(ctx), func(ctx context.Context) (int, error) {
				err := forever(ctx)
				eventloop.Sleep(ctx, 2*time.Second) // is cut short
				return 0, err
			}), time.Second)
			return err
		})
		l.CallLater(2*time.Second, func() { outer.Cancel(errTest) })
		wantIs(t, "who is cancelled during the clean-up", outer.Wait(ctx), errTest)
		return nil
	})
	if passed != 10*time.Second {
		t.Errorf("%v passed, want 10s", passed)
	}
}

// TestWaitForInACircle has a task wait for one that awaits it: the limit ends both.
func TestWaitForInACircle(t *testing.T) {
	checkLeftovers(t)
	passed := virtually(t, func(ctx context.Context, l *eventloop.Loop) error {
		var first, second *eventloop.Task
		first = eventloop.Go(ctx, func(ctx context.Context) error {
			_, err := eventloop.WaitFor(ctx, eventloop.NoValue(second), time.Second)
			return err
		})
		second = eventloop.Go(ctx, func(ctx context.Context) error { return first.Await(ctx) })
		wantIs(t, "the first", first.Wait(ctx), context.Canceled)
		wantIs(t, "the second", second.Wait(ctx), context.Canceled)

		// Somebody else cancels them.
		first = eventloop.Go(ctx, func(ctx context.Context) error {
			_, err := eventloop.WaitFor(ctx, eventloop.NoValue(second), time.Hour)
			return err
		})
		second = eventloop.Go(ctx, func(ctx context.Context) error { return first.Await(ctx) })
		if err := eventloop.Sleep(ctx, time.Second); err != nil {
			return err
		}
		second.Cancel(errTest)
		wantIs(t, "the second", second.Wait(ctx), errTest)
		wantIs(t, "the first", first.Wait(ctx), errTest)
		return nil
	})
	if passed != 2*time.Second {
		t.Errorf("%v passed, want 2s", passed)
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

// TestStartIsCancelled cancels who starts a task that is not ready.
func TestStartIsCancelled(t *testing.T) {
	checkLeftovers(t)
	for _, c := range []struct {
		name  string
		child func(ctx context.Context, ready func(int)) error
		want  error // of StartIn
		next  error // of the next wait
		group error
	}{
		{"it obeys", func(ctx context.Context, _ func(int)) error { return forever(ctx) }, errStop, nil, nil},
		{"it fails instead", func(ctx context.Context, _ func(int)) error { forever(ctx); return errTest }, errTest, errStop, nil},
		{"it was ready in the same tick", func(ctx context.Context, ready func(int)) error {
			if err := eventloop.Sleep(ctx, time.Second); err != nil {
				return err
			}
			ready(1)
			return nil
		}, nil, errStop, nil},
		{"it is ready in the same tick, after the cancellation", func(ctx context.Context, ready func(int)) error {
			for range 4 { // its timer comes after that of who cancels
				if err := eventloop.Yield(ctx); err != nil {
					return err
				}
			}
			if err := eventloop.Sleep(ctx, time.Second); err != nil {
				return err
			}
			ready(1)
			return nil
		}, nil, errStop, nil},
		{"it is ready when that is no longer asked for", func(ctx context.Context, ready func(int)) error {
			forever(ctx)
			ready(1)
			return errTest
		}, errTest, errStop, nil},
	} {
		t.Run(c.name, func(t *testing.T) {
			err := closing(t, func(ctx context.Context, l *eventloop.Loop) error {
				err := eventloop.RunGroup(ctx, func(ctx context.Context, g *eventloop.Group) error {
					starter := eventloop.Go(context.WithoutCancel(ctx), func(own context.Context) error {
						_, err := eventloop.StartIn(own, g, c.child)
						wantIs(t, "StartIn", err, c.want)
						wantIs(t, "the next wait", eventloop.Sleep(own, 1), c.next)
						return nil
					})
					if err := eventloop.Yield(ctx); err != nil { // the child's timer is first
						return err
					}
					if err := eventloop.Yield(ctx); err != nil {
						return err
					}
					if err := eventloop.Sleep(ctx, time.Second); err != nil {
						return err
					}
					starter.Cancel(errStop)
					return starter.Wait(ctx)
				})
				wantIs(t, "the group", err, c.group)
				return nil
			})
			if err != nil {
				t.Errorf("Close reports %v", err)
			}
		})
	}
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

// TestGroupAndGoexit has a task or the body of a group call runtime.Goexit, as FailNow
// does: the tasks of the group end, and the loop with them.
func TestGroupAndGoexit(t *testing.T) {
	checkLeftovers(t)
	for name, inBody := range map[string]bool{"a task": false, "the body": true} {
		ended := 0
		done := make(chan struct{})
		go func() {
			defer close(done)
			eventloop.Run(t.Context(), func(ctx context.Context) error {
				return eventloop.RunGroup(ctx, func(ctx context.Context, g *eventloop.Group) error {
					for range 3 {
						g.Go(func(ctx context.Context) error {
							err := forever(ctx)
							ended++
							return errors.Join(err, eventloop.Yield(context.WithoutCancel(ctx)))
						})
					}
					if err := eventloop.Yield(ctx); err != nil {
						return err
					}
					if inBody {
						runtime.Goexit()
					}
					g.Go(func(context.Context) error { runtime.Goexit(); return nil })
					return nil
				})
			})
			t.Errorf("%s: Run returned", name)
		}()
		<-done
		if ended != 3 {
			t.Errorf("%s: %d tasks ended, want 3", name, ended)
		}
	}
}
