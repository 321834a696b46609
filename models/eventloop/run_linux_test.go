package eventloop_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"juggle/models/eventloop"
)

var errTest = errors.New("error of the test")

// checkLeftovers fails the test if it leaves a goroutine or a descriptor.
func checkLeftovers(t *testing.T) {
	t.Helper()
	count := func() (goroutines, descriptors int) {
		entries, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Fatal(err)
		}
		return runtime.NumGoroutine(), len(entries)
	}
	goroutines, descriptors := count()
	t.Cleanup(func() {
		// Goroutines of the test end in their own time.
		for deadline := time.Now().Add(20 * time.Second); ; runtime.Gosched() {
			g, d := count()
			if g <= goroutines && d <= descriptors {
				return
			}
			if time.Now().After(deadline) {
				t.Errorf("goroutines: %d, then %d; descriptors: %d, then %d", goroutines, g, descriptors, d)
				return
			}
		}
	})
}

// wantIs fails the test if err is not want.
func wantIs(t *testing.T, what string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("%s: got error %v, want %v", what, err, want)
	}
}

// forever waits until ctx ends.
func forever(ctx context.Context) error { return eventloop.Sleep(ctx, 1<<62) }

func TestRunReturnsMainsError(t *testing.T) {
	checkLeftovers(t)
	for _, want := range []error{nil, errTest} {
		if got := eventloop.Run(t.Context(), func(context.Context) error { return want }); got != want {
			t.Errorf("got %v, want %v", got, want)
		}
	}
}

func TestRunNested(t *testing.T) {
	checkLeftovers(t)
	nothing := func(context.Context) error { return nil }
	run(t, func(ctx context.Context) error {
		wantIs(t, "with the task's context", eventloop.Run(ctx, nothing), eventloop.ErrNested)
		wantIs(t, "with any context", eventloop.Run(t.Context(), nothing), eventloop.ErrNested)
		if err := eventloop.Yield(ctx); err != nil { // the thread's lock is as before
			return err
		}
		_, err := eventloop.Offload(ctx, func() (int, error) { return 0, eventloop.Run(ctx, nothing) })
		return err // another thread may run another loop
	})
	run(t, nothing)
}

func TestRunCancelsLeftovers(t *testing.T) {
	checkLeftovers(t)
	ended := 0
	run(t, func(ctx context.Context) error {
		for _, ctx := range []context.Context{ctx, context.WithoutCancel(ctx)} {
			eventloop.Go(ctx, func(ctx context.Context) error {
				err := forever(ctx)
				wantIs(t, "a leftover", err, eventloop.ErrMainEnded)
				wantIs(t, "a leftover", err, context.Canceled)
				// Cleaning up may take time, and tasks.
				shielded := context.WithoutCancel(ctx)
				late := eventloop.Go(ctx, forever)
				wantIs(t, "a task begun at the end", late.Wait(shielded), eventloop.ErrMainEnded)
				if err := eventloop.Sleep(shielded, time.Millisecond); err != nil {
					t.Error(err)
				}
				ended++
				return err
			})
		}
		return eventloop.Yield(ctx)
	})
	if ended != 2 {
		t.Errorf("%d leftovers ended, want 2", ended)
	}
}

func TestRunReportsErrors(t *testing.T) {
	checkLeftovers(t)
	waited, cleanup := errors.New("waited for"), errors.New("while cleaning up")
	fail := func(err error) func(context.Context) error { return func(context.Context) error { return err } }
	err := eventloop.Run(t.Context(), func(ctx context.Context) error {
		eventloop.Go(ctx, fail(errTest))
		wantIs(t, "Wait", eventloop.Go(ctx, fail(waited)).Wait(ctx), waited)
		late := eventloop.Go(ctx, fail(waited))
		eventloop.Go(ctx, func(ctx context.Context) error { forever(ctx); return cleanup })
		for !late.Done() {
			if err := eventloop.Yield(ctx); err != nil {
				return err
			}
		}
		wantIs(t, "late Wait", late.Wait(ctx), waited)
		eventloop.Go(ctx, forever).Cancel(errors.New("not news"))
		return eventloop.Yield(ctx)
	})
	want := "eventloop: a task that nobody waited for: error of the test\n" +
		"eventloop: a task that nobody waited for: while cleaning up"
	if err == nil || err.Error() != want {
		t.Errorf("got error %v, want %s", err, want)
	}
	wantIs(t, "Run", err, errTest)
}

