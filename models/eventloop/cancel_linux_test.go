package eventloop_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"sync"
	"testing"
	"time"

	"juggle/models/eventloop"
)

// listen returns a listener whose connections are handed to serve, each in a
// task.
func listen(ctx context.Context, network, address string, serve func(net.Conn) error) (net.Listener, error) {
	l, err := eventloop.Listen(ctx, network, address)
	if err != nil {
		return nil, err
	}
	eventloop.Go(ctx, func(ctx context.Context) error {
		for {
			c, err := l.Accept()
			if errors.Is(err, net.ErrClosed) {
				return nil
			}
			if err != nil {
				return err
			}
			eventloop.Go(ctx, func(context.Context) error { return serve(c) })
		}
	})
	return l, nil
}

// silent never answers.
func silent(net.Conn) error { return nil }

// TestCancelFromOutside ends Run's context in another goroutine while a thousand
// tasks sleep, read, accept and wait for results that never come.
func TestCancelFromOutside(t *testing.T) {
	checkLeftovers(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	const n = 1000
	results := make([]error, n)
	err := eventloop.Run(ctx, func(ctx context.Context) error {
		l, err := listen(ctx, "tcp", "127.0.0.1:0", silent)
		if err != nil {
			return err
		}
		waiting := 0
		for i := range n {
			eventloop.Go(ctx, func(ctx context.Context) error {
				results[i] = waitSomehow(ctx, i, l.Addr().String(), &waiting)
				return results[i]
			})
		}
		for waiting < n {
			if err := eventloop.Sleep(ctx, time.Millisecond); err != nil {
				return err
			}
		}
		go cancel(errTest)
		return forever(ctx)
	})
	if err != errTest {
		t.Errorf("Run: got %v, want %v alone", err, errTest)
	}
	for i, err := range results {
		if !errors.Is(err, errTest) {
			t.Fatalf("task %d: got %v, want %v", i, err, errTest)
		}
	}
}

// waitSomehow waits in the i-th way for what does not happen.
func waitSomehow(ctx context.Context, i int, address string, waiting *int) error {
	switch i % 4 {
	case 0:
		*waiting++
		return forever(ctx)
	case 1:
		*waiting++
		_, err := eventloop.AwaitFunc(ctx, func(func(int, error)) {})
		return err
	case 2:
		ctx, cancel := context.WithTimeout(ctx, time.Hour)
		defer cancel()
		*waiting++
		return forever(ctx)
	}
	c, err := eventloop.Dial(ctx, "tcp", address)
	*waiting++
	if err != nil {
		return err
	}
	defer c.Close()
	_, err = c.Read(make([]byte, 1))
	return err
}

// TestCancel is behaviours 14, 15, 16 and 20 of asyncio: a request is delivered
// once, two before the task runs are one, and a task that goes on can be
// cancelled again.
func TestCancel(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		var task *eventloop.Task
		task = eventloop.Go(ctx, func(ctx context.Context) error {
			wantIs(t, "a wait", forever(ctx), errTest)
			if err := eventloop.Sleep(ctx, 1); err != nil {
				t.Errorf("the second wait says %v", err)
			}
			if ctx.Err() != context.Canceled || context.Cause(ctx) != errTest {
				t.Errorf("the context says %v, %v", ctx.Err(), context.Cause(ctx))
			}
			if n := task.Cancelling(); n != 2 {
				t.Errorf("%d requests, want 2", n)
			}
			wantIs(t, "a later request", forever(ctx), errTest)
			return nil
		})
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
		if !task.Cancel(errTest) || !task.Cancel(errors.New("another cause")) {
			t.Error("a task that waits was not cancelled")
		}
		for task.Cancelling() == 2 && !task.Done() {
			task.OnDone(func() {})
			if err := eventloop.Sleep(ctx, time.Millisecond); err != nil {
				return err
			}
			task.Cancel(errTest)
		}
		wantIs(t, "Wait", task.Wait(ctx), nil)
		if task.Cancelled() || task.Cancel(errTest) {
			t.Error("a task that caught its cancellation ended as cancelled, or was cancelled after its end")
		}

		early := eventloop.Go(ctx, func(context.Context) error { t.Error("it began"); return nil })
		early.Cancel(nil)
		if err := early.Wait(ctx); err != context.Canceled || !early.Cancelled() {
			t.Errorf("cancelled before it began: got %v", err)
		}
		return nil
	})
}

func TestCancelFromAnotherGoroutine(t *testing.T) {
	checkLeftovers(t)
	var task *eventloop.Task
	run(t, func(ctx context.Context) error {
		task = eventloop.Go(ctx, forever)
		go task.Cancel(errTest)
		wantIs(t, "Wait", task.Wait(ctx), errTest)
		return nil
	})
	task.Cancel(errTest)
}

