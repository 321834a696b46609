package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"juggle/models/eventloop"
)

func TestTasksTakeTurns(t *testing.T) {
	checkLeftovers(t)
	var trace []string
	run(t, func(ctx context.Context) error {
		err := each(ctx, 3, func(ctx context.Context, i int) error {
			for turn := range 3 {
				trace = append(trace, fmt.Sprint(i, turn))
				var err error
				if i == 1 {
					err = eventloop.Sleep(ctx, 0) // the same as Yield
				} else {
					err = eventloop.Yield(ctx)
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
		return err
	})
	want := "0 0,1 0,2 0,0 1,1 1,2 1,0 2,1 2,2 2"
	if got := strings.Join(trace, ","); got != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestWait(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		task := eventloop.Go(ctx, func(ctx context.Context) error {
			if err := eventloop.Sleep(ctx, time.Millisecond); err != nil {
				return err
			}
			return errTest
		})
		if task.Done() {
			t.Error("done before it began")
		}
		return each(ctx, 3, func(ctx context.Context, i int) error {
			for range 2 { // the second time it has ended
				if err := task.Wait(ctx); err != errTest {
					t.Errorf("waiter %d got %v", i, err)
				}
			}
			if !task.Done() {
				t.Error("not done")
			}
			return nil
		})
	})
}

func TestWaitIsCancelled(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		slow := eventloop.Go(ctx, forever)
		waiter := eventloop.Go(ctx, func(ctx context.Context) error { return slow.Wait(ctx) })
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
		waiter.Cancel(errTest)
		wantIs(t, "waiter", waiter.Wait(ctx), errTest)
		if slow.Done() {
			t.Error("what was waited for ended too")
		}
		return nil
	})
}

func TestWaitForItself(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		var task *eventloop.Task
		task = eventloop.Go(ctx, func(ctx context.Context) error { return task.Wait(ctx) })
		wantIs(t, "Wait", task.Wait(ctx), eventloop.ErrSelfWait)
		return nil
	})
}

//go:noinline
func explode() { panic(io.ErrUnexpectedEOF) }

func TestPanic(t *testing.T) {
	checkLeftovers(t)
	check := func(what string, err error) {
		t.Helper()
		var p *eventloop.PanicError
		if !errors.As(err, &p) || p.Value != any(io.ErrUnexpectedEOF) {
			t.Errorf("%s: got %v", what, err)
		} else if !strings.Contains(p.Stack, "eventloop_test.explode") {
			t.Errorf("%s: the stack does not name what panicked:\n%s", what, p.Stack)
		}
		wantIs(t, what, err, io.ErrUnexpectedEOF)
	}
	bomb := func(ctx context.Context) error {
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
		explode()
		return nil
	}
	run(t, func(ctx context.Context) error {
		for range 3 {
			check("a task", eventloop.Go(ctx, bomb).Wait(ctx))
		}
		_, err := eventloop.Offload(ctx, func() (int, error) { explode(); return 0, nil })
		check("Offload", err)
		return nil
	})
	check("main", eventloop.Run(t.Context(), bomb))
	check("nobody waited", eventloop.Run(t.Context(), func(ctx context.Context) error {
		eventloop.Go(ctx, bomb)
		return eventloop.Sleep(ctx, time.Millisecond)
	}))
}

// TestGoexit has several tasks end the goroutine that called Run, one of them
// while it cleans up after another.
func TestGoexit(t *testing.T) {
	checkLeftovers(t)
	cleaned := 0
	returned := false
	done := make(chan struct{})
	go func() {
		defer close(done)
		eventloop.Run(t.Context(), func(ctx context.Context) error {
			for i := range 4 {
				eventloop.Go(ctx, func(ctx context.Context) error {
					wantIs(t, "a task beside it", forever(ctx), eventloop.ErrGoexit)
					cleaned++
					if i%2 == 0 {
						runtime.Goexit()
					}
					return eventloop.Yield(context.WithoutCancel(ctx))
				})
			}
			defer func() { cleaned++ }()
			eventloop.Go(ctx, func(context.Context) error { runtime.Goexit(); return nil })
			return forever(ctx)
		})
		returned = true
	}()
	<-done
	if returned {
		t.Error("Run returned")
	}
	if cleaned != 5 {
		t.Errorf("%d tasks cleaned up, want 5", cleaned)
	}
}