func TestRunCountsManyErrors(t *testing.T) {
	checkLeftovers(t)
	err := eventloop.Run(t.Context(), func(ctx context.Context) error {
		var tasks []*eventloop.Task
		for range 300 {
			tasks = append(tasks, eventloop.Go(ctx, func(context.Context) error { return errTest }))
		}
		if err := eventloop.Yield(ctx); err != nil {
			return err
		}
		for _, task := range slices.Concat(tasks[:10], tasks[250:]) {
			task.Wait(ctx)
		}
		return nil
	})
	wantIs(t, "Run", err, errTest)
	if lines := strings.Split(err.Error(), "\n"); len(lines) != 91 || lines[90] != "eventloop: 150 more tasks that nobody waited for failed" {
		t.Errorf("%d lines, the last %q", len(lines), lines[len(lines)-1])
	}
}

func TestRunUsesOneThread(t *testing.T) {
	checkLeftovers(t)
	ids := make(map[int]bool)
	look := func() { ids[unix.Gettid()] = true }
	run(t, func(ctx context.Context) error {
		l, err := eventloop.Listen(ctx, "tcp", "127.0.0.1:0")
		if err != nil {
			return err
		}
		eventloop.Go(ctx, func(context.Context) error {
			for {
				c, err := l.Accept()
				if err != nil {
					return err
				}
				eventloop.Go(ctx, func(context.Context) error { look(); defer look(); return echo(c) })
			}
		})
		return each(ctx, 20, func(ctx context.Context, i int) error {
			look()
			if err := eventloop.Sleep(ctx, time.Millisecond); err != nil {
				return err
			}
			look()
			if _, err := eventloop.Offload(ctx, func() (int, error) { return 0, nil }); err != nil {
				return err
			}
			look()
			c, err := eventloop.Dial(ctx, "tcp", l.Addr().String())
			if err != nil {
				return err
			}
			defer c.Close()
			look()
			if _, err := fmt.Fprint(c, "x"); err != nil {
				return err
			}
			_, err = c.Read(make([]byte, 1))
			look()
			return err
		})
	})
	if len(ids) != 1 {
		t.Errorf("tasks ran on %d threads", len(ids))
	}
}

// each runs n tasks and waits for all of them.
func each(ctx context.Context, n int, body func(ctx context.Context, i int) error) error {
	tasks := make([]*eventloop.Task, n)
	for i := range tasks {
		tasks[i] = eventloop.Go(ctx, func(ctx context.Context) error { return body(ctx, i) })
	}
	var errs []error
	for _, task := range tasks {
		errs = append(errs, task.Wait(ctx))
	}
	return errors.Join(errs...)
}

func TestRunWithEndedContext(t *testing.T) {
	checkLeftovers(t)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errTest)
	err := eventloop.Run(ctx, func(ctx context.Context) error {
		wantIs(t, "Go", eventloop.Go(ctx, forever).Wait(context.WithoutCancel(ctx)), errTest)
		return eventloop.Yield(ctx)
	})
	if err != errTest {
		t.Errorf("got %v, want %v", err, errTest)
	}
}

func TestRunInManyGoroutines(t *testing.T) {
	checkLeftovers(t)
	done := make(chan error)
	for range 4 {
		go func() {
			done <- eventloop.Run(t.Context(), func(ctx context.Context) error {
				return each(ctx, 50, func(ctx context.Context, i int) error {
					return eventloop.Sleep(ctx, time.Duration(i)*time.Microsecond)
				})
			})
		}()
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