// TestCancelReachesDescendants cancels a task after its child ended and left
// tasks of its own behind.
func TestCancelReachesDescendants(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		var deep []*eventloop.Task
		var beside *eventloop.Task
		top := eventloop.Go(ctx, func(ctx context.Context) error {
			child := eventloop.Go(ctx, func(ctx context.Context) error {
				named := context.WithValue(ctx, t, "a value")
				for _, ctx := range []context.Context{ctx, named} {
					deep = append(deep, eventloop.Go(ctx, func(got context.Context) error {
						if got.Value(t) != ctx.Value(t) {
							t.Error("the value was lost")
						}
						return forever(got)
					}))
				}
				beside = eventloop.Go(context.WithoutCancel(ctx), forever)
				return nil
			})
			if err := child.Wait(ctx); err != nil {
				return err
			}
			return forever(ctx)
		})
		for len(deep) < 2 {
			if err := eventloop.Yield(ctx); err != nil {
				return err
			}
		}
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
		top.Cancel(errTest)
		for _, task := range append(deep, top) {
			wantIs(t, "Wait", task.Wait(ctx), errTest)
		}
		if beside.Done() {
			t.Error("a task begun with context.WithoutCancel was cancelled")
		}
		return nil
	})
}

func TestDerivedContexts(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		short, cancel := context.WithTimeoutCause(ctx, time.Millisecond, errTest)
		defer cancel()
		wantIs(t, "Sleep", forever(short), errTest)
		wantIs(t, "Sleep after the end", forever(short), errTest)
		wantIs(t, "Yield after the end", eventloop.Yield(short), errTest)

		short, cancel = context.WithTimeoutCause(ctx, time.Millisecond, errTest)
		defer cancel()
		wantIs(t, "child", eventloop.Go(short, forever).Wait(ctx), errTest)
		wantIs(t, "child begun after the end", eventloop.Go(short, forever).Wait(ctx), errTest)

		long, cancel := context.WithTimeout(ctx, time.Hour)
		defer cancel()
		if err := eventloop.Sleep(long, time.Millisecond); err != nil {
			t.Error(err)
		}
		if when, ok := long.Deadline(); !ok {
			t.Error("no deadline")
		} else {
			eventloop.Go(long, func(ctx context.Context) error {
				if got, ok := ctx.Deadline(); !ok || got != when {
					t.Errorf("a child's deadline is %v, want %v", got, when)
				}
				return nil
			})
		}

		// The end of a task's context reaches what was derived from it, in
		// this goroutine and in others.
		task := eventloop.Go(ctx, func(ctx context.Context) error {
			ctx, cancel := context.WithTimeout(ctx, time.Hour)
			defer cancel()
			_, err := eventloop.Offload(ctx, func() (int, error) {
				<-ctx.Done()
				return 0, context.Cause(ctx)
			})
			return err
		})
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
		task.Cancel(errTest)
		wantIs(t, "a task that waits with a derived context", task.Wait(ctx), errTest)
		return nil
	})
}

// TestContextOfAnotherTask waits with a context that does not know of the
// waiting task's cancellation.
func TestContextOfAnotherTask(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		for _, outer := range []context.Context{ctx, context.WithoutCancel(ctx)} {
			task := eventloop.Go(ctx, func(context.Context) error { return forever(outer) })
			if err := eventloop.Yield(ctx); err != nil {
				return err
			}
			task.Cancel(errTest)
			wantIs(t, "Wait", task.Wait(ctx), errTest)
		}
		outer := eventloop.Go(ctx, func(ctx context.Context) error {
			return eventloop.Go(context.WithoutCancel(ctx), func(context.Context) error { return forever(ctx) }).Wait(context.WithoutCancel(ctx))
		})
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
		outer.Cancel(errTest)
		wantIs(t, "Wait", outer.Wait(ctx), errTest)
		return nil
	})
}

// TestContextOfEndedTask checks that contexts which outlive their task end with
// the loop at the latest, whenever their Done channel was first asked for.
func TestContextOfEndedTask(t *testing.T) {
	checkLeftovers(t)
	var ended, early, late, unused, derived context.Context
	var watcher sync.WaitGroup
	run(t, func(ctx context.Context) error {
		eventloop.Go(ctx, func(ctx context.Context) error {
			err := forever(ctx)
			late.Done() // first asked for when main has ended and the loop has not
			if err := eventloop.Yield(context.WithoutCancel(ctx)); err != nil {
				t.Error(err)
			}
			wantIs(t, "a context first used late", context.Cause(late), eventloop.ErrMainEnded)
			return err
		})
		keep := func(to *context.Context, more func(context.Context)) error {
			return eventloop.Go(ctx, func(ctx context.Context) error {
				*to = ctx
				more(ctx)
				return nil
			}).Wait(ctx)
		}
		return errors.Join(
			keep(&unused, func(context.Context) {}),
			keep(&late, func(context.Context) {}),
			keep(&ended, func(ctx context.Context) { watcher.Go(func() { <-ctx.Done() }) }),
			keep(&early, func(ctx context.Context) {
				ctx.Done()
				if err := eventloop.Yield(ctx); err != nil {
					t.Error(err)
				}
			}),
			keep(&ended, func(ctx context.Context) {
				var cancel context.CancelFunc
				derived, cancel = context.WithCancel(ctx)
				t.Cleanup(cancel)
			}),
		)
	})
	watcher.Wait()
	for _, ctx := range []context.Context{ended, early, unused, derived} {
		if ctx.Err() != context.Canceled || context.Cause(ctx) != eventloop.ErrMainEnded {
			t.Errorf("%v: %v, %v", ctx, ctx.Err(), context.Cause(ctx))
		}
		<-ctx.Done()
	}
}