func TestGoexitInOffload(t *testing.T) {
	checkLeftovers(t)
	run(t, func(ctx context.Context) error {
		_, err := eventloop.Offload(ctx, func() (int, error) { runtime.Goexit(); return 0, nil })
		wantIs(t, "Offload", err, eventloop.ErrGoexit)
		return nil
	})
}

func TestContextWithoutLoopPanics(t *testing.T) {
	nothing := func(context.Context) error { return nil }
	var old context.Context
	run(t, func(ctx context.Context) error { old = ctx; return nil })
	for _, c := range []struct {
		name, want string
		call       func()
	}{
		{"Go", "carries no loop", func() { eventloop.Go(t.Context(), nothing) }},
		{"Sleep", "carries no loop", func() { eventloop.Sleep(t.Context(), 1) }},
		{"Yield", "carries no loop", func() { eventloop.Yield(t.Context()) }},
		{"Dial", "carries no loop", func() { eventloop.Dial(t.Context(), "tcp", "127.0.0.1:1") }},
		{"Listen", "carries no loop", func() { eventloop.Listen(t.Context(), "tcp", "127.0.0.1:0") }},
		{"Offload", "carries no loop", func() { eventloop.Offload(t.Context(), func() (int, error) { return 0, nil }) }},
		{"Go later", "has ended", func() { eventloop.Go(old, nothing) }},
		{"Yield later", "by no task", func() { eventloop.Yield(old) }},
	} {
		func() {
			defer func() {
				if v := fmt.Sprint(recover()); !strings.Contains(v, c.want) {
					t.Errorf("%s: panic %q, want one with %q", c.name, v, c.want)
				}
			}()
			c.call()
		}()
	}
}

func TestManyTasks(t *testing.T) {
	checkLeftovers(t)
	const n = 10_000
	sum := 0
	run(t, func(ctx context.Context) error {
		return each(ctx, n, func(ctx context.Context, i int) error {
			sum += i
			if err := eventloop.Sleep(ctx, time.Duration(i%100)*100*time.Microsecond); err != nil {
				return err
			}
			sum++
			return eventloop.Yield(ctx)
		})
	})
	if want := n*(n-1)/2 + n; sum != want {
		t.Errorf("got %d, want %d", sum, want)
	}
}

func TestSleep(t *testing.T) {
	checkLeftovers(t)
	durations := []time.Duration{1, time.Microsecond, 50 * time.Microsecond, 1700 * time.Microsecond, 3 * time.Millisecond}
	run(t, func(ctx context.Context) error {
		return each(ctx, 10*len(durations), func(ctx context.Context, i int) error {
			d := durations[i%len(durations)]
			for range 5 {
				began := time.Now()
				if err := eventloop.Sleep(ctx, d); err != nil {
					return err
				}
				if slept := time.Since(began); slept < d {
					t.Errorf("slept %v, want %v", slept, d)
				}
			}
			return nil
		})
	})
}

// TestSleepersWakeInOrder has tasks sleep equally long. They fall asleep within
// little time, often at the same tick of the clock.
func TestSleepersWakeInOrder(t *testing.T) {
	checkLeftovers(t)
	var woken []int
	run(t, func(ctx context.Context) error {
		return each(ctx, 200, func(ctx context.Context, i int) error {
			err := eventloop.Sleep(ctx, time.Millisecond)
			woken = append(woken, i)
			return err
		})
	})
	if len(woken) != 200 || !slices.IsSorted(woken) {
		t.Errorf("order: %v", woken)
	}
}

func TestSleepAllocatesNothing(t *testing.T) {
	run(t, func(ctx context.Context) error {
		for what, wait := range map[string]func() error{
			"Sleep": func() error { return eventloop.Sleep(ctx, 1) },
			"Yield": func() error { return eventloop.Yield(ctx) },
		} {
			if n := testing.AllocsPerRun(100, func() {
				if err := wait(); err != nil {
					t.Error(err)
				}
			}); n != 0 {
				t.Errorf("%s allocates %v times", what, n)
			}
		}
		return nil
	})
}