// watchedContext counts who watches it.
type watchedContext struct {
	context.Context
	done     chan struct{}
	watchers int
}

func (c *watchedContext) Done() <-chan struct{} { return c.done }

// AfterFunc is what package context looks for in contexts that are not its own.
func (c *watchedContext) AfterFunc(func()) (stop func() bool) {
	c.watchers++
	return func() bool { c.watchers--; return true }
}

func TestContextsAreLetGo(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		watched := &watchedContext{Context: ctx, done: make(chan struct{})}
		task := eventloop.Go(watched, func(ctx context.Context) error { return eventloop.Yield(ctx) })
		if err := eventloop.Sleep(watched, 1); err != nil {
			return err
		}
		if err := task.Wait(watched); err != nil {
			return err
		}
		if watched.watchers != 0 {
			t.Errorf("%d still watch", watched.watchers)
		}
		return nil
	})
}

func TestShieldedWait(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		task := eventloop.Go(ctx, func(ctx context.Context) error {
			wantIs(t, "the wait", forever(ctx), errTest)
			shield := context.WithoutCancel(ctx)
			if err := eventloop.Sleep(shield, time.Millisecond); err != nil {
				t.Error(err)
			}
			limited, cancel := context.WithTimeout(shield, time.Millisecond)
			defer cancel()
			wantIs(t, "a shielded wait with a limit", forever(limited), context.DeadlineExceeded)
			return nil
		})
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
		task.Cancel(errTest)
		return task.Wait(ctx)
	})
}

// TestCancelDuringShieldedWait cancels a task while it is in such a wait.
func TestCancelDuringShieldedWait(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		return each(ctx, 2, func(ctx context.Context, i int) error {
			var resolve func(int, error)
			task := eventloop.Go(ctx, func(ctx context.Context) error {
				shield := context.WithoutCancel(ctx)
				if i == 1 {
					var cancel context.CancelFunc
					shield, cancel = context.WithTimeout(shield, time.Hour)
					defer cancel()
				}
				_, err := eventloop.AwaitFunc(shield, func(r func(int, error)) { resolve = r })
				if err != nil {
					t.Errorf("shield %d: %v", i, err)
				}
				return eventloop.Yield(ctx)
			})
			if err := eventloop.Yield(ctx); err != nil {
				return err
			}
			task.Cancel(errTest)
			if err := eventloop.Yield(ctx); err != nil {
				return err
			}
			resolve(0, nil)
			wantIs(t, "Wait", task.Wait(ctx), errTest)
			return nil
		})
	})
}

// TestNoStaleWakeUps has tasks wait again and again with limits that end at
// about the time at which the result comes. Between these waits are others; a
// wake-up meant for an earlier wait would end them too soon.
func TestNoStaleWakeUps(t *testing.T) {
	checkLeftovers(t)
	random := rand.New(rand.NewPCG(1, 2))
	pause := func() time.Duration { return time.Duration(random.IntN(300)) * time.Microsecond }
	results, limits := 0, 0
	run(t, func(ctx context.Context) error {
		return each(ctx, 50, func(ctx context.Context, i int) error {
			for round := range 20 {
				limited, cancel := context.WithTimeout(ctx, pause())
				got, err := eventloop.AwaitFunc(limited, func(resolve func(int, error)) {
					time.AfterFunc(pause(), func() { resolve(round, nil) })
				})
				cancel()
				switch {
				case err == nil && got == round:
					results++
				case err == context.DeadlineExceeded:
					limits++
				default:
					t.Errorf("round %d: got %d, %v", round, got, err)
				}
				limited, cancel = context.WithTimeout(ctx, pause())
				if err := eventloop.Sleep(limited, pause()); err != nil && err != context.DeadlineExceeded {
					t.Error(err)
				}
				cancel()
				began, d := time.Now(), pause()
				if err := eventloop.Sleep(ctx, d); err != nil {
					return err
				}
				if time.Since(began) < d {
					t.Error("woken too soon")
				}
			}
			return nil
		})
	})
	if results+limits != 50*20 {
		t.Errorf("%d results, %d limits", results, limits)
	}
}
